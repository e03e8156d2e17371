//! `redraft config`: where the configuration is, whether it is right, and what comes of it.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Failure, USAGE, setup};
use crate::config::{self, Config, Mode, Problem, Stage, settings};
use crate::job::rounds::Limits;
use crate::model::choose::Requirements;
use crate::model::listing::Listings;
use crate::model::registry::described;
use crate::model::spec::{KeySource, ProviderSpec, Wire};
use crate::model::{MicroUsd, Tokens};

#[derive(Debug, clap::Args)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, clap::Subcommand)]
enum ConfigCommand {
    /// Print the path of the configuration file, whether it is there or not
    Path,
    /// Tell every mistake of the configuration file; exit with 2 if there is one
    Check {
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// Print the models, limits and wishes that come of it, with all defaults
    Show {
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// Print the JSON schema of the file, for editors that check TOML by one
    Schema,
}

pub(super) fn run(args: &ConfigArgs) -> Result<ExitCode, Failure> {
    let file = config::config_file().map_err(|problem| Failure::Usage(problem.to_string()))?;
    let is_there = file.path.exists();
    match args.command {
        ConfigCommand::Path => {
            print(&format!("{}\n", file.path.display()));
            if !is_there && !file.named {
                let _ = writeln!(std::io::stderr(), "there is no such file yet: the defaults hold");
            }
            Ok(ExitCode::SUCCESS)
        }
        ConfigCommand::Schema => {
            print(&format!("{:#}\n", settings::schema()));
            Ok(ExitCode::SUCCESS)
        }
        ConfigCommand::Check { json } => {
            let problems = setup::config().err().unwrap_or_default();
            let code = if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(USAGE) };
            if json {
                let problems: Vec<Value> = problems.iter().map(problem_as_json).collect();
                print(&format!(
                    "{:#}\n",
                    json!({ "version": 1, "path": file.path, "present": is_there, "problems": problems })
                ));
            } else if problems.is_empty() {
                let what = if is_there { "no mistakes" } else { "not there; the defaults hold" };
                print(&format!("{}: {what}\n", file.path.display()));
            } else {
                return Err(Failure::Usage(setup::told(&problems)));
            }
            Ok(code)
        }
        ConfigCommand::Show { json } => {
            let config = setup::config().map_err(|problems| Failure::Usage(setup::told(&problems)))?;
            let shown = shown(&config, is_there.then(|| file.path.display().to_string()));
            print(&if json { format!("{shown:#}\n") } else { as_text(&shown) });
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// A closed pipe (`| head`) is no failure.
fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

fn problem_as_json(problem: &Problem) -> Value {
    json!({
        "path": problem.path,
        "line": problem.place.map(|place| place.line),
        "column": problem.place.map(|place| place.column),
        "key": problem.key,
        "message": problem.message,
    })
}

/// The whole configuration as it holds. Of keys, where they are read from and whether there is one.
fn shown(config: &Config, path: Option<String>) -> Value {
    let catalogue = config.catalogue.clone();
    // What the providers say of their models counts, where it was asked for.
    let catalogue = match config::state_dir() {
        Ok(state) => catalogue.with_listings(&Listings::load(&state)),
        Err(_) => catalogue,
    };
    let models: Vec<Value> = catalogue
        .models()
        .iter()
        .filter_map(|model| Some(described(model, catalogue.provider_of(model).ok()?)))
        .collect();
    let providers: Vec<Value> = catalogue.providers().iter().map(provider_as_json).collect();
    let (budget, routing) = (&config.budget, &config.routing);
    let dollars = |amount: Option<MicroUsd>| amount.map(|MicroUsd(micro)| micro as f64 / 1e6);
    let Requirements { max_latency, max_cost, prefer_free, min_context, only_local, needs } =
        &routing.requirements;
    let pinned: serde_json::Map<String, Value> =
        routing.pinned.iter().map(|(task, name)| (task.name().to_owned(), json!(name))).collect();
    let limits = budget.providers.iter().map(|(name, (day, month))| {
        (name.clone(), json!({ "per_day": dollars(*day), "per_month": dollars(*month) }))
    });
    let default = Limits::default();
    json!({
        "version": 1,
        "path": path,
        "default_model": catalogue.default_model(),
        "providers": providers,
        "models": models,
        "routing": {
            "fallback": routing.fallback,
            "allow_cloud_fallback": routing.allow_cloud_fallback,
            "prefer_free": prefer_free,
            "max_latency_ms": max_latency.map(|latency: Duration| latency.as_millis() as u64),
            "max_cost": dollars(*max_cost),
            "min_context": min_context.map(|Tokens(tokens)| tokens),
            "privacy": if *only_local { "local" } else { "cloud" },
            "needs": needs.names(),
            "tasks": pinned,
            "prompts": routing.prompts,
        },
        "budget": {
            "per_run": dollars(budget.per_run),
            "per_day": dollars(budget.per_day),
            "per_month": dollars(budget.per_month),
            "unknown_price": budget.unknown_price.map(|price| json!({
                "input": dollars(Some(price.input)),
                "cached": dollars(Some(price.cached)),
                "output": dollars(Some(price.output)),
            })),
            "providers": limits.collect::<serde_json::Map<_, _>>(),
        },
        "refine": {
            "rounds": config.refine.rounds.unwrap_or(default.rounds),
            "seconds": config.refine.time.unwrap_or(default.time).as_secs(),
            "tokens": config.refine.tokens.unwrap_or(default.tokens).0,
            "mode": config.refine.mode.map(|mode| if mode == Mode::Live { "live" } else { "verified" }),
            "gates": config.refine.gates.map(Stage::name),
        },
        "inline": { "automatic": config.automatic.name() },
        "telemetry": {
            "endpoint": config.collector.as_ref().map(|collector| collector.base_url.origin()),
            "api_key_env": config.collector.as_ref().and_then(|collector| collector.api_key_env.clone()),
        },
        "trust": { "folders": config.trusted_folders() },
    })
}

fn provider_as_json(provider: &ProviderSpec) -> Value {
    let (kind, address, key) = match &provider.wire {
        Wire::OpenAi { base_url, key } => ("openai", Some(base_url.origin()), key),
        Wire::Anthropic { base_url, key } => ("anthropic", Some(base_url.origin()), key),
        Wire::Embedded => ("embedded", None, &KeySource::None),
    };
    let is_set = match key {
        KeySource::Env(name) => Some(std::env::var_os(name).is_some_and(|key| !key.is_empty())),
        KeySource::None | KeySource::Keyring { .. } => None,
    };
    let from = if *key == KeySource::None { None } else { Some(key.to_string()) };
    json!({ "name": provider.name, "kind": kind, "origin": address, "key": from, "key_is_set": is_set })
}

/// The same for a person.
fn as_text(shown: &Value) -> String {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        Value::Array(all) if all.is_empty() => "-".to_owned(),
        other => other.to_string(),
    };
    let mut out = match &shown["path"] {
        Value::String(path) => format!("# {path}\n"),
        _ => "# no configuration file: the defaults\n".to_owned(),
    };
    out += &format!("default_model = {}\n\n", text(&shown["default_model"]));
    for (title, columns) in [
        ("providers", &["name", "kind", "origin", "key", "key_is_set"][..]),
        (
            "models",
            &["name", "provider", "id", "privacy", "price", "max_tokens", "context_window", "abilities"][..],
        ),
    ] {
        let rows: Vec<Vec<String>> =
            std::iter::once(columns.iter().map(|name| name.to_uppercase()).collect())
                .chain(shown[title].as_array().into_iter().flatten().map(|row| {
                    columns
                        .iter()
                        .map(|&column| match (column, &row[column]) {
                            ("price", Value::Object(price)) => {
                                format!("{} / {} / {}", price["input"], price["cached"], price["output"])
                            }
                            (_, value) => text(value),
                        })
                        .collect()
                }))
                .collect();
        out += &table(&rows);
        out.push('\n');
    }
    for table in ["routing", "budget", "refine", "inline", "telemetry", "trust"] {
        out += &format!("[{table}]\n");
        for (key, value) in shown[table].as_object().into_iter().flatten() {
            out += &format!("{key} = {}\n", text(value));
        }
        out.push('\n');
    }
    out
}

/// Dollars for a million tokens: of prompts, of cached ones, of answers.
pub(super) fn price_of(price: &Value) -> String {
    match price {
        Value::Object(price) => format!("{} / {} / {}", price["input"], price["cached"], price["output"]),
        _ => "-".to_owned(),
    }
}

/// Columns as wide as their widest cell.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}
