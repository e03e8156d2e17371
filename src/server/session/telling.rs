//! Answers in words: told to the client, and shown where it leaves that to the server. No document is changed.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde_json::json;
use tower_lsp::lsp_types::Url;

use super::{Awaited, Session};
use crate::server::convert::range_out;
use crate::server::event::RunId;
use crate::server::params::run_name;
use crate::text::hidden::made_visible;
use crate::workspace::private;

/// Where answers are, below the state directory, and how many are kept: what is read can be asked for again.
const FOLDER: &str = "answers";
const KEPT: usize = 20;

/// The most characters of an answer that a message shows: it is no page.
const MESSAGE: usize = 2_000;

impl Session {
    /// `redraft/answer`, to clients that know Redraft. One that does not show answers itself is asked to show a file with it, or gets a
    /// message.
    pub(super) fn tell(&mut self, id: RunId, text: &str) {
        let Some(live) = self.runs.get(&id) else { return };
        let (title, uri) = (live.sent.title.clone(), live.uri.clone());
        let shown = || range_out(&live.snapshot.text, &live.wish.range, self.profile.encoding);
        let range = self
            .target(&uri)
            .map_or_else(shown, |target| range_out(target.text, &live.run.range(), self.profile.encoding));
        let name = live.account();
        if self.profile.knows_redraft {
            let answer = json!({
                "run": run_name(id), "uri": uri, "range": range, "title": title, "model": live.chosen.name, "text": text,
            });
            self.outgoing.notify("redraft/answer", answer);
        }
        if self.profile.shows_answers {
            return;
        }
        let message = message(&title, text);
        let Some(folder) = self.setup.state.as_ref().filter(|_| self.profile.shows_documents) else {
            return self.show(3, &message);
        };
        let file = folder.join(FOLDER).join(format!("{name}.md"));
        let request = self.await_answer(Awaited::Page { message: message.clone() });
        let (outgoing, page) = (self.outgoing.clone(), format!("# {title}\n\n{text}\n"));
        tokio::task::spawn_blocking(move || match (write(&file, &page), Url::from_file_path(&file)) {
            (Ok(()), Ok(uri)) => {
                outgoing.request(request, "window/showDocument", json!({ "uri": uri, "takeFocus": true }));
            }
            (written, _) => {
                tracing::warn!(?written, file = %file.display(), "an answer could not be kept");
                outgoing.notify(
                    "window/showMessage",
                    json!({ "type": 3, "message": format!("Redraft: {message}") }),
                );
            }
        });
    }
}

/// What is shown where no page is.
fn message(title: &str, text: &str) -> String {
    let cut = made_visible(text, MESSAGE);
    let more = if text.chars().nth(MESSAGE).is_some() { "…" } else { "" };
    format!("{title}\n\n{cut}{more}")
}

/// Writes an answer, and lets the oldest go.
fn write(file: &Path, page: &str) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    private::make_directory(folder)?;
    let entries = fs::read_dir(folder)?.filter_map(Result::ok);
    let mut others: Vec<_> =
        entries.filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path()))).collect();
    others.sort();
    let oldest: Vec<PathBuf> = others.into_iter().rev().skip(KEPT - 1).map(|(_, path)| path).collect();
    oldest.iter().for_each(|path| drop(fs::remove_file(path)));
    private::create(file)?.write_all(page.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_answers_are_kept() {
        let folder = std::env::temp_dir().join(format!("redraft-answers-{}", std::process::id()));
        for number in 0..KEPT + 3 {
            write(&folder.join(format!("{number}.md")), "x\n").unwrap();
        }
        let names = || fs::read_dir(&folder).unwrap().filter_map(Result::ok).map(|entry| entry.file_name());
        assert_eq!(names().count(), KEPT);
        assert!(names().any(|name| name == *format!("{}.md", KEPT + 2)));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_message_is_short() {
        assert_eq!(message("Explain `f`", "It adds."), "Explain `f`\n\nIt adds.");
        assert!(message("x", &"é".repeat(3_000)).ends_with("é…"));
    }
}
