//! Context: which code, of all that is there, a prompt shows beside the target, and why.
//!
//! For now of the target's own file: its imports, the class around, and what else it defines, as signatures. Whatever the
//! source of candidates, the rules are the same: ranked by relevance, whole pieces within a budget of tokens, nothing twice,
//! nothing of what the prompt shows itself, in the file's order, the same bytes for the same text.

mod file;
mod words;

use std::ops::Range;

use crate::syntax::{Source, lines, outline::outline_where};

/// Bytes of code to a token, as a safe estimate: ten tokens for 36 bytes.
const BYTES: (usize, usize) = (36, 10);

/// One piece of code that was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The file that it is from.
    pub label: String,
    /// Where it stands there, in bytes.
    pub range: Range<usize>,
    /// What is shown of it.
    pub text: String,
    pub reason: Reason,
    /// An estimate of what it costs.
    pub tokens: u32,
}

/// Why a piece was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The class around the target.
    EnclosingClass,
    /// Of the class around the target.
    Member,
    /// The target mentions its name.
    Mentioned,
    Import,
    /// Of the same file.
    SameFile,
}

/// What was chosen, in the file's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    pub excerpts: Vec<Excerpt>,
    /// How many candidates the budget had no room for.
    pub omitted: usize,
}

/// A candidate for the context. Its text is made only when its turn comes: a large file has thousands.
struct Candidate {
    /// What the source of candidates knows it by.
    id: usize,
    /// Higher is better.
    score: u32,
    /// The candidate that must be shown with it: the class of a member. An index, smaller than its own.
    parent: Option<usize>,
}

/// How many candidates in a row may be found too large before the rest is not looked at.
const MISSES: usize = 16;

/// Gathers at most `budget` tokens of code for a target: `focus` is what the prompt itself shows, `region` what is to be
/// written, `hint` what else names things (an instruction, a diagnostic).
#[must_use]
pub fn gather(
    source: &Source<'_>,
    focus: &Range<usize>,
    region: &Range<usize>,
    hint: &str,
    budget: u32,
) -> Context {
    let shown = lines::slice(source.text, focus);
    let mentioned = words::of(&[&shown, hint]);
    // The members of the other classes are never shown, and a large file has thousands.
    let symbols =
        outline_where(source, &|class| file::holds(class, region) || mentioned.contains(class.name.as_str()));
    let place = file::Place::new(source, focus, region, &symbols, mentioned);
    let candidates = place.candidates();
    choose(&candidates, budget, |id| place.excerpt(id))
}

/// The best that fit, with what they need, in order.
fn choose(candidates: &[Candidate], budget: u32, make: impl Fn(usize) -> Excerpt) -> Context {
    let mut ranked: Vec<usize> = (0..candidates.len()).collect();
    ranked.sort_by_key(|&at| (std::cmp::Reverse(candidates[at].score), at));
    let mut chosen: Vec<Option<Excerpt>> = vec![None; candidates.len()];
    let (mut left, mut misses) = (budget, 0);
    for at in ranked {
        let needed =
            std::iter::successors(Some(at), |&at| candidates[at].parent).filter(|&at| chosen[at].is_none());
        let needed: Vec<_> = needed.map(|at| (at, make(candidates[at].id))).collect();
        let cost = needed.iter().fold(0u32, |sum, (_, excerpt)| sum.saturating_add(excerpt.tokens));
        if cost > left {
            misses += 1;
            if misses >= MISSES {
                break;
            }
            continue;
        }
        misses = 0;
        left -= cost;
        for (at, excerpt) in needed {
            chosen[at] = Some(excerpt);
        }
    }
    let omitted = chosen.iter().filter(|chosen| chosen.is_none()).count();
    Context { excerpts: chosen.into_iter().flatten().collect(), omitted }
}

impl Context {
    /// The excerpts as one text: in order, a blank line between groups of a kind.
    #[must_use]
    pub fn render(&self) -> String {
        let mut out = String::new();
        let mut before: Option<&Excerpt> = None;
        for excerpt in &self.excerpts {
            if let Some(before) = before {
                out.push('\n');
                let indent = |text: &str| text.len() - text.trim_start().len();
                let level = indent(&excerpt.text) == 0;
                if level
                    && (before.reason != excerpt.reason
                        || excerpt.text.contains('\n')
                        || indent(&before.text) > 0)
                {
                    out.push('\n');
                }
            }
            out.push_str(&excerpt.text);
            before = Some(excerpt);
        }
        out
    }

    /// An estimate of what the excerpts cost.
    #[must_use]
    pub fn tokens(&self) -> u32 {
        self.excerpts.iter().fold(0, |sum, excerpt| sum.saturating_add(excerpt.tokens))
    }
}

/// A safe estimate of the tokens of `text`, with the line end behind it.
fn tokens(text: &str) -> u32 {
    u32::try_from((text.len() + 1).saturating_mul(BYTES.1).div_ceil(BYTES.0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
