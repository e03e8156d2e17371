//! What others may see of a run. Nothing here changes it.

use std::ops::Range;

use super::rounds::Fault;
use super::{Delivery, Phase, Run, State, Task};
use crate::draft::region::Region;
use crate::draft::weave::Time;
use crate::model::{Answer, Tokens};
use crate::text::edit::Edit;

impl Run {
    #[must_use]
    pub fn task(&self) -> &Task {
        &self.task
    }

    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    #[must_use]
    pub fn delivery(&self) -> Delivery {
        self.delivery
    }

    /// Why it failed, or what else the user should know.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// How the model's answer ended, and what it used.
    #[must_use]
    pub fn answer(&self) -> Option<&Answer> {
        self.answer.as_ref()
    }

    /// What was written so far, in all rounds: what was told, or a safe estimate.
    #[must_use]
    pub fn written(&self) -> Tokens {
        Tokens(self.earlier.0.saturating_add(self.in_round().0))
    }

    /// The same of the round that goes on.
    pub(super) fn in_round(&self) -> Tokens {
        match &self.answer {
            Some(answer) if self.is_whole && answer.usage.completion.0 > 0 => answer.usage.completion,
            // What was begun for the model is not its own.
            _ => Tokens(
                u32::try_from(self.written.saturating_sub(self.begun()).saturating_mul(10).div_ceil(36))
                    .unwrap_or(u32::MAX),
            ),
        }
    }

    /// The round that goes on, or was the last, from 1.
    #[must_use]
    pub fn round(&self) -> u32 {
        self.rounds.as_ref().map_or(1, super::Rounds::round)
    }

    /// Whether a draft of an earlier round would stand if this one came to nothing.
    #[must_use]
    pub fn has_draft(&self) -> bool {
        self.rounds.as_ref().is_some_and(|rounds| rounds.best().is_some())
    }

    /// What is wrong with the draft that stands, or is to stand.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        self.chosen.as_ref().map_or(&[], |chosen| &chosen.faults)
    }

    /// Who looked at that draft.
    #[must_use]
    pub fn asked(&self) -> &[String] {
        self.chosen.as_ref().map_or(&[], |chosen| &chosen.asked)
    }

    /// What was measured of that draft, a sentence each.
    #[must_use]
    pub fn reached(&self) -> &[String] {
        self.chosen.as_ref().map_or(&[], |chosen| &chosen.reached)
    }

    /// Who was to look at that draft and told nothing, a sentence each.
    #[must_use]
    pub fn unheard(&self) -> &[String] {
        self.chosen.as_ref().map_or(&[], |chosen| &chosen.unheard)
    }

    /// Where a fault is in the document as it stands; nothing where it is not in the draft, or its user made something else of it.
    #[must_use]
    pub fn placed(&self, fault: &Fault) -> Option<Range<usize>> {
        let (chosen, index) = (self.chosen.as_ref()?, fault.region?);
        let (region, target) = (self.weave.regions().get(index)?, chosen.targets.get(index)?);
        (region.ours() == target.as_str()).then(|| region.placed(&fault.finding.range))?
    }

    /// The round whose draft that is.
    #[must_use]
    pub fn round_of_draft(&self) -> Option<u32> {
        self.chosen.as_ref().map(|chosen| chosen.round)
    }

    /// The bytes of the answer that the prompt began.
    fn begun(&self) -> usize {
        self.task.request.prefill.as_ref().map_or(0, String::len)
    }

    /// The draft's region in the document as it stands.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.weave.regions()[0].range()
    }

    /// All that it may change, the draft's region first.
    #[must_use]
    pub fn ranges(&self) -> Vec<Range<usize>> {
        self.weave.regions().iter().map(Region::range).collect()
    }

    /// Whether something of its draft is in the document, or on its way there.
    #[must_use]
    pub fn has_written(&self) -> bool {
        self.weave.in_flight() || self.weave.regions().iter().any(|region| region.ours() != region.base())
    }

    /// Whether the user worked on the draft where it stands.
    #[must_use]
    pub fn is_touched(&self) -> bool {
        self.weave.regions().iter().any(Region::is_touched)
    }

    /// Whether `range` touches a region of this run.
    #[must_use]
    pub fn touches(&self, range: &Range<usize>) -> bool {
        self.ranges().iter().any(|own| own.start <= range.end && range.start <= own.end)
    }

    /// Whether an edit of it is on its way.
    #[must_use]
    pub fn in_flight(&self) -> bool {
        self.weave.in_flight()
    }

    /// Whether the model or the editor still has something to do for it.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.phase != Phase::Resting || self.weave.in_flight() || self.weave.is_astray()
    }

    /// Whether the model's answer is not over yet.
    #[must_use]
    pub fn is_asking(&self) -> bool {
        self.phase == Phase::Asking
    }

    /// Whether there is something to stop: a model at work, or a draft on its way into the document.
    #[must_use]
    pub fn can_stop(&self) -> bool {
        matches!(self.phase, Phase::Asking | Phase::Verifying | Phase::Inspecting | Phase::Landing)
    }

    /// Whether it still works at its draft, or at taking it back.
    #[must_use]
    pub fn is_working(&self) -> bool {
        self.phase != Phase::Resting
    }

    /// Whether something that it sent may still land, though it is over.
    #[must_use]
    pub fn watches(&self, now: Time) -> bool {
        self.weave.may_land(now)
    }

    /// Whether the last change of the document held an edit of its own.
    #[must_use]
    pub fn heard_itself(&self) -> bool {
        self.weave.heard_ours()
    }

    /// Whether there is a draft that can be kept or taken back.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.phase == Phase::Resting
            && matches!(self.state, State::Done | State::Cancelled)
            && self.weave.regions().iter().any(|region| region.ours() != region.base())
    }

    /// Whether its answer is told in words, and changes nothing.
    #[must_use]
    pub fn tells(&self) -> bool {
        self.task.tells
    }

    /// Whether it has told its answer.
    #[must_use]
    pub fn has_told(&self) -> bool {
        self.task.tells && self.state == State::Done
    }

    /// What the user's own typing held back: edits that would complete the draft, over what the user typed.
    #[must_use]
    pub fn rest(&self) -> Vec<Edit> {
        if self.state == State::Done { self.weave.rest() } else { Vec::new() }
    }

    /// The edits that would take back what stands of its draft: those of a revert, made now.
    #[must_use]
    pub fn way_back(&self) -> Vec<Edit> {
        self.weave.way_back()
    }
}
