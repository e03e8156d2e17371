//! Streaming chat completions, as OpenAI, OpenRouter, Ollama, vLLM, llama.cpp, LM Studio, LiteLLM and others speak them.
//!
//! They agree on little: chunks come without choices, content is null or a list of parts, error codes are numbers. So
//! each chunk is read leniently, and only what is not JSON at all is malformed.

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::exchange::{Format, Progress, Reader};
use super::fault::{self, Fault};
use crate::model::sse::Event;
use crate::model::{ErrorKind, Fill, Finish, MicroUsd, Request, Role, Tokens, Usage};

/// Where servers tell how much of a prompt was written to a cache: OpenRouter, then LiteLLM.
const WRITTEN: [&str; 3] = [
    "/prompt_tokens_details/cache_write_tokens",
    "/prompt_tokens_details/cache_creation_tokens",
    "/cache_creation_input_tokens",
];
/// The most stop texts that OpenAI takes.
pub(super) const MAX_STOPS: usize = 4;

/// Hosts that have a place of its own for filling in the middle.
const MISTRAL: [&str; 2] = ["api.mistral.ai", "codestral.mistral.ai"];

pub(super) struct OpenAi;

impl Format for OpenAi {
    fn path(&self, host: &str, request: Option<&Request>) -> &'static str {
        match request.and_then(|request| request.fill.as_ref()) {
            None => "/chat/completions",
            Some(_) if MISTRAL.contains(&host) => "/fim/completions",
            Some(_) => "/completions",
        }
    }

    fn body(&self, model: &str, host: &str, request: &Request) -> Value {
        if let Some(fill) = &request.fill {
            return filling(model, fill, request);
        }
        let system = Some(&request.system).filter(|text| !text.is_empty());
        let system = system.map(|text| json!({"role": "system", "content": text}));
        let turns = request.turns.iter().map(|turn| json!({"role": role(turn.role), "content": turn.text}));
        let messages: Vec<_> = system.into_iter().chain(turns).collect();
        let mut body = json!({
            "model": model,
            "messages": messages,
            "stream": true,
            "stream_options": {"include_usage": true},
        });
        // OpenAI's own newer models refuse the old name, and most other servers know no other.
        let limit = if host == "api.openai.com" { "max_completion_tokens" } else { "max_tokens" };
        body[limit] = json!(request.max_tokens.0);
        if let Some(temperature) = request.temperature {
            body["temperature"] = json!(temperature);
        }
        let stop: Vec<_> = stops(request).collect();
        if !stop.is_empty() {
            body["stop"] = json!(stop);
        }
        if host == "openrouter.ai" {
            // Asks for the cost in dollars; others refuse fields that they do not know.
            body["usage"] = json!({"include": true});
        }
        body
    }

    fn headers(&self, key: Option<&SecretString>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let bearer =
            key.and_then(|key| HeaderValue::try_from(format!("Bearer {}", key.expose_secret())).ok());
        if let Some(mut bearer) = bearer {
            bearer.set_sensitive(true);
            headers.insert(AUTHORIZATION, bearer);
        }
        headers
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Chunks::default())
    }
}

/// The body of a request that has a place filled; what the project has stands before the file, as comments.
fn filling(model: &str, fill: &Fill, request: &Request) -> Value {
    let before = if fill.context.is_empty() { String::new() } else { format!("{}\n\n", fill.context) };
    let mut body = json!({
        "model": model,
        "prompt": format!("{before}{}", fill.prefix),
        "suffix": fill.suffix,
        "max_tokens": request.max_tokens.0,
        "stream": true,
    });
    if let Some(temperature) = request.temperature {
        body["temperature"] = json!(temperature);
    }
    let stop: Vec<_> = stops(request).collect();
    if !stop.is_empty() {
        body["stop"] = json!(stop);
    }
    body
}

/// The stop texts that every provider takes.
pub(super) fn stops(request: &Request) -> impl Iterator<Item = &str> {
    request.stop.iter().map(String::as_str).filter(|text| !text.trim().is_empty()).take(MAX_STOPS)
}

pub(super) fn role(role: Role) -> &'static str {
    match role {
        Role::User => "user",
        Role::Assistant => "assistant",
    }
}

/// A count of tokens, from whatever a server has there.
pub(super) fn tokens(usage: &Value, path: &str) -> Option<Tokens> {
    let count = usage.pointer(path)?;
    let count =
        count.as_u64().or_else(|| count.as_f64().filter(|count| *count >= 0.0).map(|count| count as u64));
    count.map(|count| Tokens(u32::try_from(count).unwrap_or(u32::MAX)))
}

#[derive(Debug, Default)]
struct Chunks {
    finish: Option<Finish>,
    usage: Usage,
}

impl Reader for Chunks {
    fn event(&mut self, event: &Event) -> Result<Progress, Fault> {
        if event.data.trim() == "[DONE]" {
            self.finish.get_or_insert(Finish::Stop);
            return Ok(Progress::End);
        }
        let chunk: Value = serde_json::from_str(&event.data)
            .map_err(|_| Fault::Malformed("an event of its stream is not JSON"))?;
        if !chunk.is_object() {
            return Err(Fault::Malformed("an event of its stream is not an object"));
        }
        self.read(&chunk, "/choices/0/delta")
    }

    fn whole(&mut self, body: &Value) -> Result<String, Fault> {
        if body.pointer("/choices/0/message").or_else(|| body.pointer("/choices/0/text")).is_none() {
            return Err(Fault::Malformed("it is neither a stream nor a complete answer"));
        }
        let progress = self.read(body, "/choices/0/message")?;
        self.finish.get_or_insert(Finish::Stop);
        Ok(if let Progress::Text(text) = progress { text } else { String::new() })
    }

    fn finish(&self) -> Option<Finish> {
        self.finish
    }

    fn usage(&self) -> Usage {
        self.usage
    }
}

impl Chunks {
    /// Reads a chunk or a whole answer, whose text is at `place`.
    fn read(&mut self, body: &Value, place: &str) -> Result<Progress, Fault> {
        // What was used is told with an error, too.
        self.read_usage(body.get("usage").unwrap_or(&Value::Null));
        if let Some(error) = body.get("error").filter(|error| !error.is_null()) {
            return Err(fault::told(error));
        }
        if let Some(reason) = body.pointer("/choices/0/finish_reason").and_then(Value::as_str) {
            self.finish = Some(finish(reason, self.finish)?);
        }
        // A completion has its text beside the choice.
        if let Some(text) = body.pointer("/choices/0/text").and_then(Value::as_str) {
            return Ok(if text.is_empty() { Progress::Nothing } else { Progress::Text(text.to_owned()) });
        }
        let Some(delta) = body.pointer(place) else { return Ok(Progress::Nothing) };
        if delta.get("refusal").and_then(Value::as_str).is_some_and(|text| !text.is_empty()) {
            self.finish = Some(Finish::Refusal);
            return Ok(Progress::Working);
        }
        let text = text(delta.get("content").unwrap_or(&Value::Null));
        let reasons = ["reasoning_content", "reasoning"]
            .iter()
            .any(|key| delta.get(key).and_then(Value::as_str).is_some_and(|text| !text.is_empty()));
        Ok(match (text.is_empty(), reasons) {
            (false, _) => Progress::Text(text),
            (true, true) => Progress::Working,
            (true, false) => Progress::Nothing,
        })
    }

    fn read_usage(&mut self, usage: &Value) {
        let Usage { prompt, cached, written, completion, cost } = &mut self.usage;
        let set = |count: &mut Tokens, paths: &[&str]| {
            if let Some(told) = paths.iter().find_map(|path| tokens(usage, path)) {
                *count = told;
            }
        };
        set(prompt, &["/prompt_tokens"]);
        set(cached, &["/prompt_tokens_details/cached_tokens", "/prompt_cache_hit_tokens"]);
        set(completion, &["/completion_tokens"]);
        let told = WRITTEN.iter().find_map(|path| tokens(usage, path));
        *written = told.or(*written);
        let dollars = |path| {
            let dollars = usage.pointer(path).and_then(Value::as_f64)?;
            (dollars.is_finite() && dollars >= 0.0).then_some(dollars)
        };
        // With a key of one's own at its provider, OpenRouter's `cost` is its fee alone, and the rest is told apart.
        // Older answers of that kind do not say so; a part that is larger than the whole does.
        let is_apart = usage.get("is_byok").and_then(Value::as_bool);
        let rest = dollars("/cost_details/upstream_inference_cost").unwrap_or_default();
        if let Some(whole) = dollars("/cost") {
            let sum = if is_apart.unwrap_or(rest > whole) { whole + rest } else { whole };
            *cost = Some(MicroUsd((sum * 1e6).ceil() as u64));
        }
    }
}

/// A refusal stays one, whatever reason comes after it. Unknown reasons are ends.
fn finish(reason: &str, before: Option<Finish>) -> Result<Finish, Fault> {
    Ok(match reason {
        "error" => {
            let message = "the answer ended with an error".to_owned();
            return Err(Fault::Told { kind: ErrorKind::Server, message });
        }
        "content_filter" | "refusal" => Finish::Refusal,
        _ if before == Some(Finish::Refusal) => Finish::Refusal,
        "length" | "max_tokens" => Finish::Length,
        _ => Finish::Stop,
    })
}

/// Content is a string, nothing, or a list of parts.
fn text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            parts.iter().filter_map(|part| part.get("text").and_then(Value::as_str)).collect()
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Turn;

    fn request() -> Request {
        Request {
            system: "Write.".to_owned(),
            turns: vec![Turn { role: Role::User, text: "code".to_owned() }],
            prefill: Some("ignored".to_owned()),
            fill: None,
            max_tokens: Tokens(100),
            temperature: None,
            stop: ["a", " ", "b", "c", "d", "e"].map(str::to_owned).to_vec(),
        }
    }

    #[test]
    fn a_request_is_written_as_its_host_wants_it() {
        let mut expect = json!({
            "model": "m",
            "messages": [{"role": "system", "content": "Write."}, {"role": "user", "content": "code"}],
            "stream": true,
            "stream_options": {"include_usage": true},
            "max_tokens": 100,
            "stop": ["a", "b", "c", "d"],
        });
        assert_eq!(OpenAi.body("m", "127.0.0.1", &request()), expect);
        expect["usage"] = json!({"include": true});
        assert_eq!(OpenAi.body("m", "openrouter.ai", &request()), expect);
        let bare = Request { system: String::new(), temperature: Some(0.0), stop: Vec::new(), ..request() };
        let body = OpenAi.body("m", "api.openai.com", &bare);
        assert_eq!(body["max_completion_tokens"], 100);
        assert_eq!(body["temperature"], 0.0);
        assert_eq!(body["messages"].as_array().unwrap().len(), 1);
        assert!(body.get("max_tokens").is_none() && body.get("stop").is_none());
    }

    #[test]
    fn a_place_to_fill_is_asked_for_where_its_host_has_it() {
        let fill = Fill { prefix: "def f(".to_owned(), suffix: "    return x".to_owned(), ..Fill::default() };
        let request = Request { fill: Some(fill), temperature: Some(0.0), ..request() };
        let body = OpenAi.body("m", "127.0.0.1", &request);
        assert_eq!(
            (&body["prompt"], &body["suffix"], &body["max_tokens"]),
            (&json!("def f("), &json!("    return x"), &json!(100))
        );
        assert!(body.get("messages").is_none());
        for (host, path) in [("127.0.0.1", "/completions"), ("codestral.mistral.ai", "/fim/completions")] {
            assert_eq!(OpenAi.path(host, Some(&request)), path);
        }
        assert_eq!(OpenAi.path("codestral.mistral.ai", None), "/chat/completions");
        let (progress, finish, _) =
            read(&[r#"{"choices":[{"text":"x"}]}"#, r#"{"choices":[{"text":"","finish_reason":"length"}]}"#]);
        assert_eq!(progress.unwrap(), [Progress::Text("x".to_owned()), Progress::Nothing]);
        assert_eq!(finish, Some(Finish::Length));
    }

    #[track_caller]
    fn read(chunks: &[&str]) -> (Result<Vec<Progress>, Fault>, Option<Finish>, Usage) {
        let mut reader = Chunks::default();
        let event = |data: &&str| Event { name: "message".into(), data: (*data).into(), damaged: false };
        let progress = chunks.iter().map(|chunk| reader.event(&event(chunk))).collect();
        (progress, reader.finish(), reader.usage())
    }

    #[test]
    fn chunks_of_every_server_are_read() {
        use Progress::{End, Nothing, Text, Working};
        let text = |text: &str| Text(text.to_owned());
        for (chunk, expect) in [
            (r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":null}}]}"#, Nothing),
            (r#"{"choices":[{"delta":{"content":"a"}}]}"#, text("a")),
            (r#"{"choices":[{"delta":{"content":[{"type":"text","text":"a"},{"text":"b"}]}}]}"#, text("ab")),
            (r#"{"choices":[{"delta":{"reasoning_content":"hm","content":null}}]}"#, Working),
            (r#"{"choices":[{"delta":{"reasoning":"hm","content":""}}]}"#, Working),
            (r#"{"choices":[{"delta":{"reasoning_content":"","content":"a"}}]}"#, text("a")),
            (r#"{"choices":[]}"#, Nothing),
            (r#"{"choices":null,"usage":null,"error":null}"#, Nothing),
            (r"{}", Nothing),
            (r#"{"choices":[{"finish_reason":"stop"}]}"#, Nothing),
            (r#"{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}"#, text("a")),
            (" [DONE] ", End),
        ] {
            assert_eq!(read(&[chunk]).0, Ok(vec![expect]), "{chunk}");
        }
    }

    #[test]
    fn reasons_to_end() {
        for (reason, expect) in [
            (r#""stop""#, Some(Finish::Stop)),
            (r#""length""#, Some(Finish::Length)),
            (r#""content_filter""#, Some(Finish::Refusal)),
            (r#""tool_calls""#, Some(Finish::Stop)),
            (r#""eos""#, Some(Finish::Stop)),
            ("null", None),
        ] {
            let chunk = format!(r#"{{"choices":[{{"delta":{{}},"finish_reason":{reason}}}]}}"#);
            assert_eq!(read(&[&chunk]).1, expect, "{reason}");
        }
        assert_eq!(read(&["[DONE]"]).1, Some(Finish::Stop));
        let refusal = r#"{"choices":[{"delta":{"refusal":"I cannot"}}]}"#;
        assert_eq!(read(&[refusal, r#"{"choices":[{"finish_reason":"stop"}]}"#]).1, Some(Finish::Refusal));
    }

    #[test]
    fn usage_and_cost() {
        let usage = |json: &str| {
            let Usage { prompt, cached, completion, cost, .. } = read(&[&format!(r#"{{"usage":{json}}}"#)]).2;
            (prompt.0, cached.0, completion.0, cost.map(|cost| cost.0))
        };
        for (json, expect) in [
            ("null", (0, 0, 0, None)),
            (
                r#"{"prompt_tokens":9,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":4}}"#,
                (9, 4, 3, None),
            ),
            (r#"{"prompt_tokens":9.0,"prompt_tokens_details":null,"cost":0.00001234}"#, (9, 0, 0, Some(13))),
            (r#"{"prompt_tokens":9,"prompt_cache_hit_tokens":8,"cost":0}"#, (9, 8, 0, Some(0))),
            (r#"{"cost":0.000001,"cost_details":{"upstream_inference_cost":0.00004}}"#, (0, 0, 0, Some(41))),
            (r#"{"cost":0.00004,"cost_details":{"upstream_inference_cost":0.00004}}"#, (0, 0, 0, Some(40))),
            (
                r#"{"cost":0,"is_byok":true,"cost_details":{"upstream_inference_cost":0.00004}}"#,
                (0, 0, 0, Some(40)),
            ),
            (
                r#"{"cost":0.000001,"is_byok":false,"cost_details":{"upstream_inference_cost":0.00004}}"#,
                (0, 0, 0, Some(1)),
            ),
            (r#"{"prompt_tokens":-1,"completion_tokens":"x","cost":-1}"#, (0, 0, 0, None)),
        ] {
            assert_eq!(usage(json), expect, "{json}");
        }
    }

    #[test]
    fn errors_within_a_stream() {
        for (chunk, expect) in [
            (
                r#"{"error":{"message":"busy","code":502},"choices":[]}"#,
                Fault::Told { kind: ErrorKind::Server, message: "busy".to_owned() },
            ),
            (
                r#"{"choices":[{"delta":{},"finish_reason":"error"}]}"#,
                Fault::Told { kind: ErrorKind::Server, message: "the answer ended with an error".to_owned() },
            ),
            (r#"{"choices":"#, Fault::Malformed("an event of its stream is not JSON")),
            ("[1]", Fault::Malformed("an event of its stream is not an object")),
        ] {
            assert_eq!(read(&[chunk]).0, Err(expect), "{chunk}");
        }
    }
}
