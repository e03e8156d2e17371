//! What limits leave to a call, where somebody can say it.

use crate::model::MicroUsd;

/// What limits leave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Left {
    /// There are none, or nobody looked.
    #[default]
    Enough,
    Only(MicroUsd),
    /// Nobody can say: nothing that costs money is asked.
    Unknown(String),
}

impl Left {
    #[must_use]
    pub fn of(told: Result<Option<MicroUsd>, String>) -> Self {
        match told {
            Ok(None) => Self::Enough,
            Ok(Some(left)) => Self::Only(left),
            Err(why) => Self::Unknown(why),
        }
    }
}
