//! The parameters of our commands and of code actions, read leniently where newer clients say more, and strictly where a
//! wrong value would change what is done.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tower_lsp::jsonrpc;

use super::event::{Command, RunId};
use crate::action::prepare::Tested;
use crate::model::ledger::{By, since};

/// `textDocument/codeAction`, as far as it is looked at.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ask {
    pub text_document: Identifier,
    pub range: WireRange,
    #[serde(default)]
    pub context: AskContext,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AskContext {
    #[serde(default)]
    pub diagnostics: Vec<Value>,
    #[serde(default)]
    pub only: Option<Vec<String>>,
    /// 1: the user asked; 2: the client did on its own.
    #[serde(default)]
    pub trigger_kind: Option<u32>,
}

/// `redraft/prompts`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PromptsParams {
    #[serde(deserialize_with = "uri")]
    pub uri: String,
    pub range: WireRange,
}

/// `InlineCompletionParams` (LSP 3.18).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InlineAsk {
    pub text_document: Identifier,
    pub position: WirePosition,
    #[serde(default)]
    pub context: InlineContext,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InlineContext {
    /// 1: the user asked; 2: the client did on its own.
    #[serde(default)]
    pub trigger_kind: Option<u32>,
    #[serde(default)]
    pub selected_completion_info: Option<Value>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Identifier {
    #[serde(deserialize_with = "uri")]
    pub uri: String,
}

/// A URI in the one spelling that documents are known by: tower-lsp's types have each in `Url`'s.
fn uri<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok(tower_lsp::lsp_types::Url::parse(&text).map_or(text, String::from))
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct WireRange {
    pub start: WirePosition,
    pub end: WirePosition,
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct WirePosition {
    pub line: u32,
    pub character: u32,
}

/// `redraft.run`: what a code action carries.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RunParams {
    pub action: String,
    #[serde(deserialize_with = "uri")]
    pub uri: String,
    pub version: i32,
    pub range: WireRange,
    #[serde(default)]
    pub diagnostic: Option<Value>,
    /// What its user wants besides.
    #[serde(default)]
    pub instruction: Option<String>,
    /// What its user was asked, by the names of the prompt's `inputs`.
    #[serde(default)]
    pub input: BTreeMap<String, String>,
}

/// `redraft.generate`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GenerateParams {
    #[serde(deserialize_with = "uri")]
    pub uri: String,
    pub range: WireRange,
    pub instruction: String,
    #[serde(default)]
    pub model: Option<String>,
    /// What is to be tested, if they are tests, which go to the file's end. Not a client's to say.
    #[serde(skip)]
    pub tested: Option<Tested>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfRun {
    run: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AgainParams {
    run: String,
    #[serde(default)]
    instruction: Option<String>,
    #[serde(default)]
    model: Option<String>,
}

/// The commands that the server has.
pub(super) const COMMANDS: [&str; 6] =
    ["redraft.run", "redraft.generate", "redraft.keep", "redraft.revert", "redraft.stop", "redraft.again"];

/// Reads a command and its one argument.
///
/// # Errors
/// InvalidParams, saying what is wrong.
pub(super) fn command(name: &str, mut arguments: Vec<Value>) -> jsonrpc::Result<Command> {
    if !COMMANDS.contains(&name) {
        return Err(invalid(format!("there is no command {name:?}; there are {}", COMMANDS.join(", "))));
    }
    let argument = match (arguments.len(), arguments.pop()) {
        (1, Some(argument)) => argument,
        (count, _) => {
            return Err(invalid(format!("{name} takes one argument, an object; {count} were given")));
        }
    };
    match name {
        "redraft.run" => Ok(Command::Run(read(name, argument)?)),
        "redraft.generate" => Ok(Command::Generate(read(name, argument)?)),
        "redraft.again" => {
            let AgainParams { run, instruction, model } = read(name, argument)?;
            Ok(Command::Again { run: run_id(&run)?, instruction, model })
        }
        _ => {
            let OfRun { run } = read(name, argument)?;
            let run = run_id(&run)?;
            Ok(match name {
                "redraft.keep" => Command::Keep(run),
                "redraft.revert" => Command::Revert(run),
                _ => Command::Stop(run),
            })
        }
    }
}

/// # Errors
/// InvalidParams, saying what is wrong.
pub(super) fn prompts(params: Value) -> jsonrpc::Result<PromptsParams> {
    serde_json::from_value(params).map_err(|error| invalid(format!("redraft/prompts: {error}")))
}

fn read<T: serde::de::DeserializeOwned>(name: &str, argument: Value) -> jsonrpc::Result<T> {
    serde_json::from_value(argument).map_err(|error| invalid(format!("the argument of {name}: {error}")))
}

/// `redraft/usage`: how far back, and by what.
pub(super) fn usage(params: &Value) -> jsonrpc::Result<(Duration, By)> {
    let text = |key: &str, default| match params.get(key) {
        None | Some(Value::Null) => Ok(default),
        Some(Value::String(text)) => Ok(text.as_str()),
        Some(_) => Err(invalid(format!("redraft/usage: {key} is a text"))),
    };
    let since =
        since(text("since", "30d")?).map_err(|why| invalid(format!("redraft/usage: since: {why}")))?;
    let by = match text("by", "model")? {
        "model" => By::Model,
        "task" => By::Task,
        "day" => By::Day,
        _ => return Err(invalid("redraft/usage: by is one of model, task and day".to_owned())),
    };
    Ok((since, by))
}

/// The number behind the name that a client knows a run by.
pub(super) fn run_id(name: &str) -> jsonrpc::Result<RunId> {
    let number = name.strip_prefix("run-").and_then(|number| number.parse().ok());
    number.ok_or_else(|| invalid(format!("there is no run {name:?}")))
}

/// The name that a client knows a run by.
pub(super) fn run_name(run: RunId) -> String {
    format!("run-{run}")
}

pub(super) fn invalid(message: String) -> jsonrpc::Error {
    jsonrpc::Error { code: jsonrpc::ErrorCode::InvalidParams, message: message.into(), data: None }
}

/// LSP's ContentModified: what the request was about is no longer so.
pub(super) fn content_modified(message: String) -> jsonrpc::Error {
    jsonrpc::Error { code: jsonrpc::ErrorCode::ServerError(-32801), message: message.into(), data: None }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn wrong_commands_say_what_is_wrong() {
        let range = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 0, "character": 0 } });
        for (name, arguments, fragment) in [
            ("redraft.none", json!([{}]), "there is no command"),
            ("redraft.run", json!([]), "takes one argument"),
            ("redraft.run", json!([1]), "redraft.run"),
            (
                "redraft.run",
                json!([{ "action": "implement", "uri": "u", "version": "x", "range": range }]),
                "redraft.run",
            ),
            ("redraft.generate", json!([{ "uri": "u", "range": range }]), "instruction"),
            (
                "redraft.generate",
                json!([{ "uri": "u", "range": range, "instruction": "x", "command": "rm" }]),
                "unknown field",
            ),
            ("redraft.stop", json!([{ "run": "1; rm" }]), "there is no run"),
        ] {
            let arguments: Vec<Value> = serde_json::from_value(arguments).unwrap();
            let error = command(name, arguments).unwrap_err();
            assert_eq!(error.code.code(), -32602, "{name}");
            assert!(error.message.contains(fragment), "{name}: {}", error.message);
        }
        assert!(command("redraft.keep", vec![json!({ "run": run_name(7) })]).is_ok());
    }
}
