//! The table of settings against the parser and the documents: whatever one says, the others do.

use std::path::Path;

use super::*;
use crate::config::Config;

/// A good value of its kind, and one that is not.
fn values(setting: &Setting) -> (Vec<String>, &'static str) {
    let quoted = |name: &&str| format!("\"{name}\"");
    match (setting.key, setting.kind) {
        ("provider.base_url", _) => (vec!["\"http://127.0.0.1:8080/v1\"".to_owned()], "7"),
        ("telemetry.endpoint", _) => (vec!["\"http://127.0.0.1:4318\"".to_owned()], "\"http://example.org\""),
        ("provider.api_key_env" | "telemetry.api_key_env", _) => (vec!["\"LOCAL_API_KEY\"".to_owned()], "7"),
        ("provider.api_key_keyring", _) => (vec!["\"redraft/me\"".to_owned()], "7"),
        ("model.path", _) => (vec!["\"/models/own.gguf\"".to_owned()], "7"),
        ("trust.folders", _) => (vec!["[\"/code\"]".to_owned()], "7"),
        ("routing.fallback", _) => (vec!["[\"m\"]".to_owned()], "[7]"),
        ("checker.clean", _) => (vec!["'^Success'".to_owned()], "'('"),
        ("checker.pattern", _) => (vec![r"'^(?<file>\S+):(?<line>\d+)'".to_owned()], "'('"),
        ("model.provider" | "provider.name", _) => (vec!["\"p\"".to_owned()], "7"),
        (key, Kind::Text)
            if key.starts_with("routing.tasks")
                || key.starts_with("routing.prompts")
                || key == "default_model" =>
        {
            (vec!["\"m\"".to_owned()], "\"nobody\"")
        }
        (_, Kind::Text) => (vec!["\"x\"".to_owned()], "7"),
        (_, Kind::Choice(names)) => (names.iter().map(quoted).collect(), "\"x y\""),
        (_, Kind::Flag) => (vec!["true".to_owned()], "1"),
        (_, Kind::Whole(least, most)) => (vec![least.to_string(), most.to_string()], "-1"),
        (_, Kind::Dollars) => (vec!["0.5".to_owned(), "3".to_owned()], "-0.5"),
        ("checker.languages", _) => (vec!["[\"python\", \"rust\"]".to_owned()], "[\"pyhton\"]"),
        (_, Kind::Texts) => (vec!["[\"x\"]".to_owned()], "[7]"),
        (_, Kind::Wholes(least, most)) => (vec!["[]".to_owned(), format!("[{least}, {most}]")], "[-1]"),
        (_, Kind::Free) => (vec!["{ a = { b = [1, 2.5, true, \"x\"] } }".to_owned()], "7"),
        (_, Kind::Choices(names)) => {
            (vec![format!("[{}]", names.iter().map(quoted).collect::<Vec<_>>().join(", "))], "[\"x y\"]")
        }
        (_, Kind::Table | Kind::Tables) => (Vec::new(), "7"),
    }
}

/// A file with this one setting beside what it needs.
fn file(key: &str, value: &str) -> String {
    let key = key.replace('*', "any");
    let key = key.as_str();
    let mut lines = vec![
        ("provider.name", "\"p\""),
        ("provider.kind", "\"openai\""),
        ("provider.base_url", "\"http://127.0.0.1:1/v1\""),
        ("model.name", "\"m\""),
        ("model.provider", "\"p\""),
        ("model.id", "\"id\""),
        ("model.price.input", "1"),
        ("model.price.output", "1"),
        ("model.speed.first_token_ms", "100"),
        ("model.speed.tokens_per_second", "50"),
        ("budget.unknown_price.input", "1"),
        ("budget.unknown_price.output", "1"),
        ("telemetry.endpoint", "\"http://127.0.0.1:4318\""),
        ("context.reference.topic", "\"redis\""),
        ("context.reference.files", "[\"*.py\"]"),
        ("checker.name", "\"c\""),
        ("checker.kind", "\"lsp\""),
        ("checker.command", "[\"ruff\"]"),
    ];
    match (key, value) {
        ("model.path", _) => lines.retain(|(key, _)| !key.starts_with("model.")),
        ("provider.kind", "\"embedded\"") => lines.retain(|(key, _)| *key != "provider.base_url"),
        ("checker.kind", "\"command\"") => lines.push(("checker.format", "\"ruff\"")),
        ("checker.format" | "checker.pattern" | "checker.clean" | "checker.found_codes", value) => {
            lines.retain(|(key, _)| *key != "checker.kind");
            lines.push(("checker.kind", "\"command\""));
            lines.push(("checker.format", "\"pattern\""));
            if key == "checker.clean" || key == "checker.found_codes" || value == "\"pattern\"" {
                lines.push(("checker.pattern", "'(?<line>x)'"));
            }
        }
        _ => {}
    }
    if key == "model.path" {
        lines.extend([("model.name", "\"m\""), ("model.provider", "\"embedded\"")]);
    }
    lines.retain(|(known, _)| *known != key);
    lines.push((key, value));
    let mut text = String::new();
    for table in [
        "",
        "provider",
        "model",
        "routing",
        "budget",
        "telemetry",
        "refine",
        "inline",
        "checker",
        "trust",
        "context.reference",
    ] {
        if let Some(Kind::Tables) = find(table).map(|setting| setting.kind) {
            text += &format!("[[{table}]]\n");
        } else if !table.is_empty() {
            text += &format!("[{table}]\n");
        }
        for (key, value) in &lines {
            let listed = key.strip_prefix("context.reference.").map(|name| ("context.reference", name));
            let (holder, name) = listed.or(key.split_once('.')).unwrap_or(("", key));
            if holder == table {
                text += &format!("{name} = {value}\n");
            }
        }
    }
    text
}

fn problems(text: &str) -> Vec<String> {
    match Config::parse(text, Path::new("config.toml")) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn the_parser_takes_each_setting_and_tells_a_wrong_value_of_it() {
    for setting in SETTINGS {
        if matches!(setting.kind, Kind::Table | Kind::Tables) {
            let text = format!("{} = 7\n", setting.key.rsplit('.').next().unwrap());
            if !setting.key.contains('.') {
                assert!(
                    problems(&text)[0].contains("a table") || problems(&text)[0].contains("tables"),
                    "{text}"
                );
            }
            continue;
        }
        let (good, wrong) = values(setting);
        for value in good {
            let text = file(setting.key, &value);
            assert_eq!(problems(&text), [""; 0], "{} = {value}\n{text}", setting.key);
        }
        let text = file(setting.key, wrong);
        let told = problems(&text);
        let key = format!(" {}: ", setting.key.replace('*', "any"));
        assert!(
            told.iter().any(|problem| problem.contains(&key)),
            "{} = {wrong}: {told:?}\n{text}",
            setting.key
        );
    }
}

#[test]
fn what_is_required_is_missed() {
    for setting in SETTINGS.iter().filter(|setting| setting.is_required) {
        let (table, name) = setting.key.rsplit_once('.').unwrap();
        let text = file(setting.key, "?");
        let text: Vec<&str> = text.lines().filter(|line| !line.ends_with("= ?")).collect();
        let told = problems(&text.join("\n"));
        let missed = |problem: &String| problem.contains(&format!("{table}.{name}: this is missing"));
        assert!(told.iter().any(missed), "{}: {told:?}", setting.key);
    }
}

#[test]
fn tables_stand_before_what_they_hold_and_each_key_once() {
    for (at, setting) in SETTINGS.iter().enumerate() {
        assert!(SETTINGS[..at].iter().all(|other| other.key != setting.key), "{}", setting.key);
        if let Some((holder, _)) = setting.key.rsplit_once('.') {
            let holder = SETTINGS[..at].iter().find(|other| other.key == holder);
            assert!(holder.is_some_and(|holder| matches!(holder.kind, Kind::Table | Kind::Tables)));
        }
    }
    assert_eq!(within("trust"), ["folders"]);
    assert!(within("").contains(&"default_model") && find("model.price.input").is_some());
}

/// Run with `REDRAFT_BLESS=1`, it writes them.
#[test]
fn the_documents_say_what_the_table_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let (path, schema_path) = (root.join("configuration.md"), root.join("config.schema.json"));
    let text = std::fs::read_to_string(&path).unwrap();
    let (begin, end) = ("<!-- settings: made from src/config/settings.rs -->\n", "<!-- /settings -->");
    let (before, rest) = text.split_once(begin).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    let expected = format!("{before}{begin}{}{end}{after}", reference());
    let expected_schema = format!("{:#}\n", schema());
    if std::env::var_os("REDRAFT_BLESS").is_some() {
        std::fs::write(&path, &expected).unwrap();
        std::fs::write(&schema_path, &expected_schema).unwrap();
    }
    let hint = "run this test with REDRAFT_BLESS=1";
    assert!(std::fs::read_to_string(&path).unwrap() == expected, "{} differs: {hint}", path.display());
    let schema = std::fs::read_to_string(&schema_path).unwrap_or_default();
    assert!(schema == expected_schema, "{} differs: {hint}", schema_path.display());
}
