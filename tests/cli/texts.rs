//! Texts as they are found on disks: only the body changes, to the byte.

use super::setup::{Folder, says, shown};
use super::{ANSWER, STUB, WRITTEN};

#[tokio::test(flavor = "multi_thread")]
async fn only_the_body_changes_whatever_the_text_is_like() {
    let stub = |indent: &str| format!("def f(x):\n{indent}\"\"\"Double.\"\"\"\n{indent}pass\n");
    let body = |indent: &str| format!("def f(x):\n{indent}\"\"\"Double.\"\"\"\n{indent}return 2 * x\n");
    let crlf = |text: &str| text.replace('\n', "\r\n");
    let broken = "x = = 1\nclass = )\nfor in:\n\n";
    let rows: [(&str, String, u32, String); 10] = [
        ("CRLF", crlf(STUB), 1, crlf(WRITTEN)),
        ("tabs", stub("\t"), 1, body("\t")),
        ("two blanks", stub("  "), 1, body("  ")),
        ("no final newline", STUB.trim_end().to_owned(), 1, WRITTEN.trim_end().to_owned()),
        ("BOM", format!("\u{feff}{STUB}"), 1, format!("\u{feff}{WRITTEN}")),
        ("BOM and CRLF", format!("\u{feff}{}", crlf(STUB)), 1, format!("\u{feff}{}", crlf(WRITTEN))),
        (
            "emoji around",
            format!("s = '👩‍🚀' # 🎉\n{STUB}t = '🦀é'\n"),
            2,
            format!("s = '👩‍🚀' # 🎉\n{WRITTEN}t = '🦀é'\n"),
        ),
        (
            "emoji at its edge",
            STUB.replace("pass", "pass  # 👩‍🚀").replace("Double.", "Double 🎉"),
            1,
            WRITTEN.replace("2 * x", "2 * x  # 👩‍🚀").replace("Double.", "Double 🎉"),
        ),
        ("errors before it", format!("{broken}{STUB}"), 5, format!("{broken}{WRITTEN}")),
        ("errors after it", format!("{STUB}\n{broken}"), 1, format!("{WRITTEN}\n{broken}")),
    ];
    let (folder, _server) = Folder::with_server(vec![says(ANSWER)]).await;
    for (what, before, line, after) in rows {
        folder.write("a.py", &before);
        let ran = folder.run(&["generate", "a.py", "--at", &line.to_string(), "--write"]).await;
        ran.expect(0, &[]);
        assert_eq!(folder.read("a.py"), after, "{what}: {}", shown(&folder.path("a.py")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_thousand_lines_are_a_file_like_another() {
    const LINES: usize = 200_000;
    let (folder, server) = Folder::with_server(vec![says(ANSWER)]).await;
    let above = "x = 1\n".repeat(LINES);
    folder.write("a.py", format!("{above}{STUB}"));
    let line = (LINES + 1).to_string();
    folder.run(&["generate", "a.py", "--at", &line, "--write"]).await.expect(0, &[]);
    assert!(folder.read("a.py") == format!("{above}{WRITTEN}"), "more than the body changed");
    assert!(server.requests()[0].len() < 100_000, "the question does not grow with the file");
}
