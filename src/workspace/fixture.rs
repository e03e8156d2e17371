//! Test fixtures of several files in one text. `//- path` heads a file; `$0` is the cursor, and its file the one that is
//! looked from. What is below `site-packages` is of the environment, and in no index.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use ropey::Rope;

use super::disk::{OUTSIDE, facts_of};
use super::index::{Index, Known, Update};
use super::view::{Reader, Target, View};
use crate::syntax::facts::Facts;
use crate::syntax::lines;
use crate::syntax::parse::parse_str;
use crate::syntax::{Language, Source, definition};

/// Files in memory, and what an index and a reader say of them.
pub(crate) struct Workspace {
    pub index: Index,
    /// Every file's text, without the cursor.
    pub texts: Vec<(String, String)>,
    /// The file with the cursor (else the first), and where the cursor stands.
    pub path: String,
    pub cursor: usize,
    reader: InMemory,
}

/// Reads what is not in the index.
pub(crate) struct InMemory {
    files: HashMap<String, Arc<Facts>>,
    texts: HashMap<String, String>,
    outside: Vec<String>,
    pub roots: Vec<String>,
}

impl Reader for InMemory {
    fn facts(&self, path: &str) -> Option<Arc<Facts>> {
        self.files.get(path).cloned()
    }

    fn text(&self, path: &str) -> Option<String> {
        self.texts.get(path).cloned()
    }

    fn stems(&self, path: &str) -> Option<Arc<HashSet<String>>> {
        let inside = self.texts.keys().filter_map(|file| match path {
            "" => Some(file.as_str()),
            path => file.strip_prefix(path)?.strip_prefix('/'),
        });
        let stems = inside.filter_map(|rest| rest.split(['/', '.']).next().map(str::to_owned));
        Some(Arc::new(stems.collect()))
    }

    fn brings(&self, module: &str) -> Option<bool> {
        let root = self.outside.first()?;
        Some(self.stems(root)?.contains(module))
    }

    fn outside(&self) -> &[String] {
        &self.outside
    }

    fn roots(&self) -> &[String] {
        &self.roots
    }
}

impl Workspace {
    pub(crate) fn new(fixture: &str) -> Self {
        let mut texts: Vec<(String, String)> = Vec::new();
        for line in fixture.split_inclusive('\n') {
            match line.trim_start().strip_prefix("//- ") {
                Some(path) => texts.push((path.trim().to_owned(), String::new())),
                None => texts.last_mut().expect("a fixture begins with a path").1.push_str(line),
            }
        }
        let (mut path, mut cursor) = (texts[0].0.clone(), 0);
        for (name, text) in &mut texts {
            if let Some(at) = text.find("$0") {
                text.replace_range(at..at + 2, "");
                (path, cursor) = (name.clone(), at);
            }
        }
        let facts = |(path, text): &(String, String)| Arc::new(facts_of(path, text).expect("it is parsed"));
        let (outside, inside): (Vec<_>, Vec<_>) =
            texts.iter().partition(|(path, _)| path.starts_with(&format!("{OUTSIDE}/")));
        let updates = inside
            .iter()
            .map(|file| Update { path: file.0.as_str().into(), state: Some(Known::Facts(facts(file))) });
        let index = Index::default().with(updates.collect()).with_tables();
        let files = outside.iter().map(|file| (file.0.clone(), facts(file))).collect();
        let outside = if outside.is_empty() { Vec::new() } else { vec![OUTSIDE.to_owned()] };
        let reader = InMemory { files, texts: texts.iter().cloned().collect(), outside, roots: Vec::new() };
        Self { index, path, cursor, reader, texts: texts.clone() }
    }

    /// Several roots, by what their files' paths begin with.
    pub(crate) fn with_roots(mut self, roots: &[&str]) -> Self {
        self.reader.roots = roots.iter().map(|root| (*root).to_owned()).collect();
        self
    }

    /// The index forgets what its files say; they are read on demand.
    pub(crate) fn unread(mut self) -> Self {
        for (path, text) in &self.texts {
            self.reader.files.insert(path.clone(), Arc::new(facts_of(path, text).expect("it is parsed")));
        }
        let present = self.index.files().iter().map(|entry| entry.path.clone());
        let present = present.map(|path| Update { path, state: Some(Known::Present) }).collect();
        self.index = Index::default().with(present).with_tables();
        self
    }

    /// No index at all yet.
    pub(crate) fn unwalked(self) -> Self {
        Self { index: Index::default(), ..self.unread() }
    }

    /// The file at `path` is another one on disk, and the index does not know.
    pub(crate) fn rewrite(&mut self, path: &str, text: &str) {
        self.reader.texts.insert(path.to_owned(), text.to_owned());
    }

    pub(crate) fn text(&self) -> &str {
        &self.texts.iter().find(|(path, _)| *path == self.path).expect("it has the cursor").1
    }

    fn language(&self) -> &'static Language {
        Language::by_path(&self.path).expect("its path tells")
    }

    pub(crate) fn view(&self) -> View<'_> {
        self.view_of(&self.index)
    }

    /// A view of another index of the same files.
    pub(crate) fn view_of<'a>(&'a self, index: &'a Index) -> View<'a> {
        let language = self.language();
        let facts = Arc::new(facts_of(&self.path, self.text()).expect("it is parsed"));
        View::new(index, Some(&self.reader), language, &self.path, facts)
    }

    /// Asks something of the file with the cursor.
    pub(crate) fn with_source<T>(&self, ask: impl FnOnce(&Source<'_>, &View<'_>) -> T) -> T {
        let language = self.language();
        let rope = Rope::from_str(self.text());
        let tree =
            parse_str(language, self.text(), std::time::Duration::from_secs(30)).expect("it is parsed");
        ask(&Source { text: &rope, tree: Some(&tree), language, path: &self.path }, &self.view())
    }

    /// The text of the file with the cursor, the function around the cursor, and its body.
    pub(crate) fn place(&self) -> (Rope, Range<usize>, Range<usize>) {
        let language = self.language();
        let rope = Rope::from_str(self.text());
        let tree =
            parse_str(language, self.text(), std::time::Duration::from_secs(30)).expect("it is parsed");
        let source = Source { text: &rope, tree: Some(&tree), language, path: &self.path };
        let around = definition::around(&source, &(self.cursor..self.cursor)).into_iter().next_back();
        let (focus, region) = match around {
            Some(found) => {
                let region = found.stub.clone().unwrap_or_else(|| found.body.clone());
                (found.whole.start..found.whole.end.max(region.end), region)
            }
            None => {
                let line = lines::of(&rope, self.cursor);
                (lines::start(&rope, line)..lines::end(&rope, line), self.cursor..self.cursor)
            }
        };
        (rope, focus, region)
    }
}

/// `path::Qualified.name` of a definition, `path/` of a module, `-` of nothing.
pub(crate) fn told(view: &View<'_>, target: Option<Target>) -> String {
    match target {
        None => "-".to_owned(),
        Some(Target::Module(module)) => match module.file {
            Some(file) => format!("module {}", view.path(file)),
            None => format!("namespace {}", module.path),
        },
        Some(Target::Def(def)) => {
            let facts = view.facts(def.file).expect("a definition's file has facts");
            format!("{}::{}", view.path(def.file), facts.qualified(def.symbol))
        }
    }
}
