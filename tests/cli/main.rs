//! The command line as its user meets it: the real program on good and bad input, its messages and exit codes, and that
//! nothing is written but what was asked for.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod checks;
mod doctor;
#[path = "../support/fault_server.rs"]
#[expect(dead_code, reason = "the providers' tests use all of it")]
mod fault_server;
mod interrupted;
mod money;
mod prompts;
mod refusals;
mod routing;
mod setup;
mod texts;

use setup::{Folder, begin, end, says};

const STUB: &str = "def f(x):\n    \"\"\"Double.\"\"\"\n    pass\n";
const ANSWER: &str = "```python\ndef f(x):\n    \"\"\"Double.\"\"\"\n    return 2 * x\n```\n";
const WRITTEN: &str = "def f(x):\n    \"\"\"Double.\"\"\"\n    return 2 * x\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_goes_where_it_was_asked_for() {
    let (folder, _server) = Folder::with_server(vec![says(ANSWER)]).await;
    folder.write("a.py", STUB);

    let printed = folder.run(&["generate", "a.py", "--at", "1"]).await;
    printed.expect(0, &["Implement `f`: fast is reading about", "done in", "first token", "tokens at"]);
    assert_eq!((printed.output.trim_end(), folder.read("a.py").as_str()), ("    return 2 * x", STUB));

    let diff = folder.run(&["generate", "a.py", "--at", "3:5", "--diff"]).await;
    diff.expect(0, &[]);
    let expected = "--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,3 @@\n def f(x):\n     \"\"\"Double.\"\"\"\n-    pass\n+    return 2 * x\n";
    assert_eq!((diff.output.as_str(), folder.read("a.py").as_str()), (expected, STUB));

    let copied = folder.run(&["generate", "a.py", "--at", "2", "--output", "b.py"]).await;
    copied.expect(0, &[]);
    assert_eq!((folder.read("b.py").as_str(), folder.read("a.py").as_str()), (WRITTEN, STUB));

    let written = folder.run(&["generate", "a.py", "--at", "2", "--write"]).await;
    written.expect(0, &[]);
    assert_eq!((written.output.as_str(), folder.read("a.py").as_str()), ("", WRITTEN));
}

/// What is printed is the draft or is not called one, whatever the end of the answer does to its beginning.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_printed_is_the_draft() {
    let half = "def half(x):\n    return x / 2\n";
    let before = format!("```python\n{half}\n\ndef f(x):\n    return half(x)\n```\n");
    let behind = format!("```python\ndef f(x):\n    return half(x)\n\n\n{half}```\n");
    let draft = "\n    def half(x):\n        return x / 2\n\n    return half(x)\n";
    let generate = ["generate", "a.py", "--at", "1"];
    for (answer, is_changed) in [(before, false), (behind, true)] {
        // In two parts: the function is printed before the rest is known.
        let at = answer.find("half(x)\n").map_or(0, |at| at + "half(x)\n".len() + 1);
        let script = vec![begin(&answer[..at]), end(&answer[at..])];
        let (folder, _server) = Folder::with_server(vec![script]).await;
        folder.write("a.py", STUB);
        let piped = folder.run(&generate).await;
        if is_changed {
            piped.expect(1, &["changed what was printed", "--diff"]);
        } else {
            piped.expect(0, &["done in"]);
            assert_eq!(piped.output, draft);
        }
        folder.run_into("out.py", &generate).await.expect(0, &["done in"]);
        assert_eq!(folder.read("out.py"), draft);
        folder.run(&[&generate[..], &["--write"]].concat()).await.expect(0, &[]);
        assert_eq!(folder.read("a.py"), STUB.replace("    pass\n", draft));
    }
}

/// What a draft leaves to its user is told.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_answer_changes_elsewhere_is_told() {
    let answer = "```python\nclass A:\n    def __init__(self):\n        self.n = 0\n\n    def f(self):\n        return self.n\n```\n";
    let (folder, _server) = Folder::with_server(vec![says(answer)]).await;
    folder.write("a.py", "class A:\n    def f(self):\n        pass\n");
    let ran = folder.run(&["generate", "a.py", "--at", "3", "--write"]).await;
    ran.expect(0, &["uses `self.n`", "by hand", "done in"]);
}

/// However the file is named, `patch -p1` finds it from here.
#[tokio::test(flavor = "multi_thread")]
async fn a_diff_names_the_file_from_the_current_folder() {
    let (folder, _server) = Folder::with_server(vec![says(ANSWER)]).await;
    folder.write("a.py", STUB);
    let (whole, new) = (folder.path("a.py"), folder.path("new.py"));
    for name in ["a.py", "./a.py", whole.to_str().unwrap()] {
        let diff = folder.run(&["generate", name, "--at", "1", "--diff"]).await;
        assert!(diff.output.starts_with("--- a/a.py\n+++ b/a.py\n@@"), "{name}: {}", diff.output);
    }
    for name in ["./new.py", new.to_str().unwrap()] {
        let diff = folder.run(&["generate", "--new", name, "--instruction", "double", "--diff"]).await;
        assert!(diff.output.starts_with("--- /dev/null\n+++ b/new.py\n@@"), "{name}: {}", diff.output);
    }
}

/// However the file is named, the model is told the same, and not where it lies on this machine.
#[tokio::test(flavor = "multi_thread")]
async fn the_model_is_told_the_path_from_the_current_folder() {
    let (folder, server) = Folder::with_server(vec![says(ANSWER)]).await;
    folder.write("a.py", STUB);
    let whole = folder.path("a.py");
    for name in ["a.py", "./a.py", whole.to_str().unwrap()] {
        folder.run(&["generate", name, "--at", "1", "--diff"]).await.expect(0, &[]);
    }
    let bodies = server.requests();
    let bodies: Vec<&str> = bodies.iter().map(|request| request.split_once("\r\n\r\n").unwrap().1).collect();
    assert!(bodies[0].contains("of `a.py` in full"), "{}", bodies[0]);
    assert!(bodies[1..].iter().all(|body| *body == bodies[0]), "{bodies:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_file_is_written_where_there_is_none() {
    let (folder, server) = Folder::with_server(vec![says("```python\ndef g():\n    return 1\n```\n")]).await;
    let new = ["generate", "--new", "n.py", "--instruction", "g returns 1"];
    let diff = folder.run(&[&new[..], &["--diff"]].concat()).await;
    diff.expect(0, &[]);
    assert_eq!(diff.output, "--- /dev/null\n+++ b/n.py\n@@ -0,0 +1,2 @@\n+def g():\n+    return 1\n");
    assert!(!folder.path("n.py").exists());
    folder.run(&[&new[..], &["--write"]].concat()).await.expect(0, &[]);
    assert_eq!(folder.read("n.py"), "def g():\n    return 1\n");
    let asked = server.requests().len();
    folder.run(&[&new[..], &["--write"]].concat()).await.expect(1, &["n.py: is there already", "--at"]);
    assert_eq!(server.requests().len(), asked, "nothing was asked for a file that is there");
}

/// What `docs/cli.md` says of commands and options, and what the program's help has, are the same.
#[tokio::test(flavor = "multi_thread")]
async fn the_page_and_the_help_have_the_same_options() {
    let folder = Folder::new();
    let page = include_str!("../../docs/cli.md");
    let alone = folder.run(&[]).await;
    alone.expect(0, &[]);
    let commands: Vec<&str> = alone
        .output
        .lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .map_while(|line| line.split_whitespace().next())
        .filter(|&name| name != "help")
        .collect();
    assert_eq!(
        commands,
        ["serve", "generate", "context", "models", "check", "prompts", "bench", "config", "usage", "doctor"]
    );
    let told = page.split('`').filter_map(|code| code.strip_prefix("redraft ")?.split([' ', ',']).next());
    for command in told.filter(|word| !word.starts_with("--")) {
        assert!(commands.contains(&command), "docs/cli.md tells of `redraft {command}`");
    }
    let helps = [
        &["generate", "--help"][..],
        &["context", "--help"],
        &["serve", "--help"],
        &["models", "pull", "--help"],
        &["models", "choose", "--help"],
        &["models", "list", "--help"],
        &["config", "check", "--help"],
        &["check", "--help"],
        &["bench", "refine", "--help"],
        &["bench", "verify", "--help"],
        &["usage", "--help"],
        &["doctor", "--help"],
        &["prompts", "list", "--help"],
        &["prompts", "render", "--help"],
        &["prompts", "test", "--help"],
    ];
    for help in helps {
        let ran = folder.run(help).await;
        ran.expect(0, &[]);
        let options = ran.output.split_whitespace().filter(|word| word.starts_with("--"));
        for option in
            options.map(|word| word.trim_end_matches([',', '.', ')'])).filter(|&word| word != "--help")
        {
            assert!(page.contains(option), "docs/cli.md does not tell of {option}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_checked_by_what_the_workspace_says() {
    let folder = Folder::new();
    folder.write("pyproject.toml", "");
    folder.write("util.py", "def load(path):\n    return path\n");
    folder.write("good.py", "from util import load\n\nload('x')\n");
    folder.write("bad.py", "from util import load, save\n\nload('é', 2); nothing\n");
    let good = folder.run(&["check", "good.py", "util.py"]).await;
    good.expect(0, &["0 findings in 2 files"]);
    let bad = folder.run(&["check", "good.py", "bad.py"]).await;
    bad.expect(1, &["3 findings in 2 files"]);
    let expected = "bad.py:1:24: error: the module `util` has no `save` [names/no-member]\n\
                    bad.py:3:1: error: `load` takes at most 1 arguments by position, and is given 2 [names/arguments]\n\
                    bad.py:3:15: error: `nothing` is bound nowhere [names/unbound]\n";
    assert_eq!(bad.output, expected);
    let json = folder.run(&["check", "bad.py", "--json"]).await;
    let json: serde_json::Value = serde_json::from_str(&json.output).unwrap();
    assert_eq!((&json["version"], &json["findings"][0]["end_column"]), (&1.into(), &28.into()));
    folder.run(&["check", "none.py"]).await.expect(1, &["none.py: cannot be read"]);
    folder.run(&["check", "pyproject.toml"]).await.expect(1, &["Redraft knows Python"]);
    folder.run(&["check"]).await.expect(2, &["<FILES>"]);
}
