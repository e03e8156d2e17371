//! How names lead from file to file: every rule, with what it finds and what it must not find.

use crate::workspace::fixture::{Workspace, told};
use crate::workspace::view::Target;

/// Each `(path, what it stands for)` as seen from the file with the cursor.
fn check(fixture: &str, wanted: &[(&str, &str)]) {
    check_in(&Workspace::new(fixture), fixture, wanted);
}

fn check_in(workspace: &Workspace, fixture: &str, wanted: &[(&str, &str)]) {
    let view = workspace.view();
    for (path, want) in wanted {
        let got = told(&view, view.path_target(view.own(), path));
        assert_eq!(&got, want, "{path} in\n{fixture}");
    }
}

/// The names of a class's lineage, as `file::Class` where the file is another one.
fn lineage(fixture: &str, class: &str) -> String {
    let workspace = Workspace::new(fixture);
    let view = workspace.view();
    let class = view.class(view.own(), class).expect("the class is there");
    let names = view.lineage(class).into_iter().map(|def| {
        let told = told(&view, Some(Target::Def(def)));
        told.strip_prefix(&format!("{}::", workspace.path)).map(str::to_owned).unwrap_or(told)
    });
    names.collect::<Vec<_>>().join(" ")
}

#[test]
fn absolute_imports() {
    check(
        "//- main.py\nimport a\nimport a.b\nimport a.b as ab\nfrom a import b, f\nfrom a.b import C as D, g\nimport nothing\nfrom a import missing\n$0\n//- a/__init__.py\ndef f(): pass\n//- a/b.py\nclass C:\n    def m(self): pass\nX = 1\n",
        &[
            ("a", "module a/__init__.py"),
            ("a.f", "a/__init__.py::f"),
            ("a.b", "module a/b.py"),
            ("a.b.C", "a/b.py::C"),
            ("a.b.C.m", "a/b.py::C.m"),
            ("ab.X", "a/b.py::X"),
            ("b.C", "a/b.py::C"),
            ("f", "a/__init__.py::f"),
            ("D", "a/b.py::C"),
            ("D.m", "a/b.py::C.m"),
            // What the alias stands for has no other name here; what is not there is not found.
            ("C", "-"),
            ("g", "-"),
            ("missing", "-"),
            ("nothing", "-"),
            ("a.missing", "-"),
            ("D.missing", "-"),
        ],
    );
}

#[test]
fn relative_imports() {
    check(
        "//- p/q/r.py\nfrom . import s\nfrom .s import f\nfrom .. import t, top\nfrom ..t import g\nfrom ... import outer\nfrom .... import beyond\nfrom .r import me\nme = 1\n$0\n//- p/q/__init__.py\n//- p/q/s.py\ndef f(): pass\n//- p/__init__.py\ndef top(): pass\n//- p/t.py\ndef g(): pass\n//- outer.py\n//- beyond.py\n",
        &[
            ("s", "module p/q/s.py"),
            ("s.f", "p/q/s.py::f"),
            ("f", "p/q/s.py::f"),
            ("t.g", "p/t.py::g"),
            ("top", "p/__init__.py::top"),
            ("g", "p/t.py::g"),
            ("outer", "module outer.py"),
            ("beyond", "-"),
            ("me", "p/q/r.py::me"),
        ],
    );
    // From a package's own file a dot is the package.
    check(
        "//- p/__init__.py\nfrom .m import f\nfrom . import m, n\nfrom .n import *\n$0\n//- p/m.py\ndef f(): pass\n//- p/n.py\ndef g(): pass\n",
        &[("f", "p/m.py::f"), ("m", "module p/m.py"), ("n.g", "p/n.py::g"), ("g", "p/n.py::g")],
    );
}

#[test]
fn packages_export_what_they_import() {
    check(
        "//- main.py\nfrom p import A, B, renamed\nfrom p import *\nimport p\n$0\n//- p/__init__.py\nfrom .a import A\nfrom .sub import B\nfrom .a import f as renamed\n//- p/a.py\nclass A: pass\ndef f(): pass\n//- p/sub/__init__.py\nfrom .deep import B\n//- p/sub/deep.py\nfrom ..b import B\n//- p/b.py\nclass B: pass\n",
        &[
            ("A", "p/a.py::A"),
            ("B", "p/b.py::B"),
            ("renamed", "p/a.py::f"),
            ("p.A", "p/a.py::A"),
            ("p.sub.deep.B", "p/b.py::B"),
            ("f", "-"),
        ],
    );
}

#[test]
fn stars_take_what_is_exported() {
    check(
        "//- main.py\nfrom listed import *\nfrom open import *\nfrom pkg import *\n$0\n//- listed.py\n__all__ = ['a', '_b']\ndef a(): pass\ndef _b(): pass\ndef c(): pass\n//- open.py\nfrom deep import *\ndef d(): pass\ndef _e(): pass\n//- deep.py\ndef f(): pass\n//- pkg/__init__.py\n__all__ = ['mod']\n//- pkg/mod.py\ndef g(): pass\n//- pkg/other.py\n",
        &[
            ("a", "listed.py::a"),
            ("_b", "listed.py::_b"),
            ("c", "-"),
            ("d", "open.py::d"),
            ("_e", "-"),
            ("f", "deep.py::f"),
            ("mod", "module pkg/mod.py"),
            ("mod.g", "pkg/mod.py::g"),
            ("other", "-"),
        ],
    );
    // The last star binds; what is named goes before what stars bring; what is defined before both.
    check(
        "//- main.py\nfrom one import *\nfrom two import *\nfrom one import y\ndef z(): pass\n$0\n//- one.py\ndef x(): pass\ndef y(): pass\ndef z(): pass\n//- two.py\ndef x(): pass\ndef y(): pass\n",
        &[("x", "two.py::x"), ("y", "one.py::y"), ("z", "main.py::z")],
    );
}

#[test]
fn what_is_defined_goes_before_what_is_imported() {
    check(
        "//- main.py\nfrom m import f, g, K\ntry:\n    from fast import h\nexcept ImportError:\n    h = None\ntry:\n    from gone import i\nexcept ImportError:\n    i = None\ndef f(): pass\nK = 1\n$0\n//- m.py\ndef f(): pass\ndef g(): pass\nK = 2\n//- fast.py\ndef h(): pass\n",
        &[
            ("f", "main.py::f"),
            ("g", "m.py::g"),
            ("h", "fast.py::h"),
            ("i", "main.py::i"),
            // A constant of an imported name: the import is what is meant (a fallback, a re-export).
            ("K", "m.py::K"),
        ],
    );
}

#[test]
fn namespace_packages_have_no_file() {
    check(
        "//- main.py\nimport ns.inner.mod\nfrom ns import other, mod\nfrom ns.inner import mod as m\nimport ns\n$0\n//- ns/inner/mod.py\ndef f(): pass\n//- ns/other.py\n//- ns-x/mod.py\n",
        &[
            ("ns", "namespace ns"),
            ("ns.inner", "namespace ns/inner"),
            ("ns.inner.mod.f", "ns/inner/mod.py::f"),
            ("m.f", "ns/inner/mod.py::f"),
            ("other", "module ns/other.py"),
            ("mod", "-"),
        ],
    );
    check("//- main.py\nimport n\n$0\n//- n-x/a.py\n//- nx/a.py\n", &[("n", "-")]);
}

#[test]
fn packages_go_before_modules_and_sources_before_stubs() {
    check(
        "//- main.py\nimport a, b, c\n$0\n//- a/__init__.py\n//- a.py\n//- b.py\n//- b.pyi\n//- c.pyi\n",
        &[("a", "module a/__init__.py"), ("b", "module b.py"), ("c", "module c.pyi")],
    );
}

#[test]
fn source_directories_are_starts() {
    // From tests beside `src`, in a project below the root, and from within the package.
    check(
        "//- tests/test_a.py\nimport pkg.m\nfrom pkg.m import f\n$0\n//- src/pkg/__init__.py\n//- src/pkg/m.py\ndef f(): pass\n",
        &[("pkg.m", "module src/pkg/m.py"), ("f", "src/pkg/m.py::f")],
    );
    check(
        "//- libs/one/tests/test_a.py\nfrom pkg.m import f\nimport only\n$0\n//- libs/one/src/pkg/m.py\ndef f(): pass\n//- libs/two/src/only/__init__.py\n",
        &[("f", "libs/one/src/pkg/m.py::f"), ("only", "-")],
    );
    check(
        "//- src/pkg/sub/a.py\nfrom pkg.m import f\nimport logging\n$0\n//- src/pkg/sub/__init__.py\n//- src/pkg/__init__.py\n//- src/pkg/m.py\ndef f(): pass\n//- src/pkg/sub/logging.py\n",
        // A module beside a package's file is not what an absolute import of its name means.
        &[("f", "src/pkg/m.py::f"), ("logging", "-")],
    );
    // Beside a script it is.
    check(
        "//- tools/run.py\nimport helper\n$0\n//- tools/helper.py\n",
        &[("helper", "module tools/helper.py")],
    );
}

#[test]
fn several_roots_see_each_other() {
    let fixture = "//- app/main.py\nimport shared, own, pkg\n$0\n//- app/own.py\n//- other/shared.py\n//- other/own.py\n//- other/src/pkg/__init__.py\n";
    let workspace = Workspace::new(fixture).with_roots(&["app", "other"]);
    check_in(
        &workspace,
        fixture,
        &[
            ("shared", "module other/shared.py"),
            ("own", "module app/own.py"),
            ("pkg", "module other/src/pkg/__init__.py"),
        ],
    );
    check_in(&Workspace::new(fixture), fixture, &[("shared", "-"), ("own", "module app/own.py")]);
}

#[test]
fn cycles_end() {
    check(
        "//- a.py\nfrom b import x, y\nfrom b import *\n$0\n//- b.py\nfrom a import x\nfrom a import *\ndef y(): pass\n",
        &[("x", "-"), ("y", "b.py::y"), ("z", "-")],
    );
    check(
        "//- p/__init__.py\nfrom p import q\nfrom p.q import r\n$0\n//- p/q.py\nfrom p import q, r\n",
        &[("q", "module p/q.py"), ("r", "-")],
    );
    // Every module takes all of every other: looked for once in each, not once for each way.
    let mut fixture = String::from("//- m0.py\n$0\n");
    for module in 0..40 {
        fixture.push_str(&format!("//- m{module}.py\n"));
        (0..40).for_each(|other| fixture.push_str(&format!("from m{other} import *\n")));
    }
    fixture.push_str("def there(): pass\n");
    let fixture = fixture.replacen("//- m0.py\n$0\n//- m0.py\n", "//- m0.py\n$0", 1);
    check(&fixture, &[("there", "m39.py::there"), ("nowhere", "-")]);
}

#[test]
fn overloads_are_passed_over() {
    check(
        "//- main.py\nfrom m import f, A, only\n$0\n//- m.py\n@overload\ndef f(a: int): ...\n@t.overload\ndef f(a: str): ...\ndef f(a): pass\nclass A:\n    @overload\n    def g(self, a: int): ...\n    def g(self, a): pass\n@overload\ndef only(a: int): ...\n",
        &[("f", "m.py::f"), ("only", "m.py::only")],
    );
    let fixture = "//- m.py\n@overload\ndef f(a: int): ...\ndef f(a): pass\nclass A:\n    @overload\n    def g(self, a: int): ...\n    def g(self, a): pass\n$0\n";
    let workspace = Workspace::new(fixture);
    let view = workspace.view();
    for (path, line) in [("f", 2), ("A.g", 6)] {
        let Some(Target::Def(def)) = view.path_target(view.own(), path) else { unreachable!("{path}") };
        assert_eq!(view.facts(def.file).unwrap().symbols[def.symbol].line, line, "{path}");
    }
}

#[test]
fn classes_have_an_order() {
    for (fixture, class, want) in [
        ("//- a.py\nclass A: pass\n$0", "A", "A"),
        (
            "//- a.py\nclass A: pass\nclass B(A): pass\nclass C(A): pass\nclass D(B, C): pass\n$0",
            "D",
            "D B C A",
        ),
        // Across files, through a re-export, an alias and a module's attribute.
        (
            "//- a.py\nfrom p import Base as B\nimport m\nclass A(B, m.Mixin[int], metaclass=M): pass\n$0\n//- p/__init__.py\nfrom .b import Base\n//- p/b.py\nclass Root: pass\nclass Base(Root): pass\n//- m.py\nclass Mixin: pass\n",
            "A",
            "A p/b.py::Base p/b.py::Root m.py::Mixin",
        ),
        // A class of the name of its base.
        (
            "//- a.py\nfrom b import Base\nclass Base(Base): pass\n$0\n//- b.py\nclass Base: pass\n",
            "Base",
            "Base b.py::Base",
        ),
        // Bases that are not found, that are no classes, that are the class itself, and one twice.
        ("//- a.py\nX = 1\nclass B: pass\nclass A(gone.C, X, f(), A, B, B): pass\n$0", "A", "A B"),
        // No order is consistent: depth first, each once.
        (
            "//- a.py\nclass X: pass\nclass Y: pass\nclass A(X, Y): pass\nclass B(Y, X): pass\nclass C(A, B): pass\n$0",
            "C",
            "C A B X Y",
        ),
        ("//- a.py\nclass A: pass\nclass B(A): pass\nclass C(A, B): pass\n$0", "C", "C A B"),
        // Circles end.
        ("//- a.py\nclass A(B): pass\nclass B(C): pass\nclass C(A): pass\n$0", "A", "A B C"),
    ] {
        assert_eq!(lineage(fixture, class), want, "{fixture}");
    }
}

#[test]
fn a_ladder_of_diamonds_is_climbed_once() {
    let mut fixture = String::from("//- a.py\nclass A0: pass\nclass B0: pass\n");
    for step in 1..200 {
        let below = step - 1;
        fixture.push_str(&format!(
            "class A{step}(A{below}, B{below}): pass\nclass B{step}(A{below}, B{below}): pass\n"
        ));
    }
    fixture.push_str("$0");
    let order = lineage(&fixture, "A199");
    assert!(order.starts_with("A199 A198"), "{order}");
    assert!(order.split(' ').count() <= 64);
}

#[test]
fn members_are_inherited() {
    check(
        "//- main.py\nfrom m import C\n$0\n//- m.py\nclass A:\n    x = 1\n    def f(self): pass\nclass B(A):\n    def g(self): pass\nclass C(B):\n    def f(self): pass\n",
        &[("C.f", "m.py::C.f"), ("C.g", "m.py::B.g"), ("C.x", "m.py::A.x"), ("C.h", "-"), ("C.f.x", "-")],
    );
}

#[test]
fn the_environment_is_read_on_demand() {
    let fixture = "//- app/main.py\nimport lib\nfrom lib import f, hidden\nfrom lib.sub import C\nimport stubbed\nfrom own import g\nimport alone\nimport typed\nfrom typed.part import t\nfrom typed.bare import u\n$0\n//- own.py\ndef g(): pass\n//- site-packages/own.py\ndef g(): pass\n//- site-packages/lib/__init__.py\nfrom .impl import f\nfrom other import Other\n//- site-packages/lib/impl.py\ndef f(): pass\n//- site-packages/lib/sub.py\nfrom other import Base\nclass C(Base): pass\n//- site-packages/other/__init__.py\nclass Other: pass\nclass Base:\n    def m(self): pass\n//- site-packages/stubbed/__init__.pyi\ndef s(): ...\n//- site-packages/alone.py\nimport lib.impl\n//- site-packages/typed/__init__.py\ndef s(): pass\n//- site-packages/typed/bare.py\ndef u(): pass\n//- site-packages/typed-stubs/__init__.pyi\ndef s() -> int: ...\n//- site-packages/typed-stubs/part.pyi\ndef t() -> int: ...\n";
    check(
        fixture,
        &[
            ("lib", "module site-packages/lib/__init__.py"),
            ("f", "site-packages/lib/impl.py::f"),
            ("lib.Other", "site-packages/other/__init__.py::Other"),
            ("C.m", "site-packages/other/__init__.py::Base.m"),
            ("stubbed.s", "site-packages/stubbed/__init__.pyi::s"),
            ("alone.lib.impl.f", "site-packages/lib/impl.py::f"),
            // Declarations that are installed apart go first.
            ("typed.s", "site-packages/typed-stubs/__init__.pyi::s"),
            ("t", "site-packages/typed-stubs/part.pyi::t"),
            ("u", "site-packages/typed/bare.py::u"),
            // The workspace goes first.
            ("g", "own.py::g"),
            ("hidden", "-"),
        ],
    );
}

#[test]
fn foreign_imports_do_not_use_up_what_may_be_read() {
    let mut fixture = String::from("//- a/b/c/main.py\n");
    (0..100).for_each(|at| fixture.push_str(&format!("import foreign{at}\n")));
    fixture.push_str("import lib\n$0\n//- site-packages/lib.py\ndef f(): pass\n");
    let workspace = Workspace::new(&fixture);
    let view = workspace.view();
    for at in 0..100 {
        assert_eq!(view.resolve(view.own(), &format!("foreign{at}")), None);
    }
    assert_eq!(told(&view, view.path_target(view.own(), "lib.f")), "site-packages/lib.py::f");
}

#[test]
fn an_index_that_is_being_made_answers_the_same() {
    let fixture = "//- tests/main.py\nfrom p import A\nfrom p.m import f\n$0\n//- src/p/__init__.py\nfrom .m import A\n//- src/p/m.py\nclass A: pass\ndef f(): pass\n";
    let wanted = [("A", "src/p/m.py::A"), ("f", "src/p/m.py::f"), ("g", "-")];
    check_in(&Workspace::new(fixture), fixture, &wanted);
    check_in(&Workspace::new(fixture).unread(), fixture, &wanted);
    check_in(&Workspace::new(fixture).unwalked(), fixture, &wanted);
}

#[test]
fn a_view_of_a_file_that_no_index_has() {
    let workspace = Workspace::new("//- new.py\nfrom a import f\n$0\n//- a.py\ndef f(): pass\n");
    let index =
        workspace.index.with(vec![crate::workspace::index::Update { path: "new.py".into(), state: None }]);
    let view = workspace.view_of(&index);
    assert_eq!(told(&view, view.resolve(view.own(), "f")), "a.py::f");
    assert_eq!(&*view.path(view.own()), "new.py");
}
