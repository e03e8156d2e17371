//! Files with what is wrong with them, and files with nothing wrong that looks like it.

use crate::workspace::fixture::Workspace;

use super::*;

/// What is found in the file with the cursor: code and text, in order.
fn found(fixture: &str) -> Vec<String> {
    let workspace = Workspace::new(fixture);
    workspace.with_source(|source, view| {
        let told = check(source, view).into_iter().map(|finding| {
            let text = source.text.byte_slice(finding.range.clone()).to_string();
            format!("{} {text}", finding.code)
        });
        told.collect()
    })
}

const UTIL: &str = "//- pkg/__init__.py\n//- pkg/util.py\nimport os\nLIMIT, MORE = 1, 2\ndef load(path, mode='r', *, strict):\n    return path\ndef any(*args, **kwargs): ...\n@wrap\ndef wrapped(): ...\nclass Config:\n    pass\n";

#[test]
fn what_is_made_up_is_found() {
    for (text, expected) in [
        ("x = undefined_name\n", vec!["unbound undefined_name"]),
        ("def f(a):\n    return a + b\n", vec!["unbound b"]),
        ("for i in range(n):\n    pass\n", vec!["unbound n"]),
        ("from pkg.util import load, save\n", vec!["no-member save"]),
        ("from .util import nothing\n", vec!["no-member nothing"]),
        ("from pkg import util\nutil.fetch_all()\n", vec!["no-member fetch_all"]),
        ("import pkg.util as u\nu.fetch_all\n", vec!["no-member fetch_all"]),
        ("from .util import load\nload()\n", vec!["arguments load"]),
        ("from .util import load\nload(1)\n", vec!["arguments load"]),
        ("from .util import load\nload(1, 2, 3, strict=True)\n", vec!["arguments load"]),
        ("from .util import load\nload(1, strict=True, encoding='x')\n", vec!["no-parameter encoding"]),
        ("def f(a, /, b): ...\nf(a=1, b=2)\n", vec!["no-parameter a"]),
    ] {
        let fixture = format!("{UTIL}//- pkg/main.py\n$0{text}");
        let found = found(&fixture);
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn where_a_file_does_not_parse_only_that_is_told() {
    for text in ["def f(:\n    pass\n", "x = (1\n", "x = = undefined\n", "class :\n"] {
        let found = found(&format!("//- main.py\n$0{text}"));
        let is_syntax = |told: &String| told.starts_with("error") || told.starts_with("missing");
        assert!(!found.is_empty() && found.iter().all(is_syntax), "{text}: {found:?}");
    }
}

#[test]
fn what_may_be_right_is_not_found() {
    for text in [
        "import os\nos.getcwdx()\n",
        "from elsewhere import thing\nthing.x()\n",
        "from .util import *\nprint(whatever)\n",
        "try:\n    unicode\nexcept NameError:\n    unicode = str\n",
        "try:\n    from .util import fast\nexcept ImportError:\n    fast = None\n",
        "from .util import os, LIMIT, MORE, Config\n",
        "from pkg import util\nutil.LIMIT, util.MORE, util.__name__, util.os\n",
        "from pkg import util\nutil.extra = 1\nutil.extra\n",
        "from .util import load\nload(*args_of(), **{})\ndef args_of(): return []\n",
        "from .util import any, wrapped\nany(1, b=2)\nwrapped(1, 2, 3)\n",
        "from .util import load\ndef load(): ...\nload()\n",
        "def f(load):\n    load(1, 2, 3, 4)\n",
        "def f():\n    global n\n    n = 1\ndef g():\n    return n\n",
        "class A:\n    n = 1\n    class B:\n        m = n\n    def f(self, k=n): ...\n    xs = [n for n in range(n)]\n",
        "def outer():\n    x = 1\n    def inner():\n        nonlocal x\n        x = 2\n    return inner\n",
        "[y := 1, y]\nprint(__file__, __name__, _)\n",
        "def f[T](x: T) -> T: return x\n",
        "match 1:\n    case int() as n: print(n)\n",
        "lambda a, *b, c=1, **d: (a, b, c, d)\n",
    ] {
        let fixture = format!("{UTIL}//- pkg/main.py\n$0{text}");
        assert_eq!(found(&fixture), [""; 0], "{text}");
    }
}
