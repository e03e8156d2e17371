//! The model that a draft is asked of: which it is and why, and whether it can be asked. Nobody is: of a server on this machine it
//! is seen whether anything listens, and no other machine hears of this.

use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::{Check, State};
use crate::cli::Failure;
use crate::cli::models::{amount, choose};
use crate::cli::setup;
use crate::config::Config;
use crate::model::address::BaseUrl;
use crate::model::choose::Task;
use crate::model::ledger::Spent;
use crate::model::provider::key::may_be_a_key;
use crate::model::registry::{Place, Registry};
use crate::model::spec::{KeySource, ModelSource, ModelSpec, ProviderSpec, Wire};
use crate::model::store::{Store, catalogue};
use crate::model::{MicroUsd, ModelError};

/// How long a server on this machine may take to accept a connection: it does at once, or its queue is full.
const LISTENING: Duration = Duration::from_millis(500);

pub(super) fn look(checks: &mut Vec<Check>, config: &Config, state: &Path) {
    let registry = setup::registry(config, state);
    let asked = match planned(config, &registry) {
        Ok((check, name)) => {
            checks.push(check);
            Some(name)
        }
        Err(problems) => {
            checks.extend(problems);
            None
        }
    };
    let of_plan = asked.as_ref().and_then(|name| {
        let model = registry.catalogue().model(Some(name)).ok()?;
        Some((model, registry.catalogue().provider_of(model).ok()?))
    });
    if let Some((model, provider)) = of_plan {
        match &provider.wire {
            Wire::Embedded => checks.push(weights(&registry, model, state)),
            Wire::OpenAi { base_url, key } | Wire::Anthropic { base_url, key } => {
                checks.push(key_of(provider, base_url, key));
                if base_url.is_loopback() {
                    checks.push(server(provider, base_url));
                }
            }
        }
    }
    checks.push(budget(config, &registry));
}

/// Who is asked first, and why; its name.
fn planned(config: &Config, registry: &Registry) -> Result<(Check, String), Vec<Check>> {
    let wanted = choose::usual(Task::Implement, choose::PROMPT);
    let (plan, wanted) = choose::planned(config, registry, wanted).map_err(|failure| match failure {
        Failure::Usage(told) | Failure::Failed(told) => {
            told.lines().map(|line| Check::problem("model", line)).collect()
        }
        Failure::Interrupted => Vec::new(),
    })?;
    let Some(first) = plan.places.first() else {
        let problem = Check::problem("model", format!("no model can be asked: {}", plan.why_not()));
        return Err(vec![problem.hint("`redraft models choose` tells of each model why it is not asked")]);
    };
    let name = first.name.clone();
    let told = |error: ModelError| vec![Check::problem("model", error.message)];
    let model = registry.catalogue().model(Some(&name)).map_err(told)?;
    let provider = registry.catalogue().provider_of(model).map_err(told)?;
    let rest: Vec<&str> = plan.places.iter().skip(1).map(|place| place.name.as_str()).collect();
    let rest = if rest.is_empty() { String::new() } else { format!("; if it fails, {}", rest.join(", ")) };
    let message = format!("{name}, {}: {}{rest}", place_of(model, provider), first.why);
    let check = match registry.instead(&wanted, &plan, None, &name) {
        Some(why) => Check::note("model", format!("{message} ({why})")),
        None => Check::ok("model", message),
    };
    Ok((check, name))
}

fn place_of(model: &ModelSpec, provider: &ProviderSpec) -> String {
    let id = match &model.source {
        ModelSource::Id(id) => id.clone(),
        ModelSource::Path(path) => path.display().to_string(),
    };
    match &provider.wire {
        Wire::Embedded => "on this machine, by the embedded engine".to_owned(),
        Wire::OpenAi { base_url, .. } | Wire::Anthropic { base_url, .. } => {
            let unasked = if base_url.is_loopback() { "" } else { " (which was not asked now)" };
            format!("{id} at {}{unasked}", base_url.origin())
        }
    }
}

/// Whether the engine and the model's file are there.
fn weights(registry: &Registry, model: &ModelSpec, state: &Path) -> Check {
    let ready = registry.choose(Some(&model.name)).and_then(|chosen| chosen.provider.ready());
    let store = Store::below(state);
    let entry = match &model.source {
        ModelSource::Id(id) => catalogue::find(id),
        ModelSource::Path(_) => None,
    };
    if let Err(error) = ready {
        let problem = Check::problem("weights", error.message);
        return match entry.map(|entry| store.partial(entry)).filter(|bytes| *bytes > 0) {
            Some(bytes) => {
                problem.hint(format!("{} of it have come; the download goes on from there", amount(bytes)))
            }
            None => problem,
        };
    }
    let path = match (&model.source, entry) {
        (ModelSource::Path(path), _) => path.clone(),
        (ModelSource::Id(_), Some(entry)) => store.path(entry),
        (ModelSource::Id(id), None) => return Check::problem("weights", format!("no model is called {id}")),
    };
    let size = path.metadata().map_or(0, |meta| meta.len());
    match entry.filter(|entry| entry.size != size) {
        Some(entry) => {
            let sizes = format!("is {}, and should be {}", amount(size), amount(entry.size));
            Check::problem("weights", format!("{}: {sizes}", path.display()))
                .hint(format!("`redraft models pull {}` fetches it anew", entry.name))
        }
        None => Check::ok("weights", format!("{}: {}", path.display(), amount(size))),
    }
}

/// Whether there is a key. No part of it is told.
fn key_of(provider: &ProviderSpec, base_url: &BaseUrl, key: &KeySource) -> Check {
    let name = &provider.name;
    match key {
        KeySource::None if base_url.is_loopback() => {
            Check::ok("key", format!("{name} is asked without a key, as most servers on a machine are"))
        }
        KeySource::None => Check::note("key", format!("{name} is asked without a key"))
            .hint("if it wants one, name the environment variable that has it: provider.api_key_env"),
        KeySource::Env(variable) => {
            let set = format!("{variable} of {name}");
            let how = "set it where the editor is started from, and restart the editor";
            match std::env::var_os(variable) {
                None => {
                    Check::problem("key", format!("{set}: this environment variable is not set")).hint(how)
                }
                Some(key) if key.to_str().is_some_and(may_be_a_key) => {
                    Check::ok("key", format!("{set}: this environment variable is set"))
                }
                Some(_) => {
                    let what = "is empty, or has characters that no key has";
                    Check::problem("key", format!("{set}: this environment variable {what}")).hint(how)
                }
            }
        }
        KeySource::Keyring { .. } if cfg!(feature = "keyring") => {
            Check::ok("key", format!("of {name}: {key}, which is read when a draft is asked for"))
        }
        KeySource::Keyring { .. } => {
            Check::problem("key", format!("of {name}: {key}, and this build reads no keyrings"))
                .hint("build it with `--features keyring`, or name an environment variable with api_key_env")
        }
    }
}

/// Whether anything listens at an address of this machine.
fn server(provider: &ProviderSpec, base_url: &BaseUrl) -> Check {
    let (name, origin) = (&provider.name, base_url.origin());
    let listens =
        |address| TcpStream::connect_timeout(&address, LISTENING).map_err(|error| error.to_string());
    let mut why = String::new();
    for address in base_url.loopback() {
        match listens(address) {
            Ok(_) => return Check::ok("server", format!("{name}: something listens at {origin}")),
            Err(error) => why = error,
        }
    }
    Check::problem("server", format!("{name}: nothing listens at {origin}: {why}"))
        .hint("start the server, or correct provider.base_url")
}

/// What may still be spent.
fn budget(config: &Config, registry: &Registry) -> Check {
    let budget = &config.budget;
    let is_free = |model: &ModelSpec| {
        let provider = registry.catalogue().provider_of(model);
        provider.is_ok_and(|provider| Place::of(provider) != Place::Hosted) && model.price.is_none()
    };
    if registry.catalogue().models().iter().all(is_free) {
        return Check::ok("budget", "no model of this configuration costs money");
    }
    let spent = registry
        .accounts()
        .ledger()
        .and_then(|ledger| ledger.spent(SystemTime::now()).map_err(|error| error.to_string()));
    let Ok(Spent { day, month, .. }) = spent else {
        return Check::note("budget", "what is left is not known while the ledger does not open");
    };
    let run = budget.per_run.map_or("no limit for a run".to_owned(), |limit| format!("{limit} for a run"));
    let of = |limit: Option<MicroUsd>, spent: MicroUsd, when: &str| match limit {
        Some(limit) => format!("{} of {limit} left {when}", MicroUsd(limit.0.saturating_sub(spent.0))),
        None => format!("{spent} spent {when}, without a limit"),
    };
    let message =
        format!("{run}; {}; {}", of(budget.per_day, day, "today"), of(budget.per_month, month, "this month"));
    let is_over = |limit: Option<MicroUsd>, spent: MicroUsd| limit.is_some_and(|limit| spent >= limit);
    let state = if is_over(budget.per_day, day) || is_over(budget.per_month, month) {
        State::Note
    } else {
        State::Ok
    };
    Check { state, ..Check::ok("budget", message) }
}
