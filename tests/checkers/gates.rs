//! Quality gates by the real pytest and coverage.py, where there are any: `REDRAFT_PYTHON` names an interpreter that has them, else it
//! is `python3`. Without them that is told, and only what needs neither is tested.

use std::path::Path;
use std::time::Duration;

use redraft::check::gates::Figures;
use redraft::check::suite::{Heard, Suite};
use redraft::check::{Overlay, Version};
use redraft::config::{CheckerKind, CheckerSpec, Stage};
use redraft::syntax::{Language, parse};
use ropey::Rope;

use crate::setup::{World, left};

const BEFORE: &str = "def fee(n):\n    pass\n";
const DRAFT: &str = "    if n < 10:\n        return n * 2\n    if n > 20:\n        return 0\n    return n";
/// Tests everything that the draft does, and its limits.
const WHOLE: &str = "from shapes import fee\n\n\ndef test_fee():\n    assert [fee(9), fee(10), fee(20), fee(21)] == [18, 10, 20, 0]\n";
/// Runs all of it, and looks at nothing.
const BLIND: &str = "from shapes import fee\n\n\ndef test_fee():\n    fee(9), fee(10), fee(21)\n";
/// Some of its mutants do not end.
const LOOP: &str = "    while n > 0:\n        n -= 1\n    return n";
const LOOPED: &str = "from shapes import fee\n\n\ndef test_fee():\n    assert fee(3) == 0\n";
/// Runs little of it.
const LITTLE: &str = "from shapes import fee\n\n\ndef test_fee():\n    assert fee(9) == 18\n";

fn interpreter() -> String {
    std::env::var("REDRAFT_PYTHON").unwrap_or_else(|_| crate::setup::python().to_owned())
}

fn has(module: &str) -> bool {
    let output = std::process::Command::new(interpreter()).args(["-c", &format!("import {module}")]).output();
    output.is_ok_and(|output| output.status.success())
}

fn overlay(draft: &str) -> Overlay {
    let language = Language::by_id("python").unwrap();
    let version = |text: String| {
        let text = Rope::from_str(&text);
        let tree = parse(language, &text, None, Duration::from_secs(5));
        Version { text, tree }
    };
    let start = BEFORE.find("    pass").unwrap();
    Overlay {
        mends: None,
        beside: std::sync::Arc::default(),
        language,
        path: "shapes.py".to_owned(),
        before: version(BEFORE.to_owned()),
        after: version(BEFORE.replace("    pass", draft)),
        base: start..start + "    pass".len(),
        draft: start..start + draft.len(),
    }
}

/// A suite of tests alone, of a workspace that has a file with these ones.
fn suite(world: &World, tests: &str, command: &[&str]) -> Suite {
    let root = world.path("root");
    std::fs::create_dir_all(&root).unwrap();
    std::fs::create_dir_all(world.path("state")).unwrap();
    std::fs::write(root.join("shapes.py"), BEFORE).unwrap();
    std::fs::write(root.join("test_shapes.py"), tests).unwrap();
    let spec = CheckerSpec {
        name: "pytest".to_owned(),
        kind: CheckerKind::Test,
        command: command.iter().map(ToString::to_string).collect(),
        languages: Vec::new(),
        time: None,
        memory_mib: None,
        options: serde_json::Value::Null,
        found_codes: vec![1],
    };
    Suite::new(&[spec], &root, &world.path("state"), &world.supervisor())
}

/// What is measured of the draft by these tests.
async fn gate(world: &World, draft: &str, tests: &str, command: &[&str], asked: &[&str]) -> Heard {
    let suite = suite(world, tests, command);
    let asked: Vec<String> = asked.iter().map(ToString::to_string).collect();
    let heard = suite.gate(Figures::from(Stage::Development), &overlay(draft), &asked).await;
    let shapes = world.path("root").join("shapes.py");
    assert_eq!(std::fs::read_to_string(shapes).unwrap(), BEFORE, "nothing is saved");
    assert_eq!(left(&world.mark), [""; 0]);
    heard
}

fn told(heard: &Heard) -> Vec<String> {
    heard.findings.iter().map(|finding| format!("{}: {}", finding.code, finding.message)).collect()
}

#[tokio::test]
async fn what_tests_run_and_notice_is_measured() {
    if !has("pytest") || !has("coverage") {
        assert!(
            std::env::var_os("REDRAFT_PYTHON").is_none(),
            "{} lacks what it was named for",
            interpreter()
        );
        eprintln!("skipped: {} has no pytest or no coverage (REDRAFT_PYTHON names another)", interpreter());
        return;
    }
    let python = interpreter();
    for (draft, tests, coverage, mutation) in [
        (DRAFT, WHOLE, None, None),
        (LOOP, LOOPED, None, None),
        (
            DRAFT,
            BLIND,
            None,
            Some("notice 0 of 16 mutants of the draft (0 %, 75 % are asked for), and not: line 2, "),
        ),
        (
            DRAFT,
            LITTLE,
            Some("the tests run 2 of 5 lines of the draft (40 %, 70 % are asked for), and not lines 4 to 6"),
            Some("and not: line 2, `<` as `<=`; "),
        ),
    ] {
        let world = World::new();
        // The program itself is as good, where it stands beside its interpreter.
        let program = Path::new(&python).with_file_name("pytest").display().to_string();
        let command: &[&str] = match tests == LITTLE && Path::new(&program).is_file() {
            true => &[&program, "-q"],
            false => &[&python, "-m", "pytest", "-q"],
        };
        let heard = gate(&world, draft, tests, command, &["pytest"]).await;
        assert_eq!(heard.unheard, [""; 0], "{tests}");
        assert_eq!(heard.asked, ["coverage", "mutants"]);
        let found = told(&heard);
        let of = |code: &str| found.iter().find(|one| one.starts_with(code));
        for (code, expected) in [("coverage", coverage), ("mutation", mutation)] {
            let is_right = match (of(code), expected) {
                (None, None) => true,
                (Some(told), Some(part)) => told.contains(part),
                _ => false,
            };
            assert!(is_right, "{code} by {tests}: {found:?}");
        }
    }
}

#[tokio::test]
async fn how_much_new_tests_run_of_what_they_test_is_measured() {
    if !has("pytest") || !has("coverage") {
        assert!(
            std::env::var_os("REDRAFT_PYTHON").is_none(),
            "{} lacks what it was named for",
            interpreter()
        );
        return;
    }
    let tested = overlay(DRAFT);
    for (tests, reached, findings) in [
        (WHOLE, "the tests run 5 of 5 lines of what they test (100 %)", 0),
        (LITTLE, "the tests run 2 of 5 lines of what they test (40 %), and not lines 4 to 6", 1),
    ] {
        let world = World::new();
        let suite = suite(&world, "", &[&interpreter(), "-m", "pytest", "-q"]);
        let after = Version { text: Rope::from_str(tests), tree: None };
        let drafted =
            Overlay { path: "test_shapes.py".to_owned(), after, draft: 0..tests.len(), ..tested.clone() };
        let heard = suite.reach(&drafted, &tested, &["pytest".to_owned()]).await;
        assert_eq!((heard.reached, heard.unheard), (vec![reached.to_owned()], vec![]));
        assert_eq!(heard.findings.len(), findings, "{:?}", heard.findings);
        assert!(heard.findings.iter().all(|one| one.message.contains("70 % are asked for")));
        assert_eq!(left(&world.mark), [""; 0]);
    }
}

#[tokio::test]
async fn tests_that_do_not_pass_by_themselves_measure_nothing() {
    if !has("pytest") || !has("coverage") {
        assert!(
            std::env::var_os("REDRAFT_PYTHON").is_none(),
            "{} lacks what it was named for",
            interpreter()
        );
        eprintln!("skipped: {} has no pytest or no coverage (REDRAFT_PYTHON names another)", interpreter());
        return;
    }
    let world = World::new();
    let python = interpreter();
    let tests = format!("{WHOLE}\n\ndef test_other():\n    assert False\n");
    let heard = gate(&world, DRAFT, &tests, &[&python, "-m", "pytest"], &["pytest"]).await;
    assert_eq!((told(&heard), heard.asked.len()), (vec![], 0));
    assert!(
        heard.unheard[0].starts_with("coverage: the tests do not pass below coverage")
            && heard.unheard[1].starts_with("mutants: the tests, run again, do not pass"),
        "{:?}",
        heard.unheard
    );
}

#[tokio::test]
async fn what_cannot_be_measured_is_told() {
    // An interpreter that has neither, whatever is installed here.
    let bare = "import sys; sys.stderr.write('No module named coverage\\n'); sys.exit(1)";
    let world = World::new();
    std::fs::create_dir_all(world.path("root/bin")).unwrap();
    let program = world.path("root/bin/python3");
    std::fs::write(&program, format!("#!{}\n{bare}\n", crate::setup::python())).unwrap();
    make_program(&program);
    for (tests, command, asked, expected) in [
        (WHOLE, vec!["make", "test"], vec!["pytest"], vec!["no checker of the kind `test` runs pytest"]),
        ("x = 1\n", vec!["bin/python3", "-m", "pytest"], vec![], vec!["no tests name the draft"]),
        (WHOLE, vec!["bin/python3", "-m", "pytest"], vec![], vec![]),
        (
            WHOLE,
            vec!["bin/python3", "-m", "pytest"],
            vec!["pytest"],
            vec![
                "coverage: coverage is not installed for `bin/python3`",
                "mutants: the tests, run again, do not pass",
            ],
        ),
    ] {
        let heard = gate(&world, DRAFT, tests, &command, &asked).await;
        assert_eq!((told(&heard), heard.asked.len()), (vec![], 0), "{command:?}");
        assert_eq!(heard.unheard.len(), expected.len(), "{:?}", heard.unheard);
        for (said, part) in heard.unheard.iter().zip(expected) {
            assert!(said.contains(part), "{said}");
        }
    }
}

fn make_program(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}
