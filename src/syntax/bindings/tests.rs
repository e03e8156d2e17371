//! Small texts with the names that they use and bind.

use super::*;
use crate::syntax::fixture::Fixture;

fn list(names: BTreeSet<String>) -> String {
    names.into_iter().collect::<Vec<_>>().join(" ")
}

/// What the selected part uses and does not bind.
#[test]
fn what_is_not_bound_is_free() {
    for (fixture, free) in [
        ("$1x = a + b\n$2", "a b"),
        ("$1a = 1\nb = a\n$2c = b\n", ""),
        ("$1def f(x, *args, y=z, **kwargs):\n    return x + y + w(args, kwargs)\n$2", "w z"),
        ("$1def f(x: A[T], y: 'B' = 1) -> C:\n    pass$2\n", "A C T"),
        ("$1for i, (j, *k) in pairs:\n    print(i, j, k, l)\n$2", "l pairs print"),
        ("$1with open(p) as f, g() as (h, i):\n    f.read(h, i)\n$2", "g open p"),
        ("$1try:\n    x()\nexcept (A, B) as e:\n    raise C from e\n$2", "A B C x"),
        ("$1[x for x in xs if (y := x)] + [y]\n$2", "xs"),
        ("$1{k: v for k, v in d.items()}\nk\n$2", "d k"),
        ("$1f = lambda a, *b: a + b + c\n$2", "c"),
        ("$1import a.b, c as d\nfrom e import f, g as h\na, d, f, h, e, c, g\n$2", "c e g"),
        ("$1class A(B, metaclass=M):\n    n = 1\n    def f(self):\n        return n + A.n\n$2", "B M n"),
        ("$1def f():\n    global n\n    n = 1\n$2", ""),
        ("$1def f():\n    global n\n    n += m\n    return n$2\n", "m n"),
        ("$1f'{x:{w}} {y!r}'\n$2", "w x y"),
        ("$1self.a.b(c=d).e[i]\n$2", "d i self"),
        (
            "$1match p:\n    case Point(x=0, y=q) if q: q\n    case [a, *b]: a, b\n    case {'k': v, **r}: v, r\n    case m.N: 1\n    case str() as s: s\n$2",
            "Point m p str",
        ),
        ("$1@deco(1)\nasync def f[T](x: T) -> T:\n    return await x\n$2", "deco"),
        ("$1x: int = 1\nx += y\ndel z.w\n$2", "int y z"),
        ("$1for i in r: pass\nelse: i\n$2", "r"),
    ] {
        let fixture = Fixture::new(fixture);
        let names = Names::of(&fixture.source());
        assert_eq!(list(names.free(&fixture.range, &fixture.range)), free, "{}", fixture.text);
    }
}

#[test]
fn statements_and_functions_bind() {
    let text = "def f(a, b=1):\n    c = [d for d in a]\n    def g(): e = 1\n    global h\n    h = 2\n    return c, b\nx, y = 1, 2\n";
    let fixture = Fixture::new(text);
    let names = Names::of(&fixture.source());
    let end = text.find("\nx, y").unwrap();
    assert_eq!(list(names.local(&(0..end))), "a b c g");
    assert_eq!(list(names.bound_by(&(0..end))), "f");
    assert_eq!(list(names.bound_by(&(end + 1..text.len()))), "x y");
    let body = text.find("    c =").unwrap()..end;
    assert_eq!(list(names.parameters_used(&body, &(0..end))), "a b");
    assert_eq!(list(names.declared(&(0..end))), "h");
}

#[test]
fn a_function_waits_itself() {
    for (text, waits) in [
        ("async def f():\n    return [await x for x in y]", true),
        ("async def f():\n    async for x in y: pass", true),
        ("async def f():\n    async with x: pass", true),
        ("async def f():\n    async def g(): await x", false),
        ("async def f():\n    return 1", false),
    ] {
        let fixture = Fixture::new(text);
        let whole = 0..text.len();
        assert_eq!(Names::of(&fixture.source()).waits(&whole, &whole), waits, "{text}");
    }
}

#[test]
fn members_are_accesses_with_their_object() {
    let fixture =
        Fixture::new("self.a = b.c + self.d(e().f)\nself.g += 1\nself.h, x = y\ndel self.i\nself.a.b\n");
    let source = fixture.source();
    let names = Names::of(&source);
    let all = 0..fixture.text.len_bytes();
    let told = names.members(&all).map(|member| {
        let object = member.object.as_deref().unwrap_or("?");
        format!("{object}.{}{}", member.name, if member.stored { "!" } else { "" })
    });
    let told: Vec<String> = told.collect();
    assert_eq!(told, ["self.a!", "b.c", "self.d", "?.f", "self.g!", "self.h!", "self.i!", "self.a", "?.b"]);
}
