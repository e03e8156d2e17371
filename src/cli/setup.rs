//! What commands share: the state directory, the configuration, the models.

use std::path::PathBuf;
use std::sync::Arc;

use super::Failure;
use crate::check::supervise::Signals;
use crate::config::{self, Config, Problem};
use crate::model::account::Accounts;
use crate::model::engine;
use crate::model::listing::Listings;
use crate::model::provider::http::Http;
use crate::model::registry::Registry;

pub(super) fn state_dir() -> Result<PathBuf, Failure> {
    config::state_dir().map_err(|problem| Failure::Usage(problem.to_string()))
}

/// What comes of `work`, unless its user or the system asks for an end before: then it is dropped.
pub(super) async fn unless_interrupted<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let signals = Signals::listen();
    let mut signals =
        signals.map_err(|error| Failure::Failed(format!("signals cannot be taken: {error}")))?;
    tokio::select! {
        biased;
        () = signals.one() => Err(Failure::Interrupted),
        done = work => Ok(done),
    }
}

pub(super) fn config() -> Result<Config, Vec<Problem>> {
    Config::load()
}

/// All problems of a configuration, one a line.
pub(super) fn told(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// Where calls are paid from, and written down.
pub(super) fn accounts(config: &Config, state: &std::path::Path) -> Accounts {
    Accounts::new(Some(ledger(state)), config.budget.clone()).with_collector(config.collector.clone())
}

/// The ledger's file.
pub(super) fn ledger(state: &std::path::Path) -> PathBuf {
    state.join("ledger.sqlite")
}

/// The models of a configuration.
pub(super) fn registry(config: &Config, state: &std::path::Path) -> Arc<Registry> {
    after(config, state, None)
}

/// The same, with what older ones have made.
pub(super) fn after(config: &Config, state: &std::path::Path, old: Option<&Registry>) -> Arc<Registry> {
    let http = old.map_or_else(Http::default, Registry::http);
    let catalogue = config.catalogue.clone().with_listings(&Listings::load(state));
    let registry = Registry::new(catalogue, http, engine::maker(state.to_owned()))
        .with_accounts(accounts(config, state))
        .with_routing(config.routing.clone())
        .with_file(config.file);
    Arc::new(match old {
        Some(old) => registry.succeeding(old),
        None => registry,
    })
}
