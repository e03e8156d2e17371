//! Bad input: each has its message, which says what and where and what to do, its exit code, and changes nothing.

use super::fault_server::nobody;
use super::setup::{Folder, KEY, refuses, says};
use super::{ANSWER, STUB};

/// Files, arguments, exit code, and what is said.
type Row<'a> = (&'a str, &'a [u8], &'a [&'a str], i32, &'a [&'a str]);

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_is_told_before_anything_is_asked() {
    let stub = STUB.as_bytes();
    let at = |file, place| ["generate", file, "--at", place];
    let rows: [Row; 24] = [
        ("a.hs", b"f = 1\n", &at("a.hs", "1"), 1, &["a.hs: Redraft writes Python"]),
        ("a", b"x\n", &at("a", "1"), 1, &["a: Redraft writes Python"]),
        ("b.py", b"\x7fELF\0\0\0", &at("b.py", "1"), 1, &["b.py: is a binary file"]),
        (
            "l.py",
            b"x = 1\n# \xe9\n",
            &at("l.py", "1"),
            1,
            &["l.py: is not UTF-8 (at byte 8); convert it first"],
        ),
        ("a.py", stub, &at("no.py", "1"), 1, &["no.py: there is no such file", "--new"]),
        ("a.py", stub, &at(".", "1"), 1, &["cannot be read"]),
        ("a.py", stub, &at("a.py", "99"), 2, &["line 99 is outside of a.py, whose last line is 3"]),
        ("a.py", b"", &at("a.py", "7"), 2, &["line 7 is outside of a.py, whose last line is 1"]),
        (
            "a.py",
            b"",
            &at("a.py", "1"),
            1,
            &["a.py: line 1: no function without a body here", "--instruction"],
        ),
        ("a.py", b"x = 1\n", &at("a.py", "1:400"), 1, &["no function without a body here"]),
        (
            "a.py",
            stub,
            &at("a.py", "0"),
            2,
            &["\"0\" is no place: write LINE, LINE:COL or LINE-LINE, from 1"],
        ),
        ("a.py", stub, &at("a.py", "1:0"), 2, &["is no place"]),
        ("a.py", stub, &at("a.py", "99999999999"), 2, &["is no place"]),
        ("a.py", stub, &["generate", "a.py"], 2, &["--at <LINE[:COL]|LINE-LINE>"]),
        ("a.py", stub, &["generate"], 2, &["--at <LINE[:COL]|LINE-LINE>", "FILE"]),
        ("a.py", stub, &["generate", "a.py", "--at", "1", "--diff", "--write"], 2, &["cannot be used with"]),
        (
            "a.py",
            stub,
            &["generate", "a.py", "--at", "1", "--model", "slow"],
            2,
            &["no model \"slow\"", "\"fast\""],
        ),
        ("a.py", stub, &["generate", "--new", "a.py", "--instruction", "x"], 1, &["a.py: is there already"]),
        ("a.py", stub, &["generate", "--new", "n.py"], 2, &["--instruction <TEXT>"]),
        (
            "a.py",
            stub,
            &["generate", "--new", "n.hs", "--instruction", "x"],
            1,
            &["n.hs: Redraft writes Python"],
        ),
        (
            "a.py",
            stub,
            &["generate", "--new", "no/n.py", "--instruction", "x", "--write"],
            1,
            &["no/n.py: its folder is not there; make it first"],
        ),
        ("a.py", stub, &["generate", "a.py", "--at", "1", "--output", "."], 1, &["is a folder"]),
        ("a.py", stub, &["frob"], 2, &["unrecognized subcommand 'frob'"]),
        ("a.py", stub, &["models", "path", "nope"], 1, &["no model is called nope", "smollm2-135m"]),
    ];
    let (folder, server) = Folder::with_server(vec![says(ANSWER)]).await;
    for (name, content, arguments, code, fragments) in rows {
        folder.write(name, content);
        let before = folder.files();
        let ran = folder.run(arguments).await;
        ran.expect(code, fragments);
        assert_eq!((ran.output.as_str(), folder.files()), ("", before), "{arguments:?}");
    }
    assert!(server.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_file_is_not_replaced() {
    let (folder, server) = Folder::with_server(vec![says(ANSWER)]).await;
    folder.write("a.py", STUB);
    let mut permissions = std::fs::metadata(folder.path("a.py")).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(folder.path("a.py"), permissions).unwrap();
    let ran = folder.run(&["generate", "a.py", "--at", "1", "--write"]).await;
    ran.expect(1, &["a.py: is read-only; nothing was asked or written"]);
    assert!(server.requests().is_empty());
    // To look at what would change is another matter.
    folder.run(&["generate", "a.py", "--at", "1", "--diff"]).await.expect(0, &[]);
    assert_eq!(folder.read("a.py"), STUB);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_too_large_is_not_read_on() {
    let folder = Folder::with_model(&nobody().await);
    folder.write("a.py", "x = 1\n".repeat(3_000_000));
    folder.run(&["generate", "a.py", "--at", "1"]).await.expect(1, &["a.py: is larger than the", "MiB"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_is_told_all_of_its_mistakes_with_their_places() {
    let folder = Folder::new();
    folder.write("a.py", STUB);
    for (config, places) in [
        (
            "[[provider]]\nname = \"p\"\nkind = \"opnai\"\n\n[[model]]\nnmae = \"z\"\n",
            &[
                "config.toml:3:8: provider.kind: ",
                "Did you mean \"openai\"?",
                "config.toml:6:1: model.nmae: ",
            ][..],
        ),
        ("x = = 1\n", &["config.toml:1:5: this is not TOML"]),
        ("default_model = \"slow\"\n", &["config.toml:1:17: default_model: there is no model \"slow\""]),
    ] {
        folder.write("config.toml", config);
        folder.run(&["generate", "a.py", "--at", "1", "--write"]).await.expect(2, places);
        assert_eq!(folder.read("a.py"), STUB);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_model_it_is_told_how_to_get_one() {
    let folder = Folder::new();
    folder.write("a.py", STUB);
    let how = if cfg!(feature = "embedded") { "redraft models pull" } else { "embedded" };
    let ran = folder.run(&["generate", "a.py", "--at", "1", "--write"]).await;
    ran.expect(1, &[how]);
    assert_eq!(folder.read("a.py"), STUB);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_fails_is_named_and_nothing_is_written() {
    let wrong_key = format!(r#"{{"error": {{"message": "Incorrect API key provided: {KEY}"}}}}"#);
    let plain = "no fence, no code, only words about it";
    let rows = [
        (refuses("401 Unauthorized", &wrong_key), &["testing", "401", "TEST_KEY"][..]),
        (refuses("404 Not Found", r#"{"error": {"message": "no such model"}}"#), &["404", "no such model"]),
        (says("```python\ndef f(x):\n    return (2 *\n```\n"), &["Implement `f`: "]),
        (says("```python\ndef f(x):\n    pass\n```\n"), &["the draft leaves the function without a body"]),
        (says(plain), &["Implement `f`: "]),
        (says(""), &["Implement `f`: "]),
    ];
    for (script, fragments) in rows {
        let (folder, _server) = Folder::with_server(vec![script]).await;
        folder.write("a.py", STUB);
        let before = folder.files();
        folder.run(&["generate", "a.py", "--at", "1", "--write"]).await.expect(1, fragments);
        assert_eq!(folder.files(), before);
    }
    let origin = nobody().await;
    let folder = Folder::with_model(&origin);
    folder.write("a.py", STUB);
    let ran = folder.run(&["generate", "a.py", "--at", "1", "--write"]).await;
    ran.expect(1, &["testing", &origin, "(asked 3 times)"]);
    assert_eq!(folder.read("a.py"), STUB);
}
