//! Completions while one types: `[inline]` of the user's file. No workspace and no editor can set it: it may cost money.

/// When a completion is asked for that nobody asked for by hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Automatic {
    /// Where the model costs nothing.
    #[default]
    Free,
    /// Whatever it costs, within the budget.
    Always,
    Never,
}

impl Automatic {
    pub const NAMES: [(&str, Self); 3] =
        [("free", Self::Free), ("always", Self::Always), ("never", Self::Never)];

    /// As it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Always => "always",
            Self::Never => "never",
        }
    }
}
