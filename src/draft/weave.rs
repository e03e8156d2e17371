//! The weave: a run's text makes its way into a document that the user goes on typing in.
//!
//! A sans-I/O state machine. At most one edit is in flight; it is acknowledged by the content that comes back, never by
//! the client's answer; whatever else comes back is the user's. Clients drop stale edits and say they did not, refuse,
//! delay, merge the echo with typing, and apply what they should have refused: each has its way below.

use std::collections::VecDeque;
use std::time::Duration;

use ropey::Rope;

use crate::draft::flight::{Flight, Story, story};
use crate::draft::region::{Policy, Region, Touch};
use crate::draft::repair::Repair;
use crate::text::diff;
use crate::text::edit::{Edit, apply_all, sequential};

/// Time since some fixed moment of the caller's.
pub type Time = Duration;

/// Edits leave at most this often (or every two round trips, where that is longer).
const INTERVAL: Duration = Duration::from_millis(80);
/// An edit that leaves up to so much after it might have does not move those after it: timers are late by a millisecond, and
/// a busy machine is by more. Beyond that, nothing was waiting.
const LATE: Duration = Duration::from_millis(10);
/// No echo within this time (or four round trips): the edit counts as dropped.
const ECHO: Duration = Duration::from_millis(300);
/// While the user types inside the region, edits wait for this much quiet.
const QUIET: Duration = Duration::from_millis(250);
/// After a save, edits wait this long.
const AFTER_SAVE: Duration = Duration::from_millis(100);
/// A willSave without a didSave holds edits back no longer than this.
const SAVE_TAKES: Duration = Duration::from_secs(2);
/// The first wait before a refused edit is sent again; doubled each time. Neovim tells changes up to 150 ms late.
const BACK_OFF: Duration = Duration::from_millis(50);
/// How often one edit is sent again before the run gives up.
const ATTEMPTS: u32 = 5;
/// Edits that may still land late, remembered.
const LOST: usize = 8;
/// States of the region before our edits, by hash: what an undo would bring back.
const HISTORY: usize = 4096;

/// What the document's owner is to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Send these edits (sorted, disjoint, in the document's offsets) as one versioned edit.
    Send { id: u64, edits: Vec<Edit> },
    /// Nothing before this time, or the next event.
    Wait(Time),
    /// Everything that can be in the document is.
    Settled,
    /// The client does not take our edits.
    GaveUp,
}

/// What a change of the document was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Heard {
    /// The user's, elsewhere.
    Outside,
    /// The echo of our edit (perhaps with something of the user's).
    Ours,
    /// The user's, inside a region.
    Inside,
    /// The user took back what we wrote.
    Undone,
    /// The user deleted the main region's text.
    Gone,
}

/// See the module's head. Region 0 is the main one; others (imports) follow.
#[derive(Debug)]
pub struct Weave {
    regions: Vec<Region>,
    /// What `ours` of each region is to become.
    targets: Vec<String>,
    policy: Policy,
    /// Whether edits leave without waiting for the interval.
    urgent: bool,
    patience: Duration,
    stopped: bool,
    flight: Option<Flight>,
    lost: VecDeque<Flight>,
    /// What takes back an edit that landed in the wrong place.
    repair: Repair,
    history: VecDeque<u64>,
    next_id: u64,
    attempts: u32,
    round_trip: Duration,
    not_before: Time,
    quiet_at: Time,
    saved_at: Time,
}

impl Weave {
    /// A weave of disjoint regions, the main one first.
    #[must_use]
    pub fn new(regions: Vec<Region>) -> Self {
        Self {
            targets: regions.iter().map(|region| region.ours().to_owned()).collect(),
            regions,
            policy: Policy::Hold,
            urgent: false,
            patience: ECHO,
            stopped: false,
            flight: None,
            lost: VecDeque::new(),
            repair: Repair::default(),
            history: VecDeque::new(),
            next_id: 0,
            attempts: 0,
            round_trip: Duration::ZERO,
            not_before: Time::ZERO,
            quiet_at: Time::ZERO,
            saved_at: Time::ZERO,
        }
    }

    /// The client asks its user first: an edit counts as dropped only after this time.
    pub fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    #[must_use]
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// Whether an edit is on its way.
    #[must_use]
    pub fn in_flight(&self) -> bool {
        self.flight.is_some()
    }

    /// What region `index` is to become; edits leave at intervals.
    pub fn stream(&mut self, index: usize, target: String) {
        self.targets[index] = target;
    }

    /// Whether anything of `target` can go into region `index`, or is there already.
    #[must_use]
    pub fn takes(&self, index: usize, target: &str) -> bool {
        let region = &self.regions[index];
        let ops = diff::edits(region.ours(), target);
        region.ours() != region.base() || ops.is_empty() || !region.step(&ops, Policy::Hold).edits.is_empty()
    }

    /// What every region is to be in the end; edits leave as soon as they can.
    pub fn finish(&mut self, targets: Vec<String>) {
        debug_assert_eq!(targets.len(), self.regions.len(), "one target for each region");
        self.targets = targets;
        self.urgent = true;
    }

    /// Everything goes back to what stood there, but for what the user typed.
    pub fn revert(&mut self) {
        self.finish(self.regions.iter().map(|region| region.base().to_owned()).collect());
        self.policy = Policy::Split;
        self.stopped = false;
        self.attempts = 0;
    }

    /// Nothing more is sent; what stands, and what is in flight, stays.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    /// What the user's spans hold back: the edits, in the document's offsets, that would make each region its target
    /// whatever the user typed.
    #[must_use]
    pub fn rest(&self) -> Vec<Edit> {
        let mut edits: Vec<Edit> = self
            .regions
            .iter()
            .zip(&self.targets)
            .filter(|(region, target)| region.ours() != *target)
            .flat_map(|(region, target)| {
                let start = region.range().start;
                diff::edits(&region.text(), target)
                    .into_iter()
                    .map(move |edit| Edit::new(edit.range.start + start..edit.range.end + start, edit.text))
            })
            .collect();
        edits.sort_by_key(|edit| edit.range.start);
        edits
    }

    /// The client is about to save: no edit between that and a moment after.
    pub fn saving(&mut self, now: Time) {
        self.saved_at = now + SAVE_TAKES;
    }

    pub fn saved(&mut self, now: Time) {
        self.saved_at = now + AFTER_SAVE;
    }

    /// The client answered edit `id`.
    pub fn answered(&mut self, now: Time, id: u64, applied: bool) {
        // It has decided: what comes now comes soon, however long its user took.
        let echo = ECHO.max(self.round_trip * 4);
        let Some(flight) = self.flight.as_mut().filter(|flight| flight.id == id) else { return };
        if applied {
            flight.deadline = now + echo;
        } else {
            self.drop_flight();
            self.not_before = now + BACK_OFF * (1 << self.attempts.min(ATTEMPTS));
        }
    }

    /// Takes in one notification: `edits`, one after the other, made `after` of `before`.
    pub fn changed(&mut self, now: Time, edits: &[Edit], before: &Rope, after: &Rope) -> Heard {
        if let Some(landed) = self.landed_first(edits, before) {
            // Our edit, and then more of the user's in the same notification: an undo, perhaps.
            let (first, rest) = edits.split_at(landed);
            let mut between = before.clone();
            first.iter().for_each(|edit| edit.apply(&mut between));
            if let Some(flight) = self.flight.take() {
                self.landed(now, flight);
            }
            return self.users(now, rest, &between).max(Heard::Ours);
        }
        if before == after {
            return Heard::Outside;
        }
        match self.story(edits, before, after) {
            Some((Story::Landed { users }, flight)) => {
                let expected = flight.expected.clone();
                self.landed(now, flight);
                return self.users(now, &users, &expected).max(Heard::Ours);
            }
            Some((Story::Misplaced { users, between }, mut flight)) => {
                let heard = self.users(now, &users, before).max(Heard::Ours);
                flight.rebase(&self.regions, self.repair.edits(), self.policy, &between);
                if flight.fits && flight.expected == *after {
                    // The user's change did not move it: it landed well all the same.
                    self.landed(now, flight);
                } else {
                    self.misplaced(&between, after);
                }
                return heard;
            }
            None => {}
        }
        // The client has caught up with its user: an edit that it refused may go again.
        if self.attempts > 0 && self.flight.is_none() {
            self.not_before = self.not_before.min(now);
        }
        let heard = self.users(now, edits, before);
        for flight in self.flight.iter_mut().chain(&mut self.lost).filter(|flight| flight.fits) {
            flight.rebase(&self.regions, self.repair.edits(), self.policy, after);
        }
        heard
    }

    /// How many of a notification's changes make our edit's echo, where others follow.
    fn landed_first(&self, edits: &[Edit], before: &Rope) -> Option<usize> {
        let flight = self.flight.as_ref()?;
        let mut document = before.clone();
        edits.iter().take(edits.len().saturating_sub(1)).enumerate().find_map(|(index, edit)| {
            edit.apply(&mut document);
            (document == flight.expected).then_some(index + 1)
        })
    }

    /// What the change was, with the edit of ours that takes part in it: it is no longer on its way.
    fn story(&mut self, edits: &[Edit], before: &Rope, after: &Rope) -> Option<(Story, Flight)> {
        let flights: Vec<&Flight> = self.flight.iter().chain(&self.lost).collect();
        let (story, index) = story(&flights, edits, before, after)?;
        let in_flight = usize::from(self.flight.is_some());
        let flight = if index < in_flight { self.flight.take() } else { self.lost.remove(index - in_flight) };
        Some((story, flight?))
    }

    /// What is to be done now, with the document as it stands.
    pub fn poll(&mut self, now: Time, document: &Rope) -> Next {
        if let Some(flight) = &self.flight {
            if now < flight.deadline {
                return Next::Wait(flight.deadline);
            }
            self.drop_flight();
        }
        if self.stopped {
            return Next::Settled;
        }
        let pause = if self.urgent && self.attempts == 0 { Time::ZERO } else { self.not_before };
        let gate = pause.max(self.quiet_at).max(self.saved_at);
        // While an answer streams, this is asked a thousand times a second: the edit is made when it may leave.
        if !self.urgent && self.attempts <= ATTEMPTS && now < gate {
            return Next::Wait(gate);
        }
        let flight = if self.repair.edits().is_empty() {
            self.advance(document)
        } else {
            Some(Flight::of_repair(&self.regions, self.repair.edits(), document))
        };
        let Some(mut flight) = flight else { return Next::Settled };
        if self.attempts > ATTEMPTS {
            return Next::GaveUp;
        }
        if now < gate {
            return Next::Wait(gate);
        }
        self.next_id += 1;
        flight.id = self.next_id;
        flight.sent = now;
        // A client that is busy gets more time with each try.
        flight.deadline = now + self.echo_time() * (1 << self.attempts.min(ATTEMPTS));
        let late = now.saturating_sub(self.not_before);
        let due = if late <= LATE { self.not_before } else { now };
        self.not_before = due + INTERVAL.max(self.round_trip * 2);
        let next = Next::Send { id: flight.id, edits: flight.edits.clone() };
        self.flight = Some(flight);
        next
    }

    /// The edit in flight towards the targets, if there is any to make.
    fn advance(&self, document: &Rope) -> Option<Flight> {
        let targets = self.regions.iter().zip(&self.targets);
        let steps =
            targets.map(|(region, target)| region.step(&diff::edits(region.ours(), target), self.policy));
        Flight::of_steps(steps, document)
    }

    fn landed(&mut self, now: Time, flight: Flight) {
        let trip = now.saturating_sub(flight.sent);
        // Where a user is asked, the time is the user's.
        let trip = if self.patience > ECHO { Duration::ZERO } else { trip };
        self.round_trip = if self.round_trip.is_zero() { trip } else { (self.round_trip * 3 + trip) / 4 };
        self.attempts = 0;
        if flight.is_repair {
            self.repair = Repair::default();
        } else if let (Some(old), Some(new)) = (self.regions.first(), flight.next.first()) {
            let (old, new) = (old.text(), new.text());
            if old != new {
                self.history.truncate(HISTORY - 1);
                self.history.push_front(hash(&old));
            }
        }
        // Others on their way are towards a text that is no more; and one that was given up may have been this one, whose
        // twin is still to come.
        let twin = (!self.lost.is_empty()).then(|| flight.clone());
        for other in self.flight.take().into_iter().chain(twin) {
            self.remember_lost(other);
        }
        for lost in &mut self.lost {
            lost.fits = false;
        }
        self.regions = flight.next;
    }

    fn drop_flight(&mut self) {
        if let Some(flight) = self.flight.take() {
            self.attempts += 1;
            self.remember_lost(flight);
        }
    }

    fn remember_lost(&mut self, flight: Flight) {
        self.lost.truncate(LOST - 1);
        self.lost.push_front(flight);
    }

    /// An edit of ours landed where the document had moved on: it is to be taken back, and until then the regions are told
    /// of changes as if it were not there.
    fn misplaced(&mut self, before: &Rope, after: &Rope) {
        self.attempts = 0;
        self.repair.misplaced(before, after);
        if let Some(flight) = self.flight.take() {
            self.remember_lost(flight);
        }
        for lost in &mut self.lost {
            lost.fits = false;
        }
    }

    /// Takes in changes that are the user's, one after the other from `before`.
    fn users(&mut self, now: Time, edits: &[Edit], before: &Rope) -> Heard {
        let mut heard = Heard::Outside;
        let mut document = before.clone();
        for edit in edits {
            for part in self.refined(edit, &document) {
                let repaired = self.repair.changed(&part);
                for (index, region) in self.regions.iter_mut().enumerate() {
                    heard = heard.max(match region.changed(&repaired) {
                        Touch::Outside => Heard::Outside,
                        Touch::Gone if index == 0 => Heard::Gone,
                        Touch::Inside | Touch::Gone => Heard::Inside,
                    });
                }
            }
            edit.apply(&mut document);
        }
        if heard >= Heard::Inside {
            self.quiet_at = now + QUIET;
            if self.is_undo() {
                return Heard::Undone;
            }
        }
        heard
    }

    /// Whether the main region is as it was before one of our edits.
    fn is_undo(&self) -> bool {
        self.regions.first().is_some_and(|region| self.history.contains(&hash(&region.text())))
    }

    /// A change that reaches over a region's edge may hold much that did not change (clients send one range for all that
    /// was typed in a while, or the whole text): the parts that did, one after the other.
    fn refined(&self, edit: &Edit, document: &Rope) -> Vec<Edit> {
        let wide = self.regions.iter().map(Region::range).any(|range| {
            edit.range.start <= range.end
                && range.start <= edit.range.end
                && !(range.start <= edit.range.start && edit.range.end <= range.end && edit.range.len() < 2)
        });
        let told_apart = !wide && self.repair.edits().is_empty();
        if told_apart || edit.range.is_empty() || edit.text.is_empty() {
            return vec![edit.clone()];
        }
        let old = document.byte_slice(edit.range.clone()).to_string();
        let parts: Vec<Edit> = diff::fine_edits(&old, &edit.text)
            .into_iter()
            .map(|part| {
                Edit::new(part.range.start + edit.range.start..part.range.end + edit.range.start, part.text)
            })
            .collect();
        sequential(&parts)
    }

    fn echo_time(&self) -> Duration {
        self.patience.max(self.round_trip * 4)
    }
}

/// Whether `edits` (sorted, disjoint) make `after` of `before`.
pub(crate) fn makes(edits: &[Edit], before: &Rope, after: &Rope) -> bool {
    let grown: isize =
        edits.iter().map(|edit| edit.text.len().cast_signed() - edit.range.len().cast_signed()).sum();
    if before.len_bytes().checked_add_signed(grown) != Some(after.len_bytes()) {
        return false;
    }
    let mut made = before.clone();
    apply_all(&mut made, edits);
    made == *after
}

fn hash(text: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends what is to be sent and has it land at once; the time at which the next may leave.
    fn sent(weave: &mut Weave, now: Time, document: &mut Rope, target: &str) -> Time {
        weave.stream(0, target.to_owned());
        let Next::Send { edits, .. } = weave.poll(now, document) else {
            panic!("nothing is sent at {now:?}")
        };
        let before = document.clone();
        apply_all(document, &edits);
        assert_eq!(weave.changed(now, &sequential(&edits), &before, document), Heard::Ours);
        weave.stream(0, format!("{target}\nmore"));
        let Next::Wait(gate) = weave.poll(now, document) else { panic!("nothing waits") };
        gate
    }

    #[test]
    fn a_late_timer_does_not_move_the_edits_after_it() {
        let ms = Duration::from_millis;
        let mut document = Rope::from_str("a");
        let mut weave = Weave::new(vec![Region::new(0, "a")]);
        for (now, next) in [(1_000, 1_080), (1_083, 1_160), (1_160, 1_240), (1_400, 1_480)] {
            let target = format!("a{now}");
            assert_eq!(sent(&mut weave, ms(now), &mut document, &target), ms(next), "{now}");
        }
    }
}
