//! Configurations that are good, and each mistake with the message that it gets.

mod checkers;

use super::*;
use crate::config::{CheckerKind, CheckerSpec, LinePattern, ReportFormat};
use crate::model::spec::{BUILT_IN_MODEL, Limits};

/// The example of the contract, word for word.
const CONTRACT: &str = r#"
default_model = "fast"

[[provider]]
name = "local"
kind = "openai"                         # openai | anthropic | embedded
base_url = "http://127.0.0.1:8080/v1"   # plain http to loopback only
api_key_env = "LOCAL_API_KEY"           # optional; the variable's name, never the key

[[model]]
name = "fast"
provider = "local"
id = "qwen2.5-coder"                    # the provider's name for it
price = { input = 0.15, cached = 0.03, output = 0.60 }   # optional, US dollars per million tokens

[routing]
fallback = ["fast"]                     # order after the chosen model; empty: as the catalogue ranks
allow_cloud_fallback = false            # from a local model to a hosted one

[budget]                                # US dollars, decimal; absent: no limit but per_run's default of 0.10
per_run = 0.10
per_day = 2.00
per_month = 30.00

[refine]
rounds = 3
mode = "verified"                       # verified: checked before it is shown | live: streamed, then refined in place

[[checker]]                             # trusted workspaces only
name = "ruff"
kind = "lsp"                            # lsp | command | test
command = ["ruff", "server"]
languages = ["python"]

[trust]
folders = ["~/code"]                    # workspaces below these are trusted
"#;

fn parse_at_home(text: &str) -> Result<Config, Vec<String>> {
    parse(text, Path::new("config.toml"), Some(Path::new("/home/me")))
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

#[test]
fn the_contracts_example_is_good() {
    let config = parse_at_home(CONTRACT).unwrap();
    let model = config.model(None).unwrap();
    assert_eq!((model.name.as_str(), &model.source), ("fast", &ModelSource::Id("qwen2.5-coder".to_owned())));
    let price = Price {
        input: MicroUsd(150_000),
        cached: MicroUsd(30_000),
        written: None,
        output: MicroUsd(600_000),
    };
    assert_eq!(model.price, Some(price));
    let Wire::OpenAi { base_url, key } = &config.catalogue.provider_of(model).unwrap().wire else { panic!() };
    assert_eq!(base_url.origin(), "http://127.0.0.1:8080");
    assert_eq!(key, &KeySource::Env("LOCAL_API_KEY".to_owned()));
    assert_eq!(config.trusted_folders(), [PathBuf::from("/home/me/code")]);
    let checker = CheckerSpec {
        name: "ruff".to_owned(),
        kind: CheckerKind::Lsp,
        command: vec!["ruff".to_owned(), "server".to_owned()],
        languages: vec!["python".to_owned()],
        time: None,
        memory_mib: None,
        options: serde_json::Value::Null,
        found_codes: vec![1],
    };
    assert_eq!(config.checkers, [checker]);
    let budget = Budget {
        per_run: Some(MicroUsd(100_000)),
        per_day: Some(MicroUsd(2_000_000)),
        per_month: Some(MicroUsd(30_000_000)),
        ..Budget::default()
    };
    assert_eq!(config.budget, budget);
    assert!(config.model(Some(BUILT_IN_MODEL)).is_ok(), "the built-in model stays");
    assert!(config.model(Some("gpt")).unwrap_err().message.contains("\"gpt\""));
}

#[test]
fn nothing_configured_is_the_default() {
    for text in ["", "\n# only a comment\n", "\u{FEFF}", "[trust]\nfolders = []\n"] {
        assert_eq!(parse_at_home(text), Ok(Config::default()), "{text:?}");
    }
    assert_eq!(Config::default().model(None).unwrap().name, BUILT_IN_MODEL);
}

#[test]
fn a_run_has_a_limit_unless_another_one_is_set() {
    for (text, expect) in [
        ("", 100_000),
        ("[budget]\nper_day = 2\n", 100_000),
        ("[budget]\nper_run = 0.5\n", 500_000),
        ("[budget]\nper_run = 0\n", 0),
    ] {
        assert_eq!(parse_at_home(text).unwrap().budget.per_run, Some(MicroUsd(expect)), "{text:?}");
    }
}

#[test]
fn hosted_and_embedded_models_in_every_form() {
    let config = parse_at_home(
        r#"
        [[provider]]
        name = "claude"
        kind = "anthropic"
        api_key_keyring = "redraft/me"
        [[provider]]
        name = "here"
        kind = "embedded"
        [[model]]
        name = "first"
        provider = "claude"
        id = "claude-x"
        price = { input = 3, output = 15 }
        max_tokens = 2_000
        context_window = 200_000
        [[model]]
        name = "own"
        provider = "here"
        path = "~/models/own.gguf"
        [[model]]
        name = "big"
        provider = "embedded"
        id = "qwen2.5-coder-7b"
        "#,
    )
    .unwrap();
    let model = config.model(None).unwrap();
    assert_eq!(model.name, "first", "without default_model, the first one");
    let wire = &config.catalogue.provider_of(model).unwrap().wire;
    let limits = Limits { output: Tokens(2_000), window: Tokens(200_000), context: Tokens(8_000) };
    assert_eq!(model.limits(wire), limits);
    let price = Price {
        input: MicroUsd(3_000_000),
        cached: MicroUsd(3_000_000),
        // As Anthropic has it.
        written: Some(MicroUsd(3_750_000)),
        output: MicroUsd(15_000_000),
    };
    assert_eq!(model.price, Some(price));
    let Wire::Anthropic { base_url, key } = wire else { panic!() };
    assert_eq!(base_url.origin(), "https://api.anthropic.com");
    assert_eq!(key, &KeySource::Keyring { service: "redraft".to_owned(), account: "me".to_owned() });
    let own = config.model(Some("own")).unwrap();
    assert_eq!(own.source, ModelSource::Path("/home/me/models/own.gguf".into()));
    assert_eq!(
        config.catalogue.provider_of(config.model(Some("big")).unwrap()).unwrap().wire,
        Wire::Embedded
    );
}

/// That this mistake in place of a piece of the contract's example has this one message.
fn is_told(piece: &str, mistake: &str, expect: &str) {
    assert!(CONTRACT.contains(piece), "{piece}");
    let problems = parse_at_home(&CONTRACT.replacen(piece, mistake, 1)).expect_err(mistake);
    let found =
        problems.iter().any(|problem| problem.contains(expect) && problem.starts_with("config.toml:"));
    assert!(found, "{mistake}: {expect:?} is not in {problems:#?}");
    assert!(!problems.concat().contains("SECRET"), "a key was repeated: {problems:?}");
    let follow_up = ["[[", "name", "trust"].iter().any(|part| piece.contains(part));
    assert!(problems.len() == 1 || follow_up, "{mistake}: one mistake, one message: {problems:#?}");
}

/// Each mistake, put in place of a piece of the contract's example, and its one message.
#[test]
fn each_mistake_has_its_place_and_its_message() {
    for (piece, mistake, expect) in [
        (
            "id = \"qwen",
            "nmae = 1\nid = \"qwen",
            "13:1: model.nmae: there is no such setting. Did you mean \"name\"?",
        ),
        (
            "rounds = 3",
            "color = 3",
            "26:1: refine.color: there is no such setting. Known are rounds, seconds, tokens, mode, gates",
        ),
        ("rounds = 3", "rounds = 11", "26:10: refine.rounds: this is a whole number from 0 to 10"),
        ("rounds = 3", "rounds = \"3\"", "26:10: refine.rounds: this is a whole number from 0 to 10"),
        (
            "\"verified\"",
            "\"verfied\"",
            "27:8: refine.mode: this is one of \"verified\", \"live\". Did you mean \"verified\"?",
        ),
        ("per_day = 2.00", "per_day = -1", "22:11: budget.per_day: this is a number from 0 to 1000000"),
        ("per_day = 2.00", "per_day = nan", "22:11: budget.per_day: this is a number"),
        ("per_day = 2.00", "per_day = \"2\"", "22:11: budget.per_day: this is a number"),
        ("[budget]", "[bugdet]", "20:2: bugdet: there is no such setting. Did you mean \"budget\"?"),
        (
            "allow_cloud_fallback = false",
            "allow_cloud_fallback = 0",
            "18:24: routing.allow_cloud_fallback: this is true or false",
        ),
        (
            "fallback = [\"fast\"]",
            "fallback = [\"fats\"]",
            "17:13: routing.fallback: there is no model \"fats\". Did you mean \"fast\"?",
        ),
        (
            "default_model = \"fast\"",
            "default_model = \"slow-one\"",
            "2:17: default_model: there is no model \"slow-one\". There are \"fast\", \"qwen2.5-coder-0.5b\"",
        ),
        ("default_model = \"fast\"", "default_model = 3", "2:17: default_model: this is a string in quotes"),
        (
            "provider = \"local\"",
            "provider = \"loacl\"",
            "12:12: model.provider: there is no provider \"loacl\". Did you mean \"local\"?",
        ),
        ("provider = \"local\"", "", "10:1: model.provider: this is missing"),
        ("id = \"qwen2.5-coder\"", "", "10:1: model.id: this is missing"),
        ("id = \"qwen2.5-coder\"", "id = \"\"", "13:6: model.id: this is empty"),
        ("id = \"qwen2.5-coder\"", "path = \"/m.gguf\"", "13:8: model.path: only the embedded engine"),
        ("input = 0.15", "input = true", "model.price.input: this is a number"),
        ("input = 0.15, ", "", "model.price.input: this is missing"),
        ("name = \"fast\"", "name = \"\"", "11:8: model.name: a name has 1 to 64"),
        (
            "name = \"local\"",
            "name = \"embedded\"",
            "5:8: provider.name: \"embedded\" is the name of the built-in",
        ),
        (
            "kind = \"openai\"",
            "kind = \"opanai\"",
            "6:8: provider.kind: this is one of \"openai\", \"anthropic\", \"embedded\". Did you mean \"openai\"?",
        ),
        ("kind = \"openai\"", "", "4:1: provider.kind: this is missing"),
        ("base_url = \"http://127.0.0.1:8080/v1\"", "", "4:1: provider.base_url: this is missing"),
        (
            "http://127.0.0.1:8080/v1",
            "http://10.0.0.1/v1",
            "7:12: provider.base_url: plain http goes to this machine only",
        ),
        (
            "http://127.0.0.1:8080/v1",
            "https://u:p@host/v1",
            "7:12: provider.base_url: an address holds no user name",
        ),
        ("http://127.0.0.1:8080/v1", "host", "7:12: provider.base_url: this is not a URL"),
        (
            "\"LOCAL_API_KEY\"",
            "\"SECRET-1\"",
            "8:15: provider.api_key_env: this is not the name of an environment variable",
        ),
        ("\"LOCAL_API_KEY\"", "\"sk-SECRET\"", "8:15: provider.api_key_env: this is not the name"),
        ("\"LOCAL_API_KEY\"", "\"gsk_SECRET\"", "8:15: provider.api_key_env: this is not the name"),
        (
            "\"LOCAL_API_KEY\"",
            "\"SECRET0a1b2c3d4e5f6a7b8c9d0e1f2a3\"",
            "8:15: provider.api_key_env: this is not the name",
        ),
        ("\"LOCAL_API_KEY\"", "\"\"", "8:15: provider.api_key_env: this is not the name"),
        (
            "api_key_env",
            "api_key_keyring",
            "8:19: provider.api_key_keyring: this names an entry of the keyring",
        ),
        (
            "api_key_env",
            "api_key",
            "8:1: provider.api_key: there is no such setting. Keys are never kept in this file",
        ),
        ("folders = [\"~/code\"]", "folders = \"~/code\"", "36:11: trust.folders: this is a list of strings"),
        ("folders = [\"~/code\"]", "folders = [\"code\"]", "36:12: trust.folders: this is an absolute path"),
        (
            "folders = [\"~/code\"]",
            "folders = [\"/a/../b\"]",
            "36:12: trust.folders: this is an absolute path",
        ),
        (
            "folders = [\"~/code\"]",
            "folders = [\"~you/code\"]",
            "36:12: trust.folders: this is an absolute path",
        ),
        ("[[provider]]", "[provider]", "provider: this is a list of tables, each written [[provider]]"),
        ("[trust]", "[[trust]]", "trust: this is a table, written [trust]"),
        ("rounds = 3", "rounds = ", "26:10: this is not TOML: "),
    ] {
        is_told(piece, mistake, expect);
    }
}

#[test]
fn all_problems_are_told_at_once_in_the_files_order() {
    let problems =
        parse_at_home("[refine]\nmode = 1\n[budget]\nper_run = -1\n[trust]\nfolder = 1\n").unwrap_err();
    let places: Vec<_> = problems.iter().map(|problem| &problem[..15]).collect();
    assert_eq!(places, ["config.toml:2:8", "config.toml:4:1", "config.toml:6:1"]);
}

#[test]
fn two_keys_two_sources_and_two_names_are_told() {
    for (text, expect) in [
        (
            "[[provider]]\nname=\"a\"\nkind=\"anthropic\"\napi_key_env=\"A\"\napi_key_keyring=\"a/b\"",
            "leave one of them out",
        ),
        ("[[provider]]\nname=\"a\"\nkind=\"embedded\"\nbase_url=\"https://h\"", "it has no address, no key"),
        ("[[model]]\nname=\"a\"\nprovider=\"embedded\"\nid=\"x\"\npath=\"/x\"", "leave one of them out"),
        ("[[model]]\nname=\"a\"\nprovider=\"embedded\"\npath=\"x.gguf\"", "an absolute path"),
        (
            "[[model]]\nname=\"a\"\nprovider=\"embedded\"\nid=\"x\"\n[[model]]\nname=\"a\"\nprovider=\"embedded\"\nid=\"y\"",
            "there is another model \"a\"",
        ),
    ] {
        let problems = parse_at_home(text).expect_err(text);
        assert!(problems.len() == 1 && problems[0].contains(expect), "{expect:?} is not in {problems:?}");
    }
}
