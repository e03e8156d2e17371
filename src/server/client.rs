//! What the client is and can: read leniently from the raw `initialize` parameters, since lsp-types' enums are closed and a
//! newer client's values must not be fatal.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::convert::path_of;
use crate::config::settings::MAX_ROUNDS;
use crate::config::{Choices, Mode, Stage};
use crate::job::Delivery;
use crate::model::Tokens;
use crate::model::choose::Task;
use crate::text::position::Encoding;

/// See the module's head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Profile {
    pub name: String,
    pub encoding: Encoding,
    pub process_id: Option<u32>,
    pub work_done_progress: bool,
    /// Tells of files that change on disk, if asked to.
    pub watches_files: bool,
    pub change_annotations: bool,
    /// Edits documents that are not open, as an edit of several documents may ask it to.
    pub edits_unopened: bool,
    /// Makes files for a server.
    pub creates_files: bool,
    /// The folders that are open in it.
    pub folders: Vec<PathBuf>,
    /// Those that were opened later: what the handshake says of trust is said of the ones before.
    pub added: Vec<PathBuf>,
    /// The client shows which actions are made by a model (LSP 3.18, `CodeActionTag.LLMGenerated`).
    pub llm_tag: bool,
    /// Shows diagnostics that the server sends.
    pub shows_diagnostics: bool,
    /// Understands code actions, not only commands.
    pub action_literals: bool,
    pub disabled_support: bool,
    /// Groups our edits into one undo.
    pub groups_undo: bool,
    /// Wants `redraft/status` and `redraft/answer`.
    pub knows_redraft: bool,
    /// Shows answers in words itself.
    pub shows_answers: bool,
    /// Shows the rest of what is being typed (LSP 3.18).
    pub completes_inline: bool,
    /// Shows files that the server names.
    pub shows_documents: bool,
    pub options: Options,
}

/// `initializationOptions`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    pub untrusted: Option<bool>,
    pub delivery: Option<Delivery>,
    /// Which of the user's models are asked.
    pub choices: Choices,
    /// What could not be used, for the user.
    pub problems: Vec<String>,
}

/// The path of a file from the folder that it is in, as the project calls it.
pub(super) fn below(path: &Path, folder: &Path) -> Option<String> {
    let rest = path.strip_prefix(folder).ok()?;
    let parts: Vec<_> = rest.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    Some(parts.join("/"))
}

impl Profile {
    /// The innermost folder that a file is in.
    pub fn folder_of(&self, path: &Path) -> Option<&Path> {
        let folders = self.folders.iter().filter(|folder| path.starts_with(folder));
        folders.max_by_key(|folder| folder.as_os_str().len()).map(PathBuf::as_path)
    }

    /// Folders were opened and closed.
    pub fn change_folders(&mut self, added: Vec<PathBuf>, removed: &[PathBuf]) {
        let are_closed = |folder: &PathBuf| removed.contains(folder);
        self.folders.retain(|folder| !are_closed(folder));
        self.added.retain(|folder| !are_closed(folder));
        let new: Vec<_> = added.into_iter().filter(|folder| !self.folders.contains(folder)).collect();
        self.added.extend(new.iter().cloned());
        self.folders.extend(new);
    }

    /// Whether a folder is not trusted, as the handshake says; nothing where it does not say.
    pub fn is_untrusted(&self, folder: Option<&Path>) -> Option<bool> {
        let is_added = folder.is_some_and(|folder| self.added.iter().any(|added| added == folder));
        self.options.untrusted.filter(|untrusted| *untrusted || !is_added)
    }

    pub fn read(params: &Value) -> Self {
        let capability = |path: &str| params.pointer(&format!("/capabilities/{path}"));
        let is = |path: &str| capability(path).and_then(Value::as_bool).unwrap_or(false);
        let redraft = capability("experimental/redraft");
        let knows =
            |key| redraft.and_then(|redraft| redraft.get(key)).and_then(Value::as_bool).unwrap_or(false);
        // Neovim 0.11 names these, and not the document changes that they are a part of.
        let operations = strings(capability("workspace/workspaceEdit/resourceOperations"));
        Self {
            name: params.pointer("/clientInfo/name").and_then(Value::as_str).unwrap_or_default().to_owned(),
            encoding: encoding(capability("general/positionEncodings")),
            process_id: params.get("processId").and_then(Value::as_u64).and_then(|id| u32::try_from(id).ok()),
            work_done_progress: is("window/workDoneProgress"),
            watches_files: is("workspace/didChangeWatchedFiles/dynamicRegistration"),
            change_annotations: capability("workspace/workspaceEdit/changeAnnotationSupport")
                .is_some_and(Value::is_object),
            edits_unopened: is("workspace/applyEdit")
                && (is("workspace/workspaceEdit/documentChanges") || !operations.is_empty()),
            creates_files: is("workspace/applyEdit") && operations.contains(&"create"),
            folders: folders(params),
            added: Vec::new(),
            llm_tag: capability("textDocument/codeAction/tagSupport/valueSet")
                .and_then(Value::as_array)
                .is_some_and(|tags| tags.iter().any(|tag| tag.as_i64() == Some(1))),
            shows_diagnostics: capability("textDocument/publishDiagnostics").is_some_and(Value::is_object),
            action_literals: capability("textDocument/codeAction/codeActionLiteralSupport")
                .is_some_and(Value::is_object),
            disabled_support: is("textDocument/codeAction/disabledSupport"),
            groups_undo: knows("undoGrouping"),
            shows_answers: knows("answers"),
            // lsp-mode says it with `null`.
            completes_inline: capability("textDocument/inlineCompletion")
                .is_some_and(|told| *told != Value::Bool(false)),
            shows_documents: is("window/showDocument/support"),
            knows_redraft: redraft
                .is_some_and(|redraft| !redraft.is_null() && redraft.as_bool() != Some(false)),
            options: Options::read(params.get("initializationOptions").unwrap_or(&Value::Null)),
        }
    }

    /// How drafts come into this client's documents.
    pub fn delivery(&self) -> Delivery {
        let wanted = self.options.delivery.unwrap_or(if self.groups_undo {
            Delivery::Stream
        } else {
            Delivery::Final
        });
        if wanted == Delivery::Preview && !self.change_annotations { Delivery::Final } else { wanted }
    }
}

impl Options {
    /// Reads what is there; what is wrong is a problem, and changes nothing.
    pub fn read(options: &Value) -> Self {
        let mut read = Self::default();
        let Some(entries) = options.as_object() else { return read };
        for (key, value) in entries {
            match (key.as_str(), value) {
                ("untrustedWorkspace", Value::Bool(untrusted)) => read.untrusted = Some(*untrusted),
                ("delivery", Value::String(delivery)) => match delivery.as_str() {
                    "stream" => read.delivery = Some(Delivery::Stream),
                    "final" => read.delivery = Some(Delivery::Final),
                    "preview" => read.delivery = Some(Delivery::Preview),
                    other => read.problems.push(format!(
                        "delivery: {other:?} is none of \"stream\", \"final\" and \"preview\""
                    )),
                },
                ("config", Value::Object(config)) => read.config(config),
                (_, Value::Null) => {}
                ("untrustedWorkspace" | "delivery" | "config", _) => {
                    read.problems.push(format!("{key}: has the wrong type"))
                }
                _ => read
                    .problems
                    .push(format!("{key}: is no option; there are untrustedWorkspace, delivery and config")),
            }
        }
        read
    }

    /// Keys that a workspace may set: none of them can name an endpoint, a key or a command.
    fn config(&mut self, config: &serde_json::Map<String, Value>) {
        for (key, value) in config {
            match (key.as_str(), value) {
                ("languages", _) | (_, Value::Null) => {}
                ("refine", Value::Object(refine)) => self.refine(refine),
                ("refine", _) => self.problems.push("config.refine: is no object".to_owned()),
                ("default_model", Value::String(name)) => self.choices.default_model = Some(name.clone()),
                ("routing", Value::Object(routing)) => self.routing(routing),
                ("default_model", _) => self.problems.push("config.default_model: is no text".to_owned()),
                ("routing", _) => self.problems.push("config.routing: is no object".to_owned()),
                _ => self.problems.push(format!(
                    "config.{key}: cannot be set by the editor; what it may set are default_model, routing.fallback, routing.tasks, refine and languages (the rest belongs into the user's configuration file)"
                )),
            }
        }
    }

    fn refine(&mut self, refine: &serde_json::Map<String, Value>) {
        let whole = |value: &Value| value.as_u64().and_then(|number| u32::try_from(number).ok());
        let refined = &mut self.choices.refine;
        for (key, value) in refine {
            let told = match (key.as_str(), whole(value), value.as_str()) {
                (_, None, None) if value.is_null() => None,
                ("rounds", Some(rounds @ 0..=MAX_ROUNDS), _) => {
                    refined.rounds = Some(rounds);
                    None
                }
                ("seconds", Some(seconds @ 1..), _) => {
                    refined.time = Some(Duration::from_secs(seconds.into()));
                    None
                }
                ("tokens", Some(tokens @ 1..), _) => {
                    refined.tokens = Some(Tokens(tokens));
                    None
                }
                ("mode", _, Some(name)) if Mode::NAMES.iter().any(|(known, _)| *known == name) => {
                    refined.mode =
                        Mode::NAMES.iter().find(|(known, _)| *known == name).map(|(_, mode)| *mode);
                    None
                }
                ("gates", _, Some(name)) if Stage::NAMES.iter().any(|(known, _)| *known == name) => {
                    refined.gates =
                        Stage::NAMES.iter().find(|(known, _)| *known == name).map(|(_, stage)| *stage);
                    None
                }
                ("rounds", ..) => Some("is a whole number from 0 to 10"),
                ("seconds" | "tokens", ..) => Some("is a whole number from 1"),
                ("mode", ..) => Some("is one of \"verified\", \"live\""),
                ("gates", ..) => Some("is one of \"development\", \"staging\", \"production\""),
                _ => Some("is no setting; there are rounds, seconds, tokens, mode and gates"),
            };
            self.problems.extend(told.map(|what| format!("config.refine.{key}: {what}")));
        }
    }

    fn routing(&mut self, routing: &serde_json::Map<String, Value>) {
        for (key, value) in routing {
            let told = match (key.as_str(), value) {
                (_, Value::Null) => None,
                ("fallback", Value::Array(names)) => {
                    let read: Option<Vec<String>> =
                        names.iter().map(|name| name.as_str().map(str::to_owned)).collect();
                    let wrong = read.is_none().then_some("is a list of texts");
                    self.choices.fallback = read;
                    wrong
                }
                ("fallback", _) => Some("is a list of texts"),
                ("tasks", Value::Object(tasks)) => self.tasks(tasks),
                ("tasks", _) => Some("is an object, with a model for each task"),
                _ => Some("cannot be set by the editor; what it may set of it are fallback and tasks"),
            };
            self.problems.extend(told.map(|told| format!("config.routing.{key}: {told}")));
        }
    }

    fn tasks(&mut self, tasks: &serde_json::Map<String, Value>) -> Option<&'static str> {
        let mut wrong = None;
        for (name, model) in tasks {
            match (Task::named(name), model.as_str()) {
                (Some(task), Some(model)) => drop(self.choices.tasks.insert(task, model.to_owned())),
                (None, _) => {
                    wrong = Some(
                        "has a name that is no task's (implement, document, fix, refactor, test, inline, explain)",
                    )
                }
                (_, None) => wrong = Some("names a model for each task, as a text"),
            }
        }
        wrong
    }
}

/// The folders that a client has open, by the newest of the three ways to say it (LSP 3.17, `initialize`).
fn folders(params: &Value) -> Vec<PathBuf> {
    let uri = |value: &Value| value.as_str().and_then(path_of);
    let several = params.get("workspaceFolders").and_then(Value::as_array);
    if let Some(several) = several {
        return several.iter().filter_map(|folder| uri(folder.get("uri")?)).collect();
    }
    let root = params.get("rootUri").and_then(uri);
    let root = root.or_else(|| Some(PathBuf::from(params.get("rootPath")?.as_str()?)));
    root.filter(|root| root.is_absolute()).into_iter().collect()
}

fn strings(value: Option<&Value>) -> Vec<&str> {
    value
        .and_then(Value::as_array)
        .map(|all| all.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default()
}

/// UTF-8 where the client has it, else what comes first of what we have; UTF-16 where nothing is said.
fn encoding(offered: Option<&Value>) -> Encoding {
    let offered = strings(offered);
    let known = |name: &&str| match *name {
        "utf-8" => Some(Encoding::Utf8),
        "utf-16" => Some(Encoding::Utf16),
        "utf-32" => Some(Encoding::Utf32),
        _ => None,
    };
    if offered.contains(&"utf-8") {
        Encoding::Utf8
    } else {
        offered.iter().find_map(known).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
