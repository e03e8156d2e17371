//! What went wrong with a hosted provider, as a sentence: who, where, the status, the server's own words, what to do.
//!
//! A server's words are data: shortened, with control characters made visible, and without the key should it repeat
//! it. Addresses are shown as origins.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::model::spec::KeySource;
use crate::model::{ErrorKind, ModelError};

/// The most characters of a server's own message that are shown.
pub(super) const MAX_QUOTE_CHARS: usize = 300;

/// Who is being asked.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) name: String,
    pub(super) origin: String,
    pub(super) model: String,
    pub(super) key: KeySource,
}

/// What a wire format found in an answer that cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is not what the format has.
    Malformed(&'static str),
    /// The server sent an error in place of (more) text.
    Told { kind: ErrorKind, message: String },
}

impl Peer {
    pub(super) fn error(&self, kind: ErrorKind, what: &str) -> ModelError {
        let message = format!("{} ({}): {what}", self.name, self.origin);
        ModelError { kind, message, retry_after: None }
    }

    /// An answer whose status is not 2xx. `words` is what the server said, quoted already.
    pub(super) fn status(
        &self,
        status: u16,
        words: &str,
        body: &Value,
        wait: Option<Duration>,
    ) -> ModelError {
        let kind = match kind_of_status(status) {
            ErrorKind::RateLimit if is_spent(body) => ErrorKind::Rejected,
            ErrorKind::Rejected if is_overflow(body) => ErrorKind::Overflow,
            kind => kind,
        };
        let name = reqwest::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        let name = name.unwrap_or(if status == 529 { "Overloaded" } else { "Unknown status" });
        let words = if words.is_empty() { String::new() } else { format!(": \"{words}\"") };
        let advice = self.advice(status, kind, wait);
        let error = self.error(kind, &format!("{status} {name}{words}. {advice}"));
        ModelError { retry_after: wait, ..error }
    }

    /// A fault within an answer whose status was good.
    pub(super) fn fault(&self, fault: Fault, key: Option<&SecretString>) -> ModelError {
        match fault {
            Fault::Malformed(what) => {
                let what =
                    format!("its answer could not be read: {what}. Is this the address of a model's API?");
                self.error(ErrorKind::Stream, &what)
            }
            Fault::Told { kind, message } => {
                let words = quote(&message, key);
                let advice = self.advice(0, kind, None);
                self.error(kind, &format!("it sent an error in place of an answer: \"{words}\". {advice}"))
            }
        }
    }

    fn advice(&self, status: u16, kind: ErrorKind, wait: Option<Duration>) -> String {
        match (status, kind) {
            (300..=399, _) => {
                "Redirects are not followed, so that the key stays with the configured address: set \
                               base_url to the final one"
                    .to_owned()
            }
            (402, _) => "Check the account's balance with the provider".to_owned(),
            (403, _) => format!("The key from {} may not do this", self.key),
            (404, _) => format!("Check base_url and the model's id, \"{}\"", self.model),
            (_, ErrorKind::Overflow) => {
                "The prompt is larger than the server takes: select less, or set a smaller context_window \
                         for this model"
                    .to_owned()
            }
            (_, ErrorKind::Auth) if self.key == KeySource::None => {
                "No key is configured: name the variable that has it with api_key_env".to_owned()
            }
            (_, ErrorKind::Auth) => format!("Check the key from {}", self.key),
            (429, ErrorKind::Rejected) => {
                "The account's quota is used up: see to it with the provider".to_owned()
            }
            (_, ErrorKind::RateLimit) => match wait {
                Some(wait) => {
                    format!("Too many requests: it asks to wait for {} s", wait.as_secs_f64().ceil())
                }
                None => "Too many requests: wait a little, or choose another model".to_owned(),
            },
            (_, ErrorKind::Overloaded) => {
                "The provider is overloaded: try again in a minute, or choose another model".to_owned()
            }
            (_, ErrorKind::Server) => {
                "The fault is on the server's side: try again, or choose another model".to_owned()
            }
            _ => format!("Check the settings of the model \"{}\"", self.model),
        }
    }
}

/// The kind of a status that is not 2xx.
pub(super) fn kind_of_status(status: u16) -> ErrorKind {
    match status {
        401 | 403 => ErrorKind::Auth,
        408 | 409 => ErrorKind::Server,
        413 => ErrorKind::Overflow,
        429 => ErrorKind::RateLimit,
        529 => ErrorKind::Overloaded,
        500..=599 => ErrorKind::Server,
        _ => ErrorKind::Rejected,
    }
}

/// An error object within a stream, or in place of an answer: `{"message", "type", "code"}` in many variations, the code a
/// string or a status; Ollama sends a bare string.
pub(super) fn told(error: &Value) -> Fault {
    let status = error.get("code").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok());
    let names = ["type", "code"].into_iter().filter_map(|key| error.get(key)?.as_str());
    let kind = match status {
        _ if is_spent(error) => ErrorKind::Rejected,
        _ if is_overflow(error) => ErrorKind::Overflow,
        Some(status @ 400..=599) => kind_of_status(status),
        _ => names.filter_map(kind_of_name).next().unwrap_or(ErrorKind::Server),
    };
    Fault::Told { kind, message: message_of(error).unwrap_or("no message").to_owned() }
}

/// What a server's error body says: JSON in any of the known shapes, else plain text; nothing of a web page.
pub(super) fn words_of(body: &[u8], json: &Value) -> String {
    if let Some(message) = message_of(json) {
        return message.to_owned();
    }
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    if is_page(text) { "a web page".to_owned() } else { text.to_owned() }
}

/// Whether `text` begins as a web page does.
pub(super) fn is_page(text: &str) -> bool {
    let start: String = text.trim_start().chars().take(9).collect::<String>().to_ascii_lowercase();
    start.starts_with("<!doctype") || start.starts_with("<html")
}

/// `text` fit for a message: without the key, on one line, its control and format characters escaped, and not long.
pub(super) fn quote(text: &str, key: Option<&SecretString>) -> String {
    let text = match key.map(ExposeSecret::expose_secret) {
        Some(key) if text.contains(key) => text.replace(key, "[key]"),
        _ => text.to_owned(),
    };
    let mut quoted = String::new();
    for (index, char) in text.trim().chars().enumerate() {
        if index == MAX_QUOTE_CHARS {
            quoted.push('…');
            break;
        }
        match char {
            '\n' | '\r' | '\t' => quoted.push(' '),
            _ if char.is_control() || is_invisible(char) => quoted.extend(char.escape_unicode()),
            _ => quoted.push(char),
        }
    }
    quoted
}

/// Bidi controls, tags, zero-width characters: what makes a message read otherwise than it is.
fn is_invisible(char: char) -> bool {
    matches!(char, '\u{AD}' | '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// The message in an error body: `{"error": {"message"}}`, `{"error": "…"}`, `{"message"}`, `{"detail"}`, or a string.
fn message_of(body: &Value) -> Option<&str> {
    let inner = body.get("error").unwrap_or(body);
    let candidates = [inner.get("message"), Some(inner), body.get("message"), body.get("detail")];
    candidates.into_iter().flatten().find_map(Value::as_str).filter(|message| !message.trim().is_empty())
}

/// An account without money answers 429 as a busy one does, and so does a gateway whose budget is used up: waiting does not
/// help them.
fn is_spent(body: &Value) -> bool {
    const CODES: [&str; 3] = ["insufficient_quota", "billing_hard_limit_reached", "budget_exceeded"];
    // LiteLLM's words, for a key, a team and a provider.
    const WORDS: [&str; 3] = ["budget has been exceeded", "exceededbudget", "crossed budget"];
    let error = body.get("error").unwrap_or(body);
    let code = |key: &&str| error.get(key).and_then(Value::as_str).is_some_and(|code| CODES.contains(&code));
    let message = message_of(body).unwrap_or_default().to_lowercase();
    ["code", "type"].iter().any(code) || WORDS.iter().any(|words| message.contains(words))
}

/// Whether it says that the prompt is larger than the model's window: by its code, or where there is none, by the words that the
/// common servers have for it.
fn is_overflow(body: &Value) -> bool {
    const CODES: [&str; 3] = ["context_length_exceeded", "exceed_context_size_error", "request_too_large"];
    const WORDS: [&str; 6] = [
        "maximum context length",
        "context length exceeded",
        "exceeds the available context size",
        "prompt is too long",
        "exceeds the context window",
        "exceed context limit",
    ];
    let error = body.get("error").unwrap_or(body);
    let code = |key: &&str| error.get(key).and_then(Value::as_str).is_some_and(|code| CODES.contains(&code));
    let message = message_of(body).unwrap_or_default().to_lowercase();
    ["code", "type"].iter().any(code) || WORDS.iter().any(|words| message.contains(words))
}

fn kind_of_name(name: &str) -> Option<ErrorKind> {
    Some(match name {
        "authentication_error" | "permission_error" | "invalid_api_key" => ErrorKind::Auth,
        "rate_limit_error" | "rate_limit_exceeded" => ErrorKind::RateLimit,
        "overloaded_error" => ErrorKind::Overloaded,
        "api_error" | "server_error" | "timeout_error" => ErrorKind::Server,
        "invalid_request_error" | "not_found_error" | "billing_error" | "model_not_found" => {
            ErrorKind::Rejected
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_error_object_has_its_kind_and_its_words() {
        for (error, kind, words) in [
            (json!({"message": "busy", "code": 429}), ErrorKind::RateLimit, "busy"),
            (json!({"message": "busy", "type": "overloaded_error"}), ErrorKind::Overloaded, "busy"),
            (
                json!({"message": "x", "type": "odd", "code": "rate_limit_exceeded"}),
                ErrorKind::RateLimit,
                "x",
            ),
            (json!({"message": "x", "code": "insufficient_quota"}), ErrorKind::Rejected, "x"),
            (
                json!({"message": "No deployments available - crossed budget: 0.1 >= 0.1", "code": "429"}),
                ErrorKind::Rejected,
                "No deployments available - crossed budget: 0.1 >= 0.1",
            ),
            (json!({"message": "x", "code": 502}), ErrorKind::Server, "x"),
            (
                json!({"message": "x", "type": "exceed_context_size_error", "code": 400}),
                ErrorKind::Overflow,
                "x",
            ),
            (
                json!({"message": "This model's maximum context length is 8192 tokens", "code": 400}),
                ErrorKind::Overflow,
                "This model's maximum context length is 8192 tokens",
            ),
            (json!({"message": "x", "code": 413}), ErrorKind::Overflow, "x"),
            (json!({"message": "x", "code": 7}), ErrorKind::Server, "x"),
            (json!("model 'x' not found"), ErrorKind::Server, "model 'x' not found"),
            (json!({}), ErrorKind::Server, "no message"),
            (json!(null), ErrorKind::Server, "no message"),
        ] {
            assert_eq!(told(&error), Fault::Told { kind, message: words.to_owned() }, "{error}");
        }
    }

    #[test]
    fn the_words_of_an_error_body_are_found_in_every_shape() {
        for (body, expect) in [
            (r#"{"error": {"message": "a"}}"#, "a"),
            (r#"{"error": "a"}"#, "a"),
            (r#"{"object": "error", "message": "a", "code": 404}"#, "a"),
            (r#"{"detail": "a"}"#, "a"),
            (r#""a""#, "a"),
            ("plain text\n", "plain text"),
            ("<!DOCTYPE html><title>Log in</title>", "a web page"),
            ("", ""),
            ("\u{FFFD}{", "\u{FFFD}{"),
        ] {
            let json = serde_json::from_str(body).unwrap_or_default();
            assert_eq!(words_of(body.as_bytes(), &json), expect, "{body}");
        }
    }

    #[test]
    fn a_quote_is_short_visible_and_without_the_key() {
        let key = SecretString::from("sk-secret");
        for (text, expect) in [
            ("wrong key sk-secret, sk-secret!", "wrong key [key], [key]!"),
            ("a\nb\x1b[31mc\u{202E}d", "a b\\u{1b}[31mc\\u{202e}d"),
            ("  é  ", "é"),
        ] {
            assert_eq!(quote(text, Some(&key)), expect);
        }
        let long = quote(&"é".repeat(1_000), None);
        assert_eq!(long.chars().count(), MAX_QUOTE_CHARS + 1);
    }
}
