//! What a provider lets be known of a call while it goes on, for whoever pays for it: a call that fails, or that nobody waits for
//! any more, has no answer that could tell it.

use std::sync::{Arc, Mutex, PoisonError};

use super::Usage;

/// One attempt's meter. The provider writes on it, and who pays reads it.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<Mutex<Heard>>);

/// What stands on a meter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// The head of a good answer came (2xx): from there the provider may bill.
    pub began: bool,
    /// The model was at work on something that is no text of the answer: it reasoned.
    pub worked: bool,
    /// What the provider stated that was used, so far.
    pub usage: Usage,
    /// It stated that with the end of the answer: nothing comes on top of it.
    pub is_last: bool,
}

impl Meter {
    /// The head of a good answer came.
    pub fn begins(&self) {
        self.change(|heard| heard.began = true);
    }

    /// The model works, and says nothing.
    pub fn works(&self) {
        self.change(|heard| heard.worked = true);
    }

    /// The provider stated what was used. Counts are those of all of the call.
    pub fn states(&self, usage: Usage, is_last: bool) {
        self.change(|heard| (heard.usage, heard.is_last) = (usage, is_last));
    }

    #[must_use]
    pub fn heard(&self) -> Heard {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Heard)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
