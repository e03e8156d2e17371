//! Where definitions are found, and what is told of them.

use super::super::fixture::Fixture;
use super::*;

/// The innermost definition, with its stub's region in brackets in the text.
fn check(fixture: &str, want: &str) {
    let fixture = Fixture::new(fixture);
    let found = around(&fixture.source(), &fixture.range);
    let got = match found.last() {
        None => "none".to_owned(),
        Some(Definition { declared: true, name, .. }) => format!("{name}: declared"),
        Some(Definition { stub: None, name, .. }) => format!("{name}: no stub"),
        Some(Definition { stub: Some(stub), .. }) => {
            let part = |range| lines::slice(&fixture.text, &range);
            let end = fixture.text.len_bytes();
            format!("{}«{}»{}", part(0..stub.start), part(stub.clone()), part(stub.end..end))
        }
    };
    assert_eq!(got, want, "\n{}", fixture.text);
}

#[test]
fn stubs_have_regions() {
    for (fixture, want) in [
        ("def f(x):$0\n", "def f(x):«»\n"),
        ("def f(x):$0", "def f(x):«»"),
        ("def f(x):\n    $0", "def f(x):«»\n    "),
        ("def f(x):\n\n$0\ndef g():\n    return 1\n", "def f(x):«»\n\n\ndef g():\n    return 1\n"),
        ("def f(x):$0\n    \"\"\"Doc.\"\"\"\n\nx = 1\n", "def f(x):\n    \"\"\"Doc.\"\"\"«»\n\nx = 1\n"),
        (
            "def f(x):\n    \"\"\"Doc.\n\n    $0More.\n    \"\"\"\n",
            "def f(x):\n    \"\"\"Doc.\n\n    More.\n    \"\"\"«»\n",
        ),
        ("def f(x):\n    # a\n    # $0b\n\nx = 1\n", "def f(x):\n    # a\n    # b«»\n\nx = 1\n"),
        (
            "def f(x):$0 # t\n    # a\n    pass # p\n    # e\n# f\n",
            "def f(x): # t\n    # a«\n    pass» # p\n    # e\n# f\n",
        ),
        (
            "def f(x):\n    '''D.'''\n\n    raise NotImplementedError('$0no')\n\n\ny = 1\n",
            "def f(x):\n    '''D.'''«\n\n    raise NotImplementedError('no')»\n\n\ny = 1\n",
        ),
        ("def f(x):\n    raise $0NotImplementedError\n", "def f(x):«\n    raise NotImplementedError»\n"),
        (
            "class A:\n    def f(self):$0\n\n    def g(self):\n        return 1\n",
            "class A:\n    def f(self):«»\n\n    def g(self):\n        return 1\n",
        ),
        (
            "class A:\n    @de$0co(1)\n    async def f(self) -> int:\n        # todo\n",
            "class A:\n    @deco(1)\n    async def f(self) -> int:\n        # todo«»\n",
        ),
        ("def f(x): ...$0\n", "def f(x):« ...»\n"),
        ("def f(x): pass; ...$0  # hi\n", "def f(x):« pass; ...»  # hi\n"),
        ("\u{feff}def f(x):\r\n\tpass$0\r\n", "\u{feff}def f(x):«\r\n\tpass»\r\n"),
        (
            "def out():\n    def inn():\n        .$0..\n\n    return inn\n",
            "def out():\n    def inn():«\n        ...»\n\n    return inn\n",
        ),
        ("x = (\n\ndef g(y):\n    .$0..\n", "x = (\n\ndef g(y):«\n    ...»\n"),
        (
            "def f(\n    a,\n    b=1,\n) -> dict[str, int]:  $0\n    ...\n",
            "def f(\n    a,\n    b=1,\n) -> dict[str, int]:  «\n    ...»\n",
        ),
        ("$1def f(x):\n    pass\n\n$2y = 1", "def f(x):«\n    pass»\n\ny = 1"),
        ("def f(x):\n    # 😀\n    pass$0", "def f(x):\n    # 😀«\n    pass»"),
        ("if a:\n  def f(x):$0\n\n  y = 1\n", "if a:\n  def f(x):«»\n\n  y = 1\n"),
        ("def f():\n    pass$0\n    ...", "def f():«\n    pass\n    ...»"),
    ] {
        check(fixture, want);
    }
}

#[test]
fn what_is_written_or_right_has_none() {
    for (fixture, want) in [
        ("x = 1$0\n", "none"),
        ("$0", "none"),
        ("def f(x):\n    return $01\n", "f: no stub"),
        ("def f(x):\n    pass$0\n    return 1\n", "f: no stub"),
        ("def f(x):\n    'doc'; pass$0\n", "f: no stub"),
        ("def f(x): 'doc'$0\n", "f: no stub"),
        ("def f(x):\n    x = (\n    pass$0\n\ny = 1\n", "f: no stub"),
        ("def f(x)\n    pass$0\n", "none"),
        ("def f(x):\n    raise ValueError$0\n", "f: no stub"),
        ("def f(x):\n    ''\n    return f'{$0x}'\n", "f: no stub"),
        ("class A:$0\n    pass\n", "A: no stub"),
        ("def f():\n    pass\n\n$0x = 1\n", "none"),
        ("def f():\n    pass\n# $0c\n", "none"),
        ("class A:\n    def f(self):\n        pass\n\n    # $0c\n    x = 1\n", "A: no stub"),
        ("$1def f():\n    pass\n\ndef g()$2:\n    pass\n", "none"),
        ("@overload\ndef f(x: int) -> int: ...$0\n", "f: declared"),
        ("class A:\n    @abc.abstractmethod\n    def f(self):\n        pass$0\n", "f: declared"),
        ("class A(Protocol[T]):\n    def f(self): ...$0\n", "f: declared"),
        ("class A(t.Protocol):\n    def f(self):\n        '''D'''$0\n", "f: declared"),
    ] {
        check(fixture, want);
    }
}

#[test]
fn the_body_has_an_indentation() {
    for (fixture, base) in [
        ("def f():$0\n", "    "),
        ("def f():$0\n  pass", "  "),
        ("class A:\n\tdef f(self):$0\n\t\t# c\n", "\t\t"),
        ("class A:\n  def f(self):$0\n\n  def g(self):\n    pass\n", "    "),
        ("def f(): ...$0", "    "),
    ] {
        let fixture = Fixture::new(fixture);
        let found = around(&fixture.source(), &fixture.range);
        assert_eq!(found.last().unwrap().base(Indent::of(&fixture.text)), base, "{}", fixture.text);
    }
}
