//! Anthropic's messages API, streamed.
//!
//! The system prompt is a block that may be cached: it is the same bytes from run to run.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::exchange::{Format, Progress, Reader};
use super::fault::{self, Fault};
use super::openai::{role, stops, tokens};
use crate::model::sse::Event;
use crate::model::{Finish, Request, Tokens, Usage};

/// The version of the API that this file speaks.
const VERSION: HeaderValue = HeaderValue::from_static("2023-06-01");

pub(super) struct Anthropic;

impl Format for Anthropic {
    fn path(&self, _host: &str, _request: Option<&Request>) -> &'static str {
        "/v1/messages"
    }

    fn body(&self, model: &str, _host: &str, request: &Request) -> Value {
        let turns = request.turns.iter().map(|turn| json!({"role": role(turn.role), "content": turn.text}));
        let mut body = json!({
            "model": model,
            "max_tokens": request.max_tokens.0,
            "messages": turns.collect::<Vec<_>>(),
            "stream": true,
        });
        // An empty block is refused.
        if !request.system.is_empty() {
            let cache = json!({"type": "ephemeral"});
            body["system"] = json!([{"type": "text", "text": request.system, "cache_control": cache}]);
        }
        if let Some(temperature) = request.temperature {
            body["temperature"] = json!(temperature.clamp(0.0, 1.0));
        }
        let stop: Vec<_> = stops(request).collect();
        if !stop.is_empty() {
            body["stop_sequences"] = json!(stop);
        }
        body
    }

    fn headers(&self, key: Option<&SecretString>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static("anthropic-version"), VERSION);
        if let Some(mut key) = key.and_then(|key| HeaderValue::from_str(key.expose_secret()).ok()) {
            key.set_sensitive(true);
            headers.insert(HeaderName::from_static("x-api-key"), key);
        }
        headers
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Events::default())
    }
}

#[derive(Debug, Default)]
struct Events {
    finish: Option<Finish>,
    input: Tokens,
    cache_read: Tokens,
    cache_creation: Tokens,
    output: Tokens,
}

impl Reader for Events {
    fn event(&mut self, event: &Event) -> Result<Progress, Fault> {
        let data: Value = serde_json::from_str(&event.data)
            .map_err(|_| Fault::Malformed("an event of its stream is not JSON"))?;
        // The type within is what counts; some proxies drop the event's name.
        match data.get("type").and_then(Value::as_str).unwrap_or(&event.name) {
            "error" => return Err(fault::told(data.get("error").unwrap_or(&Value::Null))),
            "message_start" => self.read_usage(data.pointer("/message/usage")),
            "content_block_delta" => return Ok(delta(data.get("delta").unwrap_or(&Value::Null))),
            "message_delta" => {
                self.read_usage(data.get("usage"));
                if let Some(reason) = data.pointer("/delta/stop_reason").and_then(Value::as_str) {
                    self.finish = Some(finish(reason));
                }
            }
            "message_stop" => {
                self.finish.get_or_insert(Finish::Stop);
                return Ok(Progress::End);
            }
            _ => {}
        }
        Ok(Progress::Nothing)
    }

    fn whole(&mut self, body: &Value) -> Result<String, Fault> {
        let Some(blocks) = body.get("content").and_then(Value::as_array) else {
            return Err(Fault::Malformed("it is neither a stream nor a complete answer"));
        };
        self.read_usage(body.get("usage"));
        self.finish = Some(body.get("stop_reason").and_then(Value::as_str).map_or(Finish::Stop, finish));
        Ok(blocks.iter().filter_map(|block| block.get("text").and_then(Value::as_str)).collect())
    }

    fn finish(&self) -> Option<Finish> {
        self.finish
    }

    fn usage(&self) -> Usage {
        let prompt = self.input.0.saturating_add(self.cache_read.0).saturating_add(self.cache_creation.0);
        Usage {
            prompt: Tokens(prompt),
            cached: self.cache_read,
            written: Some(self.cache_creation),
            completion: self.output,
            cost: None,
        }
    }
}

impl Events {
    /// Counts are cumulative: the last one told is right.
    fn read_usage(&mut self, usage: Option<&Value>) {
        let Some(usage) = usage else { return };
        for (count, path) in [
            (&mut self.input, "/input_tokens"),
            (&mut self.cache_read, "/cache_read_input_tokens"),
            (&mut self.cache_creation, "/cache_creation_input_tokens"),
            (&mut self.output, "/output_tokens"),
        ] {
            if let Some(told) = tokens(usage, path) {
                *count = told;
            }
        }
    }
}

/// Text is text; thinking, signatures and the like show that the model works.
fn delta(delta: &Value) -> Progress {
    match delta.get("text").and_then(Value::as_str) {
        Some("") => Progress::Nothing,
        Some(text) => Progress::Text(text.to_owned()),
        None => Progress::Working,
    }
}

fn finish(reason: &str) -> Finish {
    match reason {
        "max_tokens" | "model_context_window_exceeded" => Finish::Length,
        "refusal" => Finish::Refusal,
        _ => Finish::Stop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ErrorKind, Role, Turn};

    #[test]
    fn a_request_has_its_system_prompt_as_a_block_to_cache() {
        let mut request = Request {
            system: "Write.".to_owned(),
            turns: vec![
                Turn { role: Role::User, text: "code".to_owned() },
                Turn { role: Role::Assistant, text: "x".to_owned() },
                Turn { role: Role::User, text: "more".to_owned() },
            ],
            prefill: Some("ignored".to_owned()),
            fill: None,
            max_tokens: Tokens(100),
            temperature: Some(1.5),
            stop: vec!["\n\n".to_owned(), "END".to_owned()],
        };
        let mut expect = json!({
            "model": "claude",
            "max_tokens": 100,
            "system": [{"type": "text", "text": "Write.", "cache_control": {"type": "ephemeral"}}],
            "messages": [
                {"role": "user", "content": "code"},
                {"role": "assistant", "content": "x"},
                {"role": "user", "content": "more"},
            ],
            "stream": true,
            "temperature": 1.0,
            "stop_sequences": ["END"],
        });
        assert_eq!(Anthropic.body("claude", "", &request), expect);
        request.system.clear();
        expect.as_object_mut().unwrap().remove("system");
        assert_eq!(Anthropic.body("claude", "", &request), expect);
    }

    fn read(events: &[&str]) -> (Result<Vec<Progress>, Fault>, Option<Finish>, Usage) {
        let mut reader = Events::default();
        let event = |data: &&str| Event { name: "message".into(), data: (*data).into(), damaged: false };
        let progress = events.iter().map(|data| reader.event(&event(data))).collect();
        (progress, reader.finish(), reader.usage())
    }

    #[test]
    fn an_answer_from_start_to_stop() {
        use Progress::{End, Nothing, Text, Working};
        let (progress, finish, usage) = read(&[
            r#"{"type":"message_start","message":{"usage":{"input_tokens":10,"cache_read_input_tokens":30,
                "cache_creation_input_tokens":2,"output_tokens":1}}}"#,
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
            r#"{"type":"ping"}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}"#,
            r#"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"pass"}}"#,
            r#"{"type":"content_block_stop","index":1}"#,
            r#"{"type":"something_new"}"#,
            r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":7}}"#,
            r#"{"type":"message_stop"}"#,
        ]);
        let text = Text("pass".to_owned());
        let expect = [Nothing, Nothing, Nothing, Working, text, Nothing, Nothing, Nothing, End];
        assert_eq!(progress.unwrap(), expect);
        assert_eq!(finish, Some(Finish::Stop));
        let expect = Usage {
            prompt: Tokens(42),
            cached: Tokens(30),
            written: Some(Tokens(2)),
            completion: Tokens(7),
            cost: None,
        };
        assert_eq!(usage, expect);
    }

    #[test]
    fn reasons_to_end() {
        for (reason, expect) in [
            ("end_turn", Finish::Stop),
            ("stop_sequence", Finish::Stop),
            ("max_tokens", Finish::Length),
            ("model_context_window_exceeded", Finish::Length),
            ("refusal", Finish::Refusal),
        ] {
            let event = json!({"type": "message_delta", "delta": {"stop_reason": reason}}).to_string();
            assert_eq!(read(&[&event]).1, Some(expect), "{reason}");
        }
    }

    #[test]
    fn errors_within_a_stream() {
        for (name, kind) in [
            ("overloaded_error", ErrorKind::Overloaded),
            ("rate_limit_error", ErrorKind::RateLimit),
            ("api_error", ErrorKind::Server),
            ("invalid_request_error", ErrorKind::Rejected),
            ("authentication_error", ErrorKind::Auth),
        ] {
            let event = json!({"type": "error", "error": {"type": name, "message": "why"}}).to_string();
            assert_eq!(read(&[&event]).0, Err(Fault::Told { kind, message: "why".to_owned() }));
        }
        assert_eq!(read(&["{"]).0, Err(Fault::Malformed("an event of its stream is not JSON")));
    }
}
