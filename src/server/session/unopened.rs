//! Drafts for files that are not open: read from the disk, offered as an edit that the client's user confirms where it can,
//! and judged by the client's answer, since it may tell nothing of a document that is not open. Nothing is written here.

use std::path::PathBuf;
use std::time::Duration;

use ropey::Rope;
use tower_lsp::jsonrpc;

use super::Session;
use crate::draft::weave::Time;
use crate::job::Input;
use crate::server::convert::{Target, path_of};
use crate::server::disk::{self, Found};
use crate::server::event::{Asked, Command, RunId, TaskEvent};
use crate::server::params::{GenerateParams, content_modified, invalid};
use crate::syntax::Language;
use crate::text::edit::{Edit, apply_all};
use crate::text::position::Encoding;
use crate::workspace::{Change, Document, Opened, Snapshot};

/// A client that says that it applied an edit may open the document for that, and tell what stands in it: that counts more
/// than its word, and comes within this time.
const WORD: Duration = Duration::from_millis(500);

/// A file that is not open, as it is on the disk or as the client says that it made it.
#[derive(Debug)]
pub(super) struct Unopened {
    document: Document,
    found: Found,
    offered: Option<Offered>,
}

/// The edit that the client was sent.
#[derive(Debug)]
struct Offered {
    run: RunId,
    edit: u64,
    edits: Vec<Edit>,
    /// When its word is taken that it applied it.
    believed_at: Option<Time>,
}

impl Unopened {
    pub fn snapshot(&self) -> &Snapshot {
        self.document.snapshot()
    }

    fn text(&self) -> &Rope {
        &self.snapshot().text
    }
}

impl Session {
    /// `redraft.generate` for a file that is not open.
    pub(super) fn generate_unopened(&mut self, params: GenerateParams, asked: Asked) {
        let path = match self.may_be_offered(&params.uri) {
            Ok(path) => path,
            Err(error) => return drop(asked.reply.send(Err(error))),
        };
        let (folders, tasks) = (self.profile.folders.clone(), self.tasks.clone());
        tokio::task::spawn_blocking(move || {
            let found = disk::find(&folders, &path);
            let _ = tasks.blocking_send(TaskEvent::Found { params: Box::new(params), asked, found });
        });
    }

    /// The path of a file that a draft may be offered for, as far as can be told without looking at it.
    fn may_be_offered(&self, uri: &str) -> jsonrpc::Result<PathBuf> {
        let path = path_of(uri);
        let path = path.ok_or_else(|| invalid(format!("{uri} is not open; open it in the editor first")))?;
        let name = name_of(uri);
        if Language::by_path(&name).is_none() {
            let names = Language::names();
            let why = format!("Redraft writes {names}, and this is no file of these by its name");
            return Err(invalid(format!("{name}: {why}")));
        }
        if !self.profile.edits_unopened {
            let why = "is not open, and this editor does not say that it edits files that are not";
            return Err(invalid(format!("{name} {why}; open it first")));
        }
        let mut runs = self.runs.values().filter(|live| live.uri == uri);
        if runs.any(|live| live.run.is_working())
            || self.preparing.values().any(|other| other.snapshot.uri == uri)
        {
            let why = "is not open, and another run is at work on it";
            return Err(content_modified(format!("{name} {why}; wait for it, stop it, or open the file")));
        }
        Ok(path)
    }

    /// What is on the disk is known: the run begins.
    pub(super) fn found(&mut self, params: GenerateParams, asked: Asked, found: Result<Found, String>) {
        if self.documents.contains_key(&params.uri) {
            return self.command(Command::Generate(params), asked);
        }
        let begun = self.may_be_offered(&params.uri).and_then(|path| {
            let found = found.map_err(|why| invalid(format!("{} {why}", name_of(&params.uri))))?;
            self.keep_unopened(&params.uri, path, found)?;
            self.wish_to_generate(&params)
        });
        match begun {
            Ok((snapshot, wish, wanted)) => self.begin(snapshot, wish, wanted, Some(asked)),
            Err(error) => drop(asked.reply.send(Err(error))),
        }
    }

    fn keep_unopened(&mut self, uri: &str, path: PathBuf, found: Found) -> jsonrpc::Result<()> {
        let name = name_of(uri);
        if found == Found::New && !self.profile.creates_files {
            let why = "is not there yet, and this editor does not say that it makes files";
            return Err(invalid(format!("{name} {why}; make it and open it first")));
        }
        if let Some(known) = self.unopened.get_mut(uri) {
            // A draft stands in it by the client's word, and the disk does not know: what the editor has is not to be seen.
            if known.found == found && *known.text() != *found.text() {
                let why = "has a draft that is not saved; open it first";
                return Err(content_modified(format!("{name} {why}")));
            }
            let text = found.text().to_owned();
            known.found = found;
            self.unopened_became(uri, text);
            return Ok(());
        }
        self.openings += 1;
        let (language, version, text) = (String::new(), 0, found.text().to_owned());
        let opened = Opened { uri: uri.to_owned(), path: Some(path), language, version, text };
        let document = Document::open(opened, self.openings);
        self.unopened.insert(uri.to_owned(), Unopened { document, found, offered: None });
        Ok(())
    }

    /// A file that is not open was looked at once more.
    pub(super) fn reread(&mut self, uri: &str, found: Result<Found, String>) {
        let Some(known) = self.unopened.get_mut(uri) else { return };
        let why = match found {
            Ok(found) if found == known.found => return,
            Ok(Found::Text(text)) if matches!(known.found, Found::Text(_)) => {
                known.found = Found::Text(text.clone());
                return self.unopened_became(uri, text);
            }
            Ok(Found::Text(_)) => "was made by somebody else meanwhile".to_owned(),
            Ok(Found::New) => "is gone".to_owned(),
            Err(why) => why,
        };
        let why = format!("{} {why}; nothing was offered", name_of(uri));
        let runs: Vec<RunId> =
            self.runs.values().filter(|live| live.uri == uri).map(|live| live.id).collect();
        for run in runs {
            self.abort(run, why.clone());
        }
    }

    /// The text of a file that is not open is this now: runs are told as of any change.
    fn unopened_became(&mut self, uri: &str, text: String) {
        let Some(unopened) = self.unopened.get_mut(uri) else { return };
        let before = unopened.text().clone();
        let version = unopened.snapshot().version;
        let edits = unopened.document.change(version, vec![Change { range: None, text }], Encoding::Utf8);
        let after = unopened.text().clone();
        self.replay_later(uri, &edits, &before, &after);
        self.tell_change(uri, &edits, &before, &after);
    }

    /// An edit leaves for a document: where it goes, as the client is told. `None` where nothing may go.
    pub(super) fn target<'a>(&'a self, uri: &'a str) -> Option<Target<'a>> {
        if let Some(doc) = self.documents.get(uri) {
            return Some(Target::open(doc.document.snapshot()));
        }
        let unopened = self.unopened.get(uri)?;
        let is_new = unopened.found == Found::New;
        Some(Target { uri, version: None, text: unopened.text(), is_new })
    }

    /// The client was sent this edit.
    pub(super) fn was_sent(&mut self, uri: &str, run: RunId, edit: u64, edits: Vec<Edit>) {
        if let Some(unopened) = self.unopened.get_mut(uri) {
            unopened.offered = Some(Offered { run, edit, edits, believed_at: None });
        }
    }

    /// The client says that it applied an edit. True where the run is to be told later: by what the client tells of the
    /// document, or else by its word.
    pub(super) fn is_taken_at_its_word(&mut self, run: RunId, edit: u64) -> bool {
        let now = self.now();
        let Some(live) = self.runs.get(&run) else { return false };
        let (uri, is_over) = (live.uri.clone(), live.run.state().is_over());
        let offered = self.unopened.get_mut(&uri).and_then(|unopened| unopened.offered.as_mut());
        let Some(offered) = offered.filter(|offered| (offered.run, offered.edit) == (run, edit)) else {
            return false;
        };
        if is_over {
            // It cannot be taken back where nobody sees what stands there.
            let why = "the editor took the draft though its run was over; undo it there";
            self.show(2, &format!("{}: {why}", name_of(&uri)));
        } else {
            offered.believed_at = Some(now + WORD);
        }
        true
    }

    /// Takes clients at their word whose documents are still not open.
    pub(super) fn believe(&mut self) {
        let now = self.now();
        let due = |unopened: &Unopened| unopened.believed_at().is_some_and(|at| at <= now);
        let due: Vec<String> =
            self.unopened.iter().filter(|(_, unopened)| due(unopened)).map(|(uri, _)| uri.clone()).collect();
        for uri in due {
            let Some(unopened) = self.unopened.get_mut(&uri) else { continue };
            let Some(offered) = unopened.offered.take() else { continue };
            let mut text = unopened.text().clone();
            apply_all(&mut text, &offered.edits);
            self.unopened_became(&uri, text.to_string());
        }
    }

    /// A file is open from now on: what was known of it, and the edit that its client says it applied.
    pub(super) fn unopened_is_open(&mut self, uri: &str) -> Option<(Rope, Option<(RunId, u64)>)> {
        let unopened = self.unopened.remove(uri)?;
        let applied = unopened.offered.as_ref().filter(|offered| offered.believed_at.is_some());
        Some((unopened.text().clone(), applied.map(|offered| (offered.run, offered.edit))))
    }

    /// Tells a run that its edit was applied, which is then to be seen in the document.
    pub(super) fn was_applied(&mut self, applied: Option<(RunId, u64)>) {
        if let Some((run, id)) = applied {
            self.step(run, Input::Applied { id, applied: true });
        }
    }

    /// Whether the document of a run is open: what stands in it is to be seen, and can be taken back.
    pub(super) fn is_seen(&self, run: RunId) -> jsonrpc::Result<()> {
        let unseen = self.runs.get(&run).filter(|live| !self.documents.contains_key(&live.uri));
        match unseen {
            Some(live) => Err(invalid(format!(
                "{} is not open; open it first, or undo the draft in the editor",
                name_of(&live.uri)
            ))),
            None => Ok(()),
        }
    }

    /// Files that no run is about go.
    pub(super) fn forget_unopened(&mut self) {
        if self.unopened.is_empty() {
            return;
        }
        let (runs, preparing) = (&self.runs, &self.preparing);
        self.unopened.retain(|uri, _| {
            runs.values().any(|live| live.uri == *uri)
                || preparing.values().any(|other| other.snapshot.uri == *uri)
        });
    }
}

impl Unopened {
    pub fn believed_at(&self) -> Option<Time> {
        self.offered.as_ref()?.believed_at
    }
}

/// How messages call a file.
pub(super) fn name_of(uri: &str) -> String {
    let path = path_of(uri);
    let name = path.as_ref().and_then(|path| path.file_name());
    name.map_or_else(|| uri.to_owned(), |name| name.to_string_lossy().into_owned())
}
