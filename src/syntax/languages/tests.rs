//! What holds for every language, and a table of fixtures for each.

use super::*;
use crate::syntax::fixture::Fixture;

#[test]
fn every_query_compiles() {
    for language in ALL {
        language.warm();
    }
}

#[test]
fn a_text_that_means_nothing_is_read_in_every_language() {
    for language in ALL {
        let fixture = Fixture::of(language.id, "\0 é ( { [ \" ' ` /* // # :\n");
        let _ = crate::syntax::outline::outline(&fixture.source());
    }
}
