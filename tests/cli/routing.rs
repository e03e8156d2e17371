//! Which model is asked: by the configuration, and when one fails; and what `config` and `models choose` say of it.

use serde_json::Value;

use super::fault_server::{Act, FaultServer, nobody};
use super::setup::{Folder, begin, end, refuses, says};
use super::{ANSWER, STUB, WRITTEN};

const GENERATE: [&str; 5] = ["generate", "a.py", "--at", "1", "--write"];

/// A folder whose models `first` and `second` are at these origins.
fn folder(first: &str, second: &str, more: &str) -> Folder {
    let folder = Folder::new();
    let mut config = "default_model = \"first\"\n".to_owned();
    for (name, origin) in [("first", first), ("second", second)] {
        config += &format!(
            "[[provider]]\nname = \"at-{name}\"\nkind = \"openai\"\nbase_url = \"{origin}/v1\"\napi_key_env = \"TEST_KEY\"\n"
        );
        config += &format!("[[model]]\nname = \"{name}\"\nprovider = \"at-{name}\"\nid = \"coder\"\n");
    }
    folder.write("config.toml", config + more);
    folder.write("a.py", STUB);
    folder
}

async fn usage(folder: &Folder) -> Vec<Value> {
    let usage = folder.run(&["usage", "--json"]).await;
    usage.expect(0, &[]);
    let usage: Value = serde_json::from_str(&usage.output).unwrap();
    assert_eq!(usage["version"], 1);
    usage["rows"].as_array().unwrap().clone()
}

/// Writes a line of another body, and breaks off.
fn breaks() -> Vec<Act> {
    vec![begin("```python\ndef f(x):\n    \"\"\"Double.\"\"\"\n    wrong = 1\n    mo")]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_model_writes_what_the_first_one_did_not() {
    for first in [breaks(), refuses("529 Overloaded", "{}"), refuses("429 Too Many Requests", "{}")] {
        let again = first.clone();
        let (broken, whole) =
            (FaultServer::start(vec![first, again]).await, FaultServer::start(vec![says(ANSWER)]).await);
        let folder = folder(&broken.origin(), &whole.origin(), "");
        let ran = folder.run(&GENERATE).await;
        ran.expect(0, &["now asking second", "(second)"]);
        assert_eq!(folder.read("a.py"), WRITTEN);
        assert_eq!(whole.requests().len(), 1);
        let rows = usage(&folder).await;
        let row = |name: &str| {
            rows.iter().find(|row| row["name"].as_str().unwrap().contains(name)).unwrap().clone()
        };
        assert_eq!((&row("first")["failed"], &row("second")["ok"]), (&1.into(), &1.into()), "{rows:?}");
        assert_eq!(row("second")["failovers"], 1, "{rows:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_has_a_model_of_its_own_where_nobody_names_another() {
    let (first, second) =
        (FaultServer::start(vec![says(ANSWER)]).await, FaultServer::start(vec![says(ANSWER)]).await);
    let folder = folder(&first.origin(), &second.origin(), "");
    folder.write(
        "prompts/house.prompt.md",
        "---\nreplace: body\nmodel: {name: second}\n---\nAs the house does it.\n",
    );
    let ask = ["generate", "a.py", "--at", "1", "--action", "house", "--diff"];
    folder.run(&ask).await.expect(0, &["(second)"]);
    folder.run(&[&ask[..], &["--model", "first"]].concat()).await.expect(0, &["(first)"]);
    assert_eq!((first.requests().len(), second.requests().len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_printed_into_a_pipe_is_not_taken_back() {
    let (broken, whole) =
        (FaultServer::start(vec![breaks()]).await, FaultServer::start(vec![says(ANSWER)]).await);
    let folder = folder(&broken.origin(), &whole.origin(), "");
    folder.run(&["generate", "a.py", "--at", "1"]).await.expect(1, &["no finished draft"]);
    assert_eq!(whole.requests().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_is_told_and_the_next_run_asks_somebody_else() {
    let refused = refuses("401 Unauthorized", r#"{"error": {"message": "no such key"}}"#);
    let first = FaultServer::start(vec![refused, says(ANSWER)]).await;
    let second = FaultServer::start(vec![says(ANSWER), says(ANSWER)]).await;
    let folder = folder(&first.origin(), &second.origin(), "");
    folder.run(&GENERATE).await.expect(1, &["401 Unauthorized", "TEST_KEY"]);
    // Another process: the breaker is open there, too.
    folder
        .run(&GENERATE)
        .await
        .expect(0, &["first: its provider refused the key", "second is asked instead", "(second)"]);
    assert_eq!((first.requests().len(), second.requests().len()), (1, 1));
    folder.run(&["models", "choose"]).await.expect(0, &[]);
    let chosen = folder.run(&["models", "choose"]).await.output;
    assert!(chosen.starts_with("1. second: fallback number 2"), "{chosen}");
    assert!(chosen.contains("-  first: its provider refused the key"), "{chosen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_key_is_tried_again_with_another_configuration_or_when_its_user_says_so() {
    for by_command in [false, true] {
        let refused = refuses("401 Unauthorized", r#"{"error": {"message": "no such key"}}"#);
        let first = FaultServer::start(vec![refused, says(ANSWER)]).await;
        let folder = folder(&first.origin(), &nobody().await, "");
        folder.run(&GENERATE).await.expect(1, &["401 Unauthorized"]);
        if by_command {
            folder
                .run(&["models", "retry", "third"])
                .await
                .expect(2, &["no model \"third\"", "\"first\", \"second\""]);
            folder.run(&["models", "retry", "first"]).await.expect(0, &["first is asked again"]);
        } else {
            let config = folder.read("config.toml");
            folder.write("config.toml", config + "# the account is paid for now\n");
        }
        folder.run(&GENERATE).await.expect(0, &["(first)"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fallback_without_a_key_and_one_that_is_too_small_are_passed_over() {
    let over = || refuses("529 Overloaded", "{}");
    let first = FaultServer::start(vec![over(), over()]).await;
    let third = FaultServer::start(vec![says(ANSWER)]).await;
    let more = format!(
        "[[provider]]\nname = \"keyless\"\nkind = \"openai\"\nbase_url = \"{0}/v1\"\napi_key_env = \"NO_SUCH_KEY_IS_SET\"\n\
         [[model]]\nname = \"keyless\"\nprovider = \"keyless\"\nid = \"x\"\n\
         [[provider]]\nname = \"third\"\nkind = \"openai\"\nbase_url = \"{0}/v1\"\n\
         [[model]]\nname = \"small\"\nprovider = \"third\"\nid = \"x\"\ncontext_window = 100\nmax_tokens = 50\n\
         [[model]]\nname = \"third\"\nprovider = \"third\"\nid = \"x\"\n\
         [routing]\nfallback = [\"keyless\", \"small\", \"third\"]\n",
        third.origin()
    );
    let folder = folder(&first.origin(), &nobody().await, &more);
    folder.run(&GENERATE).await.expect(0, &["now asking third", "(third)"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_fails_too_often_is_left_alone_by_the_next_process_too() {
    let first = FaultServer::start((0..9).map(|_| breaks()).collect()).await;
    let nobody = nobody().await;
    let folder = folder(&first.origin(), &nobody, "[routing]\nfallback = [\"first\"]\n");
    for _ in 0..5 {
        folder.run(&GENERATE).await.expect(1, &["first"]);
    }
    assert_eq!(first.requests().len(), 5);
    folder.run(&GENERATE).await.expect(1, &["first: it failed too often and rests; it is asked again in"]);
    assert_eq!((first.requests().len(), folder.read("a.py").as_str()), (5, STUB));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_is_found_checked_and_shown() {
    let nobody = nobody().await;
    let folder = folder(
        &nobody,
        &nobody,
        "[routing]\nfallback = [\"second\"]\nprefer_free = true\n[routing.tasks]\nfix = \"second\"\n[budget]\nper_day = 2\n",
    );
    let path = folder.path("config.toml").display().to_string();
    let ran = folder.run(&["config", "path"]).await;
    assert_eq!(ran.output.trim_end(), path);
    folder.run(&["config", "check"]).await.expect(0, &[]);
    let shown = folder.run(&["config", "show", "--json"]).await;
    shown.expect(0, &[]);
    let shown: Value = serde_json::from_str(&shown.output).unwrap();
    assert_eq!((&shown["version"], &shown["routing"]["tasks"]["fix"]), (&1.into(), &"second".into()));
    assert_eq!(
        (&shown["budget"]["per_day"], &shown["providers"][0]["key_is_set"]),
        (&2.0.into(), &true.into())
    );
    let text = folder.run(&["config", "show"]).await;
    text.expect(0, &[]);
    assert!(text.output.contains("the environment variable TEST_KEY") && text.output.contains("per_day = 2"));
    let schema = folder.run(&["config", "schema"]).await;
    let schema: Value = serde_json::from_str(&schema.output).unwrap();
    assert_eq!(schema["properties"]["routing"]["properties"]["prefer_free"]["type"], "boolean");

    folder.write("config.toml", "default_modle = \"first\"\n[budget]\nper_day = -1\n");
    folder.run(&["config", "check"]).await.expect(
        2,
        &[
            "config.toml:1:1: default_modle: there is no such setting. Did you mean \"default_model\"?",
            "config.toml:3:11: budget.per_day: ",
        ],
    );
    let told = folder.run(&["config", "check", "--json"]).await;
    told.expect(2, &[]);
    let told: Value = serde_json::from_str(&told.output).unwrap();
    assert_eq!(
        (&told["problems"][1]["line"], &told["problems"][1]["key"]),
        (&3.into(), &"budget.per_day".into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_choice_is_explained() {
    let nobody = nobody().await;
    let folder = folder(&nobody, &nobody, "[routing]\nfallback = [\"second\"]\n");
    for (arguments, order, why) in [
        (&["--task", "fix"][..], vec!["first", "second"], "fallback number 1"),
        (&["--model", "second"], vec!["second"], "first: it was not asked for"),
        (&["--min-context", "40000"], vec![], "its window is 32768 tokens"),
        (&["--needs", "tools"], vec![], "it is not known to have `tools`"),
        (&["--prefer-free", "--privacy", "local"], vec!["first", "second"], "it is free"),
        (
            &["--model", "qwen2.5-coder-7b"],
            vec!["qwen2.5-coder-7b", "second"],
            "1. qwen2.5-coder-7b: it was named",
        ),
    ] {
        let ran = folder.run(&[&["models", "choose", "--json"], arguments].concat()).await;
        let plan: Value = serde_json::from_str(&ran.output).unwrap();
        let places: Vec<&str> =
            plan["places"].as_array().unwrap().iter().filter_map(|place| place["name"].as_str()).collect();
        assert_eq!(places, order, "{arguments:?}: {}", ran.output);
        assert_eq!(ran.code, Some(i32::from(order.is_empty())), "{ran:?}");
        let text = folder.run(&[&["models", "choose"], arguments].concat()).await.output;
        assert!(text.contains(why), "{text}");
    }
    folder
        .run(&["models", "choose", "--task", "sing"])
        .await
        .expect(2, &["the tasks are implement, document"]);
    folder.run(&["models", "choose", "--model", "nobody"]).await.expect(2, &["\"nobody\""]);
}

/// What is given back is given in one piece: nobody waits for what is not there.
#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_that_does_not_fit_is_asked_again_with_less() {
    let overflow = || {
        refuses("400 Bad Request", r#"{"error": {"message": "too long", "code": "context_length_exceeded"}}"#)
    };
    let text = format!(
        "{STUB}\n\n{}",
        (0..30).map(|n| format!("def double_{n}(x):\n    return x + {n}\n\n\n")).collect::<String>()
    );
    for (scripts, code) in
        [(vec![overflow(), vec![begin(ANSWER), end("")]], 0), (vec![overflow(), overflow()], 1)]
    {
        let (server, none) = (FaultServer::start(scripts).await, nobody().await);
        let folder = folder(&server.origin(), &none, "");
        folder.write("a.py", &text);
        folder.run(&GENERATE).await.expect(code, &["now asking first"]);
        let sizes: Vec<usize> = server.requests().iter().map(String::len).collect();
        assert!(sizes.len() == 2 && sizes[1] < sizes[0], "{sizes:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_estimate_asks_nobody() {
    let (first, second) = (FaultServer::start(vec![]).await, nobody().await);
    let folder = folder(&first.origin(), &second, "");
    let price = "price = { input = 100, output = 100 }\nmax_tokens = 100\n";
    let config =
        folder.read("config.toml").replacen("id = \"coder\"\n", &format!("id = \"coder\"\n{price}"), 1);
    folder.write("config.toml", config);
    let ran = folder.run(&["generate", "a.py", "--at", "1", "--estimate"]).await;
    ran.expect(0, &[]);
    assert!(ran.output.starts_with("Implement `f`: first on this machine, a prompt of about "), "{ran:?}");
    assert!(ran.output.contains("an answer of at most 100; it costs at most $0."), "{ran:?}");
    assert!(ran.output.ends_with("should it fail: second\n"), "{ran:?}");
    assert_eq!((first.requests().len(), folder.read("a.py").as_str()), (0, STUB));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_workspace_chooses_among_the_users_models() {
    let scripts = || (0..3).map(|_| says(ANSWER)).collect();
    let (first, second) = (FaultServer::start(scripts()).await, FaultServer::start(scripts()).await);
    let folder = folder(&first.origin(), &second.origin(), "");
    folder.write(".redraft.toml", "default_model = \"second\"\n");
    folder.write("pyproject.toml", "");
    let generate = ["generate", "a.py", "--at", "1", "--diff"];
    folder.run(&generate).await.expect(0, &["(first)"]);
    let here = folder.path("").canonicalize().unwrap();
    let trust = format!("\n[trust]\nfolders = [{:?}]\n", here.display().to_string().trim_end_matches('/'));
    folder.write("config.toml", folder.read("config.toml") + &trust);
    folder.run(&generate).await.expect(0, &["(second)"]);
    folder.run(&[&generate[..], &["--model", "first"]].concat()).await.expect(0, &["(first)"]);
    for (text, told) in [
        ("default_model = \"nobody\"\n", "there is no model \"nobody\""),
        ("[budget]\nper_day = 1000\n", ".redraft.toml:1:1: budget: a workspace cannot set this"),
    ] {
        folder.write(".redraft.toml", text);
        folder.run(&generate).await.expect(2, &[told]);
    }
}

/// An answer to a request for a list.
fn lists(body: &str) -> Vec<Act> {
    refuses("200 OK", body)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_says_of_its_models_counts_until_the_user_says_otherwise() {
    let gateway = FaultServer::start(vec![
        lists(r#"{"data": [{"id": "coder", "owned_by": "openai"}, {"id": "other"}]}"#),
        lists(r#"{"data": [{"model_name": "coder", "model_info": {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6, "max_input_tokens": 5000}}]}"#),
    ])
    .await;
    let folder = folder(&gateway.origin(), &nobody().await, "");
    let ran = folder.run(&["models", "list", "--refresh"]).await;
    ran.expect(0, &[]);
    assert!(
        ran.output.contains("at-first: 2 models\n") && ran.output.contains("at-second: at-second ("),
        "{ran:?}"
    );
    assert!(
        ran.output.contains("1.0 / 1.0 / 2.0")
            && ran.output.contains(" 5000 ")
            && ran.output.contains("listed"),
        "{ran:?}"
    );
    assert!(gateway.requests()[1].starts_with("GET /model/info "), "{:?}", gateway.requests());
    let shown = folder.run(&["config", "show", "--json"]).await.output;
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(
        (&shown["models"][0]["price"]["output"], &shown["models"][0]["context_window"]),
        (&2.0.into(), &5000.into())
    );
    assert_eq!(shown["models"][1]["price"], Value::Null);
    let config =
        folder.read("config.toml").replacen("id = \"coder\"\n", "id = \"coder\"\ncontext_window = 777\n", 1);
    folder.write("config.toml", config);
    let listed = folder.run(&["models", "list", "--json"]).await.output;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(
        (&listed["configured"][0]["context_window"], &listed["configured"][0]["price"]["input"]),
        (&777.into(), &1.0.into())
    );
    assert_eq!((&listed["configured"][0]["listed"], &listed["version"]), (&true.into(), &1.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_is_told_of_calls_and_of_no_text() {
    let model = FaultServer::start(vec![says(ANSWER)]).await;
    let collector = FaultServer::start((0..4).map(|_| refuses("200 OK", "{}")).collect()).await;
    let telemetry =
        format!("[telemetry]\nendpoint = \"{}\"\napi_key_env = \"TEST_KEY\"\n", collector.origin());
    let folder = folder(&model.origin(), &nobody().await, &telemetry);
    folder.run(&GENERATE).await.expect(0, &["(first)"]);
    let told = collector.requests();
    let find =
        |path: &str| told.iter().find(|request| request.starts_with(path)).cloned().unwrap_or_default();
    let (traces, metrics) = (find("POST /v1/traces "), find("POST /v1/metrics "));
    for (text, expected) in [
        (&traces, vec!["chat first", "gen_ai.usage.input_tokens", "redraft.task", "implement", "\"ok\""]),
        (&metrics, vec!["gen_ai.client.token.usage", "gen_ai.client.operation.duration", "redraft.cost"]),
    ] {
        for fragment in expected {
            assert!(text.contains(fragment), "no {fragment} in {told:?}");
        }
        for secret in ["Double", "def f", "return 2", "a.py"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
    // The token goes to the collector, and nowhere else.
    assert!(traces.contains(&format!("Bearer {}", super::setup::KEY)), "{traces}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_does_not_answer_holds_nobody_up() {
    let model = FaultServer::start(vec![says(ANSWER)]).await;
    let telemetry = format!("[telemetry]\nendpoint = \"{}\"\n", nobody().await);
    let folder = folder(&model.origin(), &nobody().await, &telemetry);
    folder.run(&GENERATE).await.expect(0, &["(first)"]);
    assert_eq!(folder.read("a.py"), WRITTEN);
}

/// Weights that are not there are told with what to do, by the name that was asked for.
#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_not_fetched_says_so() {
    let folder = Folder::new();
    folder.write("a.py", STUB);
    for arguments in [&[][..], &["--model", "qwen2.5-coder-7b"]] {
        let name = arguments.last().unwrap_or(&"qwen2.5-coder-0.5b");
        let ran = folder.run(&[&GENERATE, arguments].concat()).await;
        let (fetch, without) =
            (format!("models pull {name}"), "built without the embedded engine".to_owned());
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.error.contains(&fetch) || ran.error.contains(&without), "{ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_of_hosted_models_is_listed() {
    let folder = Folder::new();
    let listed = folder.run(&["models", "list", "--known", "api.openai.com", "--json"]).await;
    listed.expect(0, &[]);
    let listed: Value = serde_json::from_str(&listed.output).unwrap();
    let known = listed["known"].as_array().unwrap();
    assert!(known.len() > 5 && known.iter().all(|model| model["host"] == "api.openai.com"), "{listed}");
    assert!(known.iter().all(|model| model["price"]["output"].as_f64() > Some(0.0)), "{listed}");
    let text = folder.run(&["models", "list", "--known", "no such model"]).await.output;
    assert_eq!(text.lines().count(), 2, "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_a_paged_list_is_asked_for() {
    let server = FaultServer::start(vec![lists(r#"{"data": [{"id": "coder"}], "has_more": true}"#)]).await;
    let folder = folder(&server.origin(), &nobody().await, "");
    let config = folder.read("config.toml").replacen("kind = \"openai\"", "kind = \"anthropic\"", 1);
    folder.write("config.toml", config);
    folder.run(&["models", "list", "--refresh"]).await.expect(0, &[]);
    assert!(server.requests()[0].contains("/v1/models?limit=1000 HTTP"), "{:?}", server.requests());
}
