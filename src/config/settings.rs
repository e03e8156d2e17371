//! All settings, each with its kind, its meaning and its default: what the parser takes, what the documentation lists and what the
//! JSON schema says are this one table.

#[cfg(test)]
mod tests;
mod told;

pub use self::told::{reference, schema};

/// One setting, or a table of them.
#[derive(Debug)]
pub struct Setting {
    /// Dotted: `provider.base_url`.
    pub key: &'static str,
    pub kind: Kind,
    pub is_required: bool,
    /// What it does, in Markdown.
    pub what: &'static str,
    /// What is without it, in Markdown; nothing where there is nothing to say.
    pub default: &'static str,
}

/// What a setting's value is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Text,
    /// One of a few words.
    Choice(&'static [&'static str]),
    Flag,
    /// A whole number from, to.
    Whole(u32, u32),
    /// US dollars.
    Dollars,
    Texts,
    /// A list of whole numbers from, to.
    Wholes(u32, u32),
    /// A list of some of a few words.
    Choices(&'static [&'static str]),
    Table,
    /// A list of tables.
    Tables,
    /// A table of what somebody else understands.
    Free,
}

/// The largest price and budget that are believed, in US dollars.
pub const MAX_DOLLARS: f64 = 1_000_000.0;
/// The most rounds of refinement.
pub const MAX_ROUNDS: u32 = 10;
/// The longest time for a thing: a day.
const MAX_SECONDS: u32 = 86_400;
/// The largest window and output, in tokens: ten times today's largest.
const MAX_TOKENS: u32 = 20_000_000;
/// The longest latency that anyone asks for: an hour.
const MAX_LATENCY_MS: u32 = 3_600_000;

/// The most memory that anyone gives a checker, in MiB: a TiB.
const MAX_MEMORY_MIB: u32 = 1 << 20;

const ABILITIES: Kind = Kind::Choices(&["fim", "tools", "images"]);
const TOKENS: Kind = Kind::Whole(1, MAX_TOKENS);

const fn one(key: &'static str, kind: Kind, what: &'static str, default: &'static str) -> Setting {
    Setting { key, kind, is_required: false, what, default }
}

const fn required(key: &'static str, kind: Kind, what: &'static str) -> Setting {
    Setting { key, kind, is_required: true, what, default: "required" }
}

/// A table stands before what it holds.
pub static SETTINGS: &[Setting] = &[
    one(
        "default_model",
        Kind::Text,
        "the model that is used where none is named: one of this file, or of `redraft models list`",
        "the first `[[model]]` of this file, else the embedded one",
    ),
    one("provider", Kind::Tables, "a way to reach models", ""),
    required("provider.name", Kind::Text, "its name in this file"),
    required(
        "provider.kind",
        Kind::Choice(&["openai", "anthropic", "embedded"]),
        "`openai`: any server with its chat completions API (OpenRouter, Ollama, vLLM, llama.cpp, LM Studio, LiteLLM); `anthropic`; `embedded`",
    ),
    one(
        "provider.base_url",
        Kind::Text,
        "the address; plain http to loopback only",
        "required for `openai`; `https://api.anthropic.com` for `anthropic`",
    ),
    one("provider.api_key_env", Kind::Text, "the environment variable that has the key", "no key"),
    one(
        "provider.api_key_keyring",
        Kind::Text,
        "`\"service/account\"` in the system's keyring, in builds with the feature `keyring`",
        "no key",
    ),
    one(
        "provider.privacy",
        Kind::Choice(&["local", "cloud"]),
        "whether prompts stay on this machine, or with whom you trust as much: say `cloud` of a gateway on this machine that sends them on, `local` of a server of your own elsewhere",
        "`local` for loopback, else `cloud`",
    ),
    one("provider.budget", Kind::Table, "what may be spent with this provider, beside `budget`", ""),
    one("provider.budget.per_day", Kind::Dollars, "US dollars in a day of UTC", "no limit"),
    one("provider.budget.per_month", Kind::Dollars, "US dollars in a month of UTC", "no limit"),
    one("model", Kind::Tables, "a model of a provider", ""),
    required("model.name", Kind::Text, "its name in this file"),
    required("model.provider", Kind::Text, "the name of a provider, or `\"embedded\"`"),
    one(
        "model.id",
        Kind::Text,
        "the provider's name for it; for the embedded engine, a name of `redraft models list`",
        "required, or `path`",
    ),
    one("model.path", Kind::Text, "a GGUF file of your own, for the embedded engine", "-"),
    one(
        "model.price",
        Kind::Table,
        "US dollars for a million tokens",
        "what is known of the model (see below); a hosted one without a price is not asked",
    ),
    required("model.price.input", Kind::Dollars, "tokens of prompts"),
    one("model.price.cached", Kind::Dollars, "tokens of prompts that the provider had cached", "as `input`"),
    one(
        "model.price.cache_write",
        Kind::Dollars,
        "tokens of prompts that the provider caches now",
        "with Anthropic a quarter more than `input`, else as `input`",
    ),
    required("model.price.output", Kind::Dollars, "tokens of answers"),
    one(
        "model.max_tokens",
        TOKENS,
        "the most that it may answer, in tokens; each action has a limit of its own besides (500 to 3,500, or what `max_tokens` of its prompt says), beyond which only hosted models and those with this setting have room to reason",
        "1,024 embedded, else 4,096, or what is known of the model if that is less",
    ),
    one(
        "model.context_window",
        TOKENS,
        "its window, in tokens: prompt and answer together",
        "8,192 embedded, else what is known of the model, else 32,768",
    ),
    one(
        "model.abilities",
        ABILITIES,
        "what it can do beside writing: of `\"fim\"`, `\"tools\"`, `\"images\"`; what is known of the model is added",
        "none",
    ),
    one(
        "model.speed",
        Kind::Table,
        "how fast it is, as far as you know; what this machine measures goes before that",
        "what is measured",
    ),
    required("model.speed.first_token_ms", Kind::Whole(1, MAX_LATENCY_MS), "milliseconds to the first token"),
    required("model.speed.tokens_per_second", Kind::Whole(1, 100_000), "tokens a second from there"),
    one("routing", Kind::Table, "which model is asked, and which when one fails", ""),
    one(
        "routing.fallback",
        Kind::Texts,
        "the models that are asked when one fails, in this order; to have nobody else asked, name the model itself",
        "the other models of this file, in their order",
    ),
    one(
        "routing.allow_cloud_fallback",
        Kind::Flag,
        "whether a prompt for a model of this machine may go to another machine when that model fails",
        "`false`",
    ),
    one("routing.prefer_free", Kind::Flag, "models that cost nothing go first", "`false`"),
    one(
        "routing.max_latency_ms",
        Kind::Whole(1, MAX_LATENCY_MS),
        "to the end of an answer of 120 tokens, by what this machine measured: slower models are left out, the fastest goes first",
        "no limit",
    ),
    one("routing.max_cost", Kind::Dollars, "of one call, at most; the cheapest model goes first", "no limit"),
    one("routing.min_context", TOKENS, "the smallest window, in tokens", "any"),
    one(
        "routing.privacy",
        Kind::Choice(&["local", "cloud"]),
        "`local`: prompts never leave this machine, whatever is named",
        "`cloud`",
    ),
    one("routing.needs", ABILITIES, "what a model must be able to do", "none"),
    one("routing.tasks", Kind::Table, "the models of single tasks: they go before `default_model`", ""),
    one("routing.tasks.implement", Kind::Text, "writing a body, and what `redraft.generate` says", ""),
    one("routing.tasks.document", Kind::Text, "docstrings", ""),
    one("routing.tasks.fix", Kind::Text, "fixing a diagnostic", ""),
    one("routing.tasks.refactor", Kind::Text, "rewriting a selection", ""),
    one("routing.tasks.test", Kind::Text, "tests for a function", ""),
    one(
        "routing.tasks.inline",
        Kind::Text,
        "completions while one types (`textDocument/inlineCompletion`)",
        "",
    ),
    one("routing.tasks.explain", Kind::Text, "explanations (`explain`)", ""),
    one("routing.prompts", Kind::Table, "the models of single prompts: they go before those of tasks", ""),
    one(
        "routing.prompts.*",
        Kind::Text,
        "of the prompt of that name (`redraft prompts list`), as in `implement = \"large\"`",
        "",
    ),
    one("context", Kind::Table, "what prompts show of a project", ""),
    one(
        "context.reference",
        Kind::Tables,
        "code that is the example for a topic: shown where what is asked, or the code that it is about, names that",
        "",
    ),
    required("context.reference.topic", Kind::Text, "the word or words, as in `redis`"),
    required(
        "context.reference.files",
        Kind::Texts,
        "globs of files, from the workspace's root, as in `src/common/redis_*.py`; of each topic three are shown at most",
    ),
    one("budget", Kind::Table, "what may be spent; days and months are those of UTC", ""),
    one("budget.per_run", Kind::Dollars, "US dollars in one run", "0.10"),
    one("budget.per_day", Kind::Dollars, "US dollars in a day", "no limit"),
    one("budget.per_month", Kind::Dollars, "US dollars in a month", "no limit"),
    one(
        "budget.unknown_price",
        Kind::Table,
        "the price of hosted models that have none",
        "such models are not asked",
    ),
    required("budget.unknown_price.input", Kind::Dollars, "as `model.price.input`"),
    one("budget.unknown_price.cached", Kind::Dollars, "as `model.price.cached`", "as `input`"),
    one(
        "budget.unknown_price.cache_write",
        Kind::Dollars,
        "as `model.price.cache_write`",
        "a quarter more than `input`",
    ),
    required("budget.unknown_price.output", Kind::Dollars, "as `model.price.output`"),
    one(
        "telemetry",
        Kind::Table,
        "traces and metrics of calls for a collector, without any text of prompts or answers",
        "off",
    ),
    required(
        "telemetry.endpoint",
        Kind::Text,
        "the collector's address (OpenTelemetry, OTLP over HTTP, JSON), to which `/v1/traces` and `/v1/metrics` are added; plain http to loopback only",
    ),
    one(
        "telemetry.api_key_env",
        Kind::Text,
        "the environment variable that has a bearer token for it",
        "no token",
    ),
    one("refine", Kind::Table, "how drafts are checked, and redrafted by what the checks find", ""),
    one(
        "refine.rounds",
        Kind::Whole(0, MAX_ROUNDS),
        "how often, at most, a draft with findings is redrafted; with 0 it is checked, and what is left is told",
        "3",
    ),
    one(
        "refine.seconds",
        Kind::Whole(1, MAX_SECONDS),
        "no round begins so long after the first draft",
        "120",
    ),
    one("refine.tokens", TOKENS, "no round begins once a run's prompts and answers have so many", "40,000"),
    one(
        "refine.mode",
        Kind::Choice(&["verified", "live"]),
        "`verified`: a draft is shown once it is checked; `live`: it is shown as it comes, and refined in place",
        "`live` where the editor has drafts line by line, else `verified`",
    ),
    one(
        "refine.gates",
        Kind::Choice(&["development", "staging", "production"]),
        "the stage whose quality gates a draft has to pass: docstrings, type hints, the file's size, and by the project's tests 70, 80 or 85 % of its lines covered and 75, 80 or 85 % of its mutants noticed",
        "no gates",
    ),
    one("inline", Kind::Table, "completions while one types (`textDocument/inlineCompletion`)", ""),
    one(
        "inline.automatic",
        Kind::Choice(&["free", "always", "never"]),
        "whose completions come by themselves: `free`, those of models that cost nothing; `always`, those of any model, as far as the budget pays for them; `never`, nobody's: only where one is asked for by hand",
        "`free`",
    ),
    one(
        "checker",
        Kind::Tables,
        "a checker of trusted workspaces: it is run without a shell, without keys in its environment, and never on the files themselves",
        "",
    ),
    required("checker.name", Kind::Text, "its name"),
    required(
        "checker.kind",
        Kind::Choice(&["lsp", "command", "test", "examples"]),
        "how it is run: `lsp`, a language server; `command`, a program that is run on each draft; `test`, the project's tests that name what is drafted; `examples`, those of its docstring, run by the interpreter that `command` names",
    ),
    required(
        "checker.command",
        Kind::Texts,
        "the program and its arguments. A command runs on a copy of the workspace, which has the draft in its place. It reads the draft on standard input, and `{name}` is the file's path; with `{file}` instead, or `{report}` (a file that is read instead of standard output), it reads nothing there. A program with a slash is one of the workspace",
    ),
    one("checker.languages", Kind::Texts, "what it checks, by LSP's identifiers", "all"),
    one(
        "checker.options",
        Kind::Free,
        "for `lsp`: what the server is told of how to work, as its manual has it: its `initializationOptions`, and what it is answered where it asks for a section of its settings",
        "none",
    ),
    one(
        "checker.format",
        Kind::Choice(&["ruff", "sarif", "junit", "pattern"]),
        "how a command says what it finds: as `ruff check --output-format json`, as SARIF, as JUnit (always on a copy), or in lines that match `pattern`",
        "required for `command`",
    ),
    one(
        "checker.pattern",
        Kind::Text,
        "a regular expression for a line, with the group `line` and any of the groups `file`, `column`, `end_line`, `severity`, `code`, `message`: `'^(?<file>[^:]+):(?<line>\\d+): (?<message>.*)'`",
        "required for `pattern`",
    ),
    one(
        "checker.clean",
        Kind::Text,
        "for `pattern`: a regular expression for a line by which it says that it found nothing, as in `'^Success'`; one that says anything else, of which no line matches `pattern`, has told nothing",
        "it says nothing then",
    ),
    one(
        "checker.found_codes",
        Kind::Wholes(1, 255),
        "the exit codes by which a command or tests say that they found something. With any other but 0 they have not done their work: that the file is clean is not believed then",
        "`[1]`",
    ),
    one(
        "checker.seconds",
        Kind::Whole(1, MAX_SECONDS),
        "it is stopped after so long. For `lsp`, how long a draft waits for the server, its start included; that goes on in the background",
        "60; 30 for `lsp`",
    ),
    one(
        "checker.memory_mib",
        Kind::Whole(16, MAX_MEMORY_MIB),
        "it is stopped when its processes have more memory together, in MiB",
        "2,048",
    ),
    one("trust", Kind::Table, "which workspaces are trusted", ""),
    one(
        "trust.folders",
        Kind::Texts,
        "workspaces below these folders are trusted: their `.redraft.toml` is read",
        "none",
    ),
];

/// The setting of that name.
#[must_use]
pub fn find(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

/// The names in a table; in the file itself where `table` is empty.
#[must_use]
pub fn within(table: &str) -> Vec<&'static str> {
    let name = |setting: &Setting| match (table, setting.key.rsplit_once('.')) {
        ("", None) => Some(setting.key),
        (table, Some((holder, name))) if holder == table => Some(name),
        _ => None,
    };
    SETTINGS.iter().filter_map(name).collect()
}
