//! Files with what is wrong with them, and files with nothing wrong that looks like it.

mod languages;

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

const UTIL: &str = "//- pkg/__init__.py\nfrom . import util\nutil.added = 1\n//- pkg/util.py\nimport os\nLIMIT, MORE = 1, 2\nremake(['quoted'])\ndef remake(names): ...\ndef load(path, mode='r', *, strict):\n    return path\ndef any(*args, **kwargs): ...\n@wrap\ndef wrapped(): ...\nclass Config:\n    pass\nclass Made:\n    def __init__(self): ...\nMade = remake(Made)\nclass Sub(Made): ...\ntry:\n    from fast import either\nexcept ImportError:\n    def either(): ...\ndef reset(): ...\ndef again():\n    global reset\n    reset = load\n";

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
        (
            "# ImportError, exec(x)\nfrom .util import load\nload(1, x=y)\n",
            vec!["no-parameter x", "unbound y"],
        ),
        ("session.exec(q)\n", vec!["unbound session", "unbound q"]),
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
        "from .util import quoted, os, LIMIT, MORE, Config\n",
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
        "def f[T: int, *Ts, **P](x: T) -> P: return Ts\nclass B[T: (int, str)]:\n    x: T\n",
        "type Pair[A, *B] = dict[A, B]\ntype One = int\nx: Pair[int, One]\n",
        "import pytest\nfrom .util import load\nwith pytest.raises(TypeError):\n    load(1, 2, 3)\n",
        "try:\n    from .util import gone\nexcept ImportError:\n    gone = None\n",
        "from .util import Sub, added\nSub(1, a=2)\n",
        "from .util import either, reset\neither(1)\nreset(1)\n",
        "match 1:\n    case int() as n: print(n)\n",
        "import enum as E\nmatch 1:\n    case E.X | E.Y: pass\n    case (E.X | None) as k: print(k)\n    case E.Z | n: print(n)\n",
        "def f(g):\n    with g() as (s, [a, b]), g() as [(c, *d)], g() as (*e, h):\n        return s, a, b, c, d, e, h\n",
        "import os\nfrom pkg import util\nos.patch(util, 'patched', create=True)\nutil.patched()\n",
        "lambda a, *b, c=1, **d: (a, b, c, d)\n",
    ] {
        let fixture = format!("{UTIL}//- pkg/main.py\n$0{text}");
        assert_eq!(found(&fixture), [""; 0], "{text}");
    }
}

const SHAPES: &str = "//- pkg/__init__.py\n//- pkg/shapes.py\nfrom dataclasses import dataclass, field\nimport pydantic.dataclasses as other\nclass Base:\n    kind: str\n    def __init__(self, size, *, unit='m'):\n        self.size = size\n    def area(self, scale=1): ...\n    @classmethod\n    def make(cls, size): ...\n    @staticmethod\n    def parse(text): ...\nclass Square(Base):\n    def grow(self, by): ...\n@dataclass\nclass Point:\n    x: int\n    y: int = 0\n    tags: list = field(default_factory=list)\n@dataclass(frozen=True)\nclass Deep(Point):\n    z: int = 1\nclass Empty:\n    pass\nclass Open(Elsewhere):\n    def m(self): ...\nclass Lazy:\n    def __getattr__(self, name): ...\nclass Failed(ValueError):\n    pass\n@made\nclass Made:\n    pass\n@other.dataclass\nclass Other:\n    a: int\nclass Twice(Base):\n    def grow(self, by, more): ...\n    def only(self, a): ...\n";

#[test]
fn members_and_arguments_that_classes_do_not_take_are_found() {
    for (text, expected) in [
        ("def f(s: Base):\n    return s.volume()\n", vec!["no-member volume"]),
        ("def f(s: 'Base', *, t: Square = None):\n    s.size, t.kind, t.depth\n", vec!["no-member depth"]),
        (
            "from typing import Optional\ndef f(s: Optional[Base], t: 'Base | None'): s.volume, t.depth\n",
            vec!["no-member volume", "no-member depth"],
        ),
        ("s = Square(1)\ns.area().x, s.volume\n", vec!["no-member volume"]),
        ("import pkg.shapes as sh\ndef f():\n    s = sh.Base(1)\n    s.volume\n", vec!["no-member volume"]),
        ("class A(Base):\n    def f(self):\n        self.volume()\n", vec!["no-member volume"]),
        ("class A:\n    @classmethod\n    def f(cls):\n        cls.volume\n", vec!["no-member volume"]),
        (
            "class A:\n    def f(self):\n        def g(): return self.volume\n        return g\n",
            vec!["no-member volume"],
        ),
        ("Base()\n", vec!["arguments Base"]),
        ("Square(1, 2)\n", vec!["arguments Square"]),
        ("Square(1, units='m')\n", vec!["no-parameter units"]),
        ("Empty(1)\n", vec!["arguments Empty"]),
        ("Point()\n", vec!["arguments Point"]),
        ("Point(1, z=2)\n", vec!["no-parameter z"]),
        ("Deep(1, 2, [], 3, 4)\n", vec!["arguments Deep"]),
        ("def f(s: Base): s.area(1, 2)\n", vec!["arguments area"]),
        ("Base.make()\nBase.parse(1, 2)\n", vec!["arguments make", "arguments parse"]),
        ("import pkg.shapes as sh\nsh.Base(), sh.Empty(1)\n", vec!["arguments Base", "arguments Empty"]),
        ("class A:\n    def f(self, a): ...\n    def g(self): self.f()\n", vec!["arguments f"]),
    ] {
        let fixture = format!("{SHAPES}//- pkg/main.py\n$0from .shapes import *\n{text}");
        let fixture = fixture.replace("import *", "import Base, Square, Point, Deep, Empty");
        assert_eq!(found(&fixture), expected, "{text}");
    }
}

#[test]
fn members_and_arguments_that_classes_may_take_are_not_found() {
    for text in [
        "def f(s: Base): s.size, s.kind, s.area(), s.area(scale=2), s.items(), s.__dict__x__\n",
        "def f(s: Open): s.volume()\n",
        "def f(s: Lazy): s.volume()\n",
        "def f(s: Made): s.volume()\n",
        "def f(s: Failed): s.args, s.with_traceback\nFailed(1, 2)\nMade(1)\nOpen(1)\n",
        "def f(s: Base | int, t: list[Base], *u: Base, **v: Base): s.volume, t.volume, u.volume, v.volume\n",
        "def f(s: Base):\n    s = other()\n    s.volume\n",
        "def f(s: Base):\n    if isinstance(s, Elsewhere): s.volume\n",
        "def f(s: Base):\n    s.volume = 1\n    return s.volume\n",
        "def f(s: Base):\n    return hasattr(s, 'volume') and s.volume\n",
        "class A:\n    def f(self):\n        self.volume = 1\n    def g(self): return self.volume\n",
        "class A:\n    def f(self):\n        self.volume = 1\n        return f'{self.volume}', self.volume\n",
        "class A:\n    def f(self):\n        self.volume: int = 1\n    def g(self): return self.volume\n",
        "class A:\n    def f(self, g):\n        with g() as self.volume: return self.volume\n",
        "class A:\n    def f(self, g):\n        with g() as (self.volume, [x]): return self.volume, x\n",
        "class A:\n    def f(self):\n        for self.volume in range(3): print(self.volume)\n",
        "class A:\n    def f(self):\n        [self.volume, *self.rest] = 1, 2\n        return self.volume, self.rest\n",
        "class A:\n    def f(self):\n        object.__setattr__(self, 'x', 1)\n        return self.volume\n",
        "def made(f): return f\nclass A:\n    @made\n    def g(self): ...\n    def f(self): return self.volume\n",
        "class A:\n    def f(self): return self.volume\nclass B(A, Open): ...\n",
        "class SizeMixin:\n    def f(self): return self.volume\n",
        "FIELDS = '''\n volume: int\n'''\ndef f(s: Base): s.volume\n",
        "def f(a=lambda x, b: 1, c='\\'', d=2): ...\nf(d=1)\nf(1, 2, d=3)\nf(e=1)\n",
        "if print:\n    from x import ns\nelse:\n    class ns:\n        class C: ...\nns.C(1)\nclass D(ns.C): ...\nD(1)\n",
        "class A:\n    @staticmethod\n    def f(s): s.volume\n    @wrap\n    def g(s): s.volume\n",
        "class A:\n    def f(self):\n        return self.volume\nclass B(A):\n    volume = 1\n",
        "class A:\n    __slots__ = ('volume',)\n    def f(self): return self.volume\n",
        "def f(s: Square, t: Twice): s.grow(1), t.grow(1, 2), s.grow(1, 2)\n",
        "Point(1), Point(x=1), Point(1, 2, []), Point(1, tags=[]), Deep(1, z=3), Base(1, unit='x'), Empty()\n",
        "Base(*sizes())\nPoint(**sizes())\ndef sizes(): ...\n",
        "Base.area(Base(1), 2)\nBase.make(1)\nBase(1).parse('x')\n",
        "Other(a=1, b=2)\ndef f(s: Other): s.volume\n",
        "def f(Base): return Base()\n",
        "class A:\n    def __new__(cls, a): ...\nA(1)\nclass B(metaclass=M):\n    pass\nB(1)\n",
        "class A:\n    f = g\n    def g(self): self.f(1, 2)\n    def h(self): self.m = 1; self.m(1)\n    def m(self): ...\n",
    ] {
        let names = "Base, Square, Point, Deep, Empty, Open, Lazy, Failed, Made, Other, Twice";
        let text = text.replace("Elsewhere", "int").replace("= other()", "= id(1)");
        let text = text
            .replace("@wrap", "@print")
            .replace("metaclass=M", "metaclass=type")
            .replace("f = g", "f = id");
        let fixture = format!("{SHAPES}//- pkg/main.py\n$0from .shapes import {names}\n{text}");
        assert_eq!(found(&fixture), [""; 0], "{text}");
    }
}

const INSTALLED: &str = "//- app/__init__.py\n//- app/util.py\ndef f(): ...\n//- tools/gen.py\n//- data/x.py\n//- site-packages/lib/__init__.py\nfrom .core import get\n//- site-packages/lib/core.py\ndef get(url, *, timeout=1): ...\n//- site-packages/star/__init__.py\nfrom .x import *\n//- site-packages/lone.py\ndef g(): ...\n";

#[test]
fn imports_of_what_is_nowhere_are_found() {
    for (text, expected) in [
        ("import nothing\n", vec!["no-module nothing"]),
        ("def f():\n    from nothing.at import all\n", vec!["no-module nothing.at"]),
        ("import lib.nothing\nfrom lib.deep.er import x\n", vec!["no-module lib.nothing"]),
        ("from lib import get, post\n", vec!["no-member post"]),
        ("import lib\nlib.get('x')\nlib.post()\n", vec!["no-member post"]),
        ("from lone import h\n", vec!["no-member h"]),
        ("import lib\nlib.get('x', retries=3)\n", vec!["no-parameter retries"]),
        (
            "from .nothing import x\nfrom app.none import y\n",
            vec!["no-module .nothing", "no-module app.none"],
        ),
        ("def f():\n    from .util import g\n", vec!["no-member g"]),
    ] {
        let found = found(&format!("{INSTALLED}//- app/main.py\n$0{text}"));
        assert_eq!(found, expected, "{text}");
    }
    for text in [
        "import os, _thread, xml.dom, lib, lib.core, lone, app.util, gen\n",
        "from lib import core, get, __version__\nfrom .util import f\nfrom . import util\n",
        "try:\n    import nothing\nexcept ImportError:\n    nothing = None\n",
        "if print:\n    import nothing\n",
        "from star import anything\nimport star\nstar.whatever\n",
        "import tools.gen, data\n",
        "from ._version import x\n",
        "write('made.py')\nimport made\ndef write(name): ...\n",
    ] {
        let found = found(&format!("{INSTALLED}//- app/main.py\n$0{text}"));
        assert_eq!(found, [""; 0], "{text}");
    }
    // What git ignores is there, though nobody reads it.
    let mut workspace = Workspace::new(&format!("{INSTALLED}//- app/main.py\n$0import built, gone\n"));
    workspace.rewrite("app/built/x.py", "");
    let found_of = |source: &Source<'_>, view: &View<'_>| check(source, view).len();
    assert_eq!(workspace.with_source(found_of), 1);
    // Without an environment, nothing is known of what is installed.
    assert_eq!(found("//- main.py\n$0import nothing\n"), [""; 0]);
}
