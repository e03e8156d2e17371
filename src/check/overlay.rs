//! A file as a draft would have it, beside what it was: what the checks look at. It is on no disk and in no editor.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use ropey::Rope;
use tree_sitter::Tree;

use super::{Finding, check, evasion, introduced};
use crate::syntax::facts::extract;
use crate::syntax::{Language, Source, lines};
use crate::workspace::Index;
use crate::workspace::view::{Reader, View};

/// Files as they stand in an editor, by their paths from the workspace's folder.
pub type Beside = Arc<Vec<(String, Rope)>>;

/// A text with its tree.
#[derive(Clone, Debug)]
pub struct Version {
    pub text: Rope,
    pub tree: Option<Tree>,
}

/// See the module's head.
#[derive(Clone, Debug)]
pub struct Overlay {
    pub language: &'static Language,
    /// How the project calls the file.
    pub path: String,
    /// Other files as their user has them in the editor, by their paths from the workspace's folder.
    pub beside: Beside,
    pub before: Version,
    pub after: Version,
    /// What of `before` was wrong and is to be right: findings there are no news, and no excuse.
    pub mends: Option<Range<usize>>,
    /// What the draft takes the place of, in bytes of `before`, and what it is, in bytes of `after`.
    pub base: Range<usize>,
    pub draft: Range<usize>,
}

/// What was wrong with a file before anything was drafted: looked for once.
#[derive(Debug, Default)]
pub struct Baseline(OnceLock<Vec<Finding>>);

/// What the checks know of the project around a file.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    pub index: &'a Index,
    pub reader: Option<&'a dyn Reader>,
}

impl std::fmt::Debug for Around<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Around").finish_non_exhaustive()
    }
}

impl Baseline {
    /// Looks now, so that nobody waits for it later.
    pub fn look(&self, language: &'static Language, path: &str, version: &Version, around: Around<'_>) {
        self.of(language, path, version, around);
    }

    fn of(
        &self,
        language: &'static Language,
        path: &str,
        version: &Version,
        around: Around<'_>,
    ) -> &[Finding] {
        self.0.get_or_init(|| found(language, path, version, around))
    }
}

impl Overlay {
    /// One of its versions, with its tree.
    #[must_use]
    pub fn source<'a>(&'a self, version: &'a Version) -> Source<'a> {
        let (text, tree) = (&version.text, version.tree.as_ref());
        Source { text, tree, language: self.language, path: &self.path }
    }

    /// Of what was found before, that which the draft may leave as it was.
    #[must_use]
    pub fn excusing(&self, mut before: Vec<Finding>) -> Vec<Finding> {
        let Some(mends) = &self.mends else { return before };
        before.retain(|finding| finding.range.end <= mends.start || mends.end <= finding.range.start);
        before
    }

    /// Whether nothing but what stands for a body stood where the draft is.
    #[must_use]
    pub fn is_new(&self) -> bool {
        let text = lines::slice(&self.before.text, &self.base);
        let (comment, mut written) = (self.language.comment, text.lines().map(str::trim));
        written.all(|line| line.is_empty() || line.starts_with(comment) || self.language.is_placeholder(line))
    }

    /// Of the texts that the draft has to have, those that it lacks: its prompt asks for them.
    #[must_use]
    pub fn lacks(&self, wanted: &[String]) -> Vec<Finding> {
        if wanted.is_empty() {
            return Vec::new();
        }
        let text = lines::slice(&self.after.text, &self.draft);
        let first =
            self.draft.start..lines::end(&self.after.text, lines::of(&self.after.text, self.draft.start));
        // What it brought in elsewhere is its own as well: imports.
        let (before, after) = (self.before.text.to_string(), self.after.text.to_string());
        let is_brought = |wanted: &str| after.matches(wanted).count() > before.matches(wanted).count();
        let missing =
            wanted.iter().filter(|wanted| !text.contains(wanted.as_str()) && !is_brought(wanted.as_str()));
        missing
            .map(|wanted| {
                let message = format!("`{wanted}` was asked for, and is not there");
                Finding::error("prompt", "missing", first.clone(), message)
            })
            .collect()
    }

    /// What the draft brought in that is wrong, by what the workspace itself says: no process, in milliseconds.
    #[must_use]
    pub fn look(&self, around: Around<'_>, baseline: &Baseline) -> Vec<Finding> {
        let before = baseline.of(self.language, &self.path, &self.before, around);
        let before = self.excusing(before.to_vec());
        let mut findings = introduced(&before, found(self.language, &self.path, &self.after, around));
        findings.extend(evasion::check(self));
        findings.sort_by_key(|finding| (finding.range.start, finding.range.end));
        findings
    }
}

fn found(language: &'static Language, path: &str, version: &Version, around: Around<'_>) -> Vec<Finding> {
    let source = Source { text: &version.text, tree: version.tree.as_ref(), language, path };
    let Some(tree) = &version.tree else { return Vec::new() };
    let facts = extract(language, &version.text.to_string(), tree);
    check(&source, &View::new(around.index, around.reader, language, path, facts.into()))
}
