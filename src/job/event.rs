//! What a run is told, what it asks for, and where it is: the vocabulary between a run and its owner.

use ropey::Rope;

use super::Task;
use super::rounds::Redraft;
use crate::check::{Depth, Finding};
use crate::draft::verify::{Proposal, Rejected};
use crate::draft::weave::Time;
use crate::model::{Answer, ModelError};
use crate::text::edit::Edit;

/// How a draft comes into the document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// Line by line while the model writes: for clients that group undo.
    Stream,
    /// One edit at the end, one undo.
    #[default]
    Final,
    /// One edit at the end that the user confirms.
    Preview,
    /// The same into a file that is not open: sent once, since nobody sees what became of it but by its answer.
    Proposal,
}

impl Delivery {
    /// Whether the user is asked before the draft is in the document.
    #[must_use]
    pub fn confirms(self) -> bool {
        matches!(self, Self::Preview | Self::Proposal)
    }
}

/// Where a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The question is on its way.
    Asking,
    /// The answer comes.
    Streaming,
    /// The answer is whole; the draft is looked at, then put in.
    Checking,
    /// Something is wrong with the draft; the model writes a better one.
    Refining,
    /// The draft stands.
    Done,
    /// It went wrong, and what was there is there again.
    Failed,
    /// The user stopped it or took it back; what stands stays.
    Cancelled,
    /// The user keeps the draft: nothing is watched any more.
    Kept,
    /// The user had the draft taken back.
    Reverted,
}

/// What happened.
#[derive(Debug)]
pub enum Input<'a> {
    /// More of the answer.
    Delta(&'a str),
    /// The answer is over.
    Answered(Result<Answer, ModelError>),
    /// Another model is asked in place of the one that failed: the same place, another question. What comes now is a draft of
    /// its own, and never goes on from the first one's text.
    Again(Box<Task>),
    /// The outcome of `Effect::Verify`.
    Verified(Result<(), Rejected>),
    /// The outcome of `Effect::Check`.
    Checked(Checked),
    /// There is no question for another round: why.
    Unrefined(String),
    /// The document changed: `edits`, one after the other, made `after` of `before`.
    Changed {
        edits: &'a [Edit],
        before: &'a Rope,
        after: &'a Rope,
    },
    /// The same, where it is known to be another run's edit.
    Other {
        edits: &'a [Edit],
        before: &'a Rope,
        after: &'a Rope,
    },
    /// The client answered an edit.
    Applied {
        id: u64,
        applied: bool,
    },
    /// The client is about to save, or has.
    Saving,
    Saved,
    /// The user's commands.
    Stop,
    Keep,
    Revert,
    /// The document was closed.
    Closed,
}

/// What the checks made of a draft.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// What is wrong with it that was not wrong before, in bytes of the drafted file.
    pub findings: Vec<Finding>,
    /// Who looked at it.
    pub asked: Vec<String>,
    /// Who was to look at it and told nothing, a sentence each.
    pub unheard: Vec<String>,
    /// What its tests lack, which no other draft would mend: in bytes of the drafted file, too.
    pub lacking: Vec<Finding>,
    /// How far it was looked at.
    pub depth: Depth,
    /// What was measured of it, a sentence each.
    pub reached: Vec<String>,
    /// The draft as a checker has mended it; `findings` are of that.
    pub mended: Option<String>,
}

/// What is to be done.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Look at the draft, off the loop, and bring back `Input::Verified`.
    Verify(Box<Proposal>),
    /// Look for what the draft (`Run::to_check`) has wrong, and bring back `Input::Checked`.
    Check,
    /// Ask for a better draft: bring back `Input::Again` with the question, or `Input::Unrefined`.
    Refine(Box<Redraft>),
    /// The answer is no longer wanted: close the connection.
    StopAsking,
    /// All that the draft needs has come: the engine may stop here.
    Enough,
    /// A new line of the draft, as it is to stand in the file.
    Line(String),
    /// The lines told so far are not the draft's after all: it is told from its beginning.
    Anew,
    /// The whole answer in words, in Markdown: to be shown.
    Told(String),
    /// The run is somewhere else now.
    Entered(State),
}

/// What the owner is to do about the document now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Send {
    /// Send this edit; `confirm` has the user asked.
    Edit {
        id: u64,
        edits: Vec<Edit>,
        confirm: bool,
    },
    /// Nothing before this time.
    At(Time),
    Nothing,
}

impl State {
    /// Its name in `redraft/status` and in messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Asking => "asking",
            Self::Streaming => "streaming",
            Self::Checking => "checking",
            Self::Refining => "refining",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Kept => "kept",
            Self::Reverted => "reverted",
        }
    }

    /// Whether the run is over for whoever waits for it.
    #[must_use]
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Asking | Self::Streaming | Self::Checking | Self::Refining)
    }
}
