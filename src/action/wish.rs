//! What somebody wants at a place, and what a question for a model is made of besides that.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::Diagnostic;
use super::prepare::Sent;
use super::references::Reference;
use crate::check::Overlay;
use crate::model::Tokens;
use crate::model::registry::{Chosen, Place};
use crate::model::spec::Limits;
use crate::prompt::Library;
use crate::prompt::rules::Rule;

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    pub action: String,
    /// Bytes; empty at a cursor.
    pub range: Range<usize>,
    pub diagnostic: Option<Diagnostic>,
    pub instruction: Option<String>,
    /// What its user was asked, by name.
    pub input: BTreeMap<String, String>,
    /// What the draft is to test, if it is one of tests.
    pub tested: Option<Tested>,
}

impl Wish {
    /// Whether it says itself what to write, wherever that is.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.action == FREE && self.instruction.is_some()
    }
}

/// The action that does what an instruction says.
pub const FREE: &str = "generate";

/// What tests are about: its file, with that as the draft.
#[derive(Clone, Debug)]
pub struct Tested(pub Arc<Overlay>);

impl PartialEq for Tested {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Tested {}

/// How much the model takes, and how it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Gathered context.
    pub context: Tokens,
    /// Prompt and answer together.
    pub window: Tokens,
    /// The most that may be answered.
    pub output: Tokens,
    /// The least that may be answered, whatever the action: a model that reasons has that count, too.
    pub least: Tokens,
    /// The likeliest answer is asked for. Hosted models have ways of their own, and the newer ones refuse to be told.
    pub greedy: bool,
    /// The answer can be begun for the model (the embedded engine).
    pub prefill: bool,
}

impl Room {
    #[must_use]
    pub fn of(chosen: &Chosen) -> Self {
        let Limits { context, window, output } = chosen.limits;
        Self {
            context,
            window,
            output,
            least: chosen.room,
            greedy: chosen.place != Place::Hosted,
            prefill: chosen.place == Place::Embedded,
        }
    }

    /// The same for a model whose window turned out to be smaller than was thought: a quarter of what `sent` shows.
    #[must_use]
    pub fn shrunk(self, sent: &Sent) -> Self {
        Self { context: Tokens(sent.shown().0 / 4), ..self }
    }
}

/// What prompts are made of besides the place.
#[derive(Clone, Copy, Debug)]
pub struct Stock<'a> {
    pub library: &'a Library,
    /// The files that were worked in, the last first, as the index calls them.
    pub recent: &'a [String],
    /// How mature the code is to be.
    pub stage: &'a str,
    /// What the workspace asks of all code in it, what counts more before the rest.
    pub rules: &'a [Rule],
    /// Code that is the example for a topic.
    pub references: &'a [Reference],
}

impl<'a> Stock<'a> {
    /// Nothing but prompts.
    #[must_use]
    pub fn of(library: &'a Library) -> Self {
        Self { library, recent: &[], stage: STAGE, rules: &[], references: &[] }
    }
}

/// How mature code is to be where nobody says.
pub const STAGE: &str = "development";
