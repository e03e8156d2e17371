//! From the text of a configuration to a `Config`, with every problem on the way. Pure: no disk, no environment.

mod checkers;
mod names;
mod routing;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use toml::de::DeTable;

use self::names::Names;
use super::problem::{Problem, Problems};
use super::table::{At, Table};
use super::{Automatic, Config, Mode, Refine, Stage};
use crate::model::account::Budget;
use crate::model::address::BaseUrl;
use crate::model::choose::Pace;
use crate::model::spec::{
    Abilities, BUILT_IN_PROVIDER, Catalogue, KeySource, ModelSource, ModelSpec, Price, ProviderSpec, Wire,
};
use crate::model::store::CATALOGUE;
use crate::model::telemetry::Collector;
use crate::model::{MicroUsd, Tokens};
use crate::text::nearest::did_you_mean;

/// Where Anthropic's API is, for those who do not go through a proxy.
const ANTHROPIC_URL: &str = "https://api.anthropic.com";

pub(super) fn parse(text: &str, path: &Path, home: Option<&Path>) -> Result<Config, Vec<Problem>> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let problems = RefCell::new(Problems::new(text, path));
    for error in &errors {
        // Only the sentence: the error as a whole shows the line, which may hold anything.
        problems.borrow_mut().add(error.span(), "", format!("this is not TOML: {}", error.message()));
    }
    if !errors.is_empty() {
        return Err(problems.borrow_mut().take_sorted());
    }
    let config = read(&Table::root(&document, &problems), home);
    let problems = problems.borrow_mut().take_sorted();
    if problems.is_empty() { Ok(config) } else { Err(problems) }
}

fn read(root: &Table<'_>, home: Option<&Path>) -> Config {
    let mut providers = Names::new("provider");
    let tables_of_providers = root.tables("provider");
    let provider_specs: Vec<_> =
        tables_of_providers.iter().filter_map(|table| provider(table, &mut providers)).collect();
    providers.built_in(BUILT_IN_PROVIDER);
    let mut models = Names::new("model");
    let embedded = |name: &str| match provider_specs.iter().find(|spec| spec.name == name) {
        Some(spec) => Some(spec.wire == Wire::Embedded),
        None => (name == BUILT_IN_PROVIDER).then_some(true),
    };
    let tables = root.tables("model");
    let model_specs: Vec<_> =
        tables.iter().filter_map(|table| model(table, &mut models, &providers, embedded, home)).collect();
    CATALOGUE.iter().for_each(|entry| models.built_in(entry.name));
    let default = root.string("default_model").filter(|name| models.check(root, "default_model", name));
    Config {
        catalogue: Catalogue::new(provider_specs, model_specs, default.map(|name| name.value.to_owned())),
        budget: budget(root, &tables_of_providers),
        routing: routing::routing(root, &models),
        refine: root.table("refine").map(|table| refine(&table)).unwrap_or_default(),
        automatic: root.table("inline").map(|table| automatic(&table)).unwrap_or_default(),
        collector: root.table("telemetry").and_then(|table| collector(&table)),
        file: 0,
        references: root.table("context").map(|table| references(&table)).unwrap_or_default(),
        checkers: checkers::checkers(root),
        trusted: trusted(root, home),
    }
}

/// `[[context.reference]]`, of the user's file or of a workspace's.
pub(super) fn references(table: &Table<'_>) -> Vec<(String, Vec<String>)> {
    let read = |table: Table<'_>| {
        for (key, what) in [("topic", "what it is about"), ("files", "globs of the files")] {
            if table.has(key).is_none() {
                table.missing(key, what);
            }
        }
        let files = table.strings("files")?.value.iter().map(|glob| glob.value.to_owned()).collect();
        Some((table.string("topic")?.value.to_owned(), files))
    };
    table.tables("reference").into_iter().filter_map(read).collect()
}

/// `[refine]`, of the user's file or of a workspace's.
pub(super) fn refine(table: &Table<'_>) -> Refine {
    Refine {
        rounds: table.integer("rounds").map(|rounds| rounds.value),
        time: table.integer("seconds").map(|seconds| Duration::from_secs(u64::from(seconds.value))),
        tokens: table.integer("tokens").map(|tokens| Tokens(tokens.value)),
        mode: table.choice("mode", &Mode::NAMES).map(|mode| mode.value),
        gates: table.choice("gates", &Stage::NAMES).map(|stage| stage.value),
    }
}

/// `[inline]`.
fn automatic(table: &Table<'_>) -> Automatic {
    table.choice("automatic", &Automatic::NAMES).map(|automatic| automatic.value).unwrap_or_default()
}

fn provider(table: &Table<'_>, names: &mut Names) -> Option<ProviderSpec> {
    let name = names.declare(table);
    let kinds = [("openai", Kind::OpenAi), ("anthropic", Kind::Anthropic), ("embedded", Kind::Embedded)];
    let kind = table.choice("kind", &kinds);
    if table.has("kind").is_none() {
        table.missing("kind", "one of \"openai\", \"anthropic\", \"embedded\"");
    }
    let key = key_source(table);
    let is_local = table.choice("privacy", &[("local", true), ("cloud", false)]).map(|privacy| privacy.value);
    let wire = match kind?.value {
        Kind::Embedded => {
            for key in ["base_url", "api_key_env", "api_key_keyring", "privacy"] {
                if let Some(span) = table.has(key) {
                    table.problem(
                        span,
                        key,
                        "the embedded engine runs in this program: it has no address, no key, and is local",
                    );
                }
            }
            Wire::Embedded
        }
        Kind::OpenAi => Wire::OpenAi { base_url: base_url(table, None)?, key: key? },
        Kind::Anthropic => Wire::Anthropic { base_url: base_url(table, Some(ANTHROPIC_URL))?, key: key? },
    };
    let name = name?;
    if name.value == BUILT_IN_PROVIDER && wire != Wire::Embedded {
        table.problem(
            name.span,
            "name",
            "\"embedded\" is the name of the built-in provider; choose another one",
        );
        return None;
    }
    Some(ProviderSpec { name: name.value.to_owned(), wire, is_local })
}

#[derive(Clone, Copy)]
enum Kind {
    OpenAi,
    Anthropic,
    Embedded,
}

fn base_url(table: &Table<'_>, default: Option<&str>) -> Option<BaseUrl> {
    let Some(span) = table.has("base_url") else {
        let default = default.and_then(|url| BaseUrl::parse(url).ok());
        if default.is_none() {
            table.missing("base_url", "the address of the server, as in \"http://127.0.0.1:8080/v1\"");
        }
        return default;
    };
    let url = BaseUrl::parse(table.string("base_url")?.value);
    url.map_err(|error| table.problem(span, "base_url", error.to_string())).ok()
}

/// Where the key is read from; `None` after a problem. A value that is a key itself is never repeated.
fn key_source(table: &Table<'_>) -> Option<KeySource> {
    let of_env = table.has("api_key_env");
    let of_keyring = table.has("api_key_keyring");
    if let (Some(_), Some(span)) = (&of_env, &of_keyring) {
        table.problem(span.clone(), "api_key_keyring", "there is api_key_env as well: leave one of them out");
        return None;
    }
    if of_env.is_some() {
        return variable_name(table).map(|name| KeySource::Env(name.to_owned()));
    }
    if of_keyring.is_some() {
        let At { value, span } = table.string("api_key_keyring")?;
        match value.split_once('/') {
            Some((service, account))
                if !service.is_empty() && !account.is_empty() && !looks_like_a_key(value) =>
            {
                return Some(KeySource::Keyring { service: service.to_owned(), account: account.to_owned() });
            }
            _ => {
                let message = "this names an entry of the keyring, as in \"service/account\"; the key itself has no \
                               place in this file";
                table.problem(span, "api_key_keyring", message);
                return None;
            }
        }
    }
    Some(KeySource::None)
}

/// `api_key_env`; `None` after a problem.
fn variable_name<'a>(table: &Table<'a>) -> Option<&'a str> {
    let At { value, span } = table.string("api_key_env")?;
    if is_variable_name(value) {
        return Some(value);
    }
    let message = "this is not the name of an environment variable (letters, digits and underscores, as in \
                   LOCAL_API_KEY). If it is the key itself, take it out of this file, put it into a variable, and \
                   write the variable's name here";
    table.problem(span, "api_key_env", message);
    None
}

fn is_variable_name(value: &str) -> bool {
    let mut bytes = value.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !looks_like_a_key(value)
}

/// Beginnings that providers give their keys.
const KEY_BEGINNINGS: [&str; 9] = ["sk-", "sk_", "gsk_", "hf_", "xai-", "AIza", "pplx-", "nvapi-", "eyJ"];

/// Whether this may be a key where the name of one is wanted: by its beginning, or because it is longer than any name and
/// has the lower-case letters and digits of chance.
fn looks_like_a_key(value: &str) -> bool {
    let chance = value.bytes().any(|byte| byte.is_ascii_lowercase())
        && value.bytes().any(|byte| byte.is_ascii_digit());
    KEY_BEGINNINGS.iter().any(|beginning| value.starts_with(beginning)) || (value.len() > 30 && chance)
}

fn model(
    table: &Table<'_>,
    names: &mut Names,
    providers: &Names,
    embedded: impl Fn(&str) -> Option<bool>,
    home: Option<&Path>,
) -> Option<ModelSpec> {
    let name = names.declare(table);
    let provider = table.string("provider").filter(|name| providers.check(table, "provider", name));
    if table.has("provider").is_none() {
        table.missing("provider", "the name of a [[provider]], or \"embedded\"");
    }
    let price = table.table("price").map(|table| price(&table));
    let tokens = |key| table.integer(key).map(|tokens| Tokens(tokens.value));
    let (max_tokens, context_window) = (tokens("max_tokens"), tokens("context_window"));
    let is_embedded = provider.as_ref().and_then(|provider| embedded(provider.value));
    let source = source(table, is_embedded, home);
    Some(ModelSpec {
        name: name?.value.to_owned(),
        provider: provider?.value.to_owned(),
        source: source?,
        price: price.flatten(),
        max_tokens,
        context_window,
        abilities: abilities(table, "abilities"),
        pace: table.table("speed").map(|speed| pace(&speed)),
    })
}

/// How fast a model is said to be.
fn pace(table: &Table<'_>) -> Pace {
    let whole = |key| {
        if table.has(key).is_none() {
            table.missing(key, "a whole number");
        }
        table.integer(key).map_or(0, |number| number.value)
    };
    Pace {
        first_token: Duration::from_millis(whole("first_token_ms").into()),
        first_token_p95: None,
        rate: f64::from(whole("tokens_per_second")),
        calls: 0,
    }
}

fn abilities(table: &Table<'_>, key: &str) -> Abilities {
    let told = table.strings(key).map(|told| told.value).unwrap_or_default();
    told.into_iter().fold(Abilities::default(), |abilities, At { value, span }| {
        if !Abilities::NAMES.contains(&value) {
            let nearest = did_you_mean(value, Abilities::NAMES);
            table.problem(span, key, format!("the abilities are fim, tools and images.{nearest}"));
        }
        abilities.with(value)
    })
}

/// What the provider is to load. `embedded` is `None` if the provider is unknown.
fn source(table: &Table<'_>, embedded: Option<bool>, home: Option<&Path>) -> Option<ModelSource> {
    let Some(span) = table.has("path") else {
        let id = table.string("id");
        match &id {
            None if table.has("id").is_none() => table.missing("id", "the provider's name for the model"),
            Some(id) if id.value.trim().is_empty() => table.problem(id.span.clone(), "id", "this is empty"),
            _ => {}
        }
        return id.map(|id| ModelSource::Id(id.value.to_owned()));
    };
    if embedded == Some(false) {
        table.problem(span.clone(), "path", "only the embedded engine takes a file; name the model with id");
    }
    if table.has("id").is_some() {
        table.problem(span, "path", "there is id as well: leave one of them out");
    }
    absolute(table, "path", table.string("path")?, home).map(ModelSource::Path)
}

/// What may be spent, in all and with single providers.
fn budget(root: &Table<'_>, providers: &[Table<'_>]) -> Budget {
    let mut budget = Budget::default();
    if let Some(table) = root.table("budget") {
        let [run, day, month] = ["per_run", "per_day", "per_month"].map(|key| dollars(&table, key));
        (budget.per_run, budget.per_day, budget.per_month) = (run.or(budget.per_run), day, month);
        budget.unknown_price = table.table("unknown_price").and_then(|table| price(&table));
    }
    for provider in providers {
        let name = provider.string("name");
        let table = provider.table("budget");
        if let (Some(name), Some(table)) = (name, table) {
            let [day, month] = ["per_day", "per_month"].map(|key| dollars(&table, key));
            budget.providers.insert(name.value.to_owned(), (day, month));
        }
    }
    budget
}

/// Where traces and metrics go.
fn collector(table: &Table<'_>) -> Option<Collector> {
    let Some(span) = table.has("endpoint") else {
        table.missing("endpoint", "the collector's address, as in \"http://127.0.0.1:4318\"");
        return None;
    };
    let base_url = BaseUrl::parse(table.string("endpoint")?.value);
    let base_url = base_url.map_err(|error| table.problem(span, "endpoint", error.to_string())).ok();
    let api_key_env = match table.has("api_key_env") {
        Some(_) => Some(variable_name(table)?.to_owned()),
        None => None,
    };
    Some(Collector { base_url: base_url?, api_key_env })
}

fn dollars(table: &Table<'_>, key: &str) -> Option<MicroUsd> {
    let dollars = table.dollars(key)?.value;
    Some(MicroUsd((dollars * 1e6).round() as u64))
}

/// Dollars for each million tokens; cached tokens cost as others do unless told.
fn price(table: &Table<'_>) -> Option<Price> {
    let keys = ["input", "cached", "cache_write", "output"];
    let [input, cached, written, output] = keys.map(|key| dollars(table, key));
    for key in ["input", "output"] {
        if table.has(key).is_none() {
            table.missing(key, "US dollars for each million tokens");
        }
    }
    Some(Price { input: input?, cached: cached.or(input)?, written, output: output? })
}

fn trusted(root: &Table<'_>, home: Option<&Path>) -> Vec<PathBuf> {
    let Some(trust) = root.table("trust") else { return Vec::new() };
    let folders = trust.strings("folders").map(|folders| folders.value).unwrap_or_default();
    folders.into_iter().filter_map(|folder| absolute(&trust, "folders", folder, home)).collect()
}

/// A path that says the same wherever the program runs: absolute or below `~/`, and without `..`.
fn absolute(table: &Table<'_>, key: &str, path: At<&str>, home: Option<&Path>) -> Option<PathBuf> {
    let expanded = match (path.value.strip_prefix('~'), home) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with(['/', '\\']) => {
            home.join(rest.trim_start_matches(['/', '\\']))
        }
        _ => PathBuf::from(path.value),
    };
    if expanded.is_absolute() && !expanded.components().any(|component| component == Component::ParentDir) {
        return Some(expanded);
    }
    table.problem(path.span, key, "this is an absolute path, or one that begins with \"~/\", without \"..\"");
    None
}
