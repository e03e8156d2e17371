//! Languages whose names are not followed: what does not parse is told, and nothing else is.

use std::sync::Arc;

use ropey::Rope;

use crate::check::{Around, Baseline, Overlay, Version};
use crate::syntax::{Language, parse};
use crate::workspace::Index;

/// What is found of a draft: `before` with `base` in it became `before` with `draft`.
fn found(path: &str, before: &str, base: &str, draft: &str, after: &str) -> Vec<String> {
    let language = Language::by_path(path).unwrap();
    let version = |part: &str| {
        let text = Rope::from_str(&format!("{before}{part}{after}"));
        let tree = parse(language, &text, None, std::time::Duration::from_secs(5));
        Version { text, tree }
    };
    let overlay = Overlay {
        mends: None,
        beside: Arc::default(),
        language,
        path: path.to_owned(),
        before: version(base),
        after: version(draft),
        base: before.len()..before.len() + base.len(),
        draft: before.len()..before.len() + draft.len(),
    };
    let index = Index::default();
    let around = Around { index: &index, reader: None };
    let findings = overlay.look(around, &Baseline::default());
    findings.into_iter().map(|finding| format!("{} {}", finding.source, finding.code)).collect()
}

#[test]
fn what_parses_is_not_objected_to() {
    for (path, before, base, draft, after) in [
        (
            "a.rs",
            "use made::up;\n\nimpl A {\n    fn f(&self) -> u8 {\n",
            "        todo!()\n",
            "        // Nobody knows `unknown`.\n        let x = unknown(self.y, up::z)?;\n        #[allow(unused)]\n        x.w()\n",
            "    }\n}\n",
        ),
        (
            "a.ts",
            "import { a } from './nowhere';\nfunction f(): number {\n",
            "",
            "  return a.b(unknown); // @ts-ignore\n",
            "}\n",
        ),
        (
            "a.go",
            "package a\n\nimport \"no/where\"\n\nfunc f() int {\n",
            "\tpanic(\"TODO\")\n",
            "\treturn where.Unknown()\n",
            "}\n",
        ),
        ("A.java", "class A {\n    int f() {\n", "", "        return unknown(1);\n", "    }\n}\n"),
        ("a.cpp", "#include <nowhere>\nint f() {\n", "", "    return unknown(1);\n", "}\n"),
        ("A.cs", "class A {\n    int F() {\n", "", "        return Unknown(1);\n", "    }\n}\n"),
    ] {
        assert_eq!(found(path, before, base, draft, after), [""; 0], "{path}");
    }
}

#[test]
fn what_does_not_parse_is_told() {
    for (path, before, draft, after) in [
        ("a.rs", "fn f() -> u8 {\n", "    let x = = 1;\n", "}\n"),
        ("a.tsx", "function f() {\n", "  return <a>;\n", "}\n"),
        ("a.go", "package a\n\nfunc f() int {\n", "\treturn )\n", "}\n"),
        ("a.c", "int f(void) {\n", "    return (1;\n", "}\n"),
    ] {
        let told = found(path, before, "", draft, after);
        assert!(!told.is_empty() && told.iter().all(|one| one.starts_with("syntax ")), "{path}: {told:?}");
    }
}

#[test]
fn a_body_that_is_left_is_a_finding() {
    assert_eq!(
        found("a.rs", "", "fn f() -> u8 {\n    1\n}\n", "fn f() -> u8 {\n    todo!()\n}\n", ""),
        ["evasions stub"]
    );
}
