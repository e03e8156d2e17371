//! The statements for a place out of an answer that repeats what is around it: the class that the cursor is in, the function
//! that the selection is of, or definitions that the file has already.
//!
//! What the file has unchanged is dropped, and so is what the answer only hints at (a body of `...`). What it changes
//! elsewhere stays as it is and is told: only the region may change. A draft of nothing but that is refused.

mod selection;

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use self::selection::{Selection, elides};
use super::body::imports;
use super::pass::Pass;
use super::{CleanError, Setup};
use crate::draft::form::Form;
use crate::draft::peel::squeezed;
use crate::draft::place::{Code, Place};
use crate::syntax::bindings::Names;
use crate::syntax::definition::{self, Definition};
use crate::syntax::errors;
use crate::syntax::items::{self, Item, Kind};

/// What is wanted of the answer's code.
#[derive(Debug)]
pub(super) struct Part {
    pub code: Vec<String>,
    pub imports: Vec<String>,
    pub note: Option<String>,
}

/// The most blank lines that stay between two statements.
const BLANK: usize = 2;

/// The part of what `pass` has read that is for the place; nothing where that is all of it.
pub(super) fn read(pass: &Pass, form: &Form, setup: &Setup) -> Result<Option<Part>, CleanError> {
    let Some(place) = setup.place.as_ref().filter(|place| !form.lead.is_empty() || place.is_of_lines())
    else {
        return Ok(None);
    };
    let Some(code) = Code::parse(&pass.code.join("\n"), place.language()) else {
        return Err(CleanError::TooLarge);
    };
    let around = place.around(&form.base);
    let known = setup.opening.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let answer = Answer { code: &code, place, around: &around, known };
    let Some(inside) = answer.inside()? else {
        let at_statements = around.last().is_some_and(|one| one.kind == definition::Kind::Function);
        // A fragment (an `else:` with its block) is no list of statements.
        if at_statements || code.tree.as_ref().is_none_or(|tree| errors(tree) > 0) {
            return Ok(None);
        }
        let mut items = items::items(&code.source(), None);
        items.retain(|item| item.kind != Kind::Import);
        let sorted = answer.sorted(&items, Repeats::No)?;
        answer.check_siblings(&sorted.kept, &items)?;
        return Ok(sorted.dropped.then(|| answer.part(&sorted.kept, sorted.note, pass)));
    };
    let items = items::items(&code.source(), Some(&inside));
    let (kept, note) = match around.last().map(|one| one.kind) {
        Some(definition::Kind::Function) => (answer.new_statements(&items)?, None),
        _ => {
            let sorted = answer.sorted(&items, Repeats::Header)?;
            answer.check_siblings(&sorted.kept, &items)?;
            (sorted.kept, sorted.note)
        }
    };
    answer.check(&kept, &inside)?;
    Ok(Some(answer.part(&kept, note, pass)))
}

/// Whether an answer repeats the header of what is around.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Repeats {
    Header,
    No,
}

struct Answer<'a> {
    code: &'a Code,
    place: &'a Place,
    around: &'a [Definition],
    /// The comments right above the place.
    known: HashSet<&'a str>,
}

/// The statements of an answer, told apart by what the file has.
#[derive(Default)]
struct Sorted {
    kept: Vec<Range<usize>>,
    dropped: bool,
    note: Option<String>,
}

impl Answer<'_> {
    /// The definition of the answer that is the innermost one around the place; nothing where it repeats none of them.
    fn inside(&self) -> Result<Option<Range<usize>>, CleanError> {
        let (mut items, mut level, mut inside) = (items::items(&self.code.source(), None), 0, None);
        let matches = |item: &Item, at: &usize| {
            let kind = match item.kind {
                Kind::Class => definition::Kind::Class,
                _ => definition::Kind::Function,
            };
            let name = item.definition.as_ref().map(|own| own.name.as_str());
            name == Some(&self.around[*at].name) && kind == self.around[*at].kind
        };
        while let Some((at, own)) = items.iter().find_map(|item| {
            let at = (level..self.around.len()).find(|at| matches(item, at))?;
            Some((at, item.definition.clone()?))
        }) {
            level = at + 1;
            items = items::items(&self.code.source(), Some(&own.range));
            inside = Some(own.range);
        }
        match (&inside, self.around.last()) {
            (Some(_), Some(innermost)) if level < self.around.len() => {
                Err(CleanError::Around(innermost.name.clone()))
            }
            _ => Ok(inside),
        }
    }

    /// Which of `items` are new to the class or module that the place is in.
    fn sorted(&self, items: &[Item], repeats: Repeats) -> Result<Sorted, CleanError> {
        let file = self.place.file();
        let there = self.place.items(self.around);
        let texts: HashSet<String> = there.iter().map(|item| squeezed(&file.part(&item.range))).collect();
        let mut named: HashMap<String, usize> = HashMap::new();
        for item in &there {
            if let Some(name) = name(file, item) {
                *named.entry(name).or_default() += 1;
            }
        }
        let (mut sorted, mut changed, mut comments) = (Sorted::default(), Vec::new(), None::<usize>);
        let mut selection = Selection::of(self, items);
        for item in items {
            if item.kind == Kind::Comment {
                if !self.is_alone(item) {
                    continue;
                }
                let stands = !self.is_above(item) && selection.comment(&self.code.part(&item.range));
                // Beside a selection it may be no more than a comment.
                let goes =
                    self.is_above(item) || stands && (selection.is_blank() || repeats == Repeats::Header);
                sorted.dropped |= goes;
                comments = if goes { None } else { comments.or(Some(item.range.start)) };
                continue;
            }
            let start = comments.take().unwrap_or(item.range.start);
            let known = name(self.code, item).filter(|name| named.contains_key(name));
            let same = texts.contains(&squeezed(&self.code.part(&item.range)));
            let keeps = match item.kind {
                Kind::Docstring | Kind::Stub => repeats == Repeats::No,
                _ if same => known.is_none() && repeats == Repeats::No,
                _ => known.is_none() || self.adds(item),
            };
            if keeps {
                selection.kept(self.code, item);
                sorted.kept.push(start..item.range.end);
                continue;
            }
            sorted.dropped = true;
            if let Some(name) = known.filter(|_| !same && !is_hint(self.code, item)) {
                changed.push(name);
            }
        }
        if let Some(elided) = selection.elided(repeats) {
            return Err(CleanError::LeftOut(elided));
        }
        match (sorted.kept.is_empty(), changed.is_empty()) {
            (true, false) => Err(CleanError::Elsewhere(changed.join("`, `"))),
            (true, true) if sorted.dropped => Err(CleanError::NothingNew),
            (_, true) => Ok(sorted),
            (_, false) => {
                let outer: String = self.around.iter().map(|one| format!("{}.", one.name)).collect();
                let names: Vec<String> = changed.iter().map(|name| format!("`{outer}{name}`")).collect();
                let verb = if names.len() == 1 { "stands" } else { "stand" };
                sorted.note = Some(format!(
                    "the answer also changes {}, which {verb} elsewhere and was left as it is",
                    names.join(", ")
                ));
                Ok(sorted)
            }
        }
    }

    /// The statements that are new to the function around: one run of them, between what stands before and behind the place.
    fn new_statements(&self, items: &[Item]) -> Result<Vec<Range<usize>>, CleanError> {
        let name = || self.around.last().map(|one| one.name.clone()).unwrap_or_default();
        let (file, region) = (self.place.file(), self.place.region());
        let is_statement = |item: &&Item| !matches!(item.kind, Kind::Comment | Kind::Docstring);
        let there = self.place.items(self.around);
        // A place in a block of the function: what of the answer belongs there cannot be told by its statements.
        if there.iter().any(|item| item.range.start < region.start && region.start < item.range.end) {
            return Err(CleanError::Around(name()));
        }
        let text = |item: &Item| squeezed(&file.part(&item.range));
        let (before, behind): (Vec<&Item>, Vec<&Item>) =
            there.iter().filter(is_statement).partition(|item| item.range.end <= region.start);
        let before: Vec<String> = before.into_iter().map(text).collect();
        let behind: Vec<String> = behind.into_iter().map(text).collect();
        let stub = |item: &&&Item| item.kind == Kind::Stub;
        let answers: Vec<&Item> = items.iter().filter(is_statement).collect();
        let head = answers.iter().take_while(stub).count();
        let tail = answers[head..].iter().rev().take_while(stub).count();
        let answers = &answers[head..answers.len() - tail];
        let texts: Vec<String> = answers.iter().map(|item| squeezed(&self.code.part(&item.range))).collect();
        let most = |limit: usize, equal: &dyn Fn(usize) -> bool| {
            (0..=limit).rev().find(|&count| equal(count)).unwrap_or(0)
        };
        let above =
            most(before.len().min(texts.len()), &|count| texts[..count] == before[before.len() - count..]);
        let rest = &texts[above..];
        let below =
            most(behind.len().min(rest.len()), &|count| rest[rest.len() - count..] == behind[..count]);
        let new = &answers[above..answers.len() - below];
        let again = |text: &String| before.contains(text) || behind.contains(text);
        match (new.first(), new.last()) {
            (Some(first), Some(last)) if !texts[above..texts.len() - below].iter().any(again) => {
                let comments = items.iter().rev().skip_while(|item| item.range.start >= first.range.start);
                let comment = |item: &&Item| item.kind == Kind::Comment && self.is_alone(item);
                let comments = comments.take_while(|item| comment(item) && !self.is_known(item));
                let start = comments.last().map_or(first.range.start, |comment| comment.range.start);
                Ok(std::iter::once(start..last.range.end).collect())
            }
            (Some(_), _) => Err(CleanError::Around(name())),
            (None, _) => Err(CleanError::NothingNew),
        }
    }

    /// Whether a comment is one that the file has at the place, or stands for what it has.
    fn is_known(&self, comment: &Item) -> bool {
        self.is_above(comment) || elides(&self.code.part(&comment.range))
    }

    /// Whether it is one that the file has right above the place.
    fn is_above(&self, comment: &Item) -> bool {
        self.known.contains(self.code.part(&comment.range).trim())
    }

    /// Whether it stands on a line of its own.
    fn is_alone(&self, comment: &Item) -> bool {
        let line = self.code.whole_lines(&comment.range);
        self.code.part(&(line.start..comment.range.start)).trim().is_empty()
    }

    /// Whether something of the same name is another part of what is there: a setter, an overload.
    fn adds(&self, item: &Item) -> bool {
        let decorators = item.definition.iter().flat_map(|own| &own.decorators);
        decorators.map(|range| self.code.part(range)).any(|decorator| {
            let parts = [".setter", ".getter", ".deleter", ".register", "overload"];
            parts.iter().any(|part| decorator.contains(part))
        })
    }

    /// A function beside methods becomes a member of their class, where they do not see it by its name.
    fn check_siblings(&self, kept: &[Range<usize>], items: &[Item]) -> Result<(), CleanError> {
        if self.around.last().is_none_or(|one| one.kind != definition::Kind::Class) {
            return Ok(());
        }
        let names = Names::of(&self.code.source());
        let is_kept = |item: &&Item| kept.iter().any(|range| range.end == item.range.end);
        let bound: HashSet<String> =
            items.iter().filter(is_kept).flat_map(|item| names.bound_by(&item.range)).collect();
        let functions = items.iter().filter(is_kept).filter(|item| item.kind == Kind::Function);
        let used = functions
            .filter_map(|item| item.definition.as_ref())
            .flat_map(|own| names.free(&own.body, &own.range));
        match used.into_iter().find(|name| bound.contains(name) && !self.place.binds(name)) {
            Some(name) => Err(CleanError::Outside(name)),
            None => Ok(()),
        }
    }

    /// What the answer defines outside of what it repeats, and the new code needs, has no place.
    fn check(&self, kept: &[Range<usize>], inside: &Range<usize>) -> Result<(), CleanError> {
        let names = Names::of(&self.code.source());
        let needed: HashSet<String> = kept.iter().flat_map(|range| names.free(range, inside)).collect();
        for item in items::items(&self.code.source(), None) {
            let holds = item.range.start <= inside.start && inside.end <= item.range.end;
            if holds || item.kind == Kind::Import {
                continue;
            }
            let lost = names
                .bound_by(&item.range)
                .into_iter()
                .find(|name| needed.contains(name) && !self.place.binds(name));
            if let Some(name) = lost {
                return Err(CleanError::Outside(name));
            }
        }
        Ok(())
    }

    fn part(&self, kept: &[Range<usize>], note: Option<String>, pass: &Pass) -> Part {
        let all: Vec<String> = self.code.text.to_string().lines().map(str::to_owned).collect();
        let mut code: Vec<String> = Vec::new();
        let mut next = 0;
        for range in kept {
            let (first, last) = (self.code.line(range.start).max(next), self.code.line(range.end));
            let blank = all[..first].iter().rev().take_while(|line| line.trim().is_empty()).count();
            if !code.is_empty() {
                code.extend(std::iter::repeat_n(String::new(), blank.min(BLANK)));
            }
            code.extend(all.iter().take(last + 1).skip(first).cloned());
            next = last + 1;
        }
        Part { code, imports: imports(pass.peel.imports(), self.code), note }
    }
}

/// Whether a definition has no body of its own: it stands for the one that is there.
fn is_hint(code: &Code, item: &Item) -> bool {
    let Some(own) = &item.definition else { return false };
    let stands = |item: &Item| matches!(item.kind, Kind::Stub | Kind::Comment | Kind::Docstring);
    items::items(&code.source(), Some(&own.range)).iter().all(stands)
}

/// What a statement defines or assigns.
fn name(code: &Code, item: &Item) -> Option<String> {
    if let Some(own) = &item.definition {
        return Some(own.name.clone());
    }
    let text = code.part(&item.range);
    let end = text.find(|ch: char| !(ch.is_alphanumeric() || ch == '_'))?;
    let rest = text[end..].trim_start();
    let annotated =
        rest.strip_prefix(':').is_some_and(|kind| !kind.trim_start_matches(' ').starts_with(['\n', '#']));
    let assigned = rest.starts_with('=') && !rest.starts_with("==");
    (end > 0 && (annotated || assigned)).then(|| text[..end].to_owned())
}
