//! The problems: a project with a function to write, and tests that neither the model nor the checks see.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::check::process::{Limits, Spec, Supervisor, Trouble, find, run};

/// How long the hidden tests of one draft may take.
const TESTS: Duration = Duration::from_secs(20);
/// The file that the program with the tests is written into.
const PROGRAM: &str = "hidden_tests.py";

/// One of them, as a line of the data.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Problem {
    pub id: String,
    /// Which part of the experiment it is of.
    pub set: String,
    files: BTreeMap<String, String>,
    target: String,
    /// Of the function, from 1.
    pub line: u32,
    /// What the tests read, by path; not there before they run.
    #[serde(default)]
    hidden: BTreeMap<String, String>,
    /// The hidden tests: a program that ends with 0 where they pass.
    tests: String,
    /// The target as its author wrote it, where that is known; no draft is ever made with it in sight.
    #[serde(default)]
    pub answer: Option<String>,
}

/// What runs hidden tests.
#[derive(Clone, Debug)]
pub(super) struct Runner {
    python: String,
    supervisor: Supervisor,
}

impl Runner {
    pub fn new(python: &str) -> Result<Self, String> {
        let supervisor = Supervisor::this().map_err(|trouble| trouble.to_string())?;
        Ok(Self { python: python.to_owned(), supervisor })
    }
}

/// Reads the problems; `most` of them, chosen by `seed`, in the data's order.
pub(super) fn load(path: &Path, most: Option<usize>, seed: u64) -> Result<Vec<Problem>, String> {
    let text = fs::read_to_string(path)
        .map_err(|error| format!("{}: {error}; scripts/bench_data.py fetches the data", path.display()))?;
    let mut problems = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let problem: Problem = serde_json::from_str(line)
            .map_err(|error| format!("{}:{}: this is no problem: {error}", path.display(), at + 1))?;
        problems.push(problem);
    }
    let mut order: Vec<usize> = (0..problems.len()).collect();
    fastrand::Rng::with_seed(seed).shuffle(&mut order);
    order.truncate(most.unwrap_or(usize::MAX));
    order.sort_unstable();
    Ok(order.into_iter().map(|at| problems[at].clone()).collect())
}

impl Problem {
    /// Puts its files into a folder of their own.
    pub fn unpack(&self, state: &Path) -> Result<PathBuf, String> {
        let folder =
            state.join("bench").join(format!("{}-{}", self.id.replace('/', "-"), std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        write(&folder, &self.files)?;
        // It is a project of its own, wherever the state directory is.
        let root = folder.join(".redraft");
        fs::create_dir_all(&root).map_err(|error| format!("{}: {error}", root.display()))?;
        Ok(folder)
    }

    pub fn target(&self, folder: &Path) -> PathBuf {
        folder.join(&self.target)
    }

    /// The target with the function still to be written.
    pub fn stub(&self) -> Result<&str, String> {
        let stub = self.files.get(&self.target).map(String::as_str);
        stub.ok_or_else(|| format!("{}: {} is none of its files", self.id, self.target))
    }

    /// Whether the target passes the hidden tests when it reads like this. Its folder is of no use to a draft afterwards.
    pub async fn test(&self, folder: &Path, text: &str, runner: &Runner) -> Result<bool, String> {
        write(folder, &self.hidden)?;
        // Behind what is hidden: no file of the tests can take the place of what they are to test.
        write(folder, [(&*self.target, text), (PROGRAM, &*self.tests)])?;
        let python = &runner.python;
        let program = find(python.as_ref(), folder).map_err(|trouble| format!("{python} {trouble}"))?;
        let spec = Spec {
            argv: vec![program, PROGRAM.into()],
            folder: folder.to_owned(),
            stdin: None,
            env: Vec::new(),
            limits: Limits { time: TESTS, ..Limits::default() },
            supervisor: runner.supervisor.clone(),
        };
        match run(spec).await {
            Ok(output) => Ok(output.status == 0),
            Err(trouble @ Trouble::NotStarted(_)) => Err(format!("{python} {trouble}")),
            Err(_) => Ok(false),
        }
    }
}

/// Writes files below a folder.
fn write(
    folder: &Path,
    files: impl IntoIterator<Item = (impl AsRef<Path>, impl AsRef<str>)>,
) -> Result<(), String> {
    for (path, text) in files {
        let file = folder.join(path.as_ref());
        let parent = file.parent().unwrap_or(folder);
        let written = fs::create_dir_all(parent).and_then(|()| fs::write(&file, text.as_ref()));
        written.map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(hidden: &str) -> Problem {
        let line = format!(
            r#"{{"id": "a/{hidden}", "set": "s", "files": {{"src/p/m.py": "stub"}}, "target": "src/p/m.py",
                "line": 1, "hidden": {{"{hidden}": "of the tests"}}, "tests": "pass"}}"#
        );
        serde_json::from_str(&line).expect("it is a problem")
    }

    /// What is in a folder, by path.
    fn read(folder: &Path) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                found.extend(read(&path).into_iter().map(|(below, text)| (format!("{name}/{below}"), text)));
            } else {
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
        found.sort();
        found
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn tests_are_not_there_before_they_run() {
        let state = std::env::temp_dir().join(format!("redraft-bench-{}", std::process::id()));
        // No interpreter is needed to see what it would find.
        let runner = Runner { python: "./no-such-python".to_owned(), supervisor: Supervisor("false".into()) };
        for (hidden, expected) in [
            ("t/test_m.py", vec![("src/p/m.py", "draft"), ("t/test_m.py", "of the tests")]),
            // The draft is what is tested, whatever the tests bring along.
            ("src/p/m.py", vec![("src/p/m.py", "draft")]),
        ] {
            let problem = problem(hidden);
            let folder = problem.unpack(&state).unwrap();
            assert_eq!(read(&folder), [("src/p/m.py".to_owned(), "stub".to_owned())]);
            let passed = problem.test(&folder, "draft", &runner).await;
            let mut expected = expected;
            expected.insert(0, (PROGRAM, "pass"));
            let expected: Vec<_> =
                expected.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect();
            assert_eq!((read(&folder), passed), (expected, Ok(false)), "{hidden}");
        }
        let _ = fs::remove_dir_all(&state);
    }

    #[test]
    fn a_seed_chooses_among_all_sets_and_keeps_their_order() {
        let path = std::env::temp_dir().join(format!("redraft-problems-{}", std::process::id()));
        let line = |at: usize, set: &str| {
            format!(
                r#"{{"id": "{at:02}", "set": "{set}", "files": {{}}, "target": "", "line": 1, "tests": ""}}"#
            )
        };
        let lines: Vec<_> = (0..40).map(|at| line(at, if at < 20 { "one" } else { "two" })).collect();
        fs::write(&path, lines.join("\n")).unwrap();
        let chosen = |seed| load(&path, Some(12), seed).unwrap();
        let (first, again, other) = (chosen(1), chosen(1), chosen(2));
        let _ = fs::remove_file(&path);
        let ids = |of: &[Problem]| of.iter().map(|problem| problem.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&first), ids(&again));
        assert_ne!(ids(&first), ids(&other));
        assert!(ids(&first).is_sorted() && first.len() == 12);
        for set in ["one", "two"] {
            assert!(first.iter().any(|problem| problem.set == set), "{set}");
        }
    }
}
