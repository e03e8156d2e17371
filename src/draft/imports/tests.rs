//! What is added where, and that nothing else ever changes.

use proptest::prelude::*;

use super::*;

fn context(before: &str, after: &str) -> Context {
    let existing = Existing { leading: true, elsewhere: Vec::new() };
    Context { existing, before: before.to_owned(), after: after.to_owned() }
}

fn merged(block: &str, additions: &[&str]) -> Merged {
    let additions: Vec<String> = additions.iter().map(|&one| one.to_owned()).collect();
    merge(block, &additions, Eol::Lf, &context("", "\n"))
}

#[test]
fn additions_go_where_the_style_has_them() {
    for (block, additions, want) in [
        // Nothing new.
        ("import os", &[][..], "import os"),
        ("import os", &["import os"], "import os"),
        ("import os, re", &["import re"], "import os, re"),
        (
            "from a import (\n    b,\n    c as d,\n)",
            &["from a import c as d", "from a import b"],
            "from a import (\n    b,\n    c as d,\n)",
        ),
        ("import numpy as np", &["import numpy as np"], "import numpy as np"),
        ("from a import b as b", &["from a import b"], "from a import b as b"),
        // A statement of the same module.
        ("from a import b", &["from a import c"], "from a import b, c"),
        ("from a import b  # x", &["from a import a"], "from a import a, b  # x"),
        (
            "from typing import Any, TYPE_CHECKING",
            &["from typing import Optional"],
            "from typing import Any, Optional, TYPE_CHECKING",
        ),
        (
            "from typing import TYPE_CHECKING, Any, cast",
            &["from typing import Optional"],
            "from typing import TYPE_CHECKING, Any, Optional, cast",
        ),
        ("from a import z, b", &["from a import c"], "from a import z, b, c"),
        ("from a import (b, d)", &["from a import c"], "from a import (b, c, d)"),
        (
            "from a import (\n    b,\n    d,\n)",
            &["from a import c"],
            "from a import (\n    b,\n    c,\n    d,\n)",
        ),
        (
            "from a import (\n    b,\n    d,\n)",
            &["from a import e as f"],
            "from a import (\n    b,\n    d,\n    e as f,\n)",
        ),
        (
            "from a import (\n  b,\n  d  # why\n)",
            &["from a import e"],
            "from a import (\n  b,\n  d,  # why\n  e\n)",
        ),
        (
            "from a import (b,\n               d)",
            &["from a import e"],
            "from a import (b,\n               d)\nfrom a import e",
        ),
        ("from a import *", &["from a import b"], "from a import *\nfrom a import b"),
        // Sorted groups.
        ("import os\nimport sys", &["import re"], "import os\nimport re\nimport sys"),
        (
            "import os\nimport sys",
            &["import abc", "import zlib"],
            "import abc\nimport os\nimport sys\nimport zlib",
        ),
        ("import sys\nimport os", &["import re"], "import sys\nimport os\nimport re"),
        ("import os\n\nimport flask", &["import re"], "import os\nimport re\n\nimport flask"),
        (
            "import os\n\nimport flask",
            &["from typing import Any"],
            "import os\nfrom typing import Any\n\nimport flask",
        ),
        ("import os\n\nimport flask", &["import requests"], "import os\n\nimport flask\nimport requests"),
        (
            "import os\n\nfrom . import a",
            &["from .b import c"],
            "import os\n\nfrom . import a\nfrom .b import c",
        ),
        ("import os", &["import flask"], "import os\n\nimport flask"),
        ("import flask", &["import os"], "import os\n\nimport flask"),
        ("import os\n\nfrom . import a", &["import flask"], "import os\n\nimport flask\n\nfrom . import a"),
        (
            "from __future__ import annotations",
            &["import os"],
            "from __future__ import annotations\n\nimport os",
        ),
        (
            "from __future__ import annotations\n\nimport os",
            &["from __future__ import division"],
            "from __future__ import annotations, division\n\nimport os",
        ),
        (
            "import os",
            &["from __future__ import annotations"],
            "from __future__ import annotations\n\nimport os",
        ),
        (
            "import os\nimport flask\nfrom . import x",
            &["import re"],
            "import os\nimport flask\nfrom . import x\nimport re",
        ),
        (
            "import a.x\n\nimport my.a\nimport my.c",
            &["import my.b"],
            "import a.x\n\nimport my.a\nimport my.b\nimport my.c",
        ),
        ("import os\n# why\nimport sys", &["import re"], "import os\nimport re\n# why\nimport sys"),
        (
            "from a import b\nimport c\nfrom d import e",
            &["import cc"],
            "from a import b\nimport c\nimport cc\nfrom d import e",
        ),
        // Several names of one module.
        (
            "import os",
            &["from typing import Any, Optional", "from typing import Any"],
            "import os\nfrom typing import Any, Optional",
        ),
    ] {
        let got = merged(block, additions);
        assert_eq!(got.block, want, "{block:?} + {additions:?}");
        assert_eq!(got.refused, [], "{block:?} + {additions:?}");
    }
}

#[test]
fn long_lines_become_lists() {
    let block = format!("from a import {}", "b".repeat(70));
    assert_eq!(
        merged(&block, &["from a import ccccccccc"]).block,
        format!("{block}\nfrom a import ccccccccc")
    );
    let names: Vec<String> = (0..12).map(|n| format!("name_number_{n}")).collect();
    let got = merged("import os", &[&format!("from re import {}", names.join(", "))]).block;
    assert!(
        got.starts_with("import os\nfrom re import (\n    name_number_0,\n    name_number_1,\n"),
        "{got}"
    );
    assert!(got.ends_with("    name_number_9,\n)"), "{got}");
}

#[test]
fn line_ends_are_kept() {
    let got = merge(
        "import os\r\n\r\nimport flask",
        &["import re".into(), "from . import x".into()],
        Eol::CrLf,
        &context("", ""),
    );
    assert_eq!(got.block, "import os\r\nimport re\r\n\r\nimport flask\r\n\r\nfrom . import x");
    let got = merge("# a\r\nimport b\r\n# c\r\nimport d", &["import c".into()], Eol::CrLf, &context("", ""));
    assert_eq!(got.block, "# a\r\nimport b\r\nimport c\r\n# c\r\nimport d");
}

#[test]
fn a_new_block_has_blank_lines_around() {
    for (before, after, want) in [
        ("", "", "import re\n"),
        ("", "def f():\n", "import re\n\n\n"),
        ("", "x = 1\n", "import re\n\n"),
        ("", "# c\nx = 1\n", "import re\n\n"),
        ("'''Doc.'''\n", "\n\ndef f():\n", "\nimport re\n"),
        ("'''Doc.'''\n", "x = 1\n", "\nimport re\n\n"),
        ("'''Doc.'''", "", "\n\nimport re"),
        ("'''Doc.'''\n", "", "\nimport re\n"),
        ("#!/usr/bin/env python\n", "class A:\n", "\nimport re\n\n\n"),
        ("\u{feff}", "@d\ndef f():\n", "import re\n\n\n"),
    ] {
        let got = merge("", &["import re".to_owned()], Eol::Lf, &context(before, after)).block;
        assert_eq!(got, want, "{before:?} … {after:?}");
    }
    let got = merged("", &["from .a import b", "import flask", "import os", "from typing import Any"]).block;
    assert_eq!(got, "import os\nfrom typing import Any\n\nimport flask\n\nfrom .a import b");
}

#[test]
fn what_would_change_a_meaning_is_refused() {
    for (block, elsewhere, addition) in [
        ("import os", "", "import os; os.remove('x')"),
        ("import os", "", "x = 1"),
        ("import os", "", "__import__('os')"),
        ("import os", "", "import os\nprint(1)"),
        ("import os", "", "from os import *"),
        ("import os", "", "import posix as os"),
        ("import os", "", "from x import os"),
        ("from re import match", "", "from fnmatch import match"),
        ("import os", "import tomli as tomllib", "import tomllib"),
    ] {
        let existing = Existing { leading: true, elsewhere: vec![elsewhere.to_owned()] };
        let got = merge(block, &[addition.to_owned()], Eol::Lf, &Context { existing, ..Context::default() });
        assert_eq!((got.block.as_str(), got.refused.len()), (block, 1), "{addition}");
    }
    let late = Context::default();
    assert_eq!(
        merge("import os", &["from __future__ import annotations".into()], Eol::Lf, &late).refused.len(),
        1
    );
    let elsewhere = Existing { leading: true, elsewhere: vec!["import tomllib".to_owned()] };
    let got = merge(
        "import os",
        &["import tomllib".into()],
        Eol::Lf,
        &Context { existing: elsewhere, ..Context::default() },
    );
    assert_eq!((got.block.as_str(), got.refused.len()), ("import os", 0));
    assert_eq!(merged("import a.b", &["import a.c"]).block, "import a.b\nimport a.c");
}

/// Whether `new` is `old` with insertions.
fn extends(old: &str, new: &str) -> bool {
    let mut new = new.chars();
    old.chars().all(|ch| new.any(|other| other == ch))
}

fn module() -> impl Strategy<Value = String> {
    proptest::sample::select(
        &["os", "re", "flask", "a.b", ".", "..x", ".y", "typing", "__future__", "zlib", "Ünï"][..],
    )
    .prop_map(str::to_owned)
}

fn name() -> impl Strategy<Value = String> {
    proptest::sample::select(&["a", "b", "C", "DD", "e as f", "g", "Zed", "zed"][..]).prop_map(str::to_owned)
}

fn statement() -> impl Strategy<Value = String> {
    let names = || prop::collection::vec(name(), 1..5);
    prop_oneof![
        module().prop_map(|module| format!("import {}", module.trim_start_matches('.'))),
        (module(), names()).prop_map(|(module, names)| format!("from {module} import {}", names.join(", "))),
        (module(), names(), any::<bool>()).prop_map(|(module, names, comma)| {
            format!(
                "from {module} import (  # c\n    {}{}\n)",
                names.join(",\n    "),
                if comma { "," } else { "" }
            )
        }),
        (module(), names())
            .prop_map(|(module, names)| format!("from {module} import ({})", names.join(", "))),
        Just("# comment".to_owned()),
        Just(String::new()),
        "\\PC{0,12}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn the_block_only_ever_grows(
        block in prop::collection::vec(statement(), 0..8),
        additions in prop::collection::vec(statement(), 0..6),
        crlf in any::<bool>(),
    ) {
        let (eol, block) = if crlf { (Eol::CrLf, block.join("\r\n")) } else { (Eol::Lf, block.join("\n")) };
        let context = context("", "");
        let got = merge(&block, &additions, eol, &context);
        prop_assert!(extends(&block, &got.block), "{block:?}\n{:?}", got.block);
        // Each old statement still says what it said, and each addition that was made is there.
        let units_of = |text: &str| parse::statements(text).iter().flat_map(units).collect::<Vec<_>>();
        let after = units_of(&got.block);
        for unit in units_of(&block) {
            prop_assert!(after.contains(&unit), "{unit:?} lost in {:?}", got.block);
        }
        for added in &got.added {
            prop_assert!(after.contains(&units_of(added)[0]), "{added} is not in {:?}", got.block);
        }
        prop_assert_eq!(after.len(), units_of(&block).len() + got.added.len());
        // A second time nothing is new.
        let again = merge(&got.block, &additions, eol, &context);
        prop_assert_eq!(&again.block, &got.block);
    }
}
