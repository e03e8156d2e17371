//! How pytest is run so that something can be measured of it: the arguments, and what of the project's own ones is in the way.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use super::super::process::find;
use super::coverage::{DATA, RC};
use crate::syntax::Language;

/// Where the project's configuration has a `{report}` go that nobody reads, in the copy.
pub(super) const REPORT: &str = ".redraft-report";
const MODULE: &str = "pytest";
/// Where its options may be, besides the command.
const FILES: &[&str] = &["pyproject.toml", "pytest.ini", ".pytest.ini", "setup.cfg", "tox.ini"];
/// The largest of them that is looked into, in bytes.
const LARGEST: u64 = 1 << 20;

/// How a command runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// As a module: where `-m` stands.
    Module(usize),
    /// It is the program.
    Program,
}

/// What is run for the coverage of the tests, one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Argv {
    pub run: Vec<String>,
    pub report: Vec<String>,
}

/// How `argv` runs it, if it does.
pub(super) fn place(argv: &[String]) -> Option<Place> {
    let module = argv.windows(2).position(|pair| pair[0] == "-m" && pair[1] == MODULE);
    let program = argv.first().map(Path::new).and_then(Path::file_stem);
    match module {
        Some(at) if at > 0 => Some(Place::Module(at)),
        _ => (program == Some(OsStr::new(MODULE))).then_some(Place::Program),
    }
}

/// `argv` below coverage, and the report of it; nothing where its interpreter is not known.
pub(super) fn below_coverage(argv: &[String], language: &Language, root: &Path) -> Option<Argv> {
    let (start, rest) = match place(argv)? {
        Place::Module(at) => (argv[..at].to_vec(), &argv[at + 2..]),
        Place::Program => {
            // Programs of an environment stand beside its interpreter.
            let program = find(argv[0].as_ref(), root).ok()?;
            let folder = Path::new(&program).parent()?;
            let mut names = language
                .interpreters
                .iter()
                .map(|name| folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)));
            let interpreter = names.find(|path| path.is_file())?;
            (vec![interpreter.to_str()?.to_owned()], &argv[1..])
        }
    };
    let of = |command: &[&str]| -> Vec<String> {
        let common = [format!("--data-file={DATA}"), format!("--rcfile={RC}")];
        let command = ["-m", "coverage"].iter().chain(command).map(|part| (*part).to_owned());
        start.iter().cloned().chain(command).chain(common).collect()
    };
    let mut run = of(&["run", "--branch"]);
    run.extend(["-m".to_owned(), MODULE.to_owned()]);
    run.extend(rest.iter().cloned());
    let mut report = of(&["json", "-q"]);
    report.extend(["-o", "-", "--include={file}"].map(str::to_owned));
    Some(Argv { run, report })
}

/// Arguments by which it measures nothing itself and runs in one process, where the command or the project says otherwise.
pub(super) fn alone(argv: &[String], folder: &Path) -> Vec<String> {
    let mut said = argv.join(" ");
    for name in FILES {
        let path = folder.join(name);
        if fs::metadata(&path).is_ok_and(|meta| meta.is_file() && meta.len() <= LARGEST) {
            said += "\n";
            said += &fs::read_to_string(path).unwrap_or_default();
        }
    }
    let words = || said.split(|ch: char| ch.is_whitespace() || "\"',=[]".contains(ch));
    let has = |names: &[&str]| words().any(|word| names.contains(&word));
    let mut arguments = Vec::new();
    if has(&["--cov"]) {
        arguments.push("--no-cov".to_owned());
    }
    if has(&["-n", "-nauto", "-nlogical", "--numprocesses"]) {
        arguments.push("-n0".to_owned());
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_command_is_put_below_coverage() {
        let python = Language::by_id("python").unwrap();
        let report = |python: &str| {
            format!("{python} -m coverage json -q --data-file={DATA} --rcfile={RC} -o - --include={{file}}")
        };
        let run = format!("-m coverage run --branch --data-file={DATA} --rcfile={RC} -m pytest");
        for (command, expected) in [
            ("python3 -m pytest -q a", Some(("python3", format!("python3 {run} -q a")))),
            ("py -3 -I -m pytest", Some(("py -3 -I", format!("py -3 -I {run}")))),
            ("python3 -m unittest", None),
            ("make test", None),
            ("/nowhere/pytest", None),
        ] {
            let told = below_coverage(&words(command), python, Path::new("/"));
            let told = told.map(|argv| (argv.run.join(" "), argv.report.join(" ")));
            assert_eq!(told, expected.map(|(python, run)| (run, report(python))), "{command}");
        }
    }

    #[test]
    fn pytest_is_known_by_its_name() {
        for (command, expected) in [
            ("pytest -q", Some(Place::Program)),
            (".venv/bin/pytest", Some(Place::Program)),
            ("uv run python -m pytest", Some(Place::Module(3))),
            ("uv run pytest", None),
            ("-m pytest", None),
            ("pytest-3", None),
        ] {
            assert_eq!(place(&words(command)), expected, "{command}");
        }
    }

    #[test]
    fn what_is_in_the_way_is_switched_off() {
        for (command, expected) in [
            ("python3 -m pytest -q", ""),
            ("pytest --cov=pkg -n auto", "--no-cov -n0"),
            ("pytest --cov pkg", "--no-cov"),
            ("pytest --numprocesses=4", "-n0"),
            ("pytest --coverage", ""),
        ] {
            assert_eq!(alone(&words(command), Path::new("/nowhere")).join(" "), expected, "{command}");
        }
    }
}
