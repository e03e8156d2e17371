//! What is at a place, looked at once for all prompts: the definitions around it, what is selected, which conditions hold.

use std::cell::OnceCell;
use std::ops::Range;

use super::select::{Selection, select};
use super::{Query, docstring, proposal, rewrite, select, short, test, tests_of};
use crate::prompt::{Condition, NodeKind, Prompt, Replace, Title};
use crate::syntax::definition::{self, Definition, Kind};
use crate::syntax::{Source, hints, lines, statement};
use crate::workspace::Index;

/// How much of an instruction and of a message a title has, in characters.
const TITLE: usize = 60;

/// See the module's head.
pub(super) struct Spot<'a> {
    pub source: &'a Source<'a>,
    pub range: Range<usize>,
    index: Option<&'a Index>,
    definitions: OnceCell<Vec<Definition>>,
    selection: OnceCell<Option<Selection>>,
    tested: OnceCell<Option<(Definition, String)>>,
}

/// What a prompt would be about.
pub(super) struct Found<'a> {
    pub definition: Option<&'a Definition>,
    pub title: Title,
}

impl<'a> Spot<'a> {
    /// Without the project's `index`, what only that can tell is taken to hold.
    pub fn new(source: &'a Source<'a>, range: &Range<usize>, index: Option<&'a Index>) -> Self {
        let (definitions, selection, tested) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { source, range: range.clone(), index, definitions, selection, tested }
    }

    /// Those around it, outermost first.
    pub fn definitions(&self) -> &[Definition] {
        self.definitions.get_or_init(|| definition::around(self.source, &self.range))
    }

    fn selection(&self) -> Option<&Selection> {
        let is_small = !self.range.is_empty() && self.range.len() <= 2 * rewrite::LIMIT;
        self.selection
            .get_or_init(|| if is_small { select(self.source, &self.range) } else { None })
            .as_ref()
            .filter(|selection| selection.region.len() <= rewrite::LIMIT)
    }

    fn tested(&self) -> Option<&(Definition, String)> {
        self.tested.get_or_init(|| test::function(self.source, &self.range)).as_ref()
    }

    /// What `prompt` would be about, if there is something for what it replaces. Diagnostics are not looked at.
    pub fn find(&self, prompt: &Prompt) -> Option<Found<'_>> {
        let definition = match prompt.replace? {
            Replace::Body => {
                let function = self.definitions().last().filter(|one| is_kind(one, &[NodeKind::Function]));
                Some(function.filter(|one| one.whole.len() <= rewrite::LIMIT)?)
            }
            Replace::Selection => {
                self.selection()?;
                self.definitions().last()
            }
            Replace::Docstring => {
                let definitions = self.definitions();
                let one = &definitions[docstring::target(self.source, self.range.start, definitions)?];
                docstring::region(self.source, one)?;
                Some(one)
            }
            Replace::Node => {
                let one = node(&prompt.when.nodes, self.definitions());
                one.map(|one| (one.whole.len() <= rewrite::LIMIT).then_some(one))
                    .or_else(|| prompt.when.nodes.contains(&NodeKind::Statement).then_some(None))?
            }
            Replace::After | Replace::Here => self.is_code().then(|| self.definitions().last())?,
            Replace::Proposal => {
                let kinds = &prompt.when.nodes;
                proposal::subject(self.source, &self.range, kinds, self.definitions())?;
                // A part of one is not the whole.
                let is_cursor = lines::trim(self.source.text, &self.range).is_empty();
                is_cursor.then(|| proposal::one(kinds, self.definitions())).flatten()
            }
            Replace::NewFile => Some(&self.tested()?.0),
        };
        let is_wanted = |one: &Definition| is_kind(one, &prompt.when.nodes);
        let is_about_one =
            !matches!(prompt.replace, Some(Replace::Node | Replace::Proposal | Replace::NewFile));
        if is_about_one && !prompt.when.nodes.is_empty() && !definition.is_some_and(is_wanted) {
            return None;
        }
        let name = match prompt.replace {
            Some(Replace::NewFile) => self.tested().map(|(_, name)| name.clone()),
            _ => definition.map(|one| one.name.clone()),
        };
        let title = Title {
            name: name.unwrap_or_default(),
            instruction: self.told(prompt).map(|text| short(&text, TITLE)).unwrap_or_default(),
            documented: definition.is_some_and(|one| one.docstring.is_some()),
            diagnostic: String::new(),
        };
        Some(Found { definition, title })
    }

    /// Whether all that `prompt` asks for holds.
    pub fn fits(&self, prompt: &Prompt, found: &Found<'_>, query: &Query) -> bool {
        let when = &prompt.when;
        let is_language = when.languages.is_empty()
            || when.languages.iter().any(|language| language == self.source.language.id);
        let more = match &when.automatic {
            Some(more) if query.automatic => more.as_slice(),
            None if query.automatic => return false,
            _ => &[],
        };
        is_language
            && when.conditions.iter().chain(more).all(|condition| self.holds(*condition, found.definition))
    }

    fn holds(&self, condition: Condition, definition: Option<&Definition>) -> bool {
        let source = self.source;
        match condition {
            Condition::Stub => definition.is_some_and(|one| one.stub.is_some() && !one.declared),
            Condition::Written => {
                definition.is_some_and(|one| one.stub.is_none() && !one.declared && !one.body.is_empty())
            }
            Condition::Documented => definition.is_some_and(|one| one.docstring.is_some()),
            Condition::Undocumented => definition.is_some_and(|one| one.docstring.is_none()),
            Condition::Header => definition.is_some_and(|one| one.at_head(source.text, &self.range)),
            Condition::Selection => self.selection().is_some(),
            Condition::Cursor => lines::trim(source.text, &self.range).is_empty(),
            Condition::Instruction => self.instruction().is_some(),
            Condition::Comment => select::comment(source, self.line()).is_some(),
            // Each is an offer of its own.
            Condition::Diagnostic => true,
            Condition::Synchronous => definition.is_some_and(|one| {
                let header = lines::slice(source.text, &one.header);
                !header.split_whitespace().any(|word| word == "async")
            }),
            Condition::Toplevel => self.definitions().is_empty(),
            Condition::Test => source.language.is_test(source.path),
            Condition::Code => !source.language.is_test(source.path),
            Condition::Tested => definition.is_some_and(|one| {
                self.index.is_none_or(|index| tests_of::are_there(index, source.language, &one.name))
            }),
            Condition::Untyped => definition
                .and_then(|one| hints::of(source, &one.header))
                .is_some_and(|hints| !hints.result || !hints.bare.is_empty()),
        }
    }

    /// Whether code can stand below the cursor's line: a line with a NUL is none of a text, and a string is none either.
    fn is_code(&self) -> bool {
        let text = self.source.text;
        let line = lines::slice(text, &lines::range(text, self.line()));
        let is_blank = line.trim().is_empty();
        !(line.contains('\0') || is_blank && statement::in_string(self.source, self.range.start))
    }

    /// What a comment tells `prompt` to do.
    fn told(&self, prompt: &Prompt) -> Option<String> {
        let is_any = prompt.when.conditions.contains(&Condition::Comment);
        if is_any { select::comment(self.source, self.line()) } else { self.instruction() }
    }

    /// What a comment says: of the selection, else right above the cursor's line.
    fn instruction(&self) -> Option<String> {
        match self.selection() {
            Some(selection) => selection.instruction.clone(),
            None => select::above(self.source, self.line()),
        }
    }

    fn line(&self) -> usize {
        lines::of(self.source.text, self.range.start)
    }
}

/// The innermost definition of these kinds; nothing where none is named.
pub(super) fn node<'a>(kinds: &[NodeKind], definitions: &'a [Definition]) -> Option<&'a Definition> {
    definitions.iter().rev().find(|one| is_kind(one, kinds))
}

fn is_kind(one: &Definition, kinds: &[NodeKind]) -> bool {
    let kind = match one.kind {
        Kind::Function => NodeKind::Function,
        Kind::Class => NodeKind::Class,
    };
    kinds.contains(&kind)
}
