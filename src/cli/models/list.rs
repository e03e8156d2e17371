//! `redraft models list`: the models that can be fetched, those that are configured, and what their providers say of them.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::amount;
use crate::cli::config::{price_of, table};
use crate::cli::{Failure, setup};
use crate::config::Config;
use crate::model::listing::{List, Listings};
use crate::model::provider::http::Http;
use crate::model::provider::list::list;
use crate::model::registry::described;
use crate::model::spec::{ProviderSpec, Wire};
use crate::model::store::{CATALOGUE, Store};
use crate::model::{MicroUsd, Tokens, prices};

#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// Ask the configured providers for their own lists first, with prices and windows where they have them
    #[arg(long)]
    refresh: bool,
    /// List the hosted models whose prices and windows are known without asking, as far as they have this in their name or host
    #[arg(long, value_name = "TEXT", num_args = 0..=1, default_missing_value = "", conflicts_with = "refresh")]
    known: Option<String>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// What one provider answered.
struct Answer {
    name: String,
    outcome: Result<usize, String>,
}

pub(crate) fn run(args: &ListArgs, store: &Store, state: &Path) -> Result<ExitCode, Failure> {
    if let Some(part) = &args.known {
        let _ = io::stdout().write_all(known(part, args.json).as_bytes());
        return Ok(ExitCode::SUCCESS);
    }
    let config = setup::config();
    if args.refresh
        && let Err(problems) = &config
    {
        return Err(Failure::Usage(setup::told(problems)));
    }
    // What can be fetched is listed whatever the configuration is like.
    let config = config.unwrap_or_default();
    let answers = if args.refresh { refresh(&config, state)? } else { Vec::new() };
    let listings = Listings::load(state);
    let text = if args.json {
        format!("{}\n", as_json(store, &config, &listings, &answers))
    } else {
        as_text(store, &config, &listings, &answers)
    };
    // A closed pipe (`| head`) is no failure.
    let _ = io::stdout().write_all(text.as_bytes());
    let failed = !answers.is_empty() && answers.iter().all(|answer| answer.outcome.is_err());
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The built-in table of hosted models, as far as they have `part` in their id or their host.
fn known(part: &str, json: bool) -> String {
    let models: Vec<Value> = prices::all()
        .filter(|(host, id, _)| host.contains(part) || id.contains(part))
        .map(|(host, id, known)| {
            let dollars = |MicroUsd(micro): MicroUsd| micro as f64 / 1e6;
            let (price, abilities) = (known.price, known.abilities.names());
            json!({
                "host": host,
                "id": id,
                "price": {
                    "input": dollars(price.input),
                    "cached": dollars(price.cached),
                    "output": dollars(price.output),
                },
                "context_window": known.window.0,
                "max_tokens": known.output.map(|Tokens(most)| most),
                "abilities": abilities,
            })
        })
        .collect();
    if json {
        return format!("{}\n", json!({ "version": 1, "date": prices::date(), "known": models }));
    }
    let mut rows =
        vec![["HOST", "ID", "$ IN / CACHED / OUT", "WINDOW", "ABILITIES"].map(str::to_owned).to_vec()];
    rows.extend(models.iter().map(|row| {
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let abilities: Vec<&str> =
            row["abilities"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        vec![
            text("host"),
            text("id"),
            price_of(&row["price"]),
            row["context_window"].to_string(),
            abilities.join(" "),
        ]
    }));
    format!("{}prices of {}; US dollars for a million tokens\n", table(&rows), prices::date())
}

/// Asks all providers at once, and keeps what they say; of one that fails, what it said before stays.
fn refresh(config: &Config, state: &Path) -> Result<Vec<Answer>, Failure> {
    let failed = |what: &str, error: io::Error| Failure::Failed(format!("{what}: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| failed("the runtime could not start", error))?;
    let http = Http::default();
    let hosted = |spec: &&ProviderSpec| spec.wire != Wire::Embedded;
    let providers: Vec<&ProviderSpec> = config.catalogue.providers().iter().filter(hosted).collect();
    if providers.is_empty() {
        let _ = writeln!(io::stderr(), "no provider is configured that could be asked");
        return Ok(Vec::new());
    }
    let outcomes = runtime.block_on(join_all(providers.iter().map(|spec| list(spec, &http))));
    let mut listings = Listings::load(state);
    let mut answers = Vec::new();
    for (spec, outcome) in providers.into_iter().zip(outcomes) {
        let (Wire::OpenAi { base_url, .. } | Wire::Anthropic { base_url, .. }) = &spec.wire else { continue };
        let outcome = outcome.map_err(|error| error.message).map(|models| {
            let count = models.len();
            let list = List::new(base_url.origin(), models, SystemTime::now());
            listings.providers.insert(spec.name.clone(), list);
            count
        });
        answers.push(Answer { name: spec.name.clone(), outcome });
    }
    listings.keep(state).map_err(|error| failed("the lists cannot be kept in the state directory", error))?;
    Ok(answers)
}

fn as_json(store: &Store, config: &Config, listings: &Listings, answers: &[Answer]) -> Value {
    let models: Vec<Value> = CATALOGUE
        .iter()
        .map(|entry| {
            json!({
                "name": entry.name,
                "file": entry.file,
                "size": entry.size,
                "sha256": entry.sha256,
                "licence": entry.licence,
                "window": entry.window,
                "memory": entry.memory,
                "about": entry.about,
                "present": store.has(entry),
                "partial": store.partial(entry),
                "path": store.path(entry),
            })
        })
        .collect();
    let failed: serde_json::Map<String, Value> = answers
        .iter()
        .filter_map(|answer| Some((answer.name.clone(), json!(answer.outcome.as_ref().err()?))))
        .collect();
    json!({
        "version": 1,
        "default": CATALOGUE[0].name,
        "models": models,
        "configured": configured(config, listings),
        "providers": listings.providers,
        "failed": failed,
    })
}

/// The user's models, with what their providers say.
fn configured(config: &Config, listings: &Listings) -> Vec<Value> {
    let catalogue = config.catalogue.clone().with_listings(listings);
    let fetched = |name: &str| CATALOGUE.iter().any(|entry| entry.name == name);
    let mut rows = Vec::new();
    for model in catalogue.models().iter().filter(|model| !fetched(&model.name)) {
        let Ok(spec) = catalogue.provider_of(model) else { continue };
        let mut row = described(model, spec);
        let list = listings.providers.get(&spec.name);
        let listed = list.and_then(|list| {
            let id = row["id"].as_str().unwrap_or_default();
            listings.find(&spec.name, &list.origin, id)
        });
        row["listed"] = json!(list.map(|_| listed.is_some()));
        row["loaded"] = json!(listed.and_then(|listed| listed.loaded));
        rows.push(row);
    }
    rows
}

fn as_text(store: &Store, config: &Config, listings: &Listings, answers: &[Answer]) -> String {
    let mut out = format!(
        "{:<18} {:>6}  {:>6}  {:<10} {:>6}  {:<9} FOR\n",
        "NAME", "SIZE", "MEMORY", "LICENCE", "WINDOW", "STATE"
    );
    for entry in CATALOGUE {
        let state = match store.partial(entry) {
            _ if store.has(entry) => "present".to_owned(),
            0 => "absent".to_owned(),
            part => format!("{} % come", part * 100 / entry.size),
        };
        let (size, memory, window) = (amount(entry.size), amount(entry.memory), entry.window.0);
        out += &format!(
            "{:<18} {size:>6}  {memory:>6}  {:<10} {window:>6}  {state:<9} {}\n",
            entry.name, entry.licence, entry.about
        );
    }
    let configured = configured(config, listings);
    if !configured.is_empty() {
        let head = ["CONFIGURED", "PROVIDER", "ID", "PRIVACY", "$ IN / CACHED / OUT", "WINDOW", "STATE"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        rows.extend(configured.iter().map(|row| {
            let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
            let state = match (&row["loaded"], &row["listed"]) {
                (Value::Bool(true), _) => "loaded",
                (Value::Bool(false), _) => "not loaded",
                (_, Value::Bool(true)) => "listed",
                (_, Value::Bool(false)) => "not in its provider's list",
                _ => "",
            };
            let (price, window) = (price_of(&row["price"]), row["context_window"].to_string());
            vec![text("name"), text("provider"), text("id"), text("privacy"), price, window, state.to_owned()]
        }));
        out += &format!("\n{}", table(&rows));
    }
    if !answers.is_empty() {
        out.push('\n');
    }
    for Answer { name, outcome } in answers {
        out += &match outcome {
            Ok(count) => format!("{name}: {count} models\n"),
            Err(error) => format!("{name}: {error}\n"),
        };
    }
    out
}
