//! All keys of a prompt's front matter: what the parser takes and what `prompts/README.md` lists is this one table.

/// One key.
#[derive(Debug)]
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "what is told of a key is the guide's, which a test writes")
)]
pub(super) struct Key {
    /// Dotted: `when.nodes`.
    pub path: &'static str,
    /// What it says, in Markdown.
    pub what: &'static str,
    /// What holds without it, in Markdown; nothing where it has to be there.
    pub default: &'static str,
}

const fn key(path: &'static str, what: &'static str, default: &'static str) -> Key {
    Key { path, what, default }
}

/// A table stands before what it holds.
pub(super) const KEYS: &[Key] = &[
    key(
        "name",
        "the file's name without `.prompt.md`; one of a later layer takes the place of an earlier one of its name",
        "the file's",
    ),
    key(
        "title",
        "what the action is called in menus; a template, of the variables `name`, `instruction`, `diagnostic` and `documented`",
        "the name",
    ),
    key("description", "one sentence on what it does", "none"),
    key(
        "kind",
        "LSP's code action kind, below `refactor.rewrite.redraft`, `quickfix.redraft` or `source.redraft`; an empty one is not listed, and runs by its name",
        "`refactor.rewrite.redraft.NAME`",
    ),
    key("when", "where it is offered", "wherever `replace` finds what it replaces"),
    key("when.languages", "LSP's identifiers of the languages that it is for", "all"),
    key("when.nodes", "what it is about: some of `function`, `class`, `statement`", "by `replace`"),
    key("when.is", "conditions that have to hold, see below", "none"),
    key(
        "when.automatic",
        "further conditions where the editor asks by itself (the light bulb); `never` where only its user is to see it",
        "none",
    ),
    key(
        "replace",
        "what its answer takes the place of, see below; without it, the prompt is none of an action",
        "nothing",
    ),
    key("confirm", "`true`: the edit is shown for its user to accept, where the editor can", "`false`"),
    key("context", "what of the project is shown", ""),
    key("context.tokens", "the most tokens of it", "the model's"),
    key("context.include", "some of `definitions`, `rules`, `references`, `tests`", "the first three"),
    key("model", "which model it is for", ""),
    key(
        "model.task",
        "what the choice of models and the figures of usage take it for: `implement`, `document`, `fix`, `refactor`, `test`, `inline`, `explain`",
        "by `replace`",
    ),
    key(
        "model.name",
        "the model that is asked where its user names no other; one of a workspace's prompt has to be configured",
        "the task's",
    ),
    key("checks", "how its drafts are checked: `all`, `built-in`, `none`", "`all`"),
    key("rounds", "the most rounds of refinement, 0 to 10; the user's own limit holds as well", "the user's"),
    key("requires", "texts that a draft has to have: one that lacks some is redrafted", "none"),
    key("inputs", "what its user is asked", "nothing"),
    key("inputs.name", "what the template calls it: `{{ input.NAME }}`", ""),
    key("inputs.prompt", "the question", "the name"),
    key(
        "inputs.default",
        "what holds where nobody is asked; without one, the prompt runs by command only",
        "none",
    ),
    key("stop", "texts that end the answer", "none"),
    key("max_tokens", "the most that may be answered, 1 to 100,000", "2,000"),
];

/// The keys right below a table, by their last names; those of the root for the empty name.
pub(super) fn within(table: &str) -> Vec<&'static str> {
    let below = |key: &&Key| match key.path.rsplit_once('.') {
        Some((parent, _)) => parent == table,
        None => table.is_empty(),
    };
    KEYS.iter().filter(below).map(|key| key.path.rsplit('.').next().unwrap_or(key.path)).collect()
}

/// The table of keys in Markdown.
#[cfg(test)]
pub(super) fn reference() -> String {
    let row = |key: &Key| format!("| `{}` | {} | {} |\n", key.path, key.what, key.default);
    format!("| key | what | without it |\n|---|---|---|\n{}", KEYS.iter().map(row).collect::<String>())
}
