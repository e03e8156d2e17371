//! What the model editor does with the server's edits.

use serde_json::{Value, json};

use super::Client;
use crate::document::clamped;

/// What the editor does with one edit of the server's.
#[derive(Clone, Debug)]
pub enum Manner {
    /// Checks the version, applies or refuses, and tells the truth: the change first, then the answer.
    Honest,
    /// Refuses it.
    Refuses,
    /// Drops it and answers that it was applied, for its user has typed a space just before the needle and it tells that next
    /// (Neovim, with a stale one).
    Drops(&'static str),
    /// Applies it and never answers.
    Mute,
    /// Neither applies nor answers.
    Ignores,
    /// The same, and its user types a space just before the needle, which it tells.
    IgnoresAndTypes(&'static str),
    /// Its user types this at the place of the needle just before; checks the version and answers true whatever happened, and
    /// tells all at once.
    TypesFirst { before: &'static str, text: &'static str },
    /// The same, but the edit is applied though it is stale (its range is of another text); told one by one.
    AppliesStale { before: &'static str, text: &'static str },
    /// Applies it, and its user types this in the same notification.
    Merges { before: &'static str, text: &'static str },
    /// The same where it is of the text that the editor has; refuses it elsewhere.
    MergesOrRefuses { before: &'static str, text: &'static str },
    /// Leaves it to the test.
    Holds,
    /// Is busy, and looks at it once it thaws; others may come meanwhile.
    Freezes,
}

impl Client {
    pub(super) fn apply(&mut self, message: Value) {
        let edit = &message["params"]["edit"];
        assert!(edit.get("changes").is_none(), "an edit without a version: {message}");
        let changes = edit["documentChanges"].as_array().unwrap();
        if changes.iter().any(|change| change["textDocument"]["version"].is_null()) {
            self.edits.push(message.clone());
            self.proposals.push_back(message);
            return;
        }
        assert_eq!(changes.len(), 1, "one document: {message}");
        assert!(changes[0]["textDocument"]["version"].is_i64(), "{message}");
        assert!(message["params"].get("label").is_none(), "a label stops some editors: {message}");
        assert!(self.held.is_empty(), "a second edit in flight: {message}");
        self.edits.push(message.clone());
        let manner = self.manners.pop_front().unwrap_or(Manner::Honest);
        self.handle(message, manner);
    }

    /// Handles an edit that the test held.
    pub fn release(&mut self, manner: Manner) {
        let message = self.held.pop_front().unwrap();
        self.handle(message, manner);
    }

    /// The editor looks at all that it was sent while it was busy.
    pub fn thaw(&mut self, manner: &Manner) {
        self.manners.clear();
        for message in std::mem::take(&mut self.frozen) {
            self.handle(message, manner.clone());
        }
    }

    fn handle(&mut self, message: Value, manner: Manner) {
        let change = message["params"]["edit"]["documentChanges"][0].clone();
        let uri = change["textDocument"]["uri"].as_str().unwrap().to_owned();
        let version = i32::try_from(change["textDocument"]["version"].as_i64().unwrap()).unwrap();
        let edits = change["edits"].as_array().unwrap().clone();
        let (id, encoding) = (message["id"].clone(), self.encoding);
        let is_current = self.documents.get(&uri).is_some_and(|document| document.version == version);
        let apply = |client: &mut Self| client.documents.get_mut(&uri).unwrap().apply(&edits, encoding);
        let answer = |client: &mut Self, applied: bool| client.respond(&id, json!({ "applied": applied }));
        match manner {
            Manner::Honest => {
                if is_current {
                    apply(self);
                    self.tell(&uri);
                }
                answer(self, is_current);
            }
            Manner::Refuses => answer(self, false),
            Manner::Drops(before) => {
                self.untold(before, " ");
                answer(self, true);
                self.tell(&uri);
            }
            Manner::Mute => {
                assert!(is_current, "stale");
                apply(self);
                self.tell(&uri);
            }
            Manner::Ignores => {}
            Manner::IgnoresAndTypes(before) => {
                self.untold(before, " ");
                self.tell(&uri);
            }
            Manner::TypesFirst { before, text } => {
                self.untold(before, text);
                answer(self, true);
                self.tell(&uri);
            }
            Manner::AppliesStale { before, text } => {
                self.untold(before, text);
                self.tell(&uri);
                let mut edits = edits.clone();
                for edit in &mut edits {
                    edit["range"] = clamped(&self.documents[&uri].text, &edit["range"], encoding);
                }
                self.documents.get_mut(&uri).unwrap().apply(&edits, encoding);
                self.tell(&uri);
                answer(self, true);
            }
            Manner::MergesOrRefuses { .. } if !is_current => answer(self, false),
            Manner::Merges { before, text } | Manner::MergesOrRefuses { before, text } => {
                assert!(is_current, "stale");
                apply(self);
                self.untold(before, text);
                self.tell(&uri);
                answer(self, true);
            }
            Manner::Holds => self.held.push_back(message),
            Manner::Freezes => self.frozen.push_back(message),
        }
    }

    /// The user types, and the editor does not tell yet.
    pub fn untold(&mut self, before: &str, text: &str) {
        let at = self.find(before);
        let encoding = self.encoding;
        self.document().change(at..at, text, encoding);
    }
}
