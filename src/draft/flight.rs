//! One edit on its way to the client, and how its echo is known.

use std::ops::Range;

use ropey::Rope;

use crate::draft::region::{Policy, Region, Step};
use crate::draft::weave::Time;
use crate::text::diff;
use crate::text::edit::{Edit, apply_all, sequential};
use crate::text::position::{Encoding, Position, to_offset, to_position};

/// Up to so many lines that came or went with a notification are tried one by one as moved from above an edit.
const MOVES: isize = 16;

/// An edit that was sent and is not acknowledged yet.
#[derive(Clone, Debug)]
pub(crate) struct Flight {
    pub id: u64,
    /// As sent: sorted, disjoint, in the offsets of the document at that time.
    pub edits: Vec<Edit>,
    /// Where their ranges were in lines and columns, as the client was told.
    places: Vec<Range<Position>>,
    /// The document once it has landed, with what the user typed meanwhile.
    pub expected: Rope,
    /// The regions then.
    pub next: Vec<Region>,
    pub is_repair: bool,
    /// Whether the user typed since it was sent.
    pub overtaken: bool,
    /// Whether a change that does not hold it was told since it was sent.
    pub passed: bool,
    /// Whether the client has said what became of it.
    pub answered: bool,
    /// Whether it can still land where it belongs: no other edit of ours has landed since it was sent.
    pub fits: bool,
    pub sent: Time,
    /// When it counts as dropped.
    pub deadline: Time,
    /// Until when it may land all the same.
    pub lands_by: Time,
}

impl Flight {
    /// The edit of all regions' steps together; nothing where they change nothing.
    pub fn of_steps(steps: impl Iterator<Item = Step>, document: &Rope) -> Option<Self> {
        let steps: Vec<Step> = steps.collect();
        let start = |step: &Step| step.next.range().start;
        let grown = |step: &Step| -> isize {
            step.edits.iter().map(|edit| edit.text.len().cast_signed() - edit.range.len().cast_signed()).sum()
        };
        // Each region knows its own edits; those of the regions before it move it as well.
        let next = steps
            .iter()
            .map(|step| {
                let before = steps.iter().filter(|other| start(other) < start(step));
                step.next.moved_by(before.map(grown).sum())
            })
            .collect();
        let mut edits: Vec<Edit> = steps.into_iter().flat_map(|step| step.edits).collect();
        edits.sort_by_key(|edit| edit.range.start);
        (!edits.is_empty()).then(|| Self::new(edits, next, document, false))
    }

    /// The edit that takes back what landed in the wrong place.
    pub fn of_repair(regions: &[Region], repair: &[Edit], document: &Rope) -> Self {
        Self::new(repair.to_vec(), regions.to_vec(), document, true)
    }

    fn new(edits: Vec<Edit>, next: Vec<Region>, document: &Rope, is_repair: bool) -> Self {
        let place = |offset| to_position(document, offset, Encoding::Utf8);
        let places = edits.iter().map(|edit| place(edit.range.start)..place(edit.range.end)).collect();
        let mut expected = document.clone();
        apply_all(&mut expected, &edits);
        let (sent, deadline, lands_by) = (Time::ZERO, Time::ZERO, Time::ZERO);
        Self {
            id: 0,
            edits,
            places,
            expected,
            next,
            is_repair,
            overtaken: false,
            passed: false,
            answered: false,
            fits: true,
            sent,
            deadline,
            lands_by,
        }
    }

    /// The edits as a client that minds no version applies them to `document`: by lines and columns.
    pub fn raw(&self, document: &Rope) -> Vec<Edit> {
        self.raw_below(document, 0)
    }

    /// The same, so many lines further down: what is typed above an edit once it has landed moves it.
    fn raw_below(&self, document: &Rope, lines: isize) -> Vec<Edit> {
        let at = |position| to_offset(document, below(position, lines), Encoding::Utf8);
        let edits = self.edits.iter().zip(&self.places);
        edits
            .map(|(edit, place)| {
                Edit::new(at(place.start)..at(place.end).max(at(place.start)), edit.text.clone())
            })
            .collect()
    }

    /// What `after` was before the edits, if they stand in it where the client was told, or below that by the lines that the user typed
    /// above them `then`. What they took away is what `before` has there, where the user had moved it down by `lines`.
    fn without(&self, before: &Rope, after: &Rope, (lines, then): (isize, isize)) -> Option<Rope> {
        let mut between = after.clone();
        // From the first on: those behind it are then where they would be without it.
        for (edit, place) in self.edits.iter().zip(&self.places) {
            let (start, taken) = match edit.range.is_empty() {
                true => (place.start, String::new()),
                false => taken(before, place, lines)?,
            };
            let start = to_offset(&between, below(start, then), Encoding::Utf8);
            let stands = between
                .get_byte_slice(start..start + edit.text.len())
                .is_some_and(|slice| slice == edit.text.as_str());
            if !stands {
                return None;
            }
            Edit::new(start..start + edit.text.len(), taken).apply(&mut between);
        }
        makes(&self.raw_below(&between, then), &between, after).then_some(between)
    }

    /// By how many lines the user may have moved what the edits took away, and then the edits, as far as the number of lines tells.
    fn moves(&self, before: &Rope, after: &Rope) -> Vec<(isize, isize)> {
        let ours: isize = self
            .edits
            .iter()
            .zip(&self.places)
            .map(|(edit, place)| {
                let taken = (place.end.line - place.start.line) as usize;
                (Rope::from_str(&edit.text).len_lines() - 1).cast_signed() - taken.cast_signed()
            })
            .sum();
        let users = after.len_lines().cast_signed() - before.len_lines().cast_signed() - ours;
        if users.abs() > MOVES {
            return vec![(users, 0), (0, users)];
        }
        // All of it above the edits, or a part of it above and the rest below; and of what is above, some before they landed.
        let moves = |above: isize| (above.min(0)..=above.max(0)).collect::<Vec<_>>();
        // What they did not take away was not moved.
        let is_put_in = self.edits.iter().all(|edit| edit.range.is_empty());
        let before = if is_put_in { vec![0] } else { moves(users) };
        before
            .into_iter()
            .flat_map(|lines| moves(users - lines).into_iter().map(move |then| (lines, then)))
            .collect()
    }

    /// The user typed: what to expect now. A client that still takes our edit takes it where it belongs, or as it was sent.
    pub fn rebase(&mut self, regions: &[Region], repair: &[Edit], policy: Policy, document: &Rope) {
        self.overtaken = true;
        let rebased = if self.is_repair {
            Some(Self::of_repair(regions, repair, document))
        } else {
            let steps = regions
                .iter()
                .zip(&self.next)
                .map(|(region, next)| region.step(&diff::edits(region.ours(), next.ours()), policy));
            Self::of_steps(steps, document)
        };
        match rebased {
            Some(rebased) => (self.expected, self.next) = (rebased.expected, rebased.next),
            None => (self.expected, self.next) = (document.clone(), regions.to_vec()),
        }
    }
}

/// What made one text of another: whose, in which order, and where an edit of ours landed.
#[derive(Debug)]
pub(crate) enum Story {
    /// Our edit where it belongs, then the user's changes (one after the other).
    Landed { users: Vec<Edit> },
    /// An edit of ours as it was sent, though the document had moved on: the user's changes made `between` of what was
    /// there, and the edit went on top of them.
    Misplaced { users: Vec<Edit>, between: Rope },
}

/// The cheapest story of `before` becoming `after` in which one of `flights` takes part, with its index; nothing where the
/// user alone explains it as well. `edits` are the notification's, one after the other.
pub(crate) fn story(
    flights: &[&Flight],
    edits: &[Edit],
    before: &Rope,
    after: &Rope,
) -> Option<(Story, usize)> {
    let indexed = || flights.iter().copied().enumerate();
    let landing = || indexed().filter(|(_, flight)| flight.fits);
    if let Some((index, _)) = landing().find(|(_, flight)| flight.expected == *after) {
        return Some((Story::Landed { users: Vec::new() }, index));
    }
    let astray = || indexed().filter(|(_, flight)| flight.overtaken || !flight.fits);
    if let Some((index, _)) = astray().find(|(_, flight)| makes(&flight.raw(before), before, after)) {
        return Some((Story::Misplaced { users: Vec::new(), between: before.clone() }, index));
    }
    // Several changes in one notification: the user's, and then our edit where they left its place.
    let mut between = before.clone();
    for (told, edit) in edits.iter().enumerate().take(edits.len().saturating_sub(1)) {
        edit.apply(&mut between);
        if let Some((index, _)) = indexed().find(|(_, flight)| makes(&flight.raw(&between), &between, after))
        {
            return Some((Story::Misplaced { users: edits[..=told].to_vec(), between }, index));
        }
    }
    // A notification much smaller than an edit does not hold it.
    let told = diff::size(edits);
    let may_hold = |flight: &Flight| told * 2 >= diff::size(&flight.edits);
    if !flights.iter().any(|flight| may_hold(flight)) {
        return None;
    }
    let (old, new) = (before.to_string(), after.to_string());
    let mut least = diff::size(&diff::fine_edits(&old, &new));
    let mut best = None;
    let mut consider = |users: &[Edit], index: usize, story: &dyn Fn(Vec<Edit>) -> Story| {
        if diff::size(users) < least {
            (least, best) = (diff::size(users), Some((story(sequential(users)), index)));
        }
    };
    for (index, flight) in landing().filter(|(_, flight)| may_hold(flight)) {
        consider(&diff::fine_edits(&flight.expected.to_string(), &new), index, &|users| Story::Landed {
            users,
        });
    }
    for (index, flight) in indexed().filter(|(_, flight)| may_hold(flight)) {
        for between in
            flight.moves(before, after).iter().filter_map(|lines| flight.without(before, after, *lines))
        {
            let users = diff::fine_edits(&old, &between.to_string());
            consider(&users, index, &|users| Story::Misplaced { users, between: between.clone() });
        }
    }
    best
}

/// What `before` has at `place`, so many lines further up, and where that begins in the line: a client puts what is past a
/// line's end at its end.
fn taken(before: &Rope, place: &Range<Position>, lines: isize) -> Option<(Position, String)> {
    let at = |position: Position| {
        let line = u32::try_from((position.line as usize).checked_add_signed(-lines)?).ok()?;
        Some(to_offset(before, Position { line, ..position }, Encoding::Utf8))
    };
    let (start, end) = (at(place.start)?, at(place.end)?);
    let column = to_position(before, start, Encoding::Utf8).column;
    Some((Position { column, ..place.start }, before.get_byte_slice(start..end.max(start))?.to_string()))
}

fn below(Position { line, column }: Position, lines: isize) -> Position {
    let line = i64::from(line).saturating_add(lines as i64).clamp(0, i64::from(u32::MAX));
    Position { line: u32::try_from(line).unwrap_or_default(), column }
}

/// Whether `edits` (sorted, disjoint) make `after` of `before`.
fn makes(edits: &[Edit], before: &Rope, after: &Rope) -> bool {
    let grown: isize =
        edits.iter().map(|edit| edit.text.len().cast_signed() - edit.range.len().cast_signed()).sum();
    if before.len_bytes().checked_add_signed(grown) != Some(after.len_bytes()) {
        return false;
    }
    let mut made = before.clone();
    apply_all(&mut made, edits);
    made == *after
}
