//! Configured commands: what they find, what they do to their copy, and that no result is never "nothing found".

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use redraft::check::Severity;
use redraft::check::command::{Command, Format, Target};
use redraft::check::copy::Copy;
use redraft::check::process::{Limits, Trouble};
use ropey::Rope;
use tokio::sync::Mutex;

use crate::setup::{self, World, left};

const DRAFT: &str = "import os\nx = undefined\n";
const ROW: &str = r#"{"code":"F821","message":"Undefined name","filename":"a.py","location":{"row":2,"column":5},"end_location":{"row":2,"column":14},"fix":null}"#;

struct Setup {
    world: World,
    root: PathBuf,
    copy: Arc<Mutex<Copy>>,
}

impl Setup {
    fn new() -> Self {
        let world = World::new();
        let root = world.path("root");
        std::fs::create_dir_all(root.join("pkg")).unwrap();
        for (path, text) in [("a.py", "x = 1\n"), ("pkg/b.py", "y = 1\n"), ("pkg/data.bin", "\0\x01")] {
            std::fs::write(root.join(path), text).unwrap();
        }
        let copy = Copy::new(&root, &world.path("state")).unwrap();
        Self { world, root, copy: Arc::new(Mutex::new(copy)) }
    }

    fn command(&self, format: Format, script: &str, arguments: &[&str]) -> Command {
        let mut argv: Vec<String> =
            self.world.argv(script).into_iter().map(|part| part.into_string().unwrap()).collect();
        argv.extend(arguments.iter().map(ToString::to_string));
        Command {
            name: "linter".into(),
            argv,
            languages: vec!["python".into()],
            format,
            found_codes: vec![1],
            severity: Severity::Warning,
            limits: Limits { time: Duration::from_secs(60), ..Limits::default() },
            supervisor: self.world.supervisor(),
        }
    }

    /// What it finds in the draft, each as `code text`.
    async fn check(&self, command: &Command) -> Result<Vec<String>, Trouble> {
        let text = Rope::from_str(DRAFT);
        let target = Target { root: &self.root, path: "a.py", text: &text, beside: &[] };
        let found = command.check(&target, &self.copy).await?;
        Ok(found.findings.iter().map(|one| format!("{} {}", one.code, &DRAFT[one.range.clone()])).collect())
    }
}

/// All files below, with what they hold and when they were written.
fn files(folder: &Path) -> BTreeMap<PathBuf, (Vec<u8>, std::time::SystemTime)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let modified = path.metadata().unwrap().modified().unwrap();
                found.insert(path.clone(), (std::fs::read(&path).unwrap(), modified));
            }
        }
    }
    found
}

#[tokio::test]
async fn a_command_gets_the_draft_on_standard_input_or_in_its_copy() {
    let setup = Setup::new();
    let before = files(&setup.root);
    let lines =
        || Format::pattern(r"^(?<file>[^:]*):(?<line>\d+): (?<code>\S+) (?<message>.*)$", None).unwrap();
    let draft = "assert text == 'import os\\nx = undefined\\n', text\n";
    let read_stdin = format!("text = sys.stdin.read(); {draft}");
    let read_file = format!("text = open(sys.argv[2]).read(); {draft}");
    let name = "print(sys.argv[2] + ':2: E1 ' + os.getcwd())";
    let ruff = format!("print('[{ROW}]'); sys.exit(1)");
    let report = format!("open(sys.argv[3], 'w').write('[{ROW}]'); print('progress'); sys.exit(1)");
    for (format, script, arguments, expected) in [
        (lines(), format!("{read_stdin}{name}"), vec!["{name}"], vec!["E1 x = undefined"]),
        (lines(), format!("{read_stdin}print('-:1: E2 m'); sys.exit(1)"), vec![], vec!["E2 import os"]),
        (lines(), format!("{read_file}{name}"), vec!["{file}"], vec!["E1 x = undefined"]),
        (lines(), format!("{read_file}print(os.path.abspath(sys.argv[2]) + ':1: E3 m')"), vec!["{file}"], vec!["E3 import os"]),
        (lines(), "print('b.py:1: E4 m', file=sys.stderr); sys.exit(1)".into(), vec!["{file}"], vec![]),
        (lines(), "print('a.py:1: E5 m', file=sys.stderr); sys.exit(2)".into(), vec!["{file}"], vec!["E5 import os"]),
        (Format::Ruff, ruff.clone(), vec!["{name}"], vec!["F821 undefined"]),
        (Format::Ruff, format!("{read_file}{ruff}"), vec!["{file}"], vec!["F821 undefined"]),
        (Format::Ruff, report, vec!["{file}", "{report}"], vec!["F821 undefined"]),
        (Format::Ruff, "print('[]')".into(), vec!["{name}"], vec![]),
        (Format::Junit, "assert open('a.py').read().startswith('import')\nprint('<testsuite><testcase name=\"t\"><failure>a.py:2: Error</failure></testcase></testsuite>'); sys.exit(1)".into(), vec![], vec!["failure x = undefined"]),
    ] {
        let command = setup.command(format, &script, &arguments);
        assert_eq!(setup.check(&command).await, Ok(expected.into_iter().map(String::from).collect()), "{script}");
    }
    assert_eq!(files(&setup.root), before);
    assert_eq!(left(&setup.world.mark), [""; 0]);
}

#[tokio::test]
async fn no_result_is_told_and_never_clean() {
    let setup = Setup::new();
    let lines_of_files = || Format::pattern(r"^(?<file>[^:]*):(?<line>\d+): (?<message>.*)$", None).unwrap();
    let lines = || Format::pattern(r"^(?<line>\d+): (?<message>.*)$", Some("^Success")).unwrap();
    for (format, script, arguments, why) in [
        (Format::Ruff, "", vec![], "gave no result: it said nothing"),
        (Format::Ruff, "print('garbage \\x1b[1m')", vec![], "gave no result: no JSON of ruff's"),
        (Format::Ruff, "print('[{')", vec![], "gave no result: no JSON of ruff's"),
        (Format::Ruff, "print('[]'); sys.exit(2)", vec![], "it ended with code 2, and told of nothing"),
        (
            Format::Ruff,
            "sys.stderr.write('no \\x1b[1mconfig'); sys.exit(2)",
            vec![],
            "it said: no \\u{1b}[1mconfig",
        ),
        (Format::Ruff, "os.kill(os.getpid(), 11)", vec![], "died of signal 11"),
        (Format::Ruff, "print('[]')", vec!["{report}"], "it wrote no report"),
        (Format::Ruff, "os.symlink('/etc/passwd', sys.argv[2])", vec!["{report}"], "or no file"),
        (Format::Sarif, "print('{}')", vec![], "no SARIF"),
        (Format::Junit, "print('<testsuite>')", vec![], "ends in the middle"),
        (Format::Junit, "print('<testsuite/>')", vec![], "without a single test"),
        (lines(), "print('a crash'); sys.exit(1)", vec![], "it ended with code 1, and told of nothing"),
        // As mypy ends where it has checked nothing, since another file does not parse.
        (
            lines_of_files(),
            "print('lib.py:1: Invalid syntax'); sys.exit(2)",
            vec!["{file}"],
            "it ended with code 2, by which it has not done its work (`found_codes`); it said: lib.py:1: Invalid syntax",
        ),
        (lines(), "print('x' * 100000)", vec![], "no line of what it said matches its pattern"),
        (lines(), "print('Warning', file=sys.stderr)", vec![], "no line of what it said matches its pattern"),
        (lines(), "os.kill(os.getpid(), 9)", vec![], "died of signal 9"),
        (lines(), "while True: print('1: x' * 10000)", vec![], "said more than 8192 KiB"),
    ] {
        let told = setup.check(&setup.command(format, script, &arguments)).await;
        let told = told.map_err(|trouble| trouble.to_string());
        assert!(told.as_ref().is_err_and(|told| told.contains(why)), "{script}: {told:?}");
    }
    for (format, script) in [
        (lines(), ""),
        (lines(), "print('Success: no issues found in 1 source file')"),
        (lines_of_files(), "print('lib.py:1: of another file'); sys.exit(1)"),
    ] {
        let clean = setup.check(&setup.command(format, script, &[])).await;
        assert_eq!(clean, Ok(vec![]), "a command that found nothing, and says so in its way: {script}");
    }
    assert_eq!(left(&setup.world.mark), [""; 0]);
}

#[tokio::test]
async fn what_a_command_does_to_its_copy_does_not_reach_the_workspace_or_the_next_run() {
    let setup = Setup::new();
    let before = files(&setup.root);
    let look = "import pathlib\nfor path in sorted(pathlib.Path('.').rglob('*')):\n  if path.is_file(): print('1:', path, path.read_bytes().hex())";
    let lines = || Format::pattern(r"^(?<line>\d+): (?<message>.*)$", Some("^Success")).unwrap();
    let draft = Rope::from_str(DRAFT);
    let target = Target { root: &setup.root, path: "a.py", text: &draft, beside: &[] };
    let look = setup.command(lines(), look, &["{file}"]);
    let seen = async || {
        let found = look.check(&target, &setup.copy).await.unwrap();
        found.findings.into_iter().map(|one| one.message).collect::<Vec<_>>()
    };
    let first = seen().await;
    assert_eq!(first.len(), 3, "{first:?}");
    let workspace = setup.root.display();
    for (deed, arguments) in [
        ("open('a.py', 'a').write('hacked'); open('NEW', 'w').write('x')".to_owned(), &[][..]),
        ("open(sys.argv[2], 'w').write('changed')".to_owned(), &["{file}"][..]),
        ("os.remove('pkg/b.py'); os.mkdir('new'); open('new/x', 'w').write('x')".to_owned(), &["{file}"][..]),
        ("import shutil; shutil.rmtree('pkg')".to_owned(), &["{file}"][..]),
        (
            format!("import shutil; shutil.rmtree('pkg'); os.symlink('{workspace}/pkg', 'pkg')"),
            &["{file}"][..],
        ),
        (format!("os.remove('a.py'); os.link('{workspace}/pkg/b.py', 'a.py')"), &["{file}"][..]),
        (
            format!(
                "import shutil; here = os.getcwd(); shutil.rmtree(here); os.symlink('{workspace}', here)"
            ),
            &["{file}"][..],
        ),
        ("child(); daemon()".to_owned(), &["{file}"][..]),
    ] {
        let told = setup.check(&setup.command(lines(), &deed, arguments)).await;
        assert_eq!(told, Ok(vec![]), "{deed}");
        assert_eq!(seen().await, first, "{deed}");
        assert_eq!(files(&setup.root), before, "{deed}");
    }
    assert_eq!(left(&setup.world.mark), [""; 0]);
}

#[tokio::test]
async fn a_copy_is_nobodys_until_what_ran_on_it_is_gone() {
    let setup = Arc::new(Setup::new());
    let ready = setup.world.path("ready");
    let script =
        format!("child(); daemon(); deaf(); open('{}', 'w').close(); time.sleep(600)", ready.display());
    let command = setup.command(Format::Ruff, &script, &["{file}"]);
    let running = tokio::spawn({
        let setup = Arc::clone(&setup);
        async move { setup.check(&command).await }
    });
    setup::until(|| ready.exists()).await;
    running.abort();
    let _copy = setup.copy.lock().await;
    assert_eq!(left(&setup.world.mark), [""; 0]);
}
