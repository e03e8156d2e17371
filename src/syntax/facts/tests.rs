//! What a file says of itself.

use std::fmt::Write as _;

use super::*;
use crate::syntax::fixture::Fixture;
use crate::syntax::names::hash;

fn facts(text: &str) -> Facts {
    let fixture = Fixture::new(text);
    extract(fixture.source().language, &fixture.text.to_string(), &fixture.tree)
}

/// One line for everything that was found.
fn told(text: &str) -> String {
    let facts = facts(text);
    let mut out = String::new();
    for (index, symbol) in facts.symbols.iter().enumerate() {
        let _ = write!(out, "{:?} {} | {}", symbol.kind, facts.qualified(index), facts.signature(symbol));
        for (label, text) in [
            ("list", symbol.list),
            ("returns", symbol.returns),
            ("@", symbol.decorators),
            ("doc", symbol.doc),
        ] {
            if !text.is_empty() {
                let _ = write!(out, " | {label}: {}", facts.get(text).replace('\n', " "));
            }
        }
        out.push('\n');
    }
    for import in &facts.imports {
        let (module, member, alias) =
            (facts.get(import.module), facts.get(import.member), facts.get(import.alias));
        let _ = writeln!(out, "import {module} {member} {alias} -> {}", import.bound(&facts));
    }
    for one in facts.exports.iter().flatten() {
        let _ = writeln!(out, "export {}", facts.get(*one));
    }
    for one in &facts.attributes {
        let _ = writeln!(
            out,
            "{}.{}: {}",
            facts.qualified(one.class as usize),
            facts.get(one.name),
            facts.get(one.of)
        );
    }
    out
}

#[test]
fn a_file_is_told_by_its_facts() {
    for (text, want) in [
        ("", ""),
        (
            "LIMIT: int = 3\nTABLE = {\n  'a': 1,  # one\n}\na = b = 1\n",
            "Constant LIMIT | LIMIT: int = 3 | returns: int\nConstant TABLE | TABLE = {'a': 1}\nConstant a | a = b = 1\nConstant b | a = b = 1\n",
        ),
        ("type Row = dict[str, int]\n", "Alias Row | type Row = dict[str, int]\n"),
        (
            "@deco\n@other(1)\nasync def f(\n    a: int,\n    *args: str,  # many\n    key='x, y)',\n) -> dict[str, int]:\n    \"\"\"Does it.\n\n    More.\n    \"\"\"\n",
            "Function f | async def f(a: int, *args: str, key='x, y)') -> dict[str, int] | list: (a: int, *args: str, key='x, y)') | returns: dict[str, int] | @: @deco @other(1) | doc: Does it.\n",
        ),
        (
            "class A(Base, m.Other[int], metaclass=M):\n    'Of A.'\n    x: int = 1\n    def f(self): pass\n    class B:\n        def g(self): pass\n    y = 2\nclass C: pass\n",
            "Class A | class A(Base, m.Other[int], metaclass=M) | list: (Base, m.Other[int], metaclass=M) | doc: Of A.\nConstant A.x | x: int = 1 | returns: int\nMethod A.f | def f(self) | list: (self)\nClass A.B | class B\nMethod A.B.g | def g(self) | list: (self)\nConstant A.y | y = 2\nClass C | class C\n",
        ),
        (
            "import os\nimport a.b as c, d.e\nfrom . import x\nfrom ..p.q import (\n    y as z,\n    w,\n)\nfrom s import *\n",
            "import os   -> os\nimport a.b  c -> c\nimport d.e   -> d\nimport . x  -> x\nimport ..p.q y z -> z\nimport ..p.q w  -> w\nimport s *  -> *\n",
        ),
        (
            "try:\n    import a\nexcept ImportError:\n    a = None\nelse:\n    def g(): pass\nif X:\n    from b import c\nelif Y:\n    def h(): pass\nelse:\n    Z = 1\n",
            "Constant a | a = None\nFunction g | def g() | list: ()\nFunction h | def h() | list: ()\nConstant Z | Z = 1\nimport a   -> a\nimport b c  -> c\n",
        ),
        (
            "__all__ = ['a', \"b\"]\n__all__ += ('c',)\n",
            "Constant __all__ | __all__ = ['a', \"b\"]\nexport a\nexport b\nexport c\n",
        ),
        (
            "class A:\n    def __init__(self, conn: Conn, other=None, n: 'Node | None' = None):\n        self.conn = conn\n        self.pool: Pool = make()\n        self.x = m.X(1)\n        self.n = n or 3\n        self.other = other\n        y.z = conn\n    def f(self):\n        self.late = Late()\n",
            "Class A | class A\nMethod A.__init__ | def __init__(self, conn: Conn, other=None, n: 'Node | None' = None) | list: (self, conn: Conn, other=None, n: 'Node | None' = None)\nMethod A.f | def f(self) | list: (self)\nA.conn: Conn\nA.pool: Pool\nA.x: m.X\nA.n: 'Node | None'\n",
        ),
        // What is returned or assigned is no docstring.
        (
            "def f():\n    return 'a'\nclass A:\n    x = 'b'\ndef g():\n    ('c')\n",
            "Function f | def f() | list: ()\nClass A | class A\nConstant A.x | x = 'b'\nFunction g | def g() | list: ()\n",
        ),
        // What does not parse keeps what does.
        ("def f(:\n  pass\n\ndef g(a): pass\n", "Function g | def g(a) | list: (a)\n"),
        ("x = (\n\ndef f(a): pass\n", "Function f | def f(a) | list: (a)\n"),
        (
            "class é: pass\ndef naïve(ä): pass\n",
            "Class é | class é\nFunction naïve | def naïve(ä) | list: (ä)\n",
        ),
    ] {
        assert_eq!(told(text), want, "{text}");
    }
}

#[test]
fn used_names_are_known_by_their_hash() {
    let facts = facts("import a\nx = foo(a.bar)  # baz\n'qux'\n");
    let got: Vec<bool> =
        ["a", "x", "foo", "bar", "baz", "qux", "nothing"].map(|name| facts.uses(hash(name))).into();
    assert_eq!(got, [true, true, true, true, false, false, false]);
}

#[test]
fn signatures_are_read() {
    let named = |list| -> Vec<(&str, &str)> {
        parameters(list).into_iter().map(|one| (one.name, one.annotation)).collect()
    };
    assert_eq!(
        named("(self, a: Dict[str, int] = {'x': 1}, *, b=(1, 2), **kw: t.Any)"),
        [("self", ""), ("a", "Dict[str, int]"), ("b", ""), ("kw", "t.Any")]
    );
    assert_eq!(named("()"), []);
    assert_eq!(
        bases("(Base, m.Other[int], Generic[T], metaclass=M, *rest, f(x))"),
        ["Base", "m.Other", "Generic", "f"]
    );
    assert_eq!(types("t.Optional['a.B'] | list[int]"), ["t.Optional", "a.B", "list", "int"]);
}

#[test]
fn members_and_ranges() {
    let text = "class A:\n    @p\n    def f(self):\n        pass\n    class B:\n        def g(self): pass\n    x = 1\ny = 2\n";
    let facts = facts(text);
    let members: Vec<&str> = facts.members(0).map(|(_, symbol)| facts.name(symbol)).collect();
    assert_eq!(members, ["f", "B", "x"]);
    let f = facts.symbols[1];
    assert!(text[f.whole()].starts_with("@p\n    def f") && &text[f.header()] == "def f(self):");
    assert_eq!((f.line, f.parent()), (2, Some(0)));
}
