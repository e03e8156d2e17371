//! `redraft doctor`: whether everything that a first draft needs is there, and what to do where it is not. It looks, and asks no
//! model; of keys it tells whether there are any, and nothing else.

mod keeping;
mod model;
mod workspace;

use std::io::Write as _;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use super::{Failure, setup, terminal};
use crate::config::{self, Config};
use crate::text::hidden::made_visible;

/// The most characters of one line: names and paths are other people's.
const WIDTH: usize = 1_000;

#[derive(Debug, clap::Args)]
pub(super) struct DoctorArgs {
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ok,
    /// It works, and its user may want to know.
    Note,
    /// A draft does not come, or not as it was configured.
    Problem,
}

impl State {
    /// As reports call it.
    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Problem => "problem",
        }
    }

    fn style(self) -> Style {
        match self {
            Self::Ok => AnsiColor::Green.on_default(),
            Self::Note => AnsiColor::Yellow.on_default(),
            Self::Problem => AnsiColor::Red.on_default().bold(),
        }
    }
}

/// One thing that was looked at.
#[derive(Debug)]
struct Check {
    name: &'static str,
    state: State,
    /// What was found.
    message: String,
    /// What to do about it.
    hint: Option<String>,
}

impl Check {
    fn ok(name: &'static str, message: impl Into<String>) -> Self {
        Self { name, state: State::Ok, message: message.into(), hint: None }
    }

    fn note(name: &'static str, message: impl Into<String>) -> Self {
        Self { state: State::Note, ..Self::ok(name, message) }
    }

    fn problem(name: &'static str, message: impl Into<String>) -> Self {
        Self { state: State::Problem, ..Self::ok(name, message) }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    fn as_json(&self) -> Value {
        let mut value = json!({ "name": self.name, "state": self.state.name(), "message": self.message });
        if let Some(hint) = &self.hint {
            value["hint"] = json!(hint);
        }
        value
    }
}

pub(super) fn run(args: &DoctorArgs) -> Result<ExitCode, Failure> {
    let checks = all();
    let text = if args.json {
        let checks: Vec<Value> = checks.iter().map(Check::as_json).collect();
        format!("{:#}\n", json!({ "version": 1, "checks": checks }))
    } else {
        as_text(&checks, terminal::colour())
    };
    // A closed pipe (`| head`) is no failure.
    let _ = std::io::stdout().write_all(text.as_bytes());
    let problems = checks.iter().filter(|check| check.state == State::Problem).count();
    if !args.json {
        let told = match problems {
            0 => "everything that a draft needs is there".to_owned(),
            1 => "one problem".to_owned(),
            _ => format!("{problems} problems"),
        };
        let _ = writeln!(std::io::stderr(), "redraft: {told}");
    }
    Ok(if problems > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn all() -> Vec<Check> {
    let mut checks = vec![version()];
    let config = match setup::config() {
        Ok(config) => {
            checks.push(configuration());
            Some(config)
        }
        Err(problems) => {
            let told = problems.iter().map(|problem| Check::problem("configuration", problem.to_string()));
            checks.extend(told);
            None
        }
    };
    // Where calls are written down does not depend on it.
    let state = keeping::state(&mut checks, config.as_ref().unwrap_or(&Config::default()));
    match (config, state) {
        (Some(config), Some(state)) => {
            model::look(&mut checks, &config, &state);
            workspace::look(&mut checks, &config);
        }
        (Some(config), None) => workspace::look(&mut checks, &config),
        (None, _) => {
            let message =
                "models, trust, checkers and prompts: not looked at while the configuration has mistakes";
            checks.push(Check::note("model", message));
        }
    }
    checks
}

fn version() -> Check {
    let engine = if cfg!(feature = "embedded") { "with" } else { "without" };
    Check::ok("version", format!("redraft {}, {engine} the embedded engine", env!("CARGO_PKG_VERSION")))
}

/// Of a configuration that was read, or that is not there.
fn configuration() -> Check {
    match config::config_file() {
        Ok(file) if file.path.exists() => {
            Check::ok("configuration", format!("{}: no mistakes", file.path.display()))
        }
        Ok(file) => {
            Check::ok("configuration", format!("{}: not there; the defaults hold", file.path.display()))
        }
        Err(problem) => Check::problem("configuration", problem.to_string()),
    }
}

/// A line for each, with what to do below it.
fn as_text(checks: &[Check], colour: bool) -> String {
    let width = checks.iter().map(|check| check.name.len()).max().unwrap_or_default();
    let mut text = String::new();
    for Check { name, state, message, hint } in checks {
        let mark = format!("{:7}", state.name());
        let mark = if colour { format!("{0}{mark}{0:#}", state.style()) } else { mark };
        text += &format!("{mark}  {name:width$}  {}\n", made_visible(message, WIDTH).replace('\n', " "));
        if let Some(hint) = hint {
            text +=
                &format!("{:7}  {:width$}  -> {}\n", "", "", made_visible(hint, WIDTH).replace('\n', " "));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_it_is_what_was_found_and_what_to_do() {
        let checks = [
            Check::ok("version", "redraft 1"),
            Check::problem("key", "KEY is not set").hint("set it"),
            Check::note("trust", "a\u{1b}[31m\nb"),
        ];
        let expected = "ok       version  redraft 1\n\
                        problem  key      KEY is not set\n\
                        \u{20}                 -> set it\n\
                        note     trust    a\\u{1b}[31m b\n";
        assert_eq!(as_text(&checks, false), expected);
        assert!(as_text(&checks, true).contains("\u{1b}[1m\u{1b}[31mproblem\u{1b}[0m"));
        let json = checks.each_ref().map(Check::as_json);
        assert_eq!(
            json[1],
            json!({ "name": "key", "state": "problem", "message": "KEY is not set", "hint": "set it" })
        );
        assert!(json[0].get("hint").is_none());
    }
}
