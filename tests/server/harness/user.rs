//! What the model editor's user does, and what she waits for.

use serde_json::{Value, json};

use super::{Client, URI};
use crate::document::{Document, range_out};

impl Client {
    pub fn open(&mut self, uri: &str, text: &str) {
        self.open_as(uri, "python", text);
    }

    pub fn open_as(&mut self, uri: &str, language: &str, text: &str) {
        self.documents.insert(uri.to_owned(), Document::new(text, 1));
        let document = json!({ "uri": uri, "languageId": language, "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
    }

    pub fn close(&mut self, uri: &str) {
        self.documents.remove(uri);
        self.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    }

    /// The user types `text` before the only `needle`, and the editor tells at once.
    pub fn type_before(&mut self, needle: &str, text: &str) {
        let at = self.find(needle);
        self.change(at..at, text);
    }

    pub fn type_after(&mut self, needle: &str, text: &str) {
        let at = self.find(needle) + needle.len();
        self.change(at..at, text);
    }

    pub fn change(&mut self, range: std::ops::Range<usize>, text: &str) {
        let encoding = self.encoding;
        self.document().change(range, text, encoding);
        self.tell(URI);
    }

    /// Tells the changes that were not told yet as one notification.
    pub fn tell(&mut self, uri: &str) {
        let document = self.documents.get_mut(uri).unwrap();
        let changes = std::mem::take(&mut document.untold);
        let identifier = json!({ "uri": uri, "version": document.version });
        if !changes.is_empty() {
            self.notify(
                "textDocument/didChange",
                json!({ "textDocument": identifier, "contentChanges": changes }),
            );
        }
    }

    pub fn document(&mut self) -> &mut Document {
        self.documents.get_mut(URI).unwrap()
    }

    pub fn text(&self) -> &str {
        &self.documents[URI].text
    }

    pub fn find(&self, needle: &str) -> usize {
        let text = self.text();
        assert_eq!(text.matches(needle).count(), 1, "{needle:?} in {text:?}");
        text.find(needle).unwrap()
    }

    pub fn range(&self, range: std::ops::Range<usize>) -> Value {
        range_out(self.text(), &range, self.encoding)
    }

    // Actions and runs.

    pub fn actions_in(&mut self, range: Value, context: Value) -> Vec<Value> {
        let params = json!({ "textDocument": { "uri": URI }, "range": range, "context": context });
        let actions = self.call("textDocument/codeAction", params).unwrap();
        actions.as_array().unwrap().clone()
    }

    /// All actions at the place of `needle`.
    pub fn actions(&mut self, needle: &str) -> Vec<Value> {
        let at = self.find(needle);
        self.actions_in(self.range(at..at), json!({ "diagnostics": [] }))
    }

    pub fn execute(&mut self, command: &str, argument: Value) -> Result<Value, Value> {
        self.call("workspace/executeCommand", json!({ "command": command, "arguments": [argument] }))
    }

    /// What `redraft.run` takes, at the place of `needle`.
    pub fn argument(&self, action: &str, needle: &str) -> Value {
        let at = self.find(needle);
        json!({ "action": action, "uri": URI, "version": self.documents[URI].version, "range": self.range(at..at) })
    }

    /// The same in another document.
    pub fn argument_in(&self, uri: &str, action: &str, needle: &str) -> Value {
        let document = &self.documents[uri];
        let at = document.text.find(needle).unwrap();
        let range = range_out(&document.text, &(at..at), self.encoding);
        json!({ "action": action, "uri": uri, "version": document.version, "range": range })
    }

    /// Begins the run of an action in another document; returns its name.
    pub fn run_in(&mut self, uri: &str, action: &str, needle: &str) -> String {
        let argument = self.argument_in(uri, action, needle);
        let answer = self.execute("redraft.run", argument).unwrap();
        answer["run"].as_str().unwrap().to_owned()
    }

    pub fn text_of(&self, uri: &str) -> &str {
        &self.documents[uri].text
    }

    pub fn change_in(&mut self, uri: &str, range: std::ops::Range<usize>, text: &str) {
        let encoding = self.encoding;
        self.documents.get_mut(uri).unwrap().change(range, text, encoding);
        self.tell(uri);
    }

    /// Asks for the run of an action at `needle`; its answer is read by `answer`.
    pub fn begin(&mut self, action: &str, needle: &str) -> i64 {
        let argument = self.argument(action, needle);
        let params = json!({ "command": "redraft.run", "arguments": [argument] });
        self.request("workspace/executeCommand", params)
    }

    /// Begins the run of an action at `needle`; returns its name.
    pub fn run(&mut self, action: &str, needle: &str) -> String {
        let argument = self.argument(action, needle);
        let answer = self.execute("redraft.run", argument).unwrap();
        answer["run"].as_str().unwrap().to_owned()
    }

    pub fn command(&mut self, command: &str, run: &str) {
        assert_eq!(self.execute(command, json!({ "run": run })).unwrap(), json!({ "run": run }));
    }

    pub fn states(&self, run: &str) -> Vec<&str> {
        self.statuses
            .iter()
            .filter(|status| status["run"] == run)
            .map(|status| status["state"].as_str().unwrap())
            .collect()
    }

    /// Waits until the run is there; returns what the status says for a person.
    pub fn until_state(&mut self, run: &str, state: &str) -> String {
        self.until(state, |client| client.states(run).last() == Some(&state));
        let last = self.statuses.iter().rev().find(|status| status["run"] == run).unwrap();
        last["message"].as_str().unwrap_or_default().to_owned()
    }

    pub fn until_text(&mut self, needle: &str) {
        self.until(needle, |client| client.text().contains(needle));
    }

    /// Everything that was told so far has been taken in.
    pub fn barrier(&mut self) {
        let range = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 0, "character": 0 } });
        let params = json!({ "textDocument": { "uri": "file:///none" }, "range": range, "context": {} });
        self.call("textDocument/codeAction", params).unwrap();
    }

    /// What the user was shown next.
    pub fn message(&mut self) -> (u64, String) {
        self.until("a message", |client| !client.messages.is_empty());
        self.messages.pop_front().unwrap()
    }

    #[track_caller]
    pub fn shows(&mut self, kind: u64, fragment: &str) {
        let (shown, text) = self.message();
        assert!(shown == kind && text.contains(fragment), "{fragment:?} is not in {shown}: {text:?}");
    }
}
