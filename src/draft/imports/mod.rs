//! Adding imports to a file's import block: additions only, where the file's style puts them, nothing twice.
//!
//! The result is the block with insertions; no byte of it is changed or removed, whatever the additions say. An addition
//! that would give a name another meaning than the file's imports give it is refused rather than made.

mod lines;
mod parse;
mod place;
mod stdlib;
#[cfg(test)]
mod tests;

use std::ops::Range;

use ropey::Rope;

pub use self::lines::{needed, put};
use self::parse::Statement;
use crate::text::eol::Eol;

/// The longest line, in characters, that names are added to (Black's and Ruff's default).
pub(crate) const COLUMNS: usize = 88;

/// The most statements that one draft may add: a model that wants more has lost its way.
const ADDITIONS: usize = 50;

/// What the file has beside the block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Existing {
    /// Nothing but comments and a docstring precedes the block: `from __future__` may stand in it.
    pub leading: bool,
    /// The sources of further imports that the module runs when it is loaded.
    pub elsewhere: Vec<String>,
}

/// The text around the block, as far as blank lines are concerned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    pub existing: Existing,
    /// The end of what precedes the block.
    pub before: String,
    /// The beginning of what follows it.
    pub after: String,
}

/// What became of the additions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// The block with its additions; the block as it was when nothing was added.
    pub block: String,
    /// The statements that were added, each with one name, as `from m import a`.
    pub added: Vec<String>,
    pub refused: Vec<Refused>,
}

/// An addition that was not made, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub statement: String,
    pub reason: &'static str,
}

/// One imported name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Unit {
    /// The module of `from module import …`; `None` for `import …`.
    from: Option<String>,
    name: String,
    alias: Option<String>,
}

impl Context {
    /// How much of the text around a block is looked at, in bytes.
    const NEAR: usize = 400;

    /// The context of the block at `range` of `text`.
    #[must_use]
    pub fn of(text: &Rope, range: &Range<usize>, existing: Existing) -> Self {
        use crate::syntax::lines;
        let range = lines::clamp_range(text, range);
        let before = lines::slice(text, &(range.start.saturating_sub(Self::NEAR)..range.start));
        let after = lines::slice(text, &(range.end..range.end + Self::NEAR));
        Self { existing, before, after }
    }
}

impl Unit {
    /// The name that it binds in the module.
    fn bound(&self) -> &str {
        match (&self.alias, &self.from) {
            (Some(alias), _) => alias,
            (None, Some(_)) => &self.name,
            (None, None) => self.name.split('.').next().unwrap_or_default(),
        }
    }

    /// The module that it is sorted by.
    fn module(&self) -> &str {
        self.from.as_deref().unwrap_or(&self.name)
    }

    /// Whether both may bind the same name: `import a.b` and `import a.c` give `a` one meaning.
    fn agrees(&self, other: &Self) -> bool {
        let package = |unit: &Self| unit.from.is_none() && unit.alias.is_none();
        self == other || package(self) && package(other)
    }

    fn item(&self) -> String {
        self.alias.as_ref().map_or_else(|| self.name.clone(), |alias| format!("{} as {alias}", self.name))
    }

    fn source(&self) -> String {
        match &self.from {
            Some(module) => format!("from {module} import {}", self.item()),
            None => format!("import {}", self.item()),
        }
    }
}

/// Of the import statements `additions`, one for each name that `code` uses and the file does not define itself: models
/// repeat all that they saw, and import from the file what stands in it.
#[must_use]
pub fn used(additions: &[String], code: &str, defined: &dyn Fn(&str) -> bool) -> Vec<String> {
    let words: std::collections::HashSet<&str> =
        code.split(|ch: char| !(ch.is_alphanumeric() || ch == '_')).collect();
    let statements = additions.iter().filter_map(|addition| parse::only(addition)).flatten();
    let wanted = |unit: &Unit| {
        unit.from.as_deref() == Some("__future__")
            || words.contains(unit.bound()) && !(unit.from.is_some() && defined(unit.bound()))
    };
    statements.flat_map(|one| units(&one)).filter(wanted).map(|unit| unit.source()).collect()
}

/// Adds the import statements `additions` to `block` (whole lines, without the last one's end; empty where a file has
/// none). New lines end with `eol`.
#[must_use]
pub fn merge(block: &str, additions: &[String], eol: Eol, context: &Context) -> Merged {
    let mut merged = Merged { block: block.to_owned(), ..Merged::default() };
    let known = parse::statements(block);
    let mut there: Vec<Unit> = known.iter().flat_map(units).collect();
    there.extend(
        context
            .existing
            .elsewhere
            .iter()
            .flat_map(|source| parse::statements(source))
            .flat_map(|one| units(&one)),
    );
    let mut new = Vec::new();
    for addition in additions {
        let refuse = |merged: &mut Merged, statement: String, reason| {
            merged.refused.push(Refused { statement, reason })
        };
        let Some(statements) = parse::only(addition) else {
            refuse(&mut merged, addition.clone(), "it is no import statement");
            continue;
        };
        for unit in statements.iter().flat_map(units) {
            if there.contains(&unit) {
                continue;
            }
            match reason(&unit, &there, &context.existing) {
                Some(reason) => refuse(&mut merged, unit.source(), reason),
                None if new.len() >= ADDITIONS => refuse(&mut merged, unit.source(), "there are too many"),
                None => {
                    there.push(unit.clone());
                    new.push(unit);
                }
            }
        }
    }
    merged.added = new.iter().map(Unit::source).collect();
    if !new.is_empty() {
        merged.block = place::insert(block, &known, new, eol.as_str(), context);
    }
    merged
}

/// Why `unit` must not be added.
fn reason(unit: &Unit, there: &[Unit], existing: &Existing) -> Option<&'static str> {
    if unit.name == "*" {
        Some("it would import names that nobody can see")
    } else if unit.from.as_deref() == Some("__future__") && !existing.leading {
        Some("it must come before all other code of the file")
    } else if there.iter().any(|other| other.bound() == unit.bound() && !other.agrees(unit)) {
        Some("the file imports another thing by that name")
    } else {
        None
    }
}

fn units(statement: &Statement) -> Vec<Unit> {
    let unit = |name: &parse::Name| Unit {
        from: statement.from.clone(),
        name: name.name.clone(),
        // `import a as a` and `from m import a as a` are deliberate re-exports; the name that they bind is the same.
        alias: name.alias.clone().filter(|alias| *alias != name.name),
    };
    statement.names.iter().map(unit).collect()
}
