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

/// What a language costs when it is first used, and how fast it is parsed: `docs/adding-a-language.md` has the table.
#[test]
#[ignore = "it measures, and says nothing else"]
fn what_each_costs() {
    use std::time::Instant;
    for language in ALL {
        let began = Instant::now();
        // What a listing of actions asks.
        let fixture = Fixture::of(language.id, "f(x)\n");
        let _ = crate::syntax::definition::around(&fixture.source(), &(0..1));
        let queries = language.queries();
        for asked in
            [&queries.target, &queries.stubs, &queries.docstring, &queries.declared, &queries.imports]
        {
            let _: &tree_sitter::Query = asked;
        }
        let listing = began.elapsed();
        language.warm();
        let compiled = began.elapsed();
        let path = format!("{}/tests/answers", env!("CARGO_MANIFEST_DIR"));
        let texts = std::fs::read_dir(path)
            .unwrap()
            .filter_map(|entry| std::fs::read_to_string(entry.unwrap().path()).ok());
        // The files of the rows, as code of the language.
        let files: String = texts
            .flat_map(|text| text.split("==== ").skip(1).map(str::to_owned).collect::<Vec<_>>())
            .filter(|row| {
                let path = row.split("---- path ").nth(1).and_then(|rest| rest.lines().next());
                Language::by_path(path.unwrap_or("a.py")).is_some_and(|one| one.id == language.id)
            })
            .filter_map(|row| Some(row.split("---- becomes\n").nth(1)?.split("---- ").next()?.to_owned()))
            .collect();
        let lines = files.lines().count().max(1);
        let text = ropey::Rope::from_str(&files.repeat(5_000 / lines + 1));
        let began = Instant::now();
        let tree = crate::syntax::parse(language, &text, None, crate::syntax::parse::tests::LIMIT).unwrap();
        let parsed = began.elapsed();
        let began = Instant::now();
        let facts = crate::syntax::facts::extract(language, &text.to_string(), &tree);
        let told = began.elapsed();
        eprintln!(
            "{:16} listing {listing:>10.1?}  queries {compiled:>10.1?}  parse {parsed:>10.1?}  facts {told:>10.1?}  ({} lines, {} symbols, {} errors)",
            language.id,
            text.len_lines(),
            facts.symbols.len(),
            crate::syntax::errors(&tree)
        );
    }
}
