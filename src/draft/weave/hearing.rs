//! What the weave hears: the client's answers, and changes of the document, each told apart into what is ours and what is the
//! user's.

use ropey::Rope;

use super::{Heard, Time, Weave};
use crate::draft::flight::{Flight, Story, story};
use crate::draft::region::{Region, Touch};
use crate::draft::repair::Repair;
use crate::text::diff;
use crate::text::edit::{Edit, sequential};

/// States of the region before our edits, by hash: what an undo would bring back.
const HISTORY: usize = 4096;

impl Weave {
    /// The client answered edit `id`.
    pub fn answered(&mut self, now: Time, id: u64, applied: bool) {
        for flight in self.flight.iter_mut().chain(&mut self.lost).filter(|flight| flight.id == id) {
            flight.answered = true;
            flight.lands_by = if applied { self.pace.told_by(now) } else { now };
        }
        let Some(flight) = self.flight.as_mut().filter(|flight| flight.id == id) else { return };
        if applied {
            flight.deadline = self.pace.decided(now, flight.passed);
        } else {
            self.drop_flight();
            self.pace.refused(now);
        }
    }

    /// Takes in one notification: `edits`, one after the other, made `after` of `before`.
    pub fn changed(&mut self, now: Time, edits: &[Edit], before: &Rope, after: &Rope) -> Heard {
        self.heard_ours = false;
        if self.stopped {
            // Whoever undoes and types at rest is not to be taken for a client that was slow.
            self.lost.retain(|flight| now < flight.lands_by);
        }
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
            self.passed_by(now);
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
        if self.flight.is_none() {
            self.pace.caught_up(now);
        }
        self.moved(now, edits, before, after)
    }

    /// The same for a change that is surely none of ours.
    pub fn moved(&mut self, now: Time, edits: &[Edit], before: &Rope, after: &Rope) -> Heard {
        self.heard_ours = false;
        let heard = self.users(now, edits, before);
        self.passed_by(now);
        for flight in self.flight.iter_mut().chain(&mut self.lost).filter(|flight| flight.fits) {
            flight.rebase(&self.regions, self.repair.edits(), self.policy, after);
        }
        heard
    }

    /// A change was told that does not hold the edit in flight: the client has dropped it, or it has yet to come to it.
    fn passed_by(&mut self, now: Time) {
        if let Some(flight) = &mut self.flight {
            flight.passed = true;
            flight.deadline = flight.deadline.min(self.pace.passed(now));
        }
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

    fn landed(&mut self, now: Time, flight: Flight) {
        self.heard_ours = true;
        self.pace.landed(now.saturating_sub(flight.sent));
        if flight.is_repair {
            self.repair = Repair::default();
        } else if let (Some(old), Some(new)) = (self.regions.first(), flight.next.first()) {
            let (was, is) = (old.text(), new.text());
            if was != is {
                self.history.truncate(HISTORY - 1);
                self.history.push_front((hash(&was), !old.is_touched()));
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

    /// An edit of ours landed where the document had moved on: it is to be taken back, and until then the regions are told
    /// of changes as if it were not there.
    fn misplaced(&mut self, before: &Rope, after: &Rope) {
        self.heard_ours = true;
        self.pace.begin_anew();
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
            self.pace.typed(now);
            if self.is_undo() {
                return Heard::Undone;
            }
        }
        heard
    }

    /// Whether the main region is as it was before one of our edits.
    fn is_undo(&self) -> bool {
        let now = self.regions.first().map(|region| hash(&region.text()));
        self.history.iter().any(|(state, _)| Some(*state) == now)
    }

    /// Whether nothing is left of what was written.
    #[must_use]
    pub fn is_as_before(&self) -> bool {
        self.regions.iter().all(|region| region.text() == region.base())
    }

    /// The user went back to an earlier state of ours, and not to the first: that is what stands from now on, and what is to be taken back.
    pub fn went_back(&mut self) {
        let Some(region) = self.regions.first_mut().filter(|_| self.flight.is_none()) else { return };
        let now = hash(&region.text());
        if self.history.iter().any(|(state, is_ours)| *state == now && *is_ours) {
            // What was undone may come again.
            if hash(region.ours()) != now {
                self.history.truncate(HISTORY - 1);
                self.history.push_front((hash(region.ours()), true));
            }
            region.settle();
        }
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
}

fn hash(text: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
