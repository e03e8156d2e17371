//! Checks of code. By what the workspace itself says: no process, no network, in milliseconds. A finding is right or it is not
//! made: where names may come about in ways that are not seen here (stars, `exec`, modules that make their names when they are
//! loaded), nothing is said of them. And by commands that the user configured (`command`), each below a supervisor
//! (`process`, `supervise`), on standard input or on a copy of the workspace (`copy`): theirs is what they say.

mod attributes;
mod callables;
mod calls;
mod closed;
pub mod command;
pub mod copy;
mod delta;
mod evasion;
pub mod examples;
pub mod gates;
mod imports;
mod installed;
pub mod lsp;
mod measure;
pub mod mutants;
mod names;
mod objects;
mod output;
mod overlay;
pub mod process;
mod selection;
pub mod suite;
pub mod supervise;
mod syntax;
#[cfg(test)]
mod tests;
mod tree;

use std::borrow::Cow;
use std::ops::Range;

use self::callables::Callables;
pub use self::delta::introduced;
use self::objects::Objects;
pub use self::overlay::{Around, Baseline, Beside, Overlay, Version};
use crate::syntax::Source;
use crate::syntax::bindings::Names;
use crate::syntax::calls::{Calls, calls};
use crate::syntax::taken::{Taking, taken};
use crate::text::edit::Edit;
use crate::workspace::view::View;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Error,
    Warning,
}

/// How far a draft was looked at: what is found early keeps what comes later from being asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// By what the workspace says.
    #[default]
    BuiltIn,
    /// By the checkers that answer at once.
    Quick,
    /// By those that run something: tests, examples.
    Slow,
    /// By the quality gates.
    Gates,
}

/// Something that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which check says so: `syntax`, `names`, or a checker's name.
    pub source: Cow<'static, str>,
    /// What kind of thing it is: `unbound`, `no-member`; empty where its checker has no names for them.
    pub code: Cow<'static, str>,
    pub severity: Severity,
    /// In bytes of the file.
    pub range: Range<usize>,
    pub message: String,
    /// What its checker would do about it, where that is safe: sorted, disjoint, in bytes of the file.
    pub fix: Vec<Edit>,
}

impl Finding {
    /// An error of the check `source`.
    pub(crate) fn error(
        source: &'static str,
        code: &'static str,
        range: Range<usize>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            source: source.into(),
            code: code.into(),
            severity: Severity::Error,
            range,
            message: message.into(),
            fix: Vec::new(),
        }
    }

    /// The same, as the checker `name` says it.
    pub(crate) fn by(self, name: &str) -> Self {
        Self { source: name.to_owned().into(), ..self }
    }
}

impl Severity {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// What the built-in checks find in a file, in its order; `view` looks from it. Where it does not parse, only that is told.
#[must_use]
pub fn check(source: &Source<'_>, view: &View<'_>) -> Vec<Finding> {
    let mut findings = syntax::check(source);
    // What the names of a file with errors stand for is not known; neither is it of one that only declares.
    if findings.is_empty() && !source.language.declares(source.path) {
        let (names, taken) = (Names::of(source), taken(source));
        if let Some(calls) = calls(source).filter(|_| names.is_whole()) {
            let mut found = of_names(source, view, &names, &calls, &taken);
            found.retain(|finding| !calls.is_attempt(&finding.range));
            findings.extend(found);
        }
    }
    findings.sort_by_key(|finding| (finding.range.start, finding.range.end));
    findings
}

/// What is made up: names, members, arguments, modules.
fn of_names(
    source: &Source<'_>,
    view: &View<'_>,
    names: &Names,
    calls: &Calls,
    taken: &[Taking],
) -> Vec<Finding> {
    let text = source.text.to_string();
    let mut findings = names::check(source, &text, view, names, calls, taken);
    findings.extend(installed::check(&text, view, taken));
    if let Some(objects) = Objects::new(&text, view, names, &calls.all) {
        findings.extend(attributes::check(source, &text, view, names, &objects));
        let callables = Callables { view, text: &text, names, objects: &objects };
        findings.extend(calls::check(&callables, &calls.all));
    }
    findings
}
