//! A provider's own list of its models, in the shapes that servers have for it: the OpenAI API's, with what OpenRouter, vLLM and
//! llama.cpp add; and what LiteLLM, Ollama and llama.cpp say elsewhere about prices and about what is loaded.

use serde_json::Value;
use tokio::sync::mpsc;

use super::exchange::Exchange;
use super::http::Http;
use super::{Format, Hosted, anthropic, openai};
use crate::model::address::BaseUrl;
use crate::model::listing::Listed;
use crate::model::meter::Meter;
use crate::model::spec::{ProviderSpec, Wire};
use crate::model::{ErrorKind, ModelError, Tokens};

/// Anthropic tells twenty models at once unless it is asked for more; it has no thousand of them.
const WHOLE: &str = "limit=1000";

/// Asks the provider for its models.
///
/// # Errors
/// As any call; `Stream` where the answer is no list of models.
pub async fn list(spec: &ProviderSpec, http: &Http) -> Result<Vec<Listed>, ModelError> {
    let (format, base_url, key, path): (&'static dyn Format, _, _, _) = match &spec.wire {
        Wire::OpenAi { base_url, key } => (&openai::OpenAi, base_url, key, "/models"),
        Wire::Anthropic { base_url, key } => (&anthropic::Anthropic, base_url, key, "/v1/models"),
        Wire::Embedded => return Ok(Vec::new()),
    };
    let hosted = Hosted::new(spec, "", format, base_url, key, http);
    let mut url = base_url.join(path);
    if matches!(spec.wire, Wire::Anthropic { .. }) {
        url.set_query(Some(WHOLE));
    }
    let answer = get(&hosted, url).await?;
    let mut models = models(&answer).ok_or_else(|| {
        let what = "its answer is no list of models. Is this the address of a model's API?";
        hosted.peer.error(ErrorKind::Stream, what)
    })?;
    // What only one kind of server has is asked of that kind, and is no matter where it fails.
    match Server::of(&answer, base_url) {
        Server::Ollama => {
            if let Ok(answer) = get(&hosted, base_url.at_root("/api/ps")).await {
                are_loaded(&mut models, &answer);
            }
        }
        Server::LlamaCpp => {
            if let Ok(answer) = get(&hosted, base_url.at_root("/props")).await {
                have_window(&mut models, &answer);
            }
        }
        Server::Other => {
            if let Ok(answer) = get(&hosted, base_url.at_root("/model/info")).await {
                have_prices(&mut models, &answer);
            }
        }
        Server::Known => {}
    }
    Ok(models)
}

async fn get(hosted: &Hosted, url: url::Url) -> Result<Value, ModelError> {
    let exchange = Exchange {
        peer: hosted.peer.clone(),
        key: hosted.key.clone(),
        http: hosted.http.clone(),
        url,
        body: String::new(),
        format: hosted.format,
        max_tokens: Tokens(0),
        // Nobody listens: the answer is no stream.
        deltas: mpsc::channel(1).0,
        meter: Meter::default(),
    };
    exchange.get().await
}

/// Whose list it is, as far as that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Server {
    Ollama,
    LlamaCpp,
    /// Its list says all that it says.
    Known,
    /// Perhaps a gateway (LiteLLM).
    Other,
}

impl Server {
    fn of(answer: &Value, base_url: &BaseUrl) -> Self {
        let owned_by = |owner: &str| entries(answer).iter().any(|entry| entry["owned_by"] == owner);
        let has = |key: &str| entries(answer).iter().any(|entry| !entry[key].is_null());
        if owned_by("library") {
            Self::Ollama
        } else if owned_by("llamacpp") || owned_by("llama.cpp") {
            Self::LlamaCpp
        } else if has("pricing") || has("max_model_len") || crate::model::prices::is_known(base_url) {
            Self::Known
        } else {
            Self::Other
        }
    }
}

fn entries(answer: &Value) -> &[Value] {
    list_of(answer).map(Vec::as_slice).unwrap_or_default()
}

/// Most have it as `data`; Together's answer is the list.
fn list_of(answer: &Value) -> Option<&Vec<Value>> {
    answer["data"].as_array().or_else(|| answer.as_array().filter(|list| !list.is_empty()))
}

/// `{"data": [{"id", …}]}` of the OpenAI API and Anthropic's, with what some servers add.
fn models(answer: &Value) -> Option<Vec<Listed>> {
    list_of(answer)?;
    let window = |entry: &Value| {
        let places = [&entry["context_length"], &entry["max_model_len"], &entry["meta"]["n_ctx"]];
        places.into_iter().find_map(whole)
    };
    let listed = |entry: &Value| {
        let pricing = &entry["pricing"];
        Some(Listed {
            id: entry["id"].as_str()?.to_owned(),
            price: price(&pricing["prompt"], &pricing["input_cache_read"], &pricing["completion"]),
            written: micro(&pricing["input_cache_write"]),
            window: window(entry),
            output: whole(&entry["top_provider"]["max_completion_tokens"]),
            loaded: None,
        })
    };
    Some(entries(answer).iter().filter_map(listed).collect())
}

/// Ollama's `/api/ps`: `{"models": [{"name"}]}` are in memory.
fn are_loaded(models: &mut [Listed], answer: &Value) {
    let Some(loaded) = answer["models"].as_array() else { return };
    for model in models {
        let is_it = |name: &Value| name.as_str() == Some(model.id.as_str());
        model.loaded = Some(loaded.iter().any(|entry| is_it(&entry["name"]) || is_it(&entry["model"])));
    }
}

/// llama.cpp's `/props`: the window that the server was started with.
fn have_window(models: &mut [Listed], answer: &Value) {
    let window = whole(&answer["default_generation_settings"]["n_ctx"]).or_else(|| whole(&answer["n_ctx"]));
    for model in models {
        model.window = window.or(model.window);
        model.loaded = Some(true);
    }
}

/// LiteLLM's `/model/info`: `{"data": [{"model_name", "model_info": {…}}]}`, in dollars for a token.
fn have_prices(models: &mut [Listed], answer: &Value) {
    for entry in entries(answer) {
        let (name, info) = (entry["model_name"].as_str(), &entry["model_info"]);
        for model in models.iter_mut().filter(|model| Some(model.id.as_str()) == name) {
            let (input, output) = (&info["input_cost_per_token"], &info["output_cost_per_token"]);
            let told = price(input, &info["cache_read_input_token_cost"], output);
            model.written = micro(&info["cache_creation_input_token_cost"]).or(model.written);
            // Zero is what it says of models that it knows no price of.
            model.price = told.filter(|(input, _, output)| *input > 0 || *output > 0).or(model.price);
            model.window = whole(&info["max_input_tokens"]).or(model.window);
            model.output = whole(&info["max_output_tokens"]).or(model.output);
        }
    }
}

/// Micro-dollars for a million tokens, of dollars for one, as numbers or as text. A price below zero is none (OpenRouter's
/// router, whose price is that of the model which it takes).
fn price(input: &Value, cached: &Value, output: &Value) -> Option<(u64, u64, u64)> {
    let (input, output) = (micro(input)?, micro(output)?);
    Some((input, micro(cached).unwrap_or(input), output))
}

fn micro(value: &Value) -> Option<u64> {
    let dollars = value.as_f64().or_else(|| value.as_str()?.parse().ok())?;
    // A thousand dollars for a token is no price.
    (0.0..1_000.0).contains(&dollars).then(|| (dollars * 1e12).round() as u64)
}

fn whole(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|value| u32::try_from(value).ok()).filter(|value| *value > 0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn listed(id: &str, price: Option<(u64, u64, u64)>, window: Option<u32>) -> Listed {
        Listed { id: id.to_owned(), price, window, ..Listed::default() }
    }

    #[test]
    fn lists_are_read_in_each_shape() {
        for (answer, expected, server) in [
            (
                json!({ "data": [{ "id": "a", "owned_by": "openai" }] }),
                vec![listed("a", None, None)],
                Server::Other,
            ),
            (
                json!({ "data": [{ "id": "a/b", "context_length": 200_000,
                    "pricing": { "prompt": "0.000003", "completion": "0.000015", "input_cache_read": "0.0000003" } }] }),
                vec![listed("a/b", Some((3_000_000, 300_000, 15_000_000)), Some(200_000))],
                Server::Known,
            ),
            (
                json!({ "data": [{ "id": "auto", "pricing": { "prompt": "-1", "completion": "-1" } }] }),
                vec![listed("auto", None, None)],
                Server::Known,
            ),
            (
                json!({ "data": [{ "id": "v", "max_model_len": 4096 }] }),
                vec![listed("v", None, Some(4096))],
                Server::Known,
            ),
            (
                json!({ "data": [{ "id": "o", "owned_by": "library" }, {}, 7] }),
                vec![listed("o", None, None)],
                Server::Ollama,
            ),
            (
                json!({ "data": [{ "id": "l", "owned_by": "llamacpp", "meta": { "n_ctx": 512 } }] }),
                vec![listed("l", None, Some(512))],
                Server::LlamaCpp,
            ),
            (json!({ "data": [] }), vec![], Server::Other),
            (
                json!([{ "id": "t", "context_length": 8192, "pricing": { "input": 0.2, "output": 0.6 } }]),
                vec![listed("t", None, Some(8192))],
                Server::Known,
            ),
        ] {
            assert_eq!(models(&answer), Some(expected), "{answer}");
            let base_url = BaseUrl::parse("http://127.0.0.1:1/v1").unwrap();
            assert_eq!(Server::of(&answer, &base_url), server, "{answer}");
        }
        for wrong in [json!({}), json!([]), json!("x"), json!({ "data": 7 })] {
            assert_eq!(models(&wrong), None);
        }
    }

    #[test]
    fn what_servers_say_elsewhere_is_added() {
        let mut models = vec![listed("a", None, None), listed("b", None, Some(7))];
        are_loaded(&mut models, &json!({ "models": [{ "name": "b" }] }));
        assert_eq!(models.iter().map(|model| model.loaded).collect::<Vec<_>>(), [Some(false), Some(true)]);
        have_window(&mut models, &json!({ "default_generation_settings": { "n_ctx": 4096 } }));
        assert!(models.iter().all(|model| model.window == Some(4096)));
        let info =
            json!({ "input_cost_per_token": 1e-6, "output_cost_per_token": "2e-6", "max_input_tokens": 9 });
        have_prices(
            &mut models,
            &json!({ "data": [
                { "model_name": "a", "model_info": info },
                { "model_name": "b", "model_info": { "input_cost_per_token": 0, "output_cost_per_token": 0 } },
            ] }),
        );
        assert_eq!((models[0].price, models[0].window), (Some((1_000_000, 1_000_000, 2_000_000)), Some(9)));
        assert_eq!(models[1].price, None, "zero is no price");
    }
}
