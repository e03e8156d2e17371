//! What every plan has in common: the form of the file, its import block, and the parts of a prompt's inputs that come
//! from the place rather than the action.

use std::ops::Range;

use std::sync::Arc;

use super::prepare::STAGE;
use super::{Ask, Plan, PlanError, short, titled};
use crate::draft::form::{Form, Shape};
use crate::draft::imports::Existing;
use crate::prompt::{Body, Inputs, Library, Prompt, Replace, Title};
use crate::syntax::{
    self, Source,
    definition::{Definition, Kind},
    lines,
};
use crate::text::{eol::Eol, indent::Indent};

/// How many lines around a region its prompt shows.
const BEFORE: usize = 30;
const AFTER: usize = 15;

/// How much of the instruction a title has, in characters.
const TITLE: usize = 60;

/// How many bytes above, and how many below: a file may be one long line.
const BYTES: usize = 4_000;

impl Ask<'_> {
    /// The line of the range's start, counted from 1, for messages.
    pub(super) fn line(&self) -> usize {
        lines::of(self.source.text, self.range.start) + 1
    }

    /// What is known of the place: `definitions` are around it, what it is about the innermost.
    pub(super) fn inputs(&self, definitions: &[Definition]) -> Inputs {
        let language = self.source.language;
        let is_class = |at: usize| definitions.get(at).is_some_and(|one| one.kind == Kind::Class);
        Inputs {
            method: definitions.len().checked_sub(2).is_some_and(is_class),
            documented: definitions.last().is_some_and(|one| one.docstring.is_some()),
            language: language.name.to_owned(),
            fence: language.fence.to_owned(),
            comment: language.comment.to_owned(),
            path: self.source.path.to_owned(),
            name: qualified(definitions),
            instruction: self.instruction.map(str::to_owned),
            input: self.input.clone(),
            stage: STAGE.to_owned(),
            ..Inputs::default()
        }
    }

    /// Whether the prompt itself says what to do.
    pub(super) fn says(&self) -> bool {
        matches!(self.prompt.body, Body::Instruction(_))
    }

    pub(super) fn no_tree(&self) -> PlanError {
        PlanError::NoTree { path: self.source.path.to_owned() }
    }
}

/// The pieces that an action decides on.
pub(super) struct Parts {
    pub title: Title,
    pub region: Range<usize>,
    pub shape: Shape,
    /// The region begins at the end of the line above.
    pub below: bool,
    /// The indentation of its lines.
    pub indent: String,
    pub unit: Indent,
    /// The built-in prompt that says the rest, where the prompt is but an instruction; and which is meant by one that may be several.
    pub base: &'static str,
    pub inputs: Inputs,
    pub focus: Range<usize>,
}

impl Parts {
    pub(super) fn plan(self, ask: &Ask<'_>) -> Plan {
        let source = ask.source;
        let base = named(ask.library, self.base);
        // One that says all itself, for whatever is there, is that one of what is there.
        let is_any = ask.prompt.replace == Some(Replace::Here) && !ask.says() && ask.prompt.path.is_none();
        let prompt = if is_any { base.clone() } else { ask.prompt.clone() };
        let eol = Eol::of(source.text);
        let lead = if self.below { eol.as_str().to_owned() } else { String::new() };
        let (imports, existing) = imports(source, &self.region);
        Plan {
            title: titled(&prompt, &self.title),
            imports,
            existing,
            form: Form { shape: self.shape, lead, base: self.indent, unit: self.unit, eol },
            region: self.region,
            tells: false,
            mends: None,
            prompt,
            base,
            inputs: self.inputs,
            focus: self.focus,
        }
    }
}

/// The prompt of that name; the built-in one where the library has none.
fn named(library: &Library, name: &str) -> Arc<Prompt> {
    // Somebody's own that only says what to do says nothing for others.
    let is_whole = |prompt: &&Arc<Prompt>| matches!(prompt.body, Body::Whole { .. });
    let built_in = || Library::built_in().get(name).cloned();
    library.get(name).filter(is_whole).cloned().or_else(built_in).expect("the forms are built in")
}

/// A title that speaks of a definition and an instruction.
pub(super) fn title(one: Option<&Definition>, instruction: Option<&str>) -> Title {
    Title {
        name: one.map(|one| one.name.clone()).unwrap_or_default(),
        instruction: instruction.map(|text| short(text, TITLE)).unwrap_or_default(),
        documented: one.is_some_and(|one| one.docstring.is_some()),
        diagnostic: String::new(),
    }
}

/// The import block, where it does not touch `region`, and the imports outside of it.
fn imports(source: &Source<'_>, region: &Range<usize>) -> (Option<Range<usize>>, Existing) {
    let Some(found) = syntax::imports::find(source) else { return (None, Existing::default()) };
    let elsewhere = found.elsewhere.iter().map(|range| lines::slice(source.text, range)).collect();
    let apart = region.end < found.block.start || region.start > found.block.end;
    (apart.then_some(found.block), Existing { leading: found.leading, elsewhere })
}

/// The name of the innermost of `definitions` with those of the classes and functions around it.
pub(super) fn qualified(definitions: &[Definition]) -> Option<String> {
    let names: Vec<&str> = definitions.iter().map(|one| one.name.as_str()).collect();
    (!names.is_empty()).then(|| names.join("."))
}

/// The lines around `region` for its prompt, and the range that they and the region take. They end with the outermost
/// definition around it: what is beyond is the context's matter.
pub(super) fn surroundings(
    source: &Source<'_>,
    region: &Range<usize>,
    outer: Option<&Definition>,
) -> Surroundings {
    let text = source.text;
    let (first, last) = (lines::of(text, region.start), lines::of(text, region.end));
    let (top, bottom) = match outer {
        Some(outer) => (lines::of(text, outer.whole.start), lines::of(text, outer.whole.end)),
        None => (0, lines::count(text)),
    };
    let fits = |line: &usize| lines::start(text, *line).abs_diff(region.start) <= BYTES;
    let start = (first.saturating_sub(BEFORE).max(top.min(first))..=first).find(fits);
    let start = start.map_or(region.start, |line| lines::start(text, line).min(region.start));
    let fits = |line: &usize| lines::end(text, *line).saturating_sub(region.end) <= BYTES;
    let end = (last..=(last + AFTER).min(bottom.max(last))).rev().find(fits);
    let end = end.map_or(region.end, |line| lines::end(text, line).max(region.end));
    let lf = |range| lines::slice(text, &range).replace("\r\n", "\n");
    Surroundings { before: lf(start..region.start), after: lf(region.end..end), focus: start..end }
}

pub(super) struct Surroundings {
    pub before: String,
    pub after: String,
    pub focus: Range<usize>,
}
