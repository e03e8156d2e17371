//! Traces and metrics of calls for a team's collector (OpenTelemetry, OTLP over HTTP), where the user has named one: off
//! otherwise. Names are those of OpenTelemetry's conventions for generative AI where it has them. No text of prompts or answers is
//! in them, no path and no key.

use std::fmt;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use opentelemetry::metrics::{Counter, Histogram, MeterProvider as _};
use opentelemetry::trace::{
    Span as _, SpanBuilder, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _, TraceFlags, TraceId,
    TraceState, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::{HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{
    MetricExporter, Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use reqwest::header::{AUTHORIZATION, HeaderValue};
use secrecy::ExposeSecret as _;
use sha2::{Digest as _, Sha256};
use tokio::runtime::Runtime;

use super::address::BaseUrl;
use super::ledger::{Outcome, Reserve, Settled};
use super::provider::http::Http;

/// How long the end of a process waits for the collector.
const LAST: Duration = Duration::from_secs(2);
/// How long one delivery may take.
const DELIVERY: Duration = Duration::from_secs(10);

/// Where traces and metrics go: `/v1/traces` and `/v1/metrics` below an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collector {
    pub base_url: BaseUrl,
    /// The environment variable that has a token for it.
    pub api_key_env: Option<String>,
}

/// See the module's head. It delivers from threads of its own.
pub struct Telemetry {
    spans: SdkTracerProvider,
    tracer: SdkTracer,
    meters: SdkMeterProvider,
    tokens: Histogram<u64>,
    duration: Histogram<f64>,
    first_token: Histogram<f64>,
    cost: Counter<u64>,
    /// [`LAST`].
    last: Duration,
}

impl Telemetry {
    /// Starts the threads that deliver.
    ///
    /// # Errors
    /// In words for the log.
    pub fn new(collector: &Collector) -> Result<Self, String> {
        let told = |error: &dyn fmt::Display| format!("no traces are sent: {error}");
        let client: Arc<dyn HttpClient> = Arc::new(Client::new(collector).map_err(|error| told(&error))?);
        let address = |path: &str| collector.base_url.join(path).to_string();
        let spans = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpJson)
            .with_shared_http_client(client.clone())
            .with_endpoint(address("/v1/traces"))
            .with_timeout(DELIVERY)
            .build()
            .map_err(|error| told(&error))?;
        let metrics = MetricExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpJson)
            .with_shared_http_client(client)
            .with_endpoint(address("/v1/metrics"))
            .with_timeout(DELIVERY)
            .build()
            .map_err(|error| told(&error))?;
        let resource = Resource::builder_empty()
            .with_service_name("redraft")
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let spans =
            SdkTracerProvider::builder().with_batch_exporter(spans).with_resource(resource.clone()).build();
        let meters =
            SdkMeterProvider::builder().with_periodic_exporter(metrics).with_resource(resource).build();
        let meter = meters.meter("redraft");
        Ok(Self {
            tracer: spans.tracer("redraft"),
            tokens: meter.u64_histogram("gen_ai.client.token.usage").with_unit("{token}").build(),
            duration: meter.f64_histogram("gen_ai.client.operation.duration").with_unit("s").build(),
            first_token: meter.f64_histogram("redraft.time_to_first_token").with_unit("s").build(),
            cost: meter.u64_counter("redraft.cost").with_unit("{micro_usd}").build(),
            spans,
            meters,
            last: LAST,
        })
    }

    /// Tells of a call that ended just now. Calls of one run are in one trace.
    pub fn call(&self, asked: &Reserve, settled: &Settled) {
        let outcome = match settled.outcome {
            Outcome::Ok => "ok",
            Outcome::Failed => "failed",
            Outcome::Cancelled => "cancelled",
        };
        let common = [
            KeyValue::new("gen_ai.operation.name", "chat"),
            KeyValue::new("gen_ai.provider.name", asked.provider.clone()),
            KeyValue::new("gen_ai.request.model", asked.model.clone()),
            KeyValue::new("redraft.task", asked.task.clone()),
            KeyValue::new("redraft.outcome", outcome),
        ];
        self.measure(settled, &common);
        let mut attributes = common.to_vec();
        let count = |tokens: super::Tokens| i64::from(tokens.0);
        attributes.extend([
            KeyValue::new("gen_ai.usage.input_tokens", count(settled.prompt)),
            KeyValue::new("gen_ai.usage.output_tokens", count(settled.completion)),
            KeyValue::new("redraft.cached_tokens", count(settled.cached)),
            KeyValue::new("redraft.cost_micro_usd", i64::try_from(settled.spent.0).unwrap_or(i64::MAX)),
            KeyValue::new("redraft.retries", i64::from(settled.retries)),
            KeyValue::new("redraft.failover", settled.failover),
            KeyValue::new("redraft.local", asked.local),
        ]);
        if let Some(first) = settled.first_token {
            attributes.push(KeyValue::new("redraft.time_to_first_token", first.as_secs_f64()));
        }
        let ended = SystemTime::now();
        let began = ended.checked_sub(settled.whole).unwrap_or(ended);
        let builder = SpanBuilder::from_name(format!("chat {}", asked.model))
            .with_kind(SpanKind::Client)
            .with_start_time(began)
            .with_attributes(attributes);
        let mut span = self.tracer.build_with_context(builder, &run(&asked.run));
        if settled.outcome == Outcome::Failed {
            span.set_status(Status::error(""));
        }
        span.end_with_timestamp(ended);
    }

    fn measure(&self, settled: &Settled, common: &[KeyValue]) {
        for (kind, tokens) in [("input", settled.prompt), ("output", settled.completion)] {
            let mut attributes = common.to_vec();
            attributes.push(KeyValue::new("gen_ai.token.type", kind));
            self.tokens.record(u64::from(tokens.0), &attributes);
        }
        self.duration.record(settled.whole.as_secs_f64(), common);
        if let Some(first) = settled.first_token {
            self.first_token.record(first.as_secs_f64(), common);
        }
        self.cost.add(settled.spent.0, common);
    }
}

/// What waits is delivered; a collector that does not answer holds nobody up for longer than [`LAST`], in all. The end of a
/// provider waits by itself, and longer than it is told to: so it is left to a thread that ends with the process.
impl Drop for Telemetry {
    fn drop(&mut self) {
        let (done, waits) = mpsc::channel();
        let spans = self.spans.clone();
        let meters = self.meters.clone();
        let (told, last) = (done.clone(), self.last);
        let threads = [
            std::thread::Builder::new().spawn(move || told.send(spans.shutdown_with_timeout(last))),
            std::thread::Builder::new().spawn(move || done.send(meters.shutdown_with_timeout(last))),
        ];
        let due = Instant::now() + last;
        for _ in threads.into_iter().flatten() {
            let left = due.saturating_duration_since(Instant::now());
            match waits.recv_timeout(left) {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::info!(%error, "not all traces and metrics were delivered"),
                Err(_) => tracing::info!("not all traces and metrics were delivered in time"),
            }
        }
    }
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telemetry").finish_non_exhaustive()
    }
}

/// The context that all calls of a run have in common: its ids are made of its name.
fn run(name: &str) -> Context {
    let hash = Sha256::digest(name.as_bytes());
    let (mut trace, mut span) = ([0; 16], [0; 8]);
    trace.copy_from_slice(&hash[..16]);
    span.copy_from_slice(&hash[16..24]);
    let context = SpanContext::new(
        TraceId::from_bytes(trace),
        SpanId::from_bytes(span),
        TraceFlags::SAMPLED,
        true,
        TraceState::default(),
    );
    Context::new().with_remote_span_context(context)
}

/// The HTTP client of providers (no redirects, plain http to this machine only), on a runtime of its own: the threads that
/// deliver have none.
struct Client {
    http: Http,
    collector: Collector,
    runtime: Option<Runtime>,
}

impl Client {
    fn new(collector: &Collector) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { http: Http::default(), collector: collector.clone(), runtime: Some(runtime) })
    }

    async fn deliver(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let mut request = reqwest::Request::try_from(request)?;
        if let Some(name) = &self.collector.api_key_env {
            let key = self.http.variable(name).ok_or_else(|| format!("the variable {name} is not set"))?;
            let mut bearer = HeaderValue::try_from(format!("Bearer {}", key.expose_secret().trim()))?;
            bearer.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, bearer);
        }
        let client = self.http.client(request.url()).await?;
        let answer = client.execute(request).await?;
        let mut response = Response::builder().status(answer.status());
        if let Some(headers) = response.headers_mut() {
            headers.extend(answer.headers().clone());
        }
        Ok(response.body(answer.bytes().await?)?)
    }
}

impl HttpClient for Client {
    fn send_bytes<'a, 'b>(
        &'a self,
        request: Request<Bytes>,
    ) -> BoxFuture<'b, Result<Response<Bytes>, HttpError>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async move {
            match &self.runtime {
                Some(runtime) => {
                    let work = async { tokio::time::timeout(DELIVERY, self.deliver(request)).await };
                    runtime.block_on(work)?
                }
                None => Err("the client has ended".into()),
            }
        })
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // Wherever this happens: a runtime that waits for its end may not be dropped among others' tasks.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("collector", &self.collector).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MicroUsd, Tokens};

    #[test]
    fn a_collector_that_does_not_answer_holds_nobody_up_for_long() {
        // Connections are made, and nobody takes them.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", silent.local_addr().unwrap());
        let collector = Collector { base_url: BaseUrl::parse(&address).unwrap(), api_key_env: None };
        let mut telemetry = Telemetry::new(&collector).unwrap();
        telemetry.last = Duration::from_millis(200);
        let asked = Reserve {
            run: "r".to_owned(),
            provider: "p".to_owned(),
            model: "m".to_owned(),
            task: "fix".to_owned(),
            amount: MicroUsd(0),
            local: true,
        };
        let settled = Settled {
            spent: MicroUsd(0),
            prompt: Tokens(1),
            cached: Tokens(0),
            completion: Tokens(1),
            outcome: Outcome::Ok,
            first_token: None,
            whole: Duration::ZERO,
            retries: 0,
            failover: false,
        };
        telemetry.call(&asked, &settled);
        let began = Instant::now();
        drop(telemetry);
        // Far from the ten seconds that one delivery may take, and the five that the end of each provider waits by itself.
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    }

    #[test]
    fn calls_of_one_run_are_in_one_trace() {
        let id = |name: &str| run(name).span().span_context().trace_id();
        assert_eq!(id("a"), id("a"));
        assert_ne!(id("a"), id("b"));
    }
}
