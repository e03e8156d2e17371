//! Models: what is asked of them, what comes back, and how a call fails.
//!
//! The types here are plain data. `provider/` is the only code that talks to a network; `engine/` is the only code
//! that loads weights, and it does so in a child process.

pub mod account;
pub mod address;
pub mod ask;
pub mod breaker;
pub mod choose;
pub mod engine;
pub mod health;
pub mod ledger;
pub mod listing;
pub mod meter;
pub mod prices;
pub mod provider;
pub mod registry;
pub mod retry;
pub mod route;
pub mod spec;
pub mod sse;
pub mod store;
pub mod telemetry;

use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use meter::Meter;

/// A count of tokens as the model's tokenizer has them, or a safe estimate of it (`Tokens::estimate`).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct Tokens(pub u32);

/// Millionths of a US dollar. Integer, so that sums are exact.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct MicroUsd(pub u64);

/// One rendered question to a model, independent of any provider's wire format.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The system prompt; byte-stable between runs, so that providers' prompt caches hit.
    pub system: String,
    /// The conversation, oldest first; the last turn is the user's.
    pub turns: Vec<Turn>,
    /// The beginning of the answer, for engines that can be made to go on from it (the embedded one). Such an engine
    /// sends it as the first delta, so that an answer reads the same from everyone; others ignore it.
    pub prefill: Option<String>,
    /// A place to fill: asked in place of the conversation, of models that fill in the middle (`spec::Abilities::fim`).
    pub fill: Option<Fill>,
    /// The most that may be answered.
    pub max_tokens: Tokens,
    /// Sampling temperature; `None` leaves the provider's default, 0 is greedy.
    pub temperature: Option<f32>,
    /// Texts that end the answer (they are not part of it). At most four, none of them blank: that is what every provider
    /// takes; hosted ones are sent the first four that are not blank.
    pub stop: Vec<String>,
}

/// A place in a file, and what is around it (Bavarian et al., "Efficient Training of Language Models to Fill in the Middle", 2022).
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Fill {
    /// Code of the project that the place is likely to need, as one text with comments that name its files; may be empty.
    pub context: String,
    /// The file that the place is in.
    pub path: String,
    /// What stands before it, and behind it.
    pub prefix: String,
    pub suffix: String,
}

impl Fill {
    /// Its texts, for those who count or search them.
    pub fn texts(&self) -> impl Iterator<Item = &String> {
        [&self.context, &self.path, &self.prefix, &self.suffix].into_iter()
    }
}

/// One message of the conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    pub role: Role,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    User,
    Assistant,
}

/// What a call that ended well reports beside its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub finish: Finish,
    pub usage: Usage,
}

/// Why the model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// It was done, or met a stop text.
    Stop,
    /// The output limit cut it off: the text is not whole.
    Length,
    /// It, or a filter before it, refused.
    Refusal,
}

/// What a call used. `cost` only where the provider tells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub prompt: Tokens,
    /// How many of the prompt's tokens the provider had cached.
    pub cached: Tokens,
    /// How many of them it cached now, which may cost more; nothing where it does not say.
    pub written: Option<Tokens>,
    pub completion: Tokens,
    pub cost: Option<MicroUsd>,
}

/// A call that failed, told so that a person knows what, where and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelError {
    pub kind: ErrorKind,
    /// A sentence for the user. Never holds a key, a header or a prompt.
    pub message: String,
    /// What the server asked us to wait (`Retry-After`), where it made sense.
    pub retry_after: Option<Duration>,
}

/// The kinds of failure that callers branch on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Configuration: no model, no key, unknown provider. Never retried.
    Config,
    /// 401, 403: the key is wrong or may not.
    Auth,
    /// Could not connect, or the connection broke before the model did anything.
    Connect,
    /// The stream broke, was malformed, or ended without an end marker.
    Stream,
    /// A deadline passed (connect, first token, between tokens, whole).
    Timeout,
    /// 429.
    RateLimit,
    /// 408, 409 and 5xx: a fault of the server's that may pass.
    Server,
    /// 529 (and `overloaded_error` within a stream): the provider turns questions away.
    Overloaded,
    /// 400, 404, 422 and other answers that the same question will get again.
    Rejected,
    /// 413, and a prompt that is larger than the model's window: a smaller one may fit.
    Overflow,
    /// It failed too often and is left alone for a while (`breaker`): nothing was sent.
    Resting,
    /// The answer ended well and held no text.
    Empty,
    /// The answer was larger than any honest one.
    TooLarge,
    /// Our own budget: nothing is asked that it cannot pay for, and an answer that would cost more is cut.
    Budget,
    /// The embedded engine could not start, load its model, or died.
    Engine,
}

impl fmt::Display for MicroUsd {
    /// Dollars, as a person reads them: two to six digits behind the point.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&ledger::dollars(*self))
    }
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ModelError {}

/// One way to reach models. A call ends when its future does; dropping the future cancels it: the connection is
/// closed (or the engine told to stop), and nothing more is sent to `deltas`.
pub trait Provider: Send + Sync + fmt::Debug {
    /// Streams the answer's text into `deltas` (bounded: a slow reader slows the provider) and returns how it ended. What is
    /// known before the end stands on the `meter`. Never asks twice: `ask::ask` has the one retry loop.
    fn call(
        &self,
        request: Request,
        deltas: mpsc::Sender<String>,
        meter: Meter,
    ) -> BoxFuture<'static, Result<Answer, ModelError>>;

    /// The same, where nobody pays.
    fn ask(
        &self,
        request: Request,
        deltas: mpsc::Sender<String>,
    ) -> BoxFuture<'static, Result<Answer, ModelError>> {
        self.call(request, deltas, Meter::default())
    }

    /// Makes what the first call would make, without a connection or a process. May take some 10 ms.
    fn warm(&self) {}

    /// Whether it has what it needs to be asked: of an embedded model, the engine and its weights.
    ///
    /// # Errors
    /// What is missing, and what to do about it.
    fn ready(&self) -> Result<(), ModelError> {
        Ok(())
    }
}

impl Tokens {
    /// A safe bound on the tokens of `text`: one for each 3.6 bytes of ASCII (measured over code), and one for each other
    /// character and each digit, for which tokenizers have few tokens that are longer.
    #[must_use]
    pub fn estimate(text: &str) -> Self {
        Self::of_weight(weight(text))
    }

    /// The tokens of texts that together weigh so much.
    fn of_weight(weight: u64) -> Self {
        Self(u32::try_from(weight.div_ceil(36)).unwrap_or(u32::MAX))
    }
}

/// What `text` weighs where a token weighs 36.
fn weight(text: &str) -> u64 {
    text.chars()
        .map(|char| if char.is_ascii() && !char.is_ascii_digit() { 10 } else { 36 })
        .fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_is_a_bound_in_every_script() {
        for (text, expect) in [
            ("", 0),
            ("x", 1),
            ("return x\n", 3),
            ("0123456789", 10),
            // Tokenizers have one or two tokens for each of these, whatever their bytes.
            ("\u{8fd4}\u{56de}\u{5b57}\u{7b26}\u{4e32}", 5),
            ("\u{e9}\u{e8}", 2),
            ("\u{1f600}", 1),
        ] {
            assert_eq!(Tokens::estimate(text), Tokens(expect), "{text}");
        }
    }
}
