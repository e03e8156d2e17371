//! `redraft context --batch`: questions on standard input, one JSON object a line, answers in the same order. One project
//! for each process: `{"op":"index","repo":DIR}` first, then `{"id","repo","file","line","budget"}`.

use std::io::{BufRead as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Question, Subject, ask};
use crate::cli::Failure;
use crate::workspace::Index;
use crate::workspace::disk::Disk;

/// One line of input.
#[derive(Deserialize)]
struct Line {
    id: Value,
    op: Option<String>,
    repo: PathBuf,
    file: Option<String>,
    /// From 1.
    line: Option<usize>,
    budget: Option<u32>,
    instruction: Option<String>,
    /// Every candidate with its evidence, too.
    #[serde(default)]
    explain: bool,
}

/// The project that is asked about.
struct Project {
    repo: PathBuf,
    disk: Disk,
    index: Index,
    /// The file of the last question, which is often that of the next.
    subject: Option<Subject>,
}

pub(super) fn run() -> Result<ExitCode, Failure> {
    let mut project: Option<Project> = None;
    for line in std::io::stdin().lock().lines() {
        let line =
            line.map_err(|error| Failure::Failed(format!("standard input cannot be read: {error}")))?;
        if line.trim().is_empty() {
            continue;
        }
        let started = Instant::now();
        let mut answer = match serde_json::from_str::<Line>(&line) {
            Ok(line) => respond(&mut project, &line),
            Err(error) => json!({ "id": null, "error": format!("this line is no question: {error}") }),
        };
        answer["millis"] = json!(started.elapsed().as_secs_f64() * 1e3);
        let mut output = std::io::stdout().lock();
        if writeln!(output, "{answer}").and_then(|()| output.flush()).is_err() {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn respond(project: &mut Option<Project>, line: &Line) -> Value {
    let mut here = match project.take() {
        Some(known) if known.repo == line.repo => known,
        _ => {
            let disk = Disk::new(std::slice::from_ref(&line.repo));
            let index = crate::workspace::build::all(&disk);
            Project { repo: line.repo.clone(), disk, index, subject: None }
        }
    };
    let answer = if line.op.as_deref() == Some("index") {
        json!({ "id": line.id, "context": "" })
    } else {
        match question(&mut here, line) {
            Ok(mut answer) => {
                answer["id"] = line.id.clone();
                answer
            }
            Err(error) => json!({ "id": line.id, "context": "", "error": error }),
        }
    };
    *project = Some(here);
    answer
}

fn question(project: &mut Project, line: &Line) -> Result<Value, String> {
    let file = line.file.as_deref().ok_or("`file` is missing")?;
    let number = line.line.filter(|&number| number > 0).ok_or("`line` is missing; it counts from 1")?;
    let text = project.disk.text(file).ok_or_else(|| format!("{file} cannot be read"))?;
    let subject = match project.subject.take() {
        Some(known) if known.path == file && known.text == text => known,
        _ => Subject::new(file, text)?,
    };
    let question = Question {
        line: number - 1,
        hint: line.instruction.as_deref().unwrap_or_default(),
        // The protocol's tokens are of four bytes each; ours are a safe estimate.
        budget: line.budget.unwrap_or(1_000).saturating_mul(10) / 9,
        // Who asks by budget wants it used.
        least: 0.0,
        explain: line.explain,
    };
    let answer = ask(&project.index, &project.disk, &subject, &question)?;
    project.subject = Some(subject);
    let mut told = json!({ "context": answer.context.render(answer.comment) });
    if line.explain {
        told["candidates"] = answer
            .explained
            .iter()
            .map(|one| json!({ "path": one.path, "line": one.line + 1, "name": one.name, "likely": one.likely, "evidence": one.evidence }))
            .collect();
    }
    Ok(told)
}
