//! The prompts of the folders that are worked in: what is known of them is at hand, and looked at anew beside the loop.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;
use tower_lsp::lsp_types::Url;

use super::Session;
use super::ready::Rules;
use crate::prompt::{FileError, Library};
use crate::server::event::TaskEvent;
use crate::workspace::Snapshot;

/// The most mistakes that one message tells.
const TOLD: usize = 5;

impl Session {
    /// The prompts for a document as they were last looked at; nothing where they never were. Another look begins.
    pub(super) fn library(&mut self, snapshot: &Snapshot) -> Option<Arc<Library>> {
        let rules = self.rules(snapshot);
        let known = self.libraries.get(&rules.folder).cloned();
        if !self.looks_for_prompts {
            self.looks_for_prompts = true;
            let tasks = self.tasks.clone();
            tokio::task::spawn_blocking(move || {
                // The next look is not waited for in vain, whatever becomes of this one.
                let look = catch_unwind(AssertUnwindSafe(|| looked(&rules)));
                let _ = tasks.blocking_send(look.unwrap_or_else(|_| TaskEvent::Library {
                    folder: rules.folder.clone(),
                    library: Library::built_in(),
                }));
            });
        }
        known
    }

    /// The folder's prompts were looked at.
    pub(super) fn looked(&mut self, folder: Option<PathBuf>, library: Arc<Library>) {
        self.looks_for_prompts = false;
        let before = self.libraries.insert(folder, library.clone());
        if before.as_ref().is_some_and(|before| Arc::ptr_eq(before, &library)) {
            return;
        }
        let old: &[FileError] = before.as_deref().map_or(&[], Library::problems);
        let new = library.problems();
        let mut paths: Vec<&PathBuf> = old.iter().chain(new).map(|problem| &problem.path).collect();
        paths.sort();
        paths.dedup();
        for path in paths.into_iter().filter(|_| self.profile.shows_diagnostics) {
            let Ok(uri) = Url::from_file_path(path) else { continue };
            let own = new.iter().filter(|problem| &problem.path == path);
            let diagnostics: Vec<_> = own
                .map(|FileError { line, key, message, .. }| {
                    let at = json!({ "line": line.saturating_sub(1), "character": 0 });
                    let message = if key.is_empty() { message.clone() } else { format!("{key}: {message}") };
                    json!({ "range": { "start": at, "end": at }, "severity": 1, "source": "redraft", "message": message })
                })
                .collect();
            let params = json!({ "uri": uri, "diagnostics": diagnostics });
            self.outgoing.notify("textDocument/publishDiagnostics", params);
        }
        let news: Vec<String> =
            new.iter().filter(|problem| !old.contains(problem)).map(ToString::to_string).collect();
        if !news.is_empty() {
            let more = news.len().saturating_sub(TOLD);
            let more = if more > 0 { format!("\nand {more} more") } else { String::new() };
            let told = news[..news.len().min(TOLD)].join("\n");
            self.show(2, &format!("prompts with mistakes are left out:\n{told}{more}"));
        }
    }
}

/// What a look at the folder's prompts says.
pub(super) fn looked(rules: &Rules) -> TaskEvent {
    TaskEvent::Library { folder: rules.folder.clone(), library: rules.library() }
}
