//! What can be asked: providers and models as the user configured them, and the built-in ones. Plain data; `config`
//! makes it, `registry` uses it. Names of variables and keyring entries are in here, keys never.

use std::path::PathBuf;

use super::address::BaseUrl;
use super::choose::Pace;
use super::listing::Listings;
use super::prices::Known;
use super::store::CATALOGUE;
use super::{ErrorKind, MicroUsd, ModelError, Tokens, Usage, prices};

/// The provider that is there without any configuration, with all models that can be fetched (`store::CATALOGUE`).
pub const BUILT_IN_PROVIDER: &str = "embedded";
/// The one of them that is used where none is named.
pub const BUILT_IN_MODEL: &str = CATALOGUE[0].name;

/// The most that an embedded model may answer unless configured: half a minute and more at its pace.
const EMBEDDED_OUTPUT: Tokens = Tokens(1_024);
/// What the engine allocates (`engine::WINDOW`): of the 32,768 that Qwen2.5-Coder has, as many as 96 MiB of cache hold.
const EMBEDDED_WINDOW: Tokens = Tokens(8_192);
/// Context for an embedded model: it reads 70 to 110 tokens a second on two threads, and a person waits.
const EMBEDDED_CONTEXT: Tokens = Tokens(1_000);
/// Enough for any function, and little enough for the smallest of today's hosted models.
const HOSTED_OUTPUT: Tokens = Tokens(4_096);
/// What every hosted model that writes code has at least.
const HOSTED_WINDOW: Tokens = Tokens(32_768);
/// A page of signatures and neighbours; more costs money and attention.
const HOSTED_CONTEXT: Tokens = Tokens(8_000);

/// One configured way to reach models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderSpec {
    pub name: String,
    pub wire: Wire,
    /// Whether a prompt stays on this machine, or with whom the user trusts as much: a gateway on this machine may send it on,
    /// and a server in the next room may keep it. Where nothing is said, the address tells.
    pub is_local: Option<bool>,
}

/// What a provider speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wire {
    /// Streaming chat completions below `base_url`.
    OpenAi { base_url: BaseUrl, key: KeySource },
    /// Anthropic's messages API below `base_url`.
    Anthropic { base_url: BaseUrl, key: KeySource },
    /// The engine in a child process of this program.
    Embedded,
}

/// Where a key is read from when a request leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    None,
    /// The name of an environment variable.
    Env(String),
    /// An entry of the operating system's keyring.
    Keyring {
        service: String,
        account: String,
    },
}

/// One configured model.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelSpec {
    /// The user's name for it.
    pub name: String,
    /// The name of its provider.
    pub provider: String,
    pub source: ModelSource,
    pub price: Option<Price>,
    /// The most that it may answer.
    pub max_tokens: Option<Tokens>,
    /// Prompt and answer together.
    pub context_window: Option<Tokens>,
    pub abilities: Abilities,
    /// How fast it is said to be; what was measured goes before that.
    pub pace: Option<Pace>,
}

/// What not every model can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Abilities {
    /// Fill in the middle: it takes what stands behind the place, too.
    pub fim: bool,
    pub tools: bool,
    pub images: bool,
}

impl Abilities {
    /// As settings call them.
    pub const NAMES: [&str; 3] = ["fim", "tools", "images"];

    /// Those that are there.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        let has = [self.fim, self.tools, self.images];
        Self::NAMES.into_iter().zip(has).filter_map(|(name, has)| has.then_some(name)).collect()
    }

    /// Those of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            fim: self.fim || other.fim,
            tools: self.tools || other.tools,
            images: self.images || other.images,
        }
    }

    /// Adds the one of that name.
    #[must_use]
    pub fn with(mut self, name: &str) -> Self {
        self.fim |= name == "fim";
        self.tools |= name == "tools";
        self.images |= name == "images";
        self
    }

    /// The first of these that `others` does not have.
    #[must_use]
    pub fn missing_in(self, others: Self) -> Option<&'static str> {
        let pairs = [(self.fim, others.fim), (self.tools, others.tools), (self.images, others.images)];
        Self::NAMES
            .into_iter()
            .zip(pairs)
            .find_map(|(name, (wanted, there))| (wanted && !there).then_some(name))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelSource {
    /// The provider's name for it; for the embedded engine, a name of its catalogue.
    Id(String),
    /// A file of weights; embedded engine only.
    Path(PathBuf),
}

/// Micro-dollars for each million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    pub input: MicroUsd,
    /// Prompt tokens that the provider had cached.
    pub cached: MicroUsd,
    /// Prompt tokens that it caches now; without one, they cost as `input` does.
    pub written: Option<MicroUsd>,
    pub output: MicroUsd,
}

/// How much may be sent to a model and come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most that one answer may have.
    pub output: Tokens,
    /// Prompt and answer together.
    pub window: Tokens,
    /// How much gathered context a prompt should have by default, within the window.
    pub context: Tokens,
}

/// All that was configured, and which of it is the default. `default` is the name of one of `models`.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalogue {
    /// As the user has them.
    told: Vec<ModelSpec>,
    providers: Vec<ProviderSpec>,
    models: Vec<ModelSpec>,
    default: String,
}

impl Catalogue {
    /// The user's providers and models, with what is known of hosted ones (`prices`) where the user does not say it, and with
    /// the built-in ones added where nothing of theirs has the name. The default is
    /// `default`, else the user's first model, else the first built-in one. Whoever calls has checked that names are
    /// unique and refer to something; a name that does not is an error of `model` or `provider_of` later.
    #[must_use]
    pub fn new(
        mut providers: Vec<ProviderSpec>,
        mut models: Vec<ModelSpec>,
        default: Option<String>,
    ) -> Self {
        let told = models.clone();
        let first = models.first().map(|model| model.name.clone());
        let default = default.or(first).unwrap_or_else(|| BUILT_IN_MODEL.to_owned());
        if !providers.iter().any(|provider| provider.name == BUILT_IN_PROVIDER) {
            providers.push(ProviderSpec {
                name: BUILT_IN_PROVIDER.to_owned(),
                wire: Wire::Embedded,
                is_local: None,
            });
        }
        for model in &mut models {
            if let Some(provider) = providers.iter().find(|provider| provider.name == model.provider) {
                model.complete(&provider.wire);
            }
        }
        for entry in CATALOGUE {
            let name = entry.name;
            if models.iter().any(|model| model.name == name) {
                continue;
            }
            models.push(ModelSpec {
                name: name.to_owned(),
                provider: BUILT_IN_PROVIDER.to_owned(),
                source: ModelSource::Id(name.to_owned()),
                price: None,
                max_tokens: None,
                context_window: None,
                abilities: Abilities { fim: entry.fills, ..Abilities::default() },
                pace: None,
            });
        }
        Self { told, providers, models, default }
    }

    /// The same with what the providers themselves say of their models: it goes before what is known of them, and behind what
    /// the user says.
    #[must_use]
    pub fn with_listings(mut self, listings: &Listings) -> Self {
        let heard = |model: &ModelSpec| {
            let provider = self.providers.iter().find(|provider| provider.name == model.provider)?;
            let (Wire::OpenAi { base_url, .. } | Wire::Anthropic { base_url, .. }) = &provider.wire else {
                return None;
            };
            let ModelSource::Id(id) = &model.source else { return None };
            let listed = listings.find(&provider.name, &base_url.origin(), id)?;
            let mut model = model.clone();
            // What was fetched before the table was made is behind it.
            if listings.day(&provider.name).is_some_and(|day| day.as_str() < prices::date()) {
                model.complete(&provider.wire);
            }
            model.price = model.price.or(listed.price());
            model.context_window = model.context_window.or(listed.window());
            let output = listed.output.map(|most| Tokens(most).min(HOSTED_OUTPUT));
            model.max_tokens = model.max_tokens.or(output);
            model.complete(&provider.wire);
            Some(model)
        };
        let heard: Vec<ModelSpec> = self.told.iter().filter_map(heard).collect();
        for model in heard {
            if let Some(known) = self.models.iter_mut().find(|known| known.name == model.name) {
                *known = model;
            }
        }
        self
    }

    #[must_use]
    pub fn models(&self) -> &[ModelSpec] {
        &self.models
    }

    #[must_use]
    pub fn providers(&self) -> &[ProviderSpec] {
        &self.providers
    }

    /// The name of the model that is used when none is asked for.
    #[must_use]
    pub fn default_model(&self) -> &str {
        &self.default
    }

    /// The model of that name, or the default one.
    ///
    /// # Errors
    /// `Config`, with the names that there are.
    pub fn model(&self, name: Option<&str>) -> Result<&ModelSpec, ModelError> {
        let name = name.unwrap_or(&self.default);
        self.models.iter().find(|model| model.name == name).ok_or_else(|| {
            let known: Vec<_> = self.models.iter().map(|model| format!("\"{}\"", model.name)).collect();
            config_error(format!("there is no model {name:?}; configured are {}", known.join(", ")))
        })
    }

    /// The provider of `model`.
    ///
    /// # Errors
    /// `Config`, if it has none.
    pub fn provider_of(&self, model: &ModelSpec) -> Result<&ProviderSpec, ModelError> {
        self.providers.iter().find(|provider| provider.name == model.provider).ok_or_else(|| {
            let ModelSpec { name, provider, .. } = model;
            config_error(format!("the model {name:?} has the provider {provider:?}, which is not configured"))
        })
    }
}

impl Default for Catalogue {
    fn default() -> Self {
        Self::new(Vec::new(), Vec::new(), None)
    }
}

impl ModelSpec {
    /// Its limits: what was configured, else what is safe for its kind of provider.
    #[must_use]
    pub fn limits(&self, wire: &Wire) -> Limits {
        let (output, window, context) = match wire {
            Wire::Embedded => (EMBEDDED_OUTPUT, EMBEDDED_WINDOW, EMBEDDED_CONTEXT),
            Wire::OpenAi { .. } | Wire::Anthropic { .. } => (HOSTED_OUTPUT, HOSTED_WINDOW, HOSTED_CONTEXT),
        };
        let window = self.context_window.unwrap_or(window);
        // An answer that fills the window leaves no room for a question.
        let output = self.max_tokens.unwrap_or(output).min(Tokens(window.0 / 2));
        Limits { output, window, context: context.min(Tokens((window.0 - output.0) / 2)) }
    }

    /// Takes what is known of a hosted model where the user does not say it. That a model can answer at length is no reason to
    /// have it do so: the output stays at its default, but for a model that answers less.
    fn complete(&mut self, wire: &Wire) {
        if let Some(known) = self.known(wire) {
            self.price = self.price.or(Some(known.price));
            self.context_window = self.context_window.or(Some(known.window));
            self.max_tokens = self.max_tokens.or(known.output.map(|most| most.min(HOSTED_OUTPUT)));
            self.abilities = self.abilities.and(known.abilities);
        }
        if let (Wire::Embedded, ModelSource::Id(id)) = (wire, &self.source) {
            self.abilities.fim |= CATALOGUE.iter().any(|entry| entry.name == id && entry.fills);
        }
        // Each request to Anthropic asks to have its system prompt cached.
        if matches!(wire, Wire::Anthropic { .. }) {
            self.price = self.price.map(Price::with_cache_writes);
        }
    }

    /// What the built-in table has of it.
    #[must_use]
    pub fn known(&self, wire: &Wire) -> Option<Known> {
        let (Wire::OpenAi { base_url, .. } | Wire::Anthropic { base_url, .. }) = wire else { return None };
        let ModelSource::Id(id) = &self.source else { return None };
        prices::known(base_url, id)
    }
}

impl Price {
    /// What `usage` costs, rounded up; the provider's own figure where it told a greater one: some tell a part only, or 0 for what
    /// they have no price of. Where it is not said how much of a prompt was written to a cache, all of it may have been.
    #[must_use]
    pub fn cost(&self, usage: &Usage) -> MicroUsd {
        let cached = usage.cached.min(usage.prompt);
        let rest = Tokens(usage.prompt.0 - cached.0);
        let written = usage.written.unwrap_or(rest).min(rest);
        let parts = [
            (rest.0 - written.0, self.input),
            (written.0, self.written.unwrap_or(self.input).max(self.input)),
            (cached.0, self.cached),
            (usage.completion.0, self.output),
        ];
        let sum: u128 = parts.iter().map(|(tokens, price)| u128::from(*tokens) * u128::from(price.0)).sum();
        let sum = MicroUsd(u64::try_from(sum.div_ceil(1_000_000)).unwrap_or(u64::MAX));
        sum.max(usage.cost.unwrap_or_default())
    }

    /// The same where prompts are written to a cache that costs a quarter more than input, as Anthropic's does, unless it says
    /// what that costs.
    #[must_use]
    pub fn with_cache_writes(self) -> Self {
        let usual = MicroUsd(self.input.0.saturating_add(self.input.0.div_ceil(4)));
        Self { written: self.written.or(Some(usual)), ..self }
    }
}

fn config_error(message: String) -> ModelError {
    ModelError { kind: ErrorKind::Config, message, retry_after: None }
}

#[cfg(test)]
mod tests;
