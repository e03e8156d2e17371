//! What is peeled out of what: rows of code.

use super::*;

fn peeled(want: Want, code: &str) -> (String, Vec<String>) {
    let mut peel = Peel::new(want, HashSet::from(["# known".to_owned()]), None);
    let lines: Vec<String> = code.lines().flat_map(|line| peel.line(line)).collect();
    (lines.join("\n"), peel.imports().to_vec())
}

fn body_in(around: &[&str], docstring: bool) -> Want {
    let around = around.iter().map(|&name| name.to_owned()).collect();
    Want::Body { name: "f".to_owned(), around, decorators: vec!["@cache".to_owned()], docstring }
}

fn body(docstring: bool) -> Want {
    body_in(&["A"], docstring)
}

#[test]
fn a_body_is_peeled_out_of_what_was_repeated() {
    for (code, expected) in [
        ("def f(x):\n    return x", "    return x"),
        ("    return x", "    return x"),
        ("return x", "return x"),
        ("import os\n\n@cache\nasync def f(\n    x: int = 1,\n) -> str:\n    return x", "    return x"),
        (
            "class A:\n    x = 1\n\n    def g(self):\n        return 2\n\n    def f(self):\n        return 1\n\n    def h(self):\n        pass",
            "        return 1\n",
        ),
        ("def f(x):\n    return x\n\nprint(f(1))", "    return x\n"),
        ("    y = 1\n    return y\nprint(f(1))", "    y = 1\n    return y"),
        ("def f(x): return x", "return x"),
        ("def f(x: int = {1: 2}) -> int: return x  # why", "return x  # why"),
        ("def f(x):\n    s = '''\nnot over\n'''\n    return s", "    s = '''\nnot over\n'''\n    return s"),
        ("def f(x):\n    # known\n    # new\n    return x", "    # new\n    return x"),
        ("def f():\n    return 1\nif __name__ == '__main__':\n    f()", "    return 1"),
        ("x = 1\nif __name__ == '__main__':\n    f()", "x = 1"),
        (" y = 1\nfor z in x:\n    y += z", "y = 1\nfor z in x:\n    y += z"),
        ("def f(x):\n    y = 1\n# at the margin\n    return y", "    y = 1\n# at the margin\n    return y"),
        ("def g():\n    return 1\n", ""),
        // What stands before the function is not its body.
        (
            "RATE = 3\nif RATE:\n    x = 1\n\ndef f(x):\n    return RATE",
            "RATE = 3\nif RATE:\n    x = 1\n\n    return RATE",
        ),
        // The header alone, and then the function.
        ("def f(x):\n\ndef f(x):\n    return x", "    return x"),
    ] {
        assert_eq!(peeled(body(false), code).0, expected, "{code:?}");
    }
}

#[test]
fn the_function_is_the_one_of_its_own_class() {
    let two =
        "class B:\n    def f(self):\n        return 'b'\n\nclass A:\n    def f(self):\n        return 'a'\n";
    for (around, code, expected) in [
        (&["A"][..], two, "        return 'a'"),
        (&["B"], two, "        return 'b'\n"),
        (&["C"], two, ""),
        (&[], two, ""),
        (
            &["O", "A"],
            "class O:\n    class B:\n        def f(self):\n            x\n    class A(\n        B,\n    ):\n        def f(self):\n            y",
            "            y",
        ),
        (&["O", "A"], two, "        return 'a'"),
        (&["A", "O"], two, ""),
        (
            &["outer"],
            "def g():\n    def f():\n        x\n\ndef outer():\n    def f():\n        y\n    return f",
            "        y",
        ),
        (&["A"], "def f(self):\n    x", "    x"),
        (&["A"], "@f.setter\ndef f(self):\n    x\n\n@cache\ndef f(self):\n    y", "    y"),
    ] {
        assert_eq!(peeled(body_in(around, false), code).0, expected, "{around:?} {code:?}");
    }
}

#[test]
fn the_docstring_goes_only_if_the_file_has_one() {
    let code = "def f():\n    \"\"\"One.\n\n    Two.\n    \"\"\"\n    return 1";
    assert_eq!(peeled(body(true), code).0, "    return 1");
    assert_eq!(peeled(body(false), code).0, "    \"\"\"One.\n\n    Two.\n    \"\"\"\n    return 1");
    assert_eq!(peeled(body(true), "    \"\"\"One.\"\"\"\n    return 1").0, "    return 1");
}

#[test]
fn imports_at_the_head_are_told_apart() {
    let code = "import os\nfrom a import (\n    b,\n    c,\n)\n\nx = b(os)\nimport late";
    let block = |hoist| Want::Block { hoist, around: vec!["A".to_owned()] };
    let (text, imports) = peeled(block(true), code);
    assert_eq!(text, "x = b(os)\nimport late");
    assert_eq!(imports, ["import os", "from a import (\n    b,\n    c,\n)"]);
    assert_eq!(peeled(block(false), code).0, code);
}

#[test]
fn a_block_that_repeats_what_is_around_waits_for_its_end() {
    let block = || Want::Block { hoist: true, around: vec!["A".to_owned(), "f".to_owned()] };
    for (code, expected) in [
        ("@dataclass\nclass A:\n    x = 1", ""),
        ("# known\n    async def f(self):\n        x = 1", ""),
        ("@cache\ndef g():\n    pass", "@cache\ndef g():\n    pass"),
        ("class B(A):\n    pass", "class B(A):\n    pass"),
    ] {
        assert_eq!(peeled(block(), code).0, expected, "{code:?}");
    }
}
