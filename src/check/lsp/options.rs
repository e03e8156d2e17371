//! What servers are told of how to work: what they need to say what they find (one that keeps it to itself looks like one that found
//! nothing), and over that what their user configured.

use std::ffi::OsString;
use std::path::Path;

use serde_json::Value;

/// Programs with their `initializationOptions`.
const OPTIONS: [(&str, &str); 1] = [
    // Without a configuration of its own in the workspace, pyrefly tells editors of no wrong type (1.5).
    ("pyrefly", r#"{ "pyrefly": { "displayTypeErrors": "force-on" } }"#),
];

/// Servers that answer "nothing" as long as they have not read the project, and tell when they have (`experimental/serverStatus`, 1.95).
const TELL_WHEN_READY: [&str; 1] = ["rust-analyzer"];

/// Whether what a server answers counts only once it tells that it is ready; `greeting` is its answer to `initialize`.
pub(super) fn tells_when_ready(greeting: &Value) -> bool {
    greeting["serverInfo"]["name"].as_str().is_some_and(|name| TELL_WHEN_READY.contains(&name))
}

/// The options of the server that a command starts, however it does that (`uvx pyrefly lsp`), with its user's `own` over them; null,
/// where there are none.
pub(super) fn of(argv: &[OsString], own: &Value) -> Value {
    let is_named =
        |name: &str| argv.iter().any(|part| Path::new(part).file_stem().is_some_and(|stem| stem == name));
    let found = OPTIONS.iter().find(|(name, _)| is_named(name));
    let mut options: Value =
        found.and_then(|(_, options)| serde_json::from_str(options).ok()).unwrap_or_default();
    lay_over(&mut options, own);
    options
}

/// Tables go into tables; anything else takes the place of what stood there.
fn lay_over(options: &mut Value, own: &Value) {
    match (options, own) {
        (_, Value::Null) => {}
        (Value::Object(options), Value::Object(own)) => {
            for (key, value) in own {
                lay_over(options.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (options, own) => *options = own.clone(),
    }
}

/// What a server is answered that asks for a `section` of its settings (`python.analysis`), or for all of them.
pub(super) fn section(settings: &Value, section: Option<&str>) -> Value {
    let names = section.unwrap_or_default().split('.').filter(|name| !name.is_empty());
    names.fold(settings, |at, name| &at[name]).clone()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn those_that_would_keep_quiet_are_told_to_speak() {
        let quiet = json!({ "pyrefly": { "displayTypeErrors": "force-on" } });
        let own = json!({ "pyrefly": { "path": "x" }, "settings": { "lint": true } });
        let both = json!({ "pyrefly": { "displayTypeErrors": "force-on", "path": "x" }, "settings": { "lint": true } });
        let other = json!({ "pyrefly": { "displayTypeErrors": "force-off" } });
        for (argv, own, expected) in [
            (vec!["/venv/bin/pyrefly", "lsp"], &Value::Null, &quiet),
            (vec!["uvx", "pyrefly", "lsp"], &Value::Null, &quiet),
            (vec!["pyrefly.exe", "lsp"], &own, &both),
            (vec!["pyrefly", "lsp"], &other, &other),
            (vec!["ty", "server"], &own, &own),
            (vec!["ty", "server"], &Value::Null, &Value::Null),
        ] {
            let parts: Vec<OsString> = argv.iter().map(OsString::from).collect();
            assert_eq!(of(&parts, own), *expected, "{argv:?}");
        }
        for (name, options) in OPTIONS {
            assert!(
                serde_json::from_str::<Value>(options).is_ok_and(|options| options.is_object()),
                "{name}"
            );
        }
    }

    #[test]
    fn a_section_is_found_by_its_dotted_name() {
        let settings = json!({ "python": { "analysis": { "mode": 1 } }, "list": [1] });
        for (name, expected) in [
            (Some("python.analysis"), json!({ "mode": 1 })),
            (Some("python"), json!({ "analysis": { "mode": 1 } })),
            (Some("ruff"), Value::Null),
            (Some("list.0.x"), Value::Null),
            (Some(""), settings.clone()),
            (None, settings.clone()),
        ] {
            assert_eq!(section(&settings, name), expected, "{name:?}");
        }
    }
}
