//! Checkers that the user configured: they run in trusted workspaces only, drive further rounds, and leave nothing behind.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redraft::config::Config;
use redraft::model::provider::scripted::Scripted;
use serde_json::json;

use crate::SHAPES;
use crate::harness::{Client, rich, setup};

/// Writes which word of its input it does not like, as a linter does; it says so in the folder `seen` that it ran.
const LINTER: &str = r#"
import sys, re, os
text = sys.stdin.read()
open(os.path.join(os.path.dirname(os.path.abspath(sys.argv[0])), "seen"), "a").write("x")
for number, line in enumerate(text.splitlines(), 1):
    for found in re.finditer(r"\bugly\w*", line):
        print(f"{number}:{found.start() + 1}: E1 do not write {found.group()}")
"#;

/// A workspace with a linter beside it.
pub(crate) struct Place {
    pub folder: PathBuf,
}

impl Place {
    pub fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("redraft-checkers-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("work")).unwrap();
        fs::create_dir_all(folder.join("state")).unwrap();
        fs::write(folder.join("linter.py"), LINTER).unwrap();
        fs::write(folder.join("work/shapes.py"), SHAPES).unwrap();
        Self { folder: folder.canonicalize().unwrap() }
    }

    pub fn uri(&self) -> String {
        format!("file://{}", self.folder.join("work/shapes.py").display())
    }

    fn ran(&self) -> bool {
        self.folder.join("seen").exists()
    }

    pub fn client(&self, provider: &Scripted, checkers: &str, untrusted: Option<bool>) -> Client {
        let text = checkers.replace("LINTER", &self.folder.join("linter.py").display().to_string());
        let mut setup = setup(Arc::new(provider.clone()));
        setup.state = Some(self.folder.join("state"));
        setup.config = Arc::new(Config::parse(&text, Path::new("config.toml")).unwrap());
        let mut client = Client::raw(setup);
        let root = json!(format!("file://{}", self.folder.join("work").display()));
        let options = json!({ "delivery": "final", "untrustedWorkspace": untrusted });
        let mut capabilities = rich();
        capabilities["workspace"]["workspaceEdit"]["resourceOperations"] = json!(["create"]);
        client.initialize_in(&root, &capabilities, options);
        client.open(&self.uri(), SHAPES);
        client
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

const COMMAND: &str = r#"
[[checker]]
name = "linter"
kind = "command"
command = ["python3", "LINTER"]
format = "pattern"
pattern = '^(?<line>\d+):(?<column>\d+): (?<code>\w+) (?<message>.*)$'
languages = ["python"]
"#;

#[test]
fn a_checker_that_the_user_configured_drives_further_rounds() {
    let place = Place::new("rounds");
    let provider = Scripted::saying(["    ugly = r\n    return ugly\n", "    return 3 * r * r\n"]);
    let mut client = place.client(&provider, COMMAND, Some(false));
    let run = client.run_in(&place.uri(), "implement", "raise");
    client.until_state(&run, "done");
    assert!(client.text_of(&place.uri()).contains("return 3 * r * r"));
    let told = &provider.requests()[1].turns[2].text;
    assert!(told.contains("ugly = r\n    ^ do not write ugly"), "{told}");
    assert_eq!(fs::read_to_string(place.folder.join("work/shapes.py")).unwrap(), SHAPES, "nothing is saved");
    client.finish();
}

#[test]
fn what_was_there_before_does_not_count() {
    let place = Place::new("before");
    let provider = Scripted::saying(["    return 3 * r * r\n"]);
    let mut client = place.client(&provider, COMMAND, Some(false));
    client.change_in(&place.uri(), 0..0, "ugly_before = 1\n");
    let run = client.run_in(&place.uri(), "implement", "raise");
    client.until_state(&run, "done");
    assert!(place.ran());
    assert_eq!(provider.requests().len(), 1, "there is nothing to mend");
    client.finish();
}

#[test]
fn nothing_runs_in_a_workspace_that_is_not_trusted() {
    for untrusted in [Some(true), None] {
        let place = Place::new("untrusted");
        let provider = Scripted::saying(["    ugly = r\n    return ugly\n"]);
        let mut client = place.client(&provider, COMMAND, untrusted);
        let run = client.run_in(&place.uri(), "implement", "raise");
        client.until_state(&run, "done");
        assert!(!place.ran(), "{untrusted:?}");
        client.finish();
    }
}

#[test]
fn a_checker_that_tells_nothing_is_never_content() {
    for (command, told) in [
        ("[\"python3\", \"-c\", \"import sys; sys.exit(3)\"]", "linter gave no result"),
        ("[\"no-such-program-anywhere\"]", "linter cannot be started"),
    ] {
        let place = Place::new("garbage");
        let provider = Scripted::saying(["    return 3 * r * r\n"]);
        let config = COMMAND.replace("[\"python3\", \"LINTER\"]", command);
        let mut client = place.client(&provider, &config, Some(false));
        let run = client.run_in(&place.uri(), "implement", "raise");
        client.until_state(&run, "done");
        let message = client.message().1;
        assert!(message.contains("not checked") && message.contains(told), "{message}");
        client.finish();
    }
}

#[test]
fn a_stop_ends_a_checker_that_hangs() {
    let place = Place::new("hangs");
    let provider = Scripted::saying(["    return 3 * r * r\n"]);
    let marker = place.folder.join("started").display().to_string();
    let program =
        format!("import time, os; open({marker:?}, 'w').write(str(os.getpid())); os.fork(); time.sleep(600)");
    let config =
        COMMAND.replace("[\"python3\", \"LINTER\"]", &format!("[\"python3\", \"-c\", '''{program}''']"));
    let mut client = place.client(&provider, &config, Some(false));
    let run = client.run_in(&place.uri(), "implement", "raise");
    client.until_state(&run, "checking");
    let started = || fs::read_to_string(place.folder.join("started")).ok().filter(|id| !id.is_empty());
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while started().is_none() {
        assert!(std::time::Instant::now() < deadline, "the checker does not start");
        client.barrier();
    }
    client.command("redraft.stop", &run);
    client.until_state(&run, "cancelled");
    assert_eq!(client.text_of(&place.uri()), SHAPES);
    let id = started().unwrap();
    while Path::new(&format!("/proc/{id}")).exists() {
        assert!(std::time::Instant::now() < deadline, "the checker is left");
        client.barrier();
    }
    client.finish();
}

/// Runs tests as pytest does: one that has `wrong` in it fails.
const RUNNER: &str = r#"
import re, sys
report, files = sys.argv[1], sys.argv[2:]
cases = []
for name in files:
    for test, body in re.findall(r"def (test_\w+)\(\):\n((?:    .*\n?)+)", open(name).read()):
        fault = '<failure message="AssertionError: assert 1 == 2">x</failure>' if "wrong" in body else ""
        cases.append(f'<testcase classname="{name}" name="{test}">{fault}</testcase>')
open(report, "w").write(f'<testsuites><testsuite name="s" tests="{len(cases)}">{"".join(cases)}</testsuite></testsuites>')
sys.exit(1 if any("failure" in case for case in cases) else 0)
"#;

#[test]
fn tests_for_a_function_are_written_run_and_redrafted() {
    let place = Place::new("tests");
    fs::write(place.folder.join("runner.py"), RUNNER).unwrap();
    fs::create_dir_all(place.folder.join("work/tests")).unwrap();
    let there = "from shapes import below\n\n\ndef test_old():\n    assert below() == 2\n";
    let file = place.folder.join("work/tests/test_shapes.py");
    fs::write(&file, there).unwrap();
    let (wrong, right) =
        ("def test_new():\n    assert below() == 'wrong'\n", "def test_new():\n    assert below() > 1\n");
    let provider = Scripted::saying([wrong, right]);
    let runner = place.folder.join("runner.py").display().to_string();
    let config = format!(
        "[[checker]]\nname = \"tests\"\nkind = \"test\"\ncommand = [\"python3\", {runner:?}, \"{{report}}\"]\n"
    );
    let mut client = place.client(&provider, &config, Some(false));
    let uri = format!("file://{}", file.display());
    client.open(&uri, there);
    let run = client.run_in(&place.uri(), "test", "return 2");
    client.until_state(&run, "done");
    let text = client.text_of(&uri);
    assert!(text.starts_with(there) && text.contains("assert below() > 1"), "{text}");
    assert!(!text.contains("wrong"), "{text}");
    let requests = provider.requests();
    assert!(requests[0].turns[0].text.contains("`below`, which the module `shapes` has"));
    assert!(requests[1].turns[2].text.contains("assert 1 == 2"), "{}", requests[1].turns[2].text);
    assert_eq!(fs::read_to_string(&file).unwrap(), there, "nothing is saved");
    client.finish();
}

#[test]
fn what_tests_do_not_run_is_told_and_asks_for_no_other_draft() {
    let python = std::env::var("REDRAFT_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let import = std::process::Command::new(&python).args(["-c", "import coverage, pytest"]).output();
    if !import.is_ok_and(|output| output.status.success()) {
        assert!(std::env::var_os("REDRAFT_PYTHON").is_none(), "{python} has no pytest or no coverage");
        eprintln!("skipped: {python} has no pytest or no coverage (REDRAFT_PYTHON names another)");
        return;
    }
    let place = Place::new("gates");
    fs::write(
        place.folder.join("work/test_shapes.py"),
        "import shapes\n\n\ndef test_it():\n    assert shapes.area(2) == 12 and shapes.area(0) == 0\n",
    )
    .unwrap();
    let long = "    if r > 5:\n        r = 5\n        r = r + 1\n    return 3 * r * r\n";
    let provider = Scripted::saying([long]);
    let config = format!(
        "[refine]\ngates = \"development\"\n[[checker]]\nname = \"pytest\"\nkind = \"test\"\ncommand = [{python:?}, \"-m\", \"pytest\", \"-q\"]\n"
    );
    let mut client = place.client(&provider, &config, Some(false));
    let run = client.run_in(&place.uri(), "implement", "raise");
    client.until_state(&run, "done");
    let report = client.call("redraft/report", json!({ "run": run })).unwrap();
    let told = report["left"].to_string();
    assert!(told.contains("the tests run 2 of 4 lines of the draft"), "{told}");
    assert_eq!(report["rounds"], 1, "{report}");
    client.shows(3, "the tests run 2 of 4 lines");
    client.finish();
}

/// What the handshake says of trust, it says of the folders that were open then.
#[test]
fn a_folder_that_is_opened_later_is_not_trusted_for_the_others_sake() {
    let place = Place::new("added");
    let uri = format!("file://{}", place.folder.join("other/shapes.py").display());
    fs::create_dir_all(place.folder.join("other")).unwrap();
    fs::write(place.folder.join("other/shapes.py"), SHAPES).unwrap();
    let provider = Scripted::saying(["    return 3 * r * r\n"; 2]);
    let mut client = place.client(&provider, COMMAND, Some(false));
    let added = json!([{ "uri": uri.replace("/shapes.py", ""), "name": "other" }]);
    client
        .notify("workspace/didChangeWorkspaceFolders", json!({ "event": { "added": added, "removed": [] } }));
    client.open(&uri, SHAPES);
    for (uri, runs) in [(uri, false), (place.uri(), true)] {
        let run = client.run_in(&uri, "implement", "raise");
        client.until_state(&run, "done");
        assert_eq!(place.ran(), runs, "{uri}");
    }
    client.messages.clear();
    client.finish();
}
