//! Language servers, and ruff as a command: the first draft of each with its start, the others warm.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use redraft::check::Severity;
use redraft::check::command::{Command, Format, Target};
use redraft::check::copy::Copy;
use redraft::check::lsp::{Server, uri_of};
use redraft::check::process::{Limits, Supervisor};
use tokio::sync::Mutex;

use crate::DRAFTS;
use crate::project::{self, Project};
use crate::table::Row;

const WAIT: Duration = Duration::from_secs(60);
const MEMORY_MIB: u32 = 2048;
const SERVERS: [(&str, &[&str]); 4] = [
    ("ruff", &["server"]),
    ("ty", &["server"]),
    ("pyrefly", &["lsp"]),
    ("basedpyright-langserver", &["--stdio"]),
];

/// Those of `SERVERS` that are in the directory `programs`.
pub fn measure(project: &Project, programs: &Path) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("threads can be started");
    let supervisor = Supervisor(env!("CARGO_BIN_EXE_redraft").into());
    for (name, arguments) in SERVERS {
        let program = programs.join(name);
        if program.is_file() {
            let mut argv = vec![program.into_os_string()];
            argv.extend(arguments.iter().map(OsString::from));
            runtime.block_on(server(project, name, argv, &supervisor));
        }
    }
    let program = programs.join("ruff");
    if program.is_file() {
        runtime.block_on(command(project, &program, &supervisor));
    }
}

async fn server(project: &Project, name: &str, argv: Vec<OsString>, supervisor: &Supervisor) {
    let server =
        Server::new(name, argv, &project.root, &serde_json::Value::Null, (WAIT, MEMORY_MIB), supervisor);
    let uri = uri_of(&project.root.join(&project.path));
    let mut row = Row::new(&format!("{name} (language server)"));
    for draft in 0..=DRAFTS {
        let fault = project::fault(draft);
        let text = project.text(fault.as_deref());
        let began = Instant::now();
        let found = server.check(&uri, "python", &text).await.expect("it tells what it finds");
        if draft == 0 {
            row.cold(began.elapsed())
        } else {
            row.warm(began.elapsed())
        }
        project::expect(name, fault.as_deref(), found.iter().map(|one| one.message.as_str()));
    }
    server.goodbye().await;
    row.print();
}

async fn command(project: &Project, program: &Path, supervisor: &Supervisor) {
    let arguments = ["check", "--isolated", "--output-format", "json", "--stdin-filename", "{name}", "-"];
    let program = program.display().to_string();
    let command = Command {
        name: "ruff".to_owned(),
        argv: std::iter::once(program).chain(arguments.map(str::to_owned)).collect(),
        languages: Vec::new(),
        format: Format::Ruff,
        found_codes: vec![1],
        severity: Severity::Error,
        limits: Limits::default(),
        supervisor: supervisor.clone(),
    };
    let state = project.root.join("state");
    std::fs::create_dir_all(&state).expect("the copy can be written");
    let copy = Arc::new(Mutex::new(Copy::new(&project.root, &state).expect("the copy can be written")));
    let mut row = Row::new("ruff (command)");
    for draft in 0..=DRAFTS {
        let fault = project::fault(draft);
        let text = project.text(fault.as_deref());
        let target = Target { root: &project.root, path: &project.path, text: &text, beside: &[] };
        let began = Instant::now();
        let found = command.check(&target, &copy).await.expect("it tells what it finds");
        if draft == 0 {
            row.cold(began.elapsed())
        } else {
            row.warm(began.elapsed())
        }
        project::expect("ruff", fault.as_deref(), found.findings.iter().map(|one| one.message.as_str()));
    }
    row.print();
}
