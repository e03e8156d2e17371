//! The problems: a file with a function to write, and tests that neither the model nor the checks see.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::check::process::{Limits, Spec, Supervisor, Trouble, find, run};

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
    /// The hidden tests: a program that ends with 0 where they pass.
    tests: String,
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
        let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
        let _ = fs::remove_dir_all(&folder);
        for (path, text) in &self.files {
            let file = folder.join(path);
            fs::create_dir_all(file.parent().unwrap_or(&folder)).map_err(failed)?;
            fs::write(&file, text).map_err(failed)?;
        }
        // It is a project of its own, wherever the state directory is.
        fs::create_dir_all(folder.join(".redraft")).map_err(failed)?;
        Ok(folder)
    }

    pub fn target(&self, folder: &Path) -> PathBuf {
        folder.join(&self.target)
    }

    /// Whether the draft passes the hidden tests.
    pub async fn test(
        &self,
        folder: &Path,
        drafted: &str,
        python: &str,
        supervisor: &Supervisor,
        time: Duration,
    ) -> Result<bool, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
        fs::write(self.target(folder), drafted).map_err(failed)?;
        fs::write(folder.join("hidden_tests.py"), &self.tests).map_err(failed)?;
        let program = find(python.as_ref(), folder).map_err(|trouble| format!("{python} {trouble}"))?;
        let limits = Limits { time, ..Limits::default() };
        let argv = vec![program, "hidden_tests.py".into()];
        let spec = Spec {
            argv,
            folder: folder.to_owned(),
            stdin: None,
            env: Vec::new(),
            limits,
            supervisor: supervisor.clone(),
        };
        match run(spec).await {
            Ok(output) => Ok(output.status == 0),
            Err(trouble @ Trouble::NotStarted(_)) => Err(format!("{python} {trouble}")),
            Err(_) => Ok(false),
        }
    }
}
