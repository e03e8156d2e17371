//! `redraft prompts`: layers, what is told of files with mistakes, what would be sent, and the cases of the built-in ones.

use std::path::Path;

use super::setup::Folder;

const MINE: &str =
    "---\ntitle: Mine\ndescription: Of the workspace.\nreplace: body\n---\nDo it in {{ input.how }}.\n";

/// The built-in prompts do what their cases say.
#[tokio::test(flavor = "multi_thread")]
async fn the_built_in_ones_pass_their_cases() {
    let folder = Folder::new();
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("prompts/tests");
    let python = std::env::var("REDRAFT_PYTHON");
    let python = python.as_deref().unwrap_or("python3");
    let mut arguments = vec!["prompts", "test", "--cases", cases.to_str().unwrap(), "--python", python];
    let is_whole = std::env::var_os("REDRAFT_PYTHON").is_some();
    if !is_whole {
        // Without pytest the one that runs a test would fail.
        arguments.insert(2, "simplify");
    }
    let ran = folder.run(&arguments).await;
    assert_eq!(ran.code, Some(0), "{}", ran.output);
    assert!(ran.output.contains(" cases, 0 failed"), "{}", ran.output);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspaces_prompts_count_where_it_is_trusted() {
    let folder = Folder::new();
    let mine = MINE.replace("replace: body", "replace: body\ninputs: [{name: how, prompt: How?}]");
    folder.write(".redraft/prompts/mine.prompt.md", mine);
    folder.write(".github/prompts/explain-it.prompt.md", "Explain ${selection}.\n");
    folder.write("AGENTS.md", "Use tabs.\n");
    folder.write("a.py", "def f():\n    pass\n");
    let ran = folder.run(&["prompts", "list"]).await;
    ran.expect(0, &[]);
    assert!(
        !ran.output.contains("mine") && ran.error.contains("is not trusted"),
        "{} {}",
        ran.output,
        ran.error
    );
    let here = folder.path("").canonicalize().unwrap();
    folder.write(
        "config.toml",
        format!("[trust]\nfolders = [{:?}]\n", here.display().to_string().trim_end_matches('/')),
    );
    let ran = folder.run(&["prompts", "list"]).await;
    ran.expect(0, &[]);
    assert!(ran.output.contains("Of the workspace. [.redraft/prompts/mine.prompt.md]"), "{}", ran.output);
    assert!(ran.output.contains("explain-it"), "{}", ran.output);
    let ran = folder.run(&["prompts", "render", "mine", "a.py", "--at", "2"]).await;
    ran.expect(1, &["the action `mine` asks for `how` (How?), and nothing was given"]);
    let ran = folder.run(&["prompts", "render", "mine", "a.py", "--at", "2", "--input", "how=C"]).await;
    ran.expect(0, &[]);
    let expected = "The rules of this project:\n\nUse tabs.\n\nWrite the Python function `f` of `a.py` in full.\nDo it in C.";
    assert!(ran.output.contains(expected), "{}", ran.output);
    assert!(ran.error.contains("rules of AGENTS.md"), "{}", ran.error);
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_told_with_file_line_and_key() {
    let folder = Folder::new();
    folder.write("p/a.prompt.md", "---\nreplace: bodi\nrouns: 2\n---\nx\n");
    folder.write("p/b.prompt.md", MINE);
    folder.write("p/c.prompt.md", "Do it.\n");
    let ran = folder.run(&["prompts", "check", "p"]).await;
    ran.expect(
        2,
        &[
            "p/a.prompt.md:2: replace: there is no \"bodi\"",
            "p/a.prompt.md:3: rouns: there is no such key. Did you mean \"rounds\"?",
            "p/b.prompt.md:6: `input.how` is none of `inputs`",
        ],
    );
    folder.run(&["prompts", "check", "p/c.prompt.md"]).await.expect(0, &[]);
    folder.run(&["prompts", "show", "implment"]).await.expect(2, &["Did you mean \"implement\"?"]);
    folder.run(&["prompts", "test", "--cases", "p"]).await.expect(2, &["there are no cases"]);
}
