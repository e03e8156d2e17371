//! What was asked and spent, what is at work, and what a command would cost: for status bars, and for people who want to know first.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tower_lsp::jsonrpc;

use super::Session;
use super::ready::{Ready, Unready, ready};
use crate::action::prepare::PrepareError;
use crate::model::ledger::By;
use crate::model::registry::{Place, described};
use crate::model::spec::ModelSpec;
use crate::model::store::CATALOGUE;
use crate::server::event::{Command, Reply};
use crate::server::params::invalid;

impl Session {
    /// `redraft/usage`: the figures of `redraft usage --json`.
    pub(super) fn usage(&self, since: Duration, by: By, reply: Reply) {
        let registry = match &self.setup.registry {
            Ok(registry) => registry.clone(),
            Err(problems) => return drop(reply.send(Err(invalid(problems.clone())))),
        };
        off_the_loop(reply, move || {
            let since = SystemTime::now().checked_sub(since).unwrap_or(SystemTime::UNIX_EPOCH);
            registry.accounts().report(since, by).map_err(invalid)
        });
    }

    /// `redraft/status` as a request: the runs that there are, the model that is asked where none is named, what is spent.
    pub(super) fn status(&self, reply: Reply) {
        let runs: Vec<Value> =
            self.runs.values().filter(|live| live.is_known()).map(|live| live.status()).collect();
        let registry = match &self.setup.registry {
            Ok(registry) => registry.clone(),
            Err(problems) => {
                let status = json!({ "version": 1, "runs": runs, "model": null, "problem": problems });
                return drop(reply.send(Ok(status)));
            }
        };
        let default = self.profile.options.choices.default_model.clone();
        let model = default.unwrap_or_else(|| registry.catalogue().default_model().to_owned());
        off_the_loop(reply, move || {
            let report = registry.accounts().report(SystemTime::now(), By::Day).map_err(invalid)?;
            Ok(json!({
                "version": 1,
                "runs": runs,
                "model": model,
                "spent_micro_usd": report["spent_micro_usd"],
            }))
        });
    }

    /// `redraft/models`: the models that can be asked, and the one that is where none is named.
    pub(super) fn models(&self, reply: Reply) {
        let registry = match &self.setup.registry {
            Ok(registry) => registry.clone(),
            Err(problems) => return drop(reply.send(Err(invalid(problems.clone())))),
        };
        let default = self.profile.options.choices.default_model.clone();
        off_the_loop(reply, move || {
            let catalogue = registry.catalogue();
            let told = |model: &ModelSpec| {
                let mut told = described(model, catalogue.provider_of(model).ok()?);
                told["is_there"] = json!(registry.is_there(model));
                // What can be fetched: how large it is, in bytes, and what for.
                if let Some(entry) = CATALOGUE.iter().find(|entry| entry.name == model.name) {
                    told["size"] = json!(entry.size);
                    told["memory"] = json!(entry.memory);
                    told["about"] = json!(entry.about);
                }
                Some(told)
            };
            let models: Vec<Value> = catalogue.models().iter().filter_map(told).collect();
            let default = default.unwrap_or_else(|| catalogue.default_model().to_owned());
            Ok(json!({ "version": 1, "default": default, "models": models }))
        });
    }

    /// `redraft/estimate`: what a command would ask, of which model, and what that may cost. Nobody is asked.
    pub(super) fn estimate(&self, command: Command, reply: Reply) {
        let wished = match command {
            Command::Run(params) => self.run(params),
            Command::Generate(params) if self.documents.contains_key(&params.uri) => {
                self.wish_to_generate(&params)
            }
            Command::Generate(params) => Err(invalid(format!("{} is not open; open it first", params.uri))),
            _ => Err(invalid("only redraft.run and redraft.generate have an estimate".to_owned())),
        };
        let registry = self.setup.registry.clone();
        let (snapshot, wish, wanted, registry) = match (wished, registry) {
            (Ok((snapshot, wish, Ok(wanted))), Ok(registry)) => (snapshot, wish, wanted, registry),
            (Err(error), _) => return drop(reply.send(Err(error))),
            (Ok((_, _, Err(message))), _) | (_, Err(message)) => {
                return drop(reply.send(Err(invalid(message))));
            }
        };
        let (around, rules) = (self.around(), self.rules(&snapshot));
        off_the_loop(reply, move || {
            let estimated = ready(&registry, &rules, &wanted, &snapshot, &wish, &around).map_err(
                |error| match error {
                    Unready::Prepare(PrepareError::Render(_)) => jsonrpc::Error::internal_error(),
                    error => invalid(error.to_string()),
                },
            )?;
            let Ready { sent, chosen, route, .. } = estimated;
            let cost = chosen.most(sent.tokens, sent.request.max_tokens);
            Ok(json!({
                "version": 1,
                "title": sent.title,
                "model": chosen.name,
                "privacy": if chosen.place == Place::Hosted { "cloud" } else { "local" },
                "tokens": { "prompt": sent.tokens.0, "completion_at_most": sent.request.max_tokens.0 },
                "cost_at_most_micro_usd": cost.map(|cost| cost.0),
                "fallback": route.rest(),
            }))
        });
    }
}

/// Answers from a thread that may block. A panic is an internal error: its reply is dropped.
pub(super) fn off_the_loop(reply: Reply, work: impl FnOnce() -> jsonrpc::Result<Value> + Send + 'static) {
    drop(tokio::task::spawn_blocking(move || {
        if let Ok(answer) = catch_unwind(AssertUnwindSafe(work)) {
            let _ = reply.send(answer);
        }
    }));
}
