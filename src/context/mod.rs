//! Context: which code of the workspace a prompt shows beside the target, and why.
//!
//! What a body needs is, before all else, the definitions that it will use. Candidates are found by following names
//! (imports, bases, annotations) and by the words of the target (`candidates`); each has evidence, from which follows how
//! likely the body uses it (`weights`, fitted on real projects); the best within a budget of tokens are shown as signatures,
//! then with docstrings, then with bodies (`choose`). Pure: the same input gives the same bytes.

mod candidates;
mod choose;
mod evidence;
mod excerpt;
mod render;
#[cfg(test)]
mod tests;
mod uses;
mod weights;
mod words;

use std::ops::Range;

use ropey::Rope;

pub use self::evidence::Evidence;
use crate::workspace::view::View;

/// Bytes of code to a token, as a safe estimate: ten tokens for 36 bytes.
const BYTES: (usize, usize) = (36, 10);

/// What is to be written, and where.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// The text of the target's file, which the view's own facts are of.
    pub text: &'a Rope,
    /// What the prompt itself shows of it.
    pub focus: &'a Range<usize>,
    /// What is to be written.
    pub region: &'a Range<usize>,
    /// What else names things: an instruction, a diagnostic.
    pub hint: &'a str,
    /// The files that were edited or looked at lately, the latest first, as the index calls them.
    pub recent: &'a [String],
    /// In tokens.
    pub budget: u32,
    /// Less likely definitions are left out, however much of the budget is left: each token is read by the model, and what the
    /// body does not use leads it astray.
    pub least: f32,
}

/// What a prompt wants at least: one in fifty.
pub const WORTH: f32 = 0.02;

/// One piece of code that was chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Excerpt {
    /// The file that it is from.
    pub label: String,
    /// The line that it begins at, from 0.
    pub line: u32,
    /// What it defines: `Config.load`; empty for imports.
    pub name: String,
    /// What is shown of it.
    pub text: String,
    pub reason: Reason,
    /// How likely the body uses it, 0 to 1, as far as is known.
    pub likely: f32,
    /// An estimate of what it costs.
    pub tokens: u32,
}

/// Why a piece was chosen: the strongest of its evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The class around the target.
    EnclosingClass,
    /// A class that it inherits from.
    Base,
    /// Of the class around the target.
    Member,
    /// Of a class that it inherits from.
    Inherited,
    /// The type of a parameter, of what is returned, or of an attribute.
    Type,
    /// Of such a type.
    MemberOfType,
    /// The target, or what was asked for, mentions its name.
    Mentioned,
    /// The file imports it.
    Imported,
    /// Of a module or class that the file imports.
    MemberOfImported,
    /// Calls or tests the target.
    Caller,
    /// Another class's implementation of the same method.
    Implementation,
    /// Of a file that was edited or looked at lately.
    Recent,
    /// Named by its user as the example for a topic.
    Reference,
    /// Of the same file.
    SameFile,
    /// Its words are those of the target.
    Words,
    /// Of a module that the file imports other things from.
    SameModule,
    /// Files beside it import it.
    Neighbours,
    /// An import statement of the file.
    Import,
}

impl Reason {
    /// In a person's words.
    #[must_use]
    pub fn told(self) -> &'static str {
        match self {
            Self::EnclosingClass => "the class around the target",
            Self::Base => "a base of the class around the target",
            Self::Member => "a member of the class around the target",
            Self::Inherited => "inherited by the class around the target",
            Self::Type => "a type of the target's signature or of its class's attributes",
            Self::MemberOfType => "a member of a type of the target's",
            Self::Mentioned => "the target mentions it",
            Self::Imported => "the file imports it",
            Self::MemberOfImported => "a member of what the file imports",
            Self::Caller => "uses the target",
            Self::Implementation => "implements the same method in another class",
            Self::Recent => "in a file that was worked in lately",
            Self::Reference => "the example for what is asked",
            Self::SameFile => "defined in the same file",
            Self::Words => "shares words with the target",
            Self::SameModule => "in a module that the file imports from",
            Self::Neighbours => "files of the same package import it",
            Self::Import => "an import of the file",
        }
    }
}

/// What was chosen: by file, in each file's order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Context {
    pub excerpts: Vec<Excerpt>,
    /// How many candidates the budget had no room for.
    pub omitted: usize,
}

/// Gathers at most `ask.budget` tokens of code.
#[must_use]
pub fn gather(view: &View<'_>, ask: &Ask<'_>) -> Context {
    let found = candidates::find(view, ask);
    choose::choose(view, ask, &found)
}

/// Every candidate with its evidence, the likeliest first: for people who ask why, and for fitting the weights.
#[must_use]
pub fn explain(view: &View<'_>, ask: &Ask<'_>) -> Vec<Explained> {
    let found = candidates::find(view, ask);
    let mut told: Vec<Explained> = found
        .iter()
        .filter_map(|one| {
            let facts = view.facts(one.def.file)?;
            let symbol = facts.symbols.get(one.def.symbol)?;
            Some(Explained {
                path: view.path(one.def.file).to_string(),
                name: facts.qualified(one.def.symbol),
                line: symbol.line,
                reason: one.evidence.reason(),
                likely: weights::likely(&one.evidence),
                evidence: one.evidence,
            })
        })
        .collect();
    told.sort_by(|a, b| {
        b.likely.total_cmp(&a.likely).then_with(|| (&a.path, a.line).cmp(&(&b.path, b.line)))
    });
    told
}

/// A candidate, for `explain`.
#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    pub path: String,
    pub name: String,
    /// From 0.
    pub line: u32,
    pub reason: Reason,
    pub likely: f32,
    pub evidence: Evidence,
}

impl Context {
    /// The excerpts as one text: a section for each file, headed by a comment with its path.
    #[must_use]
    pub fn render(&self, comment: &str) -> String {
        render::render(self, comment)
    }

    /// An estimate of what the excerpts cost, their sections' heads not counted.
    #[must_use]
    pub fn tokens(&self) -> u32 {
        self.excerpts.iter().fold(0, |sum, excerpt| sum.saturating_add(excerpt.tokens))
    }
}

/// A safe estimate of the tokens of `text`, with the line end behind it.
fn tokens(text: &str) -> u32 {
    u32::try_from((text.len() + 1).saturating_mul(BYTES.1).div_ceil(BYTES.0)).unwrap_or(u32::MAX)
}
