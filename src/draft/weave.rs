//! The weave: a run's text makes its way into a document that the user goes on typing in.
//!
//! A sans-I/O state machine. At most one edit is in flight; it is acknowledged by the content that comes back, never by
//! the client's answer; whatever else comes back is the user's. Clients drop stale edits and say they did not, refuse,
//! delay, merge the echo with typing, and apply what they should have refused: each has its way below.

mod hearing;
mod pace;

use std::collections::VecDeque;
use std::time::Duration;

use ropey::Rope;

use self::pace::Pace;
use crate::draft::flight::Flight;
use crate::draft::region::{Policy, Region};
use crate::draft::repair::Repair;
use crate::text::diff;
use crate::text::edit::{Edit, apply_all};

/// Time since some fixed moment of the caller's.
pub type Time = Duration;

/// Edits that may still land late, remembered: all that are tried before a run gives up, and then to take the draft back.
const LOST: usize = 2 * (pace::ATTEMPTS as usize + 1) + 2;

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
    pace: Pace,
    stopped: bool,
    /// Whether the last change held an edit of ours.
    heard_ours: bool,
    flight: Option<Flight>,
    lost: VecDeque<Flight>,
    /// What takes back an edit that landed in the wrong place.
    repair: Repair,
    /// States of the main region before our edits, by hash; and whether its user had changed nothing in it then.
    history: VecDeque<(u64, bool)>,
    next_id: u64,
}

impl Weave {
    /// A weave of disjoint regions, the main one first.
    #[must_use]
    pub fn new(regions: Vec<Region>) -> Self {
        Self {
            targets: regions.iter().map(|region| region.ours().to_owned()).collect(),
            regions,
            policy: Policy::Hold,
            pace: Pace::default(),
            stopped: false,
            heard_ours: false,
            flight: None,
            lost: VecDeque::new(),
            repair: Repair::default(),
            history: VecDeque::new(),
            next_id: 0,
        }
    }

    /// The client asks its user first: an edit counts as dropped only after this time.
    pub fn set_patience(&mut self, patience: Duration) {
        self.pace.set_patience(patience);
    }

    /// An edit that is dropped or refused is given up at once.
    pub fn send_once(&mut self) {
        self.pace.send_once();
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

    /// Whether an edit that was sent may still land, however late.
    #[must_use]
    pub fn may_land(&self, now: Time) -> bool {
        self.flight.iter().chain(&self.lost).any(|flight| now < flight.lands_by)
    }

    /// Whether something of ours stands in the wrong place, to be put right.
    #[must_use]
    pub fn is_astray(&self) -> bool {
        !self.repair.edits().is_empty()
    }

    /// Makes `document`, as it stands, what it is once that is put right: what the regions' ranges are in.
    pub fn put_right(&self, document: &mut Rope) {
        apply_all(document, self.repair.edits());
    }

    /// Whether the last change held an edit of ours.
    #[must_use]
    pub fn heard_ours(&self) -> bool {
        self.heard_ours
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
        self.pace.hurry();
    }

    /// Everything goes back to what stood there, but for what the user typed.
    pub fn revert(&mut self) {
        self.finish(self.regions.iter().map(|region| region.base().to_owned()).collect());
        self.policy = Policy::Split;
        self.stopped = false;
        self.pace.begin_anew();
        self.pace.send_again();
        // Nobody wants what it would bring.
        self.hasten();
    }

    /// Nothing more is sent but what puts right an edit that landed in the wrong place; what stands, and what is in flight,
    /// stays.
    pub fn stop(&mut self) {
        self.stopped = true;
        // Nobody waits for it any longer than for any other: it may land late, as those that were lost.
        self.pace.lose_patience();
        self.hasten();
    }

    /// What stands in the wrong place stays there: the client does not take the edit that puts it right.
    pub fn leave_astray(&mut self) {
        self.repair = Repair::default();
        self.stop();
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

    /// The edits, in the document's offsets, that would take back what stands, but for what the user typed.
    #[must_use]
    pub fn way_back(&self) -> Vec<Edit> {
        let back =
            |region: &Region| region.step(&diff::edits(region.ours(), region.base()), Policy::Split).edits;
        let mut edits: Vec<Edit> = self.regions.iter().flat_map(back).collect();
        edits.sort_by_key(|edit| edit.range.start);
        edits
    }

    /// The client is about to save: no edit between that and a moment after.
    pub fn saving(&mut self, now: Time) {
        self.pace.saving(now);
    }

    pub fn saved(&mut self, now: Time) {
        self.pace.saved(now);
    }

    /// What is to be done now, with the document as it stands.
    pub fn poll(&mut self, now: Time, document: &Rope) -> Next {
        if let Some(flight) = &self.flight {
            if now < flight.deadline {
                return Next::Wait(flight.deadline);
            }
            self.drop_flight();
        }
        if self.stopped && !self.is_astray() {
            return Next::Settled;
        }
        let gate = self.pace.gate();
        // While an answer streams, this is asked a thousand times a second: the edit is made when it may leave.
        if !self.pace.is_hurried() && !self.pace.is_spent() && now < gate {
            return Next::Wait(gate);
        }
        let flight = if self.is_astray() {
            Some(Flight::of_repair(&self.regions, self.repair.edits(), document))
        } else {
            self.advance(document)
        };
        let Some(mut flight) = flight else { return Next::Settled };
        if self.pace.is_spent() {
            return Next::GaveUp;
        }
        if now < gate {
            return Next::Wait(gate);
        }
        self.next_id += 1;
        flight.id = self.next_id;
        flight.sent = now;
        (flight.deadline, flight.lands_by) = self.pace.sent(now);
        // A client that was away comes to all that it has not answered.
        for lost in self.lost.iter_mut().filter(|lost| !lost.answered) {
            lost.lands_by = lost.lands_by.max(flight.lands_by);
        }
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

    /// Without any evidence the edit in flight counts as dropped as well: it may land late, as those that were lost.
    fn hasten(&mut self) {
        if let Some(flight) = &mut self.flight {
            flight.deadline = flight.deadline.min(self.pace.echo(flight.sent));
        }
    }

    fn drop_flight(&mut self) {
        if let Some(flight) = self.flight.take() {
            self.pace.dropped();
            self.remember_lost(flight);
        }
    }

    fn remember_lost(&mut self, flight: Flight) {
        self.lost.truncate(LOST - 1);
        self.lost.push_front(flight);
    }
}
