//! One open document: the shadow of the editor's buffer, with a tree that follows it.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ropey::Rope;
use tree_sitter::Tree;

use crate::syntax::facts::{Facts, extract};
use crate::syntax::{Language, Source, parse, parse::follow};
use crate::text::diff;
use crate::text::edit::{Edit, sequential};
use crate::text::position::{self, Encoding, Position};

/// Larger documents, in bytes, are followed but nothing is written into them.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// A parse for a request may take this long; beyond it the document counts as one without structure.
const PARSE: Duration = Duration::from_millis(500);

/// What a client says when it opens a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    pub uri: String,
    /// Where the file is, if it is one.
    pub path: Option<PathBuf>,
    /// The client's language id.
    pub language: String,
    pub version: i32,
    pub text: String,
}

/// One of a client's changes; without a range the text is the whole document's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub range: Option<Range<Position>>,
    pub text: String,
}

/// See the module's head.
#[derive(Clone, Debug)]
pub struct Document {
    snapshot: Snapshot,
}

/// A document as it was at one version. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub uri: String,
    pub path: Option<PathBuf>,
    /// The language id that the client gave, for messages.
    pub language_id: String,
    /// Nothing for a language that Redraft does not know.
    pub language: Option<&'static Language>,
    pub version: i32,
    pub text: Rope,
    /// The tree of `text`, or of an earlier text with the edits since.
    tree: Option<Tree>,
    standing: Standing,
    opening: u64,
    /// The facts of the text of that stamp.
    facts: Option<(Stamp, Arc<Facts>)>,
}

/// Which text of which opening a tree is of: versions begin anew with each didOpen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    opening: u64,
    pub version: i32,
}

/// What is known of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// There is none, or edits were applied to it since it was parsed.
    Stale,
    Fresh,
    /// This text takes longer to parse than anyone waits.
    Unparsable,
}

impl Document {
    #[must_use]
    /// `opening` counts the documents that were opened.
    pub fn open(opened: Opened, opening: u64) -> Self {
        let by_path = || opened.path.as_ref().and_then(|path| Language::by_path(&path.to_string_lossy()));
        let snapshot = Snapshot {
            language: Language::by_id(&opened.language).or_else(by_path),
            uri: opened.uri,
            path: opened.path,
            language_id: opened.language,
            version: opened.version,
            text: Rope::from_str(&opened.text),
            tree: None,
            standing: Standing::Stale,
            opening,
            facts: None,
        };
        Self { snapshot }
    }

    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Applies a notification's changes, one after the other; returns them as edits of bytes, each in the offsets that
    /// those before it left.
    ///
    /// A notification of an older version than the document's is left out: an editor that came back after a crash may send
    /// one behind its didOpen.
    pub fn change(&mut self, version: i32, changes: Vec<Change>, encoding: Encoding) -> Vec<Edit> {
        if version < self.snapshot.version {
            return Vec::new();
        }
        let mut edits = Vec::with_capacity(changes.len());
        for change in changes {
            let Change { range, text } = change;
            if let Some(range) = range {
                let start = position::to_offset(&self.snapshot.text, range.start, encoding);
                let end = position::to_offset(&self.snapshot.text, range.end, encoding);
                // Some clients swap the ends of a selection.
                let edit = Edit::new(start.min(end)..start.max(end), text);
                self.apply(&edit);
                edits.push(edit);
            } else {
                let parts = sequential(&diff::edits(&self.snapshot.text.to_string(), &text));
                for edit in &parts {
                    self.apply(edit);
                }
                edits.extend(parts);
            }
        }
        self.snapshot.version = version;
        edits
    }

    /// Takes the tree that was parsed of the text of `stamp`, if that is still the text; nothing, where it took too long.
    /// Returns the tree that is not needed (any more): to free it may take long.
    #[must_use]
    pub fn parsed(&mut self, stamp: Stamp, tree: Option<Tree>) -> Option<Tree> {
        if stamp != self.snapshot.stamp() {
            return tree;
        }
        self.snapshot.standing = if tree.is_some() { Standing::Fresh } else { Standing::Unparsable };
        std::mem::replace(&mut self.snapshot.tree, tree)
    }

    /// Takes the facts of the text of `stamp`, if that is still the text, and returns the older ones; else gives them back.
    ///
    /// # Errors
    /// The facts, which are not of the text.
    pub fn learnt(&mut self, stamp: Stamp, facts: Arc<Facts>) -> Result<Option<Arc<Facts>>, Arc<Facts>> {
        if stamp != self.snapshot.stamp() {
            return Err(facts);
        }
        Ok(self.snapshot.facts.replace((stamp, facts)).map(|(_, old)| old))
    }

    /// Whether the tree is of an older text.
    #[must_use]
    pub fn wants_parse(&self) -> bool {
        self.snapshot.language.is_some() && self.snapshot.standing == Standing::Stale
    }

    fn apply(&mut self, edit: &Edit) {
        self.snapshot.standing = Standing::Stale;
        match &mut self.snapshot.tree {
            Some(tree) => follow(tree, &mut self.snapshot.text, edit),
            None => edit.apply(&mut self.snapshot.text),
        }
    }
}

impl Snapshot {
    /// Which text this is.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        Stamp { opening: self.opening, version: self.version }
    }

    /// The facts of exactly this text, whose tree is `tree`.
    #[must_use]
    pub fn facts(&self, tree: Option<&Tree>) -> Arc<Facts> {
        match (&self.facts, self.language, tree) {
            (Some((stamp, facts)), ..) if *stamp == self.stamp() => facts.clone(),
            (_, Some(language), Some(tree)) => Arc::new(extract(language, &self.text.to_string(), tree)),
            _ => Arc::default(),
        }
    }

    /// The tree of exactly this text, parsed on from the one at hand.
    #[must_use]
    pub fn parse(&self) -> Option<Tree> {
        match self.standing {
            Standing::Fresh => self.tree.clone(),
            Standing::Unparsable => None,
            Standing::Stale => parse(self.language?, &self.text, self.tree.as_ref(), PARSE),
        }
    }

    /// How files and prompts call it: the path's last parts, else the URI.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.path {
            Some(path) => {
                path.file_name().map_or_else(|| self.uri.clone(), |name| name.to_string_lossy().into_owned())
            }
            None => self.uri.clone(),
        }
    }

    /// What actions look at; `name` is how the file is called.
    #[must_use]
    pub fn source<'a>(&'a self, tree: Option<&'a Tree>, name: &'a str) -> Option<Source<'a>> {
        Some(Source { text: &self.text, tree, language: self.language?, path: name })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn document(text: &str) -> Document {
        let text = text.to_owned();
        let (uri, language) = ("file:///a.py".to_owned(), "python".to_owned());
        Document::open(Opened { uri, path: None, language, version: 1, text }, 0)
    }

    proptest! {
        /// Whatever a client sends, the shadow is the text that the changes make, and the tree that follows is the tree of a
        /// fresh parse.
        #[test]
        fn the_shadow_and_its_tree_follow(
            text in "(def f\\(\\):\n|    x = 'é😀'\n|    pass\n|\n|\\(|#|\"\"\"){0,12}",
            changes in proptest::collection::vec((any::<bool>(), 0u32..14, 0u32..20, 0u32..14, 0u32..20, "(x|😀|\n    |\\)|\"\"\"|def ){0,3}"), 0..6),
        ) {
            let mut document = document(&text);
            let mut model = text;
            for (version, (whole, line, column, end_line, end_column, text)) in (2..).zip(changes) {
                let tree = document.snapshot().parse();
                prop_assert!(tree.is_some());
                let _old = document.parsed(document.snapshot().stamp(), tree);
                let start = Position { line, column };
                let end = Position { line: end_line, column: end_column };
                let rope = Rope::from_str(&model);
                let bytes = [start, end].map(|position| position::to_offset(&rope, position, Encoding::Utf16));
                let range = (!whole).then_some(start..end);
                if whole { model.clone_from(&text) } else { model.replace_range(bytes[0].min(bytes[1])..bytes[0].max(bytes[1]), &text) }
                document.change(version, vec![Change { range, text }], Encoding::Utf16);
                prop_assert_eq!(document.snapshot().text.to_string(), model.clone());
                let followed = document.snapshot().parse().unwrap().root_node().to_sexp();
                let fresh = parse(document.snapshot().language.unwrap(), &document.snapshot().text, None, PARSE).unwrap();
                prop_assert_eq!(followed, fresh.root_node().to_sexp());
            }
        }
    }
}
