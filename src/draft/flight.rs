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

/// Where a client takes a column to be that is past a line's end: at the end, as LSP has it, or behind the break (kak-lsp).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Past {
    End,
    Break,
}

/// What the user may have done beside an edit that landed in the wrong place.
#[derive(Clone, Copy, Debug)]
struct Moved {
    /// The lines by which they had moved what it took away.
    lines: isize,
    /// Those that they put above it then.
    then: isize,
    past: Past,
}

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
        self.raw_below(document, 0, Past::End)
    }

    /// The same, so many lines further down: what is typed above an edit once it has landed moves it.
    fn raw_below(&self, document: &Rope, lines: isize, past: Past) -> Vec<Edit> {
        let edits = self.edits.iter().zip(&self.places);
        edits
            .map(|(edit, place)| {
                let start = to_offset(document, below(place.start, lines), Encoding::Utf8);
                let end = if edit.range.is_empty() {
                    start
                } else {
                    end_of(document, below(place.end, lines), past)
                };
                Edit::new(start..end.max(start), edit.text.clone())
            })
            .collect()
    }

    /// What `after` was before the edits, if they stand in it where the client was told, or below that by the lines that the user put
    /// above them then. What they took away is what `before` has there, where the user had moved it.
    fn without(&self, before: &Rope, after: &Rope, Moved { lines, then, past }: Moved) -> Option<Rope> {
        let mut between = after.clone();
        // From the first on: those behind it are then where they would be without it.
        for (edit, place) in self.edits.iter().zip(&self.places) {
            let (start, taken) = match edit.range.is_empty() {
                true => (place.start, String::new()),
                false => taken(before, place, lines, past)?,
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
        makes(&self.raw_below(&between, then, past), &between, after).then_some(between)
    }

    /// By how many lines the user may have moved what the edits took away, and then the edits, as far as the number of lines tells.
    fn moves(&self, before: &Rope, after: &Rope) -> Vec<Moved> {
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
        // What they did not take away was not moved.
        let is_put_in = self.edits.iter().all(|edit| edit.range.is_empty());
        // All of it above the edits, or a part of it above and the rest below; and of what is above, some before they landed.
        let moves = |above: isize| (above.min(0)..=above.max(0)).collect::<Vec<_>>();
        // One that took a break along made the text a line shorter.
        let pasts = if is_put_in { vec![(Past::End, 0)] } else { vec![(Past::End, 0), (Past::Break, 1)] };
        let all = pasts.into_iter().flat_map(|(past, taken)| {
            let users = users + taken;
            let pairs = if users.abs() > MOVES {
                vec![(users, 0), (0, users)]
            } else {
                let before = if is_put_in { vec![0] } else { moves(users) };
                before
                    .into_iter()
                    .flat_map(|lines| moves(users - lines).into_iter().map(move |then| (lines, then)))
                    .collect()
            };
            pairs.into_iter().map(move |(lines, then)| Moved { lines, then, past })
        });
        all.collect()
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
            flight.moves(before, after).into_iter().filter_map(|moved| flight.without(before, after, moved))
        {
            let users = diff::fine_edits(&old, &between.to_string());
            consider(&users, index, &|users| Story::Misplaced { users, between: between.clone() });
        }
    }
    best
}

/// What `before` has at `place`, so many lines further up, and where that begins in the line: a client puts what is past a
/// line's end at its end.
fn taken(before: &Rope, place: &Range<Position>, lines: isize, past: Past) -> Option<(Position, String)> {
    let above = |position: Position| {
        let line = u32::try_from((position.line as usize).checked_add_signed(-lines)?).ok()?;
        Some(Position { line, ..position })
    };
    let start = to_offset(before, above(place.start)?, Encoding::Utf8);
    let end = end_of(before, above(place.end)?, past);
    let column = to_position(before, start, Encoding::Utf8).column;
    Some((Position { column, ..place.start }, before.get_byte_slice(start..end.max(start))?.to_string()))
}

/// Where a range ends, as a client takes it.
fn end_of(document: &Rope, position: Position, past: Past) -> usize {
    let end = to_offset(document, position, Encoding::Utf8);
    let next = position.line as usize + 1;
    let is_past =
        to_position(document, end, Encoding::Utf8).column < position.column && next < document.len_lines();
    if past == Past::Break && is_past { document.line_to_byte(next) } else { end }
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
