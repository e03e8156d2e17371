//! What is code of an answer: rows of them.

use super::*;

fn unwrapped(answer: &str) -> String {
    let mut unwrap = Unwrap::new(true, Sources::All);
    let lines: Vec<&str> = answer.lines().filter_map(|line| unwrap.line(line)).collect();
    lines.join("\n")
}

#[test]
fn code_is_what_is_left() {
    for (answer, code) in [
        ("x = 1\ny = 2", "x = 1\ny = 2"),
        ("```python\nx = 1\n```", "x = 1"),
        ("```\nx = 1\n```\nThis sets x.\n```\ny\n```", "x = 1"),
        ("Sure!\n\nHere is the code:\n\n```py\nx = 1\n```", "x = 1"),
        ("Here is the function that you asked for (it works):\ndef f():\n    pass", "def f():\n    pass"),
        ("<think>\nx = 1?\n```\nno\n```\n</think>\n\nx = 2", "x = 2"),
        ("<think>quick</think>\nx = 2", "x = 2"),
        ("First install it:\n```bash\npip install x\n```\nThen:\n```python\nimport x\n```", "import x"),
        // A fence inside a docstring is text.
        (
            "```python\ndef f():\n    \"\"\"Do.\n\n```\nexample\n```\n    \"\"\"\n    return 1\n```",
            "def f():\n    \"\"\"Do.\n\n```\nexample\n```\n    \"\"\"\n    return 1",
        ),
        ("````python\nx = '''\n```\n'''\n````", "x = '''\n```\n'''"),
        // Without an opening fence a closing one still ends the code.
        ("    return 1\n```\nThat is all.", "    return 1"),
        ("  ```python\n  if x:\n      y\n  ```", "if x:\n    y"),
        ("~~~\nx = 1\n~~~", "x = 1"),
        ("I cannot help with that.", ""),
        ("x = 1\n\nThis sets x to one.\n\ny", "x = 1\n"),
        (
            "class A:\n    x = 1\n\nWIDTH: int = 3\nTrue\nNone if x else y",
            "class A:\n    x = 1\n\nWIDTH: int = 3\nTrue\nNone if x else y",
        ),
        // A block within the block.
        ("```python\ndef f():\n```python\ndef f():\n    x\n```\n", "def f():\ndef f():\n    x"),
        ("```python\nx = 1\n```bash\nls\n```\n", "x = 1"),
        ("```diff\n-x\n+y\n```\n```py\ny\n```\n", "y"),
    ] {
        assert_eq!(unwrapped(answer), code, "{answer:?}");
    }
}

#[test]
fn changes_are_read_as_what_is_there_afterwards() {
    let answer = "Here:\n```diff\n--- a/x.py\n+++ b/x.py\n@@ -1,3 +1,3 @@ class A:\n def f():\n-    pass\n+    x = 1\n \n+    return x\n```\n```py\nother\n```\n";
    let mut unwrap = Unwrap::new(true, Sources::Changes);
    let lines: Vec<&str> = answer.lines().filter_map(|line| unwrap.line(line)).collect();
    assert_eq!(lines.join("\n"), "def f():\n    x = 1\n\n    return x");
    assert!(tells_changes(answer) && !tells_changes("```python\n```"));
}

#[test]
fn prose_and_code_are_told_apart() {
    for text in [
        "Sure!",
        "Here is the code:",
        "1. Add the numbers:",
        "The function returns 1.",
        "I cannot help with that.",
        "This uses `os` to do it.",
    ] {
        assert!(is_prose(text) && !is_code(text), "{text}");
    }
    for text in [
        "x = 1",
        "return x",
        "for item in items:",
        "if a in b:",
        "foo(bar)",
        "pass",
        "total",
        "x: int",
        "items.append(x)",
        "try:",
        "with open(path) as file:",
        "not x",
        "del items[0]",
    ] {
        assert!(!is_prose(text), "{text}");
    }
}
