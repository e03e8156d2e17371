//! How a model is, as far as that decides whether it is asked.

use std::time::Duration;

/// How a model did lately.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Health {
    #[default]
    Well,
    /// It failed, and one call may find out whether it still does.
    Trying,
    /// It failed too often, and is not asked for so long.
    Resting(Duration),
    /// It refused the key: only another configuration changes that.
    Barred,
}

impl Health {
    /// Why it is not asked, if it is not.
    #[must_use]
    pub fn why_not(self) -> Option<String> {
        match self {
            Self::Barred => Some(
                "its provider refused the key; it is asked again once the key or the configuration file is another, or after `redraft models retry`"
                    .to_owned(),
            ),
            Self::Resting(left) => Some(format!(
                "it failed too often and rests; it is asked again in {} s",
                left.as_secs().max(1)
            )),
            Self::Well | Self::Trying => None,
        }
    }
}
