//! What servers must be told before they say what they find. One that keeps it to itself looks like one that found nothing.

use std::ffi::OsString;
use std::path::Path;

use serde_json::Value;

/// Programs with their `initializationOptions`.
const OPTIONS: [(&str, &str); 1] = [
    // Without a configuration of its own in the workspace, pyrefly tells editors of no wrong type (1.5).
    ("pyrefly", r#"{ "pyrefly": { "displayTypeErrors": "force-on" } }"#),
];

/// The options of the server that a command starts, however it does that (`uvx pyrefly lsp`); null, where it needs none.
pub(super) fn of(argv: &[OsString]) -> Value {
    let is_named =
        |name: &str| argv.iter().any(|part| Path::new(part).file_stem().is_some_and(|stem| stem == name));
    let found = OPTIONS.iter().find(|(name, _)| is_named(name));
    found.and_then(|(_, options)| serde_json::from_str(options).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_would_keep_quiet_are_told_to_speak() {
        for (argv, is_told) in [
            (vec!["/venv/bin/pyrefly", "lsp"], true),
            (vec!["uvx", "pyrefly", "lsp"], true),
            (vec!["pyrefly.exe", "lsp"], true),
            (vec!["ty", "server"], false),
        ] {
            let parts: Vec<OsString> = argv.iter().map(OsString::from).collect();
            assert_eq!(of(&parts)["pyrefly"]["displayTypeErrors"] == "force-on", is_told, "{argv:?}");
        }
        for (name, options) in OPTIONS {
            assert!(
                serde_json::from_str::<Value>(options).is_ok_and(|options| options.is_object()),
                "{name}"
            );
        }
    }
}
