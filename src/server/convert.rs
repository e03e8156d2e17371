//! Between the protocol's values and ours; the only place where LSP's structures are built.

use std::ops::Range;
use std::path::PathBuf;

use serde_json::{Value, json};
use tower_lsp::lsp_types::Url;

use super::client::Profile;
use super::params::{WirePosition, WireRange};
use crate::action::{Diagnostic, Offer};
use crate::text::edit::Edit;
use crate::text::position::{self, Encoding, Position};
use crate::workspace::Snapshot;
use ropey::Rope;

pub(super) fn position_in(position: WirePosition) -> Position {
    Position { line: position.line, column: position.character }
}

/// The bytes of a client's range; its ends may be swapped or outside.
pub(super) fn range_in(text: &Rope, range: WireRange, encoding: Encoding) -> Range<usize> {
    let at = |wire| position::to_offset(text, position_in(wire), encoding);
    let (start, end) = (at(range.start), at(range.end));
    start.min(end)..start.max(end)
}

/// Whether the range is inside the document: a command's range is not clamped, since it says what to change.
pub(super) fn range_is_inside(text: &Rope, range: WireRange) -> bool {
    (range.start.line as usize) < text.len_lines() && (range.end.line as usize) < text.len_lines()
}

pub(super) fn range_out(text: &Rope, range: &Range<usize>, encoding: Encoding) -> Value {
    let at = |offset| {
        let Position { line, column } = position::to_position(text, offset, encoding);
        json!({ "line": line, "character": column })
    };
    json!({ "start": at(range.start), "end": at(range.end) })
}

/// The path of a `file:` URI.
pub(super) fn path_of(uri: &str) -> Option<PathBuf> {
    Url::parse(uri).ok().filter(|url| url.scheme() == "file").and_then(|url| url.to_file_path().ok())
}

/// A client's diagnostic, as far as an action needs it.
pub(super) fn diagnostic_in(text: &Rope, diagnostic: &Value, encoding: Encoding) -> Option<Diagnostic> {
    let range: WireRange = serde_json::from_value(range_value(diagnostic.get("range")?)?).ok()?;
    let text_of = |key: &str| match diagnostic.get(key) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    Some(Diagnostic {
        range: range_in(text, range, encoding),
        message: text_of("message")?,
        code: text_of("code"),
        source: text_of("source"),
    })
}

fn range_value(range: &Value) -> Option<Value> {
    range.is_object().then(|| range.clone())
}

/// An offer as the code action that a client shows. It carries all that is needed to redo it, and no edit.
pub(super) fn action_out(
    snapshot: &Snapshot,
    offer: &Offer,
    diagnostics: &[Value],
    profile: &Profile,
) -> Value {
    let diagnostic = offer.diagnostic.and_then(|index| diagnostics.get(index));
    let mut argument = json!({
        "action": offer.action,
        "uri": snapshot.uri,
        "version": snapshot.version,
        "range": range_out(&snapshot.text, &offer.range, profile.encoding),
    });
    if let Some(diagnostic) = diagnostic {
        argument["diagnostic"] = diagnostic.clone();
    }
    let mut action = command_action(&offer.title, &offer.kind, "redraft.run", &argument, profile);
    if let Some(diagnostic) = diagnostic.filter(|_| profile.action_literals) {
        action["diagnostics"] = json!([diagnostic]);
    }
    if profile.llm_tag && profile.action_literals {
        action["tags"] = json!([1]);
    }
    action
}

/// A code action that runs a command; the bare command for clients that know nothing else.
pub(super) fn command_action(
    title: &str,
    kind: &str,
    command: &str,
    argument: &Value,
    profile: &Profile,
) -> Value {
    let command = json!({ "title": title, "command": command, "arguments": [argument] });
    if profile.action_literals {
        json!({ "title": title, "kind": kind, "command": command })
    } else {
        command
    }
}

/// The document that an edit is of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target<'a> {
    pub uri: &'a str,
    /// `None` for one that is not open: what its file holds is what counts.
    pub version: Option<i32>,
    pub text: &'a Rope,
    /// There is no file yet.
    pub is_new: bool,
}

impl<'a> Target<'a> {
    pub fn open(snapshot: &'a Snapshot) -> Self {
        let Snapshot { uri, version, text, .. } = snapshot;
        Self { uri, version: Some(*version), text, is_new: false }
    }
}

/// An edit of one document, versioned where it is open. `confirm` names the change for clients that ask their user.
pub(super) fn workspace_edit(
    target: Target<'_>,
    edits: &[Edit],
    encoding: Encoding,
    confirm: Option<&str>,
) -> Value {
    let edits: Vec<Value> = edits
        .iter()
        .map(|edit| {
            let mut wire =
                json!({ "range": range_out(target.text, &edit.range, encoding), "newText": edit.text });
            if confirm.is_some() {
                wire["annotationId"] = json!("redraft");
            }
            wire
        })
        .collect();
    let Target { uri, version, .. } = target;
    let mut changes = vec![json!({ "textDocument": { "uri": uri, "version": version }, "edits": edits })];
    if target.is_new {
        // A file that is made by somebody else meanwhile is theirs.
        let options = json!({ "overwrite": false, "ignoreIfExists": false });
        let mut create = json!({ "kind": "create", "uri": uri, "options": options });
        if confirm.is_some() {
            create["annotationId"] = json!("redraft");
        }
        changes.insert(0, create);
        // Neovim's empty buffer is one empty line with a line end, which an insertion would leave behind the draft; a range
        // that reaches past it takes it along. Elsewhere a line past the end is the end (LSP 3.17, `Position`).
        for edit in changes[1]["edits"].as_array_mut().into_iter().flatten() {
            edit["range"]["end"] = json!({ "line": 1, "character": 0 });
        }
    }
    let mut edit = json!({ "documentChanges": changes });
    if let Some(label) = confirm {
        edit["changeAnnotations"] = json!({ "redraft": { "label": label, "needsConfirmation": true } });
    }
    edit
}

/// The encoding's name in the protocol.
pub(super) fn encoding_name(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Utf8 => "utf-8",
        Encoding::Utf16 => "utf-16",
        Encoding::Utf32 => "utf-32",
    }
}
