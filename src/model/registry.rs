//! From a model's name to something that can be asked. Providers are made on first use and kept, so that their
//! connections and their engine serve all runs.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use super::account::{Accounts, Budget};
use super::health::Circuit;
use super::provider::{self, http::Http};
use super::route::Routing;
use super::spec::{
    BUILT_IN_PROVIDER, Catalogue, KeySource, Limits, ModelSource, ModelSpec, Price, ProviderSpec, Wire,
};
use super::{ErrorKind, MicroUsd, ModelError, Provider, Tokens, Usage};

/// Makes the provider of an embedded model; `model/engine` has the real one.
pub type MakeEmbedded = Box<dyn Fn(&ModelSpec) -> Result<Arc<dyn Provider>, ModelError> + Send + Sync>;

/// The models of one process. One of them for each process: it holds the connections.
pub struct Registry {
    catalogue: Catalogue,
    http: Http,
    embedded: MakeEmbedded,
    accounts: Arc<Accounts>,
    routing: Routing,
    /// A hash of the configuration file's text.
    file: u64,
    made: Mutex<BTreeMap<String, Arc<dyn Provider>>>,
}

/// A model that can be asked, with what its user has to know about it.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The user's name for the model.
    pub name: String,
    /// Of its provider.
    pub provider_name: String,
    pub provider: Arc<dyn Provider>,
    pub limits: Limits,
    pub price: Option<Price>,
    pub place: Place,
    pub circuit: Circuit,
    /// The least room that an answer gets, whatever is asked: a model that reasons has it count against its answer.
    pub room: Tokens,
    /// Whether it reasons before it answers, where that is known.
    pub reasons: Option<bool>,
    /// Whether it fills in the middle.
    pub fills: bool,
}

/// Where the prompt goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A child process of ours.
    Embedded,
    /// A server on this machine.
    Local,
    /// Somebody else's machine.
    Hosted,
}

impl Chosen {
    /// The most that a call costs; nothing where that is not known.
    #[must_use]
    pub fn most(&self, prompt: Tokens, completion: Tokens) -> Option<MicroUsd> {
        let usage = Usage { prompt, completion, ..Usage::default() };
        match (self.place, self.price) {
            (_, Some(price)) => Some(price.cost(&usage)),
            (Place::Embedded | Place::Local, None) => Some(MicroUsd(0)),
            (Place::Hosted, None) => None,
        }
    }
}

impl Place {
    /// Where what is asked of the provider goes.
    #[must_use]
    pub fn of(provider: &ProviderSpec) -> Self {
        match (&provider.wire, provider.is_local) {
            (Wire::Embedded, _) => Self::Embedded,
            (_, Some(true)) => Self::Local,
            (_, Some(false)) => Self::Hosted,
            (Wire::OpenAi { base_url, .. } | Wire::Anthropic { base_url, .. }, None) => {
                if base_url.is_loopback() { Self::Local } else { Self::Hosted }
            }
        }
    }
}

/// A model as clients and scripts are told of it: its name, where it is asked, what it costs in US dollars for a million tokens, and
/// its limits in tokens (docs/cli.md, `models list --json`).
#[must_use]
pub fn described(model: &ModelSpec, provider: &ProviderSpec) -> Value {
    let limits = model.limits(&provider.wire);
    let place = match Place::of(provider) {
        Place::Embedded => "embedded",
        Place::Local => "local",
        Place::Hosted => "cloud",
    };
    let dollars = |MicroUsd(micro): MicroUsd| micro as f64 / 1e6;
    let price = model.price.map(|price| {
        json!({
            "input": dollars(price.input),
            "cached": dollars(price.cached),
            "cache_write": dollars(price.written.unwrap_or(price.input)),
            "output": dollars(price.output),
        })
    });
    let id = match &model.source {
        ModelSource::Id(id) => id.clone(),
        ModelSource::Path(path) => path.display().to_string(),
    };
    json!({
        "name": model.name,
        "provider": provider.name,
        "id": id,
        "privacy": place,
        "price": price,
        "max_tokens": limits.output.0,
        "context_window": limits.window.0,
        "abilities": model.abilities.names(),
    })
}

impl Registry {
    #[must_use]
    pub fn new(catalogue: Catalogue, http: Http, embedded: MakeEmbedded) -> Self {
        let accounts = Arc::new(Accounts::new(None, Budget::default()));
        let routing = Routing::default();
        Self { catalogue, http, embedded, accounts, routing, file: 0, made: Mutex::default() }
    }

    /// The same with its user's wishes about which model is asked.
    #[must_use]
    pub fn with_routing(self, routing: Routing) -> Self {
        Self { routing, ..self }
    }

    /// The same with what tells one configuration file from another.
    #[must_use]
    pub fn with_file(self, file: u64) -> Self {
        Self { file, ..self }
    }

    /// The client, for the registry that comes after this one.
    #[must_use]
    pub fn http(&self) -> Http {
        self.http.clone()
    }

    /// Takes over from an older registry what stands for the same: connections, an engine with its model.
    #[must_use]
    pub fn succeeding(mut self, old: &Self) -> Self {
        let same = |name: &str| {
            let of = |catalogue: &Catalogue| {
                let model = catalogue.model(Some(name)).ok()?.clone();
                Some((catalogue.provider_of(&model).ok()?.clone(), model))
            };
            of(&self.catalogue).is_some_and(|new| of(&old.catalogue) == Some(new))
        };
        let made = old.made.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let made = made.into_iter().filter(|(name, _)| same(name)).collect();
        self.made = Mutex::new(made);
        self
    }

    #[must_use]
    pub fn routing(&self) -> &Routing {
        &self.routing
    }

    /// Whether the weights of an embedded model are there.
    #[must_use]
    pub fn is_there(&self, model: &ModelSpec) -> bool {
        self.choose(Some(&model.name)).is_ok_and(|chosen| chosen.provider.ready().is_ok())
    }

    /// By what the health of a model is known.
    #[must_use]
    pub fn circuit(&self, spec: &ProviderSpec, model: &ModelSpec) -> Circuit {
        let (origin, key) = match &spec.wire {
            Wire::OpenAi { base_url, key } | Wire::Anthropic { base_url, key } => (base_url.origin(), key),
            Wire::Embedded => (BUILT_IN_PROVIDER.to_owned(), &KeySource::None),
        };
        Circuit::of(&spec.name, &origin, &model.source, key, self.file)
    }

    /// Forgets what is held against a model.
    ///
    /// # Errors
    /// `Config` for a name that is not configured; `Budget` where that cannot be kept.
    pub fn forgive(&self, name: &str) -> Result<(), ModelError> {
        let model = self.catalogue.model(Some(name))?;
        let spec = self.catalogue.provider_of(model)?;
        self.accounts.forgive(&self.circuit(spec, model)).map_err(|why| ModelError {
            kind: ErrorKind::Budget,
            message: format!("it cannot be kept that {name} is asked again: {why}"),
            retry_after: None,
        })
    }

    /// The same with accounts: where calls are paid from, and written down.
    #[must_use]
    pub fn with_accounts(self, accounts: Accounts) -> Self {
        Self { accounts: Arc::new(accounts), ..self }
    }

    #[must_use]
    pub fn accounts(&self) -> &Arc<Accounts> {
        &self.accounts
    }

    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The model of that name, or the default one.
    ///
    /// # Errors
    /// `Config` for a name that is not configured; what the engine says of a model that it cannot have.
    pub fn choose(&self, name: Option<&str>) -> Result<Chosen, ModelError> {
        let model = self.catalogue.model(name)?;
        let spec = self.catalogue.provider_of(model)?;
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let provider = if let Some(provider) = made.get(&model.name) {
            provider.clone()
        } else {
            let provider = match &spec.wire {
                Wire::Embedded => (self.embedded)(model)?,
                Wire::OpenAi { .. } | Wire::Anthropic { .. } => provider::hosted(spec, model, &self.http)?,
            };
            made.insert(model.name.clone(), provider.clone());
            provider
        };
        Ok(Chosen {
            name: model.name.clone(),
            provider_name: spec.name.clone(),
            provider,
            limits: model.limits(&spec.wire),
            price: model.price,
            place: Place::of(spec),
            circuit: self.circuit(spec, model),
            room: self.room(spec, model),
            reasons: model.known(&spec.wire).map(|known| known.reasons),
            fills: model.abilities.fim && !matches!(spec.wire, Wire::Anthropic { .. }),
        })
    }

    /// See `Chosen::room`. A hosted model gets its whole output limit, as far as a third of what a run may cost pays for it: there is
    /// a prompt to pay, too. A server on this machine is as slow as this machine, and gets what its user set.
    pub(super) fn room(&self, spec: &ProviderSpec, model: &ModelSpec) -> Tokens {
        let limits = model.limits(&spec.wire);
        // Whatever the answer, there has to be a window for the question.
        let most = limits.output.min(Tokens(limits.window.0 / 4));
        match Place::of(spec) {
            Place::Embedded => Tokens(0),
            Place::Local => model.max_tokens.unwrap_or_default().min(most),
            Place::Hosted => {
                let price = model.price.or(self.accounts.unknown_price());
                let pays = |run: MicroUsd, price: Price| {
                    (run.0 / 3).saturating_mul(1_000_000).checked_div(price.output.0)
                };
                let paid = self.accounts.per_run().zip(price).and_then(|(run, price)| pays(run, price));
                most.min(Tokens(u32::try_from(paid.unwrap_or(u64::MAX)).unwrap_or(u32::MAX)))
            }
        }
    }

    /// Makes what the first call of a hosted model would make. The embedded engine is a process, and starts when it is asked.
    pub fn warm(&self, name: Option<&str>) {
        let spec = self.catalogue.model(name).and_then(|model| self.catalogue.provider_of(model));
        if spec.is_ok_and(|spec| spec.wire != Wire::Embedded)
            && let Ok(chosen) = self.choose(name)
        {
            chosen.provider.warm();
        }
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("catalogue", &self.catalogue).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::ErrorKind;
    use super::super::address::BaseUrl;
    use super::super::provider::scripted::Scripted;
    use super::super::spec::Abilities;
    use super::*;

    fn registry(embedded: MakeEmbedded) -> Registry {
        let provider = |name: &str, url| ProviderSpec {
            name: name.to_owned(),
            wire: Wire::OpenAi { base_url: BaseUrl::parse(url).unwrap(), key: KeySource::None },
            is_local: None,
        };
        let model = |name: &str, provider: &str| ModelSpec {
            name: name.to_owned(),
            provider: provider.to_owned(),
            source: ModelSource::Id("id".to_owned()),
            price: None,
            max_tokens: Some(Tokens(77)),
            context_window: None,
            abilities: Abilities::default(),
            pace: None,
        };
        let providers = vec![provider("here", "http://[::1]:1/v1"), provider("there", "https://host/v1")];
        let models = vec![model("near", "here"), model("far", "there"), model("lost", "nowhere")];
        Registry::new(Catalogue::new(providers, models, None), Http::default(), embedded)
    }

    #[test]
    fn each_name_gets_its_provider_once() {
        let registry = registry(Box::new(|_| Ok(Arc::new(Scripted::default()))));
        for (name, expect) in [
            (None, ("near", Place::Local, 77)),
            (Some("far"), ("far", Place::Hosted, 77)),
            (Some("qwen2.5-coder-0.5b"), ("qwen2.5-coder-0.5b", Place::Embedded, 1_024)),
        ] {
            let chosen = registry.choose(name).unwrap();
            assert_eq!((chosen.name.as_str(), chosen.place, chosen.limits.output.0), expect);
            assert!(Arc::ptr_eq(&chosen.provider, &registry.choose(name).unwrap().provider));
        }
    }

    #[test]
    fn what_cannot_be_had_is_told() {
        let registry = registry(Box::new(|model| {
            Err(ModelError {
                kind: ErrorKind::Engine,
                message: format!("no {}", model.name),
                retry_after: None,
            })
        }));
        for (name, kind, fragment) in [
            ("nothing", ErrorKind::Config, "\"nothing\""),
            ("lost", ErrorKind::Config, "\"nowhere\""),
            ("qwen2.5-coder-0.5b", ErrorKind::Engine, "no qwen"),
        ] {
            let error = registry.choose(Some(name)).unwrap_err();
            assert_eq!(error.kind, kind);
            assert!(error.message.contains(fragment), "{error}");
        }
    }
}
