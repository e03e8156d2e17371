//! How drafts are checked and redrafted: `[refine]` of the user's file, and what a workspace or an editor may choose of it.

use std::time::Duration;

use crate::model::Tokens;

/// When a draft is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Once it is checked.
    Verified,
    /// As it comes; it is refined in place.
    Live,
}

impl Mode {
    pub const NAMES: [(&str, Self); 2] = [("verified", Self::Verified), ("live", Self::Live)];
}

/// How finished what is drafted has to be: which figures the quality gates hold it to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Development,
    Staging,
    Production,
}

impl Stage {
    pub const NAMES: [(&str, Self); 3] =
        [("development", Self::Development), ("staging", Self::Staging), ("production", Self::Production)];

    /// As it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }
}

/// What is said of it; the rest is as it is by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refine {
    /// How often, at most, a draft is redrafted.
    pub rounds: Option<u32>,
    /// How long after the first draft another round may begin.
    pub time: Option<Duration>,
    /// Of all prompts and answers of a run.
    pub tokens: Option<Tokens>,
    pub mode: Option<Mode>,
    /// Without it there are no quality gates.
    pub gates: Option<Stage>,
}

impl Refine {
    /// These, and where they say nothing, `others`.
    #[must_use]
    pub fn over(self, others: Self) -> Self {
        Self {
            rounds: self.rounds.or(others.rounds),
            time: self.time.or(others.time),
            tokens: self.tokens.or(others.tokens),
            mode: self.mode.or(others.mode),
            gates: self.gates.or(others.gates),
        }
    }
}
