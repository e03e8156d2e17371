//! The project around the open documents: its index, kept true in the background, and what a prompt takes from it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;
use tree_sitter::Tree;

use super::Session;
use crate::server::event::TaskEvent;
use crate::server::memory::drop_elsewhere;
use crate::syntax::Language;
use crate::syntax::facts::Facts;
use crate::workspace::cache::Cache;
use crate::workspace::disk::Disk;
use crate::workspace::index::Index;
use crate::workspace::indexer::{Indexer, Told};
use crate::workspace::view::{Reader, View};
use crate::workspace::{Snapshot, Stamp};

/// How many documents are remembered that were worked in.
const RECENT: usize = 16;
/// What the client is asked to tell of: LSP's `WatchKind`.
const CHANGES: u8 = 2;
const COMES_AND_GOES: u8 = 1 | 4;

/// See the module's head.
#[derive(Debug)]
pub(in crate::server) struct Project {
    disk: Arc<Disk>,
    indexer: Indexer,
}

/// Where the session's project is.
#[derive(Debug, Default)]
pub(super) enum Standing {
    /// No file of a language that Redraft knows was opened yet.
    #[default]
    Unwanted,
    Starting,
    Started(Project),
}

/// What a parse brings beside the tree: the facts of the document, and how the project calls it.
#[derive(Debug)]
pub(in crate::server) struct Learnt {
    pub facts: Arc<Facts>,
    pub path: Option<Arc<str>>,
    /// Which project calls it so.
    pub project: u64,
}

/// What the work on a prompt takes along of the project.
#[derive(Clone, Debug)]
pub(super) struct Around {
    /// Which project it is of, by number.
    pub number: u64,
    pub index: Arc<Index>,
    disk: Option<Arc<Disk>>,
    /// The documents that were worked in, the last first, as the index calls them.
    pub recent: Vec<String>,
}

impl Around {
    /// Whether there is an index that documents are to be told to.
    pub(super) fn is_started(&self) -> bool {
        self.disk.is_some()
    }

    /// How the project calls the document: its path from the root.
    pub(super) fn path(&self, snapshot: &Snapshot) -> String {
        let known = || self.disk.as_ref()?.path_of(snapshot.path.as_deref()?);
        known().unwrap_or_else(|| snapshot.name())
    }

    /// The same for the checks.
    pub(super) fn known(&self) -> crate::check::Around<'_> {
        let reader = self.disk.as_deref().map(|disk| disk as &dyn Reader);
        crate::check::Around { index: &self.index, reader }
    }

    /// A view from the document, which is called `path`.
    pub(super) fn view<'a>(&'a self, snapshot: &Snapshot, tree: Option<&Tree>, path: &str) -> View<'a> {
        let reader = self.disk.as_deref().map(|disk| disk as &dyn Reader);
        let language = snapshot.language.unwrap_or_else(Language::first);
        View::new(&self.index, reader, language, path, snapshot.facts(tree))
    }

    /// What is to be remembered of a parse.
    pub(super) fn learnt(&self, snapshot: &Snapshot, tree: Option<&Tree>) -> Learnt {
        let path = || self.disk.as_ref()?.path_of(snapshot.path.as_deref()?);
        Learnt { facts: snapshot.facts(tree), path: path().map(Into::into), project: self.number }
    }
}

impl Standing {
    /// Ends the background work, and waits until what it learned is kept.
    pub(super) fn finish(self) {
        if let Self::Started(project) = self {
            project.indexer.finish();
        }
    }
}

impl Session {
    pub(super) fn around(&self) -> Around {
        let disk = match &self.project {
            Standing::Started(project) => Some(project.disk.clone()),
            _ => None,
        };
        let recent = self.recent.iter().filter_map(|uri| self.documents.get(uri)?.indexed.as_deref());
        Around {
            number: self.projects,
            index: self.index.clone(),
            disk,
            recent: recent.map(str::to_owned).collect(),
        }
    }

    /// The user works in this document.
    pub(super) fn works_in(&mut self, uri: &str) {
        if self.recent.front().is_none_or(|last| last != uri) {
            self.recent.retain(|other| other != uri);
            self.recent.truncate(RECENT - 1);
            self.recent.push_front(uri.to_owned());
        }
    }

    /// Starts the project of the first document that Redraft can write into; off the loop, since it looks at the disk.
    pub(super) fn want_project(&mut self, path: Option<&Path>) {
        let (Standing::Unwanted, Some(path)) = (&self.project, path) else { return };
        self.project = Standing::Starting;
        self.projects += 1;
        let number = self.projects;
        let (folders, path, tasks) = (self.profile.folders.clone(), path.to_owned(), self.tasks.clone());
        let state = self.setup.state.clone();
        let watches = !self.profile.watches_files;
        tokio::task::spawn_blocking(move || {
            let disk = if folders.is_empty() { Disk::around(&path) } else { Disk::new(&folders) };
            let disk = Arc::new(disk);
            let near = disk.path_of(&path).unwrap_or_default();
            let publish = tasks.clone();
            let cache = state.map(|state| Cache::new(&state, &disk));
            let indexer = Indexer::start(disk.clone(), &near, cache, watches, move |index| {
                // The session is gone where this fails.
                let _ = publish.blocking_send(TaskEvent::Indexed(number, index));
            });
            let _ = tasks.blocking_send(TaskEvent::Project(number, Project { disk, indexer }));
        });
        // What it is asked is of all folders that there will be.
        if self.projects == 1 {
            self.watch();
        }
    }

    /// Folders were opened and closed. What is known of those that are gone counts no more, and what is new is looked at.
    pub(super) fn folders(&mut self, added: Vec<PathBuf>, removed: &[PathBuf]) {
        let before = self.profile.folders.clone();
        self.profile.change_folders(added, removed);
        if before == self.profile.folders {
            return;
        }
        let is_open = |folder: &PathBuf| self.profile.folders.contains(folder);
        let suites = std::mem::take(&mut self.suites).into_iter();
        let (open, closed) = suites.partition::<BTreeMap<_, _>, _>(|(folder, _)| is_open(folder));
        self.suites = open;
        drop_elsewhere(closed);
        self.libraries.retain(|folder, _| folder.as_ref().is_none_or(is_open));
        if matches!(self.project, Standing::Unwanted) {
            return;
        }
        let old = (std::mem::take(&mut self.project), std::mem::take(&mut self.index), self.held.take());
        tokio::task::spawn_blocking(move || {
            let (project, ..) = old;
            project.finish();
        });
        for doc in self.documents.values_mut() {
            doc.indexed = None;
        }
        let known = |uri: &String| self.documents.get(uri)?.document.snapshot().path.clone();
        let path = self.recent.iter().find_map(known).or_else(|| self.documents.keys().find_map(known));
        self.projects += 1;
        self.want_project(path.as_deref());
    }

    /// A newer index of a project.
    pub(super) fn indexed(&mut self, number: u64, index: Arc<Index>) {
        if number == self.projects {
            drop_elsewhere(std::mem::replace(&mut self.index, index));
        }
    }

    pub(super) fn project_started(&mut self, number: u64, project: Project) {
        if number != self.projects {
            return drop_elsewhere(project);
        }
        self.project = Standing::Started(project);
        // What was parsed before it knew how the project calls it.
        for doc in self.documents.values_mut() {
            doc.parse_at.get_or_insert_default();
        }
    }

    /// Asks the client to tell of files that change on disk.
    fn watch(&mut self) {
        if !self.profile.watches_files {
            return;
        }
        let endings = Language::endings().map(|ending| format!("*.{ending}"));
        let names = endings.chain([".gitignore", ".ignore", ".redraftignore"].map(str::to_owned));
        let changes = names.map(|name| json!({ "globPattern": format!("**/{name}"), "kind": CHANGES }));
        // Directories have no ending.
        let all = json!({ "globPattern": "**/*", "kind": COMES_AND_GOES });
        let watchers: Vec<_> = changes.chain([all]).collect();
        let registration = json!({
            "id": "redraft/files",
            "method": "workspace/didChangeWatchedFiles",
            "registerOptions": { "watchers": watchers },
        });
        self.next_request += 1;
        let params = json!({ "registrations": [registration] });
        self.outgoing.request(self.next_request, "client/registerCapability", params);
    }

    /// Files changed on disk.
    pub(super) fn touched(&self, files: Vec<PathBuf>) {
        if let Standing::Started(project) = &self.project {
            project.indexer.tell(Told::Touched(files));
        }
    }

    /// The user typed: what goes on in the background waits a moment.
    pub(super) fn typed(&self) {
        if let Standing::Started(project) = &self.project {
            project.indexer.typed();
        }
    }

    /// A document was parsed: the index takes it as it is in the editor.
    pub(super) fn learn(&mut self, uri: &str, stamp: Stamp, learnt: Learnt) {
        let Some(doc) = self.documents.get_mut(uri) else { return };
        match doc.document.learnt(stamp, learnt.facts.clone()) {
            Ok(old) => drop_elsewhere(old),
            Err(_) => return drop_elsewhere(learnt),
        }
        let path = learnt.path.filter(|_| learnt.project == self.projects);
        if let (Standing::Started(project), Some(path)) = (&self.project, path) {
            doc.indexed = Some(path.clone());
            project.indexer.tell(Told::Open { path, facts: learnt.facts });
        }
    }

    /// A document was closed: the disk counts again.
    pub(super) fn unlearn(&self, indexed: Option<Arc<str>>) {
        if let (Standing::Started(project), Some(path)) = (&self.project, indexed) {
            project.indexer.tell(Told::Closed { path });
        }
    }
}
