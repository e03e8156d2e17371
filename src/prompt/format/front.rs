//! Front matter as a prompt: each key as the table has it, and what is wrong with any of them, with its line.

use super::yaml::{Node, Yaml};
use super::{
    Body, Checks, Condition, Gather, Input, Mistake, NodeKind, Prompt, Replace, When, is_name, is_template,
    keys,
};
use crate::model::choose::Task;
use crate::syntax::Language;
use crate::text::nearest::did_you_mean;

const REPLACES: [(&str, Replace); 8] = [
    ("body", Replace::Body),
    ("selection", Replace::Selection),
    ("docstring", Replace::Docstring),
    ("node", Replace::Node),
    ("after", Replace::After),
    ("here", Replace::Here),
    ("proposal", Replace::Proposal),
    ("new-file", Replace::NewFile),
];
const NODES: [(&str, NodeKind); 3] =
    [("function", NodeKind::Function), ("class", NodeKind::Class), ("statement", NodeKind::Statement)];
const CONDITIONS: [(&str, Condition); 16] = [
    ("stub", Condition::Stub),
    ("written", Condition::Written),
    ("documented", Condition::Documented),
    ("undocumented", Condition::Undocumented),
    ("header", Condition::Header),
    ("selection", Condition::Selection),
    ("cursor", Condition::Cursor),
    ("instruction", Condition::Instruction),
    ("comment", Condition::Comment),
    ("diagnostic", Condition::Diagnostic),
    ("synchronous", Condition::Synchronous),
    ("toplevel", Condition::Toplevel),
    ("test", Condition::Test),
    ("code", Condition::Code),
    ("tested", Condition::Tested),
    ("untyped", Condition::Untyped),
];
const CHECKS: [(&str, Checks); 3] =
    [("all", Checks::All), ("built-in", Checks::BuiltIn), ("none", Checks::Nothing)];
const INCLUDES: [(&str, usize); 4] = [("definitions", 0), ("rules", 1), ("references", 2), ("tests", 3)];
/// What kinds of code actions may be below.
const KINDS: [&str; 3] = ["refactor.rewrite.redraft", "quickfix.redraft", "source.redraft"];
/// The word for an action that the editor never shows by itself.
const NEVER: &str = "never";

/// The largest answer that a prompt may ask for, and the one that it gets where it says nothing, in tokens.
const MAX_TOKENS: u32 = 100_000;
const TOKENS: u32 = 2_000;
/// The most rounds, as the settings have it.
const ROUNDS: u32 = 10;

/// The entries of a table.
pub(super) type Table = [(String, usize, Node)];

/// Reads front matter; the body is yet to be filled in.
pub(super) fn read(name: &str, front: &Table, mistakes: &mut Vec<Mistake>) -> Option<Prompt> {
    let mut root = Fields { path: "", table: front, mistakes };
    root.only_known();
    if let Some((line, own)) = root.text("name")
        && own != name
    {
        root.wrong(line, "name", format!("{own:?} must be the file's name, {name:?}"));
    }
    let replace = root.choice("replace", &REPLACES);
    let title = root.text("title");
    if let Some((line, title)) = &title {
        let before = root.mistakes.len();
        is_template(title, *line - 1, root.mistakes);
        root.mistakes[before..].iter_mut().for_each(|mistake| "title".clone_into(&mut mistake.key));
    }
    let kind = root.text("kind");
    if let Some((line, kind)) = &kind
        && !kind.is_empty()
        && !KINDS.iter().any(|known| {
            kind.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    {
        root.wrong(*line, "kind", format!("{kind:?} is not below one of {}", KINDS.join(", ")));
    }
    let max_tokens = root.whole("max_tokens", 1, MAX_TOKENS).unwrap_or(TOKENS);
    let rounds = root.whole("rounds", 0, ROUNDS);
    let checks = root.choice("checks", &CHECKS).unwrap_or_default();
    let confirm = root.flag("confirm").unwrap_or_default();
    let (stop, requires) = (root.texts("stop"), root.texts("requires"));
    for (key, texts) in [("stop", &stop), ("requires", &requires)] {
        if texts.iter().any(String::is_empty) {
            let line = root.get(key).map_or(1, |node| node.line);
            root.wrong(line, key, "an empty text says nothing");
        }
    }
    let unsaid = match replace {
        // The tests are a draft of `generate`'s, in a file of their own.
        Some(Replace::NewFile) => ("new-file", &["confirm", "requires", "stop", "checks", "max_tokens"][..]),
        // What is told is no draft.
        Some(Replace::Proposal) => ("proposal", &["confirm", "requires", "checks", "rounds"][..]),
        _ => ("", &[][..]),
    };
    for &key in unsaid.1 {
        if let Some(node) = root.get(key) {
            root.wrong(node.line, key, format!("a prompt that replaces `{}` cannot say this", unsaid.0));
        }
    }
    let description = root.text("description").map(|(_, text)| text).unwrap_or_default();
    let when = when(&mut root);
    let context = gather(&mut root);
    let (task, model) = match root.table("model") {
        Some(table) => {
            let mut model = root.below("model", table);
            let names: Vec<(&str, Task)> = Task::ALL.into_iter().map(|task| (task.name(), task)).collect();
            (model.choice("task", &names), model.text("name").map(|(_, name)| name))
        }
        None => (None, None),
    };
    Some(Prompt {
        name: name.to_owned(),
        title: title.map_or_else(|| name.to_owned(), |(_, title)| title),
        description,
        kind: kind.map_or_else(|| kind_of(name, replace), |(_, kind)| kind),
        task: task.unwrap_or_else(|| task_of(replace)),
        inputs: inputs(&mut root),
        when,
        replace,
        confirm,
        context,
        model,
        checks,
        rounds,
        requires,
        stop,
        max_tokens,
        body: Body::Instruction(String::new()),
        path: None,
        is_foreign: false,
    })
}

/// The kind of an action that says none.
pub(super) fn kind_of(name: &str, replace: Option<Replace>) -> String {
    replace.map_or_else(String::new, |_| format!("{}.{}", KINDS[0], name.replace([' ', '.'], "-")))
}

/// What an action is to those who choose models, where it does not say.
pub(super) fn task_of(replace: Option<Replace>) -> Task {
    match replace {
        Some(Replace::Docstring) => Task::Document,
        Some(Replace::Selection | Replace::Node) => Task::Refactor,
        Some(Replace::NewFile) => Task::Test,
        Some(Replace::Proposal) => Task::Explain,
        Some(Replace::Body | Replace::After | Replace::Here) | None => Task::Implement,
    }
}

fn when(root: &mut Fields<'_>) -> When {
    let Some(table) = root.table("when") else {
        return When { automatic: Some(Vec::new()), ..When::default() };
    };
    let mut when = root.below("when", table);
    let languages = when.texts_with_lines("languages");
    for (line, language) in &languages {
        if Language::by_id(language).is_none() {
            let hint = did_you_mean(language, Language::ids());
            when.wrong(*line, "languages", format!("there is no language {language:?}.{hint}"));
        }
    }
    let is_never =
        when.get("automatic").is_some_and(|node| matches!(&node.value, Yaml::Text(text) if text == NEVER));
    When {
        languages: languages.into_iter().map(|(_, language)| language).collect(),
        nodes: when.choices("nodes", &NODES),
        conditions: when.choices("is", &CONDITIONS),
        automatic: if is_never { None } else { Some(when.choices("automatic", &CONDITIONS)) },
    }
}

fn gather(root: &mut Fields<'_>) -> Gather {
    let Some(table) = root.table("context") else { return Gather::default() };
    let mut context = root.below("context", table);
    let tokens = context.whole("tokens", 0, MAX_TOKENS);
    if context.get("include").is_none() {
        return Gather { tokens, ..Gather::default() };
    }
    let include = context.choices("include", &INCLUDES);
    let [definitions, rules, references, tests] = [0, 1, 2, 3].map(|one| include.contains(&one));
    Gather { tokens, definitions, rules, references, tests }
}

fn inputs(root: &mut Fields<'_>) -> Vec<Input> {
    let Some(node) = root.get("inputs") else { return Vec::new() };
    let Yaml::List(items) = &node.value else {
        root.wrong(node.line, "inputs", format!("wanted is a list of tables, and not {}", node.value.kind()));
        return Vec::new();
    };
    let mut inputs: Vec<Input> = Vec::new();
    for item in items {
        let Yaml::Table(table) = &item.value else {
            root.wrong(
                item.line + 1,
                "inputs",
                format!("wanted is a table with `name`, and not {}", item.value.kind()),
            );
            continue;
        };
        let mut one = root.below("inputs", table);
        let Some((line, name)) = one.text("name") else {
            one.wrong(item.line + 1, "name", "this is missing");
            continue;
        };
        let is_word = name.chars().all(|ch| ch.is_ascii_alphanumeric() || ch == '_');
        if !is_word || !is_name(&name) || inputs.iter().any(|input| input.name == name) {
            one.wrong(
                line,
                "name",
                format!("{name:?} is no name of letters, digits and `_`, or is there twice"),
            );
            continue;
        }
        let prompt = one.text("prompt").map_or_else(|| name.clone(), |(_, prompt)| prompt);
        let default = one.text("default").map(|(_, default)| default);
        inputs.push(Input { name, prompt, default });
    }
    inputs
}

/// A table that is read, and where mistakes go.
struct Fields<'a> {
    path: &'static str,
    table: &'a Table,
    mistakes: &'a mut Vec<Mistake>,
}

impl<'a> Fields<'a> {
    fn below<'b>(&'b mut self, path: &'static str, table: &'b Table) -> Fields<'b> {
        let mut fields = Fields { path, table, mistakes: self.mistakes };
        fields.only_known();
        fields
    }

    fn only_known(&mut self) {
        let known = keys::within(self.path);
        let table = self.table;
        for (key, line, _) in table {
            if !known.contains(&key.as_str()) {
                let hint = did_you_mean(key, known.iter().copied());
                let hint = if hint.is_empty() { format!(" Known are {}", known.join(", ")) } else { hint };
                let shown: String = key.chars().filter(|ch| !ch.is_control()).take(64).collect();
                self.wrong(line + 1, &shown, format!("there is no such key.{hint}"));
            }
        }
    }

    /// `line` is the file's.
    fn wrong(&mut self, line: usize, key: &str, message: impl Into<String>) {
        let key = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        self.mistakes.push(Mistake { line, key, message: message.into() });
    }

    /// The value of a key, with the file's line: the YAML begins on its second.
    fn get(&self, key: &str) -> Option<Node> {
        let (_, _, node) = self.table.iter().find(|(known, _, _)| known == key)?;
        (node.value != Yaml::Nothing).then(|| Node { line: node.line + 1, value: node.value.clone() })
    }

    fn typed<T>(&mut self, key: &str, wanted: &str, read: impl Fn(&Yaml) -> Option<T>) -> Option<(usize, T)> {
        let node = self.get(key)?;
        let value = read(&node.value);
        if value.is_none() {
            self.wrong(node.line, key, format!("wanted is {wanted}, and not {}", node.value.kind()));
        }
        value.map(|value| (node.line, value))
    }

    fn text(&mut self, key: &str) -> Option<(usize, String)> {
        self.typed(key, "text", text_of)
    }

    fn flag(&mut self, key: &str) -> Option<bool> {
        let read = |value: &Yaml| if let Yaml::Flag(flag) = value { Some(*flag) } else { None };
        self.typed(key, "true or false", read).map(|(_, flag)| flag)
    }

    fn whole(&mut self, key: &str, least: u32, most: u32) -> Option<u32> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is whole and in range"
        )]
        let read = |value: &Yaml| match value {
            Yaml::Number(number)
                if number.fract() == 0.0 && (f64::from(least)..=f64::from(most)).contains(number) =>
            {
                Some(*number as u32)
            }
            _ => None,
        };
        self.typed(key, &format!("a whole number from {least} to {most}"), read).map(|(_, number)| number)
    }

    fn table(&mut self, key: &str) -> Option<&'a Table> {
        let (_, _, node) = self.table.iter().find(|(known, _, _)| known == key)?;
        match &node.value {
            Yaml::Table(table) => Some(table),
            Yaml::Nothing => None,
            other => {
                let message = format!("wanted is a table, and not {}", other.kind());
                self.wrong(node.line + 1, key, message);
                None
            }
        }
    }

    fn texts(&mut self, key: &str) -> Vec<String> {
        self.texts_with_lines(key).into_iter().map(|(_, text)| text).collect()
    }

    /// A list of texts, or one.
    fn texts_with_lines(&mut self, key: &str) -> Vec<(usize, String)> {
        let Some(node) = self.get(key) else { return Vec::new() };
        let items = match node.value {
            Yaml::List(items) => items.into_iter().map(|item| (item.line + 1, item.value)).collect(),
            other => vec![(node.line, other)],
        };
        let mut texts = Vec::new();
        for (line, value) in items {
            match text_of(&value) {
                Some(text) => texts.push((line, text)),
                None => self.wrong(line, key, format!("wanted is text, and not {}", value.kind())),
            }
        }
        texts
    }

    fn choice<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let (line, text) = self.text(key)?;
        self.chosen(line, key, &text, choices)
    }

    fn choices<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> Vec<T> {
        let texts = self.texts_with_lines(key);
        texts.into_iter().filter_map(|(line, text)| self.chosen(line, key, &text, choices)).collect()
    }

    fn chosen<T: Copy>(&mut self, line: usize, key: &str, text: &str, choices: &[(&str, T)]) -> Option<T> {
        let found = choices.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            let hint = did_you_mean(text, names.iter().copied());
            self.wrong(line, key, format!("there is no {text:?}; there are {}.{hint}", names.join(", ")));
        }
        found
    }
}

/// Numbers and flags are texts as well: `default: 3`.
pub(super) fn text_of(value: &Yaml) -> Option<String> {
    match value {
        Yaml::Text(text) => Some(text.clone()),
        Yaml::Number(number) => Some(number.to_string()),
        Yaml::Flag(flag) => Some(flag.to_string()),
        Yaml::Nothing | Yaml::List(_) | Yaml::Table(_) => None,
    }
}
