//! Providers: one file each for what they speak (`openai`, `anthropic`), and what hosted ones share: the client
//! (`http`), one call (`exchange`, `reading`), keys (`key`) and messages (`fault`). The only code that talks to a network.

pub mod http;
#[doc(hidden)]
pub mod scripted;

mod anthropic;
mod exchange;
mod fault;
pub mod key;
pub mod list;
mod openai;
mod reading;

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use self::exchange::{Exchange, Format};
use self::fault::Peer;
use self::http::Http;
use self::key::BoundKey;
use super::address::BaseUrl;
use super::meter::Meter;
use super::spec::{KeySource, ModelSource, ModelSpec, ProviderSpec, Wire};
use super::{Answer, ErrorKind, ModelError, Provider, Request};

/// The provider that asks `model` of `spec` over `http`.
///
/// # Errors
/// `Config`, if this is not a hosted model.
pub fn hosted(spec: &ProviderSpec, model: &ModelSpec, http: &Http) -> Result<Arc<dyn Provider>, ModelError> {
    let (format, base_url, key): (&'static dyn Format, _, _) = match &spec.wire {
        Wire::OpenAi { base_url, key } => (&openai::OpenAi, base_url, key),
        Wire::Anthropic { base_url, key } => (&anthropic::Anthropic, base_url, key),
        Wire::Embedded => return Err(not_hosted(spec, "is embedded and has no address")),
    };
    match &model.source {
        ModelSource::Id(id) => Ok(Arc::new(Hosted::new(spec, id, format, base_url, key, http))),
        ModelSource::Path(_) => Err(not_hosted(spec, "takes a model's id, not a path")),
    }
}

fn not_hosted(spec: &ProviderSpec, what: &str) -> ModelError {
    ModelError {
        kind: ErrorKind::Config,
        message: format!("the provider {:?} {what}", spec.name),
        retry_after: None,
    }
}

/// A model behind an HTTP server.
struct Hosted {
    peer: Arc<Peer>,
    key: Arc<BoundKey>,
    format: &'static dyn Format,
    base_url: BaseUrl,
    http: Http,
}

impl Hosted {
    fn new(
        spec: &ProviderSpec,
        id: &str,
        format: &'static dyn Format,
        base_url: &BaseUrl,
        key: &KeySource,
        http: &Http,
    ) -> Self {
        let peer = Peer {
            name: spec.name.clone(),
            origin: base_url.origin(),
            model: id.to_owned(),
            key: key.clone(),
        };
        let key = BoundKey::new(key.clone(), &base_url.join(format.path(base_url.host(), None)));
        Self {
            peer: Arc::new(peer),
            key: Arc::new(key),
            format,
            base_url: base_url.clone(),
            http: http.clone(),
        }
    }
}

impl Provider for Hosted {
    fn call(
        &self,
        request: Request,
        deltas: mpsc::Sender<String>,
        meter: Meter,
    ) -> BoxFuture<'static, Result<Answer, ModelError>> {
        let exchange = Exchange {
            peer: self.peer.clone(),
            key: self.key.clone(),
            http: self.http.clone(),
            url: self.base_url.join(self.format.path(self.base_url.host(), Some(&request))),
            body: self.format.body(&self.peer.model, self.base_url.host(), &request).to_string(),
            format: self.format,
            max_tokens: request.max_tokens,
            deltas,
            meter,
        };
        Box::pin(exchange.run())
    }

    fn warm(&self) {
        self.http.warm(&self.base_url.join(self.format.path(self.base_url.host(), None)));
    }
}

impl fmt::Debug for Hosted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hosted").field("peer", &self.peer).finish_non_exhaustive()
    }
}
