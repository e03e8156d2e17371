//! `redraft check` with checkers of its user's: what is not checked is told, one odd file costs itself only, and an end that is asked for
//! leaves nothing.

use std::time::{Duration, Instant};

use super::fault_server::FaultServer;
use super::setup::Folder;
use super::{ANSWER, STUB, says};

/// How long is waited for what must come.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at what cannot be waited for otherwise.
const PAUSE: Duration = Duration::from_millis(10);

/// Finds every `ugly`.
const LINTER: &str = r#"
[[checker]]
name = "linter"
kind = "command"
command = ["python3", "-c", "import sys; [print(f'{n}: ugly') for n, line in enumerate(sys.stdin, 1) if 'ugly' in line]"]
format = "pattern"
pattern = '^(?<line>\d+): (?<message>.*)$'
languages = ["python"]
"#;

fn configure(folder: &Folder, checkers: &str, is_trusted: bool) {
    let trusted = if is_trusted { folder.path("").canonicalize().unwrap() } else { "/nowhere".into() };
    let before =
        if folder.path("config.toml").is_file() { folder.read("config.toml") } else { String::new() };
    folder.write("config.toml", format!("{before}{checkers}\n[trust]\nfolders = [{trusted:?}]\n"));
    // It is a project, whatever lies above it.
    folder.write("pyproject.toml", "");
}

#[tokio::test(flavor = "multi_thread")]
async fn checkers_that_do_not_run_are_told_of() {
    let other = LINTER.replace("\"python\"]", "\"rust\"]");
    for (checkers, is_trusted, why) in [
        (LINTER, false, "not run: linter: the folder "),
        (other.as_str(), true, "not run: linter: none of them is for python (`checker.languages`)"),
    ] {
        let (folder, _server): (Folder, FaultServer) = Folder::with_server(vec![says(ANSWER)]).await;
        configure(&folder, checkers, is_trusted);
        folder.write("a.py", STUB);
        folder.write("b.py", STUB);
        let told = folder.run(&["check", "a.py", "b.py"]).await;
        told.expect(1, &["0 findings in 2 files", why]);
        assert_eq!(told.error.matches("not checked").count(), 1, "once for both: {told:?}");
        let told = folder.run(&["check", "a.py", "--json"]).await;
        let json: serde_json::Value = serde_json::from_str(&told.output).unwrap();
        assert!(json["unheard"][0].as_str().unwrap().starts_with(why), "{json}");
        let generate = ["generate", "a.py", "--at", "1", "--diff"];
        folder.run(&generate).await.expect(0, &["left over: not checked: not run: linter: "]);
        folder.run(&[&generate[..], &["--strict"]].concat()).await.expect(1, &[]);
    }
    let folder = Folder::new();
    configure(&folder, "", false);
    folder.write("a.py", STUB);
    folder.run(&["check", "a.py"]).await.expect(0, &["0 findings in 1 files"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_checked_does_not_cost_the_others() {
    let folder = Folder::new();
    configure(&folder, LINTER, true);
    folder.write("user.py", "ugly = 1\n");
    folder.write("lat.py", b"x = '\xe9'\n");
    std::fs::create_dir(folder.path("dir.py")).unwrap();
    for (odd, why) in [
        ("lat.py", "lat.py: is not UTF-8 text"),
        ("config.toml", "config.toml: Redraft knows Python"),
        ("none.py", "none.py: cannot be read"),
        ("dir.py", "dir.py: cannot be read"),
    ] {
        let told = folder.run(&["check", odd, "user.py"]).await;
        told.expect(1, &[&format!("not checked: {why}")]);
        assert_eq!(told.output, "user.py:1:1: error: ugly [linter/]\n");
        let told = folder.run(&["check", odd, "user.py", "--json"]).await;
        let json: serde_json::Value = serde_json::from_str(&told.output).unwrap();
        assert_eq!(json["findings"].as_array().map(Vec::len), Some(1), "{json}");
        assert!(json["unheard"][0].as_str().unwrap().starts_with(why), "{json}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_is_asked_for_leaves_nothing() {
    let (model, _server) = Folder::with_server(vec![says(ANSWER)]).await;
    for (arguments, signal) in [
        (&["check", "a.py"][..], "INT"),
        (&["check", "a.py"][..], "TERM"),
        (&["check", "a.py"][..], "HUP"),
        (&["generate", "a.py", "--at", "1", "--write"][..], "INT"),
        (&["generate", "a.py", "--at", "1", "--write"][..], "TERM"),
    ] {
        let folder = Folder::new();
        folder.write("config.toml", model.read("config.toml"));
        let started = folder.path("started").display().to_string();
        let hangs = format!(
            "import os, time; os.rename('a.py', 'b.py'); open({started:?}, 'w').close(); time.sleep(600)"
        );
        let command = format!("[\"python3\", \"-c\", '''{hangs}''', \"{{file}}\"]");
        let begin = LINTER.find("[\"python3\"").unwrap();
        let end = begin + LINTER[begin..].find('\n').unwrap();
        configure(&folder, &format!("{}{command}{}", &LINTER[..begin], &LINTER[end..]), true);
        folder.write("a.py", STUB);
        // As a process that was killed leaves one.
        std::fs::create_dir_all(folder.path("state/copies/1-0/sub")).unwrap();
        std::fs::write(folder.path("state/copies/1-0.lock"), "").unwrap();
        std::fs::write(folder.path("state/copies/lock"), "").unwrap();
        let mut running = folder.spawn(arguments);
        let began = Instant::now();
        while !folder.path("started").exists() {
            assert!(
                began.elapsed() < PATIENCE && running.child.try_wait().unwrap().is_none(),
                "it does not start"
            );
            tokio::time::sleep(PAUSE).await;
        }
        running.signal(signal);
        running.end().await.expect(130, &["redraft: interrupted"]);
        let left = std::fs::read_dir(folder.path("state/copies")).unwrap();
        let left: Vec<_> =
            left.map(|entry| entry.unwrap().file_name()).filter(|name| name != "lock").collect();
        assert_eq!((left, folder.read("a.py").as_str()), (vec![], STUB), "{arguments:?} {signal}");
    }
}
