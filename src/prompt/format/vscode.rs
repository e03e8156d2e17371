//! VS Code's prompt files, as its Copilot chat has them: optional front matter (`description`, `agent` or `mode`, `model`, `tools`,
//! `argument-hint`, `name`) and a text with `${input:NAME:question}`, `${selection}`, `${file}` and their like. Source: "Use prompt files
//! in VS Code", code.visualstudio.com/docs/copilot/customization/prompt-files.

use super::front::{Table, task_of, text_of};
use super::{Body, Checks, Condition, Gather, Input, Mistake, Prompt, Replace, USER, When};
use crate::text::nearest::did_you_mean;

/// The keys that such files have. Which tools and which of its own models VS Code would use is nothing to us.
const KEYS: [&str; 7] = ["description", "name", "argument-hint", "agent", "mode", "model", "tools"];

/// Whether a file is one of these: it does not say what it replaces, and has no parts.
pub(super) fn is_one(front: &Table, body: &[&str]) -> bool {
    let has = |key: &str| front.iter().any(|(known, _, _)| known == key);
    let is_ours = [
        "replace",
        "kind",
        "when",
        "checks",
        "rounds",
        "context",
        "inputs",
        "stop",
        "requires",
        "max_tokens",
        "title",
        "confirm",
    ];
    !is_ours.iter().any(|key| has(key)) && !body.contains(&USER)
}

pub(super) fn read(
    name: &str,
    front: &Table,
    (lines, first): (&[&str], usize),
    mistakes: &mut Vec<Mistake>,
) -> Option<Prompt> {
    for (key, line, _) in front {
        if !KEYS.contains(&key.as_str()) {
            let hint = did_you_mean(key, KEYS.into_iter().chain(super::keys::within("")));
            let key: String = key.chars().filter(|ch| !ch.is_control()).take(64).collect();
            let message = format!(
                "there is no such key.{hint} A prompt of Redraft's says what it takes the place of, with `replace`; one of VS Code's has {}",
                KEYS.join(", ")
            );
            mistakes.push(Mistake { line: line + 1, key, message });
        }
    }
    let get = |key: &str| {
        front.iter().find(|(known, _, _)| known == key).and_then(|(_, _, node)| text_of(&node.value))
    };
    let text = lines.join("\n");
    let text = text.trim();
    if text.is_empty() {
        mistakes.push(Mistake::new(first.max(1), "the prompt says nothing"));
        return None;
    }
    let (template, inputs) = template(text);
    super::is_template(&template, first, mistakes);
    let answers = get("agent").or_else(|| get("mode")).is_some_and(|mode| mode == "ask");
    let replace = Some(if answers { Replace::Proposal } else { Replace::Here });
    let title = get("name").or_else(|| get("description")).unwrap_or_else(|| name.replace(['-', '_'], " "));
    Some(Prompt {
        name: name.to_owned(),
        title: escaped(&title),
        description: get("description").unwrap_or_default(),
        kind: super::front::kind_of(name, replace),
        // Its place is the cursor's or the selection's; a menu that shows it by itself at each place would be full of them.
        when: When { automatic: Some(vec![Condition::Selection]), ..When::default() },
        replace,
        confirm: false,
        context: Gather::default(),
        task: task_of(replace),
        model: None,
        checks: Checks::default(),
        rounds: None,
        requires: Vec::new(),
        inputs,
        stop: Vec::new(),
        max_tokens: 2_000,
        body: Body::Instruction(template),
        path: None,
        is_foreign: true,
    })
}

/// The text as a template of ours, and what it asks its user.
fn template(text: &str) -> (String, Vec<Input>) {
    let (mut out, mut inputs, mut rest) = (String::new(), Vec::<Input>::new(), text);
    while let Some(start) = rest.find("${") {
        out.push_str(&escaped(&rest[..start]));
        let Some(length) = rest[start..].find('}') else {
            rest = &rest[start..];
            break;
        };
        let whole = &rest[start..=start + length];
        out.push_str(&variable(&whole[2..whole.len() - 1], &mut inputs).unwrap_or_else(|| escaped(whole)));
        rest = &rest[start + length + 1..];
    }
    out.push_str(&escaped(rest));
    (out, inputs)
}

/// What stands for a variable; nothing where it is none.
fn variable(name: &str, inputs: &mut Vec<Input>) -> Option<String> {
    let known = match name {
        "selection" | "selectedText" => "{{ selection or \"\" }}",
        "file" | "relativeFile" => "{{ path }}",
        "fileBasename" => "{{ path | split(\"/\") | last }}",
        "fileBasenameNoExtension" => {
            "{{ ((path | split(\"/\") | last) | split(\".\") | list)[:-1] | join(\".\") }}"
        }
        "fileDirname" | "relativeFileDirname" => "{{ (path | split(\"/\") | list)[:-1] | join(\"/\") }}",
        "workspaceFolder" | "workspaceFolderBasename" => ".",
        _ => {
            let mut parts = name.strip_prefix("input:")?.splitn(2, ':');
            let name = parts.next()?.trim().to_owned();
            let is_word = |ch: char| ch.is_ascii_alphanumeric() || ch == '_';
            let word: String = name.chars().map(|ch| if is_word(ch) { ch } else { '_' }).collect();
            if word.is_empty() {
                return None;
            }
            if !inputs.iter().any(|input| input.name == word) {
                let prompt = parts.next().map_or(name, |prompt| prompt.trim().to_owned());
                inputs.push(Input { name: word.clone(), prompt, default: None });
            }
            return Some(format!("{{{{ input.{word} }}}}"));
        }
    };
    Some(known.to_owned())
}

/// A text in which a template's delimiters stand for themselves.
fn escaped(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find('{') {
        out.push_str(&rest[..at]);
        // At the end, what comes next may make one of it.
        let is_delimiter = rest[at + 1..].is_empty() || rest[at + 1..].starts_with(['{', '%', '#']);
        out.push_str(if is_delimiter { "{{ \"{\" }}" } else { "{" });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
    out
}
