//! The last look, by itself: what stands, what does not, and that a piece of a file is looked at as strictly as the file.

use proptest::prelude::*;

use super::*;

/// `«` and `»` bound the region in `document`.
fn proposal(document: &str, draft: &str) -> Proposal {
    let (before, rest) = document.split_once('«').unwrap();
    let (base, after) = rest.split_once('»').unwrap();
    let text = Rope::from_str(&format!("{before}{base}{after}"));
    let language = Language::by_id("python").unwrap();
    let shape = Shape::Body { name: "f".to_owned(), docstring: None };
    let tree = parse(language, &text, None, PARSE);
    let region = before.len()..before.len() + base.len();
    Proposal { text, tree, language, region, mends: None, shape, draft: draft.to_owned(), imports: None }
}

fn verify(document: &str, draft: &str) -> Result<(), Rejected> {
    proposal(document, draft).verify()
}

#[test]
fn a_draft_stands_or_is_rejected_for_a_reason() {
    let stub = "def f(x):«\n    pass»\n";
    for (document, draft, expected) in [
        (stub, "\n    return x", Ok(())),
        (stub, "  ", Err(Rejected::Empty)),
        (stub, "\n    return 'a\u{202e}b'", Err(Rejected::Hidden('\u{202e}'))),
        (
            stub,
            "\n    y = 1\n    # ... rest of the code ...",
            Err(Rejected::LeftOut("# ... rest of the code ...".to_owned())),
        ),
        (stub, "\n    # Reuses the existing code path of it.\n    return x", Ok(())),
        (stub, "\n    raise NotImplementedError", Err(Rejected::Unwritten)),
        (stub, "\n    ...", Err(Rejected::Unwritten)),
        (stub, "\n    return (x", Err(Rejected::Syntax { before: 0, after: 1, line: 1 })),
        (stub, "\n    if x:\n    return 1", Err(Rejected::Indentation { line: 3 })),
        (stub, "\n    y = 1\n        z = 2", Err(Rejected::Indentation { line: 3 })),
        (stub, "\n    if x:\n        y = 1\n      z = 2", Err(Rejected::Indentation { line: 4 })),
        (stub, "\n    if x:", Err(Rejected::Indentation { line: 2 })),
        (
            stub,
            "\n    if (x and\n            y):\n        return {\n  1: 2}\n    # note\n    else:\n        return x[1:\n2]",
            Ok(()),
        ),
        (
            stub,
            "\n    try:\n        return x\n    except ValueError: pass\n    s = \"\"\"\nat:\n\"\"\"\n    return s",
            Ok(()),
        ),
        (stub, "\n    print x", Err(Rejected::OldPython)),
        (stub, "\n    print('x')", Ok(())),
        (stub, "\n    return '<redacted:aws-key>'", Err(Rejected::Redacted)),
        // Errors that were there before are not the draft's.
        ("x = (\ndef f(x):«\n    pass»\n", "\n    return x", Ok(())),
    ] {
        let verdict = verify(document, draft);
        match (&verdict, &expected) {
            (Err(Rejected::Syntax { .. }), Err(Rejected::Syntax { .. })) => {}
            _ => assert_eq!(verdict, expected, "{draft:?}"),
        }
    }
}

/// A draft is looked at without its file where that says enough, and only there.
#[test]
fn statements_stand_alone_or_not() {
    for (document, draft, alone) in [
        ("def f(x):«\n    pass»\n", "\n    return x", true),
        ("import a\n\n\ndef f(x):«\n    pass»\n\n\ndef g():\n    pass\n", "\n    return x", true),
        (
            "class A:\n    @deco(1)\n    async def f(self):«»\n\n    x = 1\n",
            "\n        return {\n1: 2}",
            true,
        ),
        ("class A:\r\n\tdef f(self):«\r\n\t\t...»\r\n\r\ny = 1", "\r\n\t\tif 1:\r\n\t\t\treturn 2", true),
        ("def f(x): «pass»  # so\nx = 1\n", "return x", true),
        ("if a:\n    def f(x):«\n        pass»\nelse:\n    b\n", "\n        return x", true),
        // Nothing is left open, and the block is not left.
        ("def f(x):«\n    pass»\n", "\n    return (x", false),
        ("def f(x):«\n    pass»\nx = (1)\n", "\n    return (", false),
        ("def f(x):«\n    pass»\ny = 1\n", "\n    return x + \\", false),
        ("def f(x):«\n    pass»\ny = 1\n", "\n    return \\", false),
        ("def f(x):«\n    pass»\nx = '''1'''\n", "\n    return '''", false),
        ("def f(x):«\n    pass»\ndef g(): pass\n", "\n    return x\n@deco", false),
        (
            "class A:\n    def f(x):«\n        pass»\n    y = 1\n",
            "\n        return x\nelse:\n    z = 1",
            false,
        ),
        ("class A:\n    def f(x):«\n        pass»\n    y = 1\n", "\n        return x\nz = 1", false),
        (
            "class A:\n    def f(x):«\n        pass»\n    y = 1\n",
            "\n        return x\nif 1:\n    z = 1",
            false,
        ),
        // What is wrong otherwise is told by the file.
        ("def f(x):«\n    pass»\n", "\n    ...", false),
        ("def f(x):«\n    pass»\n", "\n    print x", false),
        // A file with errors says more than its pieces.
        ("def f(x):«\n    pass»\nx = (\n", "\n    return x", false),
        // Statements that share a line.
        ("y = 1; f(«x»)\n", "y", false),
    ] {
        assert_eq!(proposal(document, draft).stands_alone(usize::MAX), alone, "{document:?} {draft:?}");
    }
}

/// So are the imports that it needs.
#[test]
fn imports_stand_alone_or_not() {
    let file = "import os\n\n\ndef f(x):«\n    pass»\n";
    let bare = "\n\ndef f(x):«\n    pass»\n";
    for (document, block, imports, alone) in [
        (file, 0..9, "import os", true),
        (file, 0..9, "import os\nimport re", true),
        (file, 0..10, "import os\nfrom re import (\n    sub,\n)\n", true),
        (file, 0..9, "import os\nfrom re import (", false),
        // It would be in the piece that the draft is in.
        (bare, 0..0, "import re\n", false),
    ] {
        let mut proposal = proposal(document, "\n    return x");
        proposal.imports = Some((block, imports.to_owned()));
        assert_eq!(proposal.stands_alone(usize::MAX), alone, "{imports:?}");
        assert_eq!(proposal.verify().is_ok(), !imports.ends_with('('), "{imports:?}");
    }
}

/// Real code, and code that is laid out as nobody should.
const FILES: [&str; 6] = [
    include_str!("../../../examples/inventory/src/inventory/stock.py"),
    include_str!("../../../examples/inventory/src/inventory/report.py"),
    include_str!("../../../examples/inventory/tests/test_stock.py"),
    "import a\nif a:\n\tx = f'{a!r}' \\\n\t\t+ '''\nb\n'''\n\tdef f(x):\n\t\tmatch x:\n\t\t\tcase [1, *_]: pass\n\t\t\tcase _:\n\t\t\t\treturn (\n1)\n\t# so\nelse:\n\ttry: pass\n\texcept* E as e: ...\n\tfinally:\n\t\tb = {\n\t}\n",
    "class A(B):\r\n    'doc'\r\n\r\n    @d(1)\r\n    @e\r\n    async def f(self, *, x: int = 1) -> None: ...\r\n\r\n    x = 1; y = 2 ;\r\n  # odd\r\n    def g(self):\r\n            # deep\r\n            async with x as y, z: return [i async for i in y if (yield)]\r\n        # less\r\n    z = lambda: (yield)\r\n",
    "def f(x):\n  if x:\n   for i in x:\n        while i: i -= 1; break\n        else: continue\n  elif y: pass\n  else:\n    global z\n    z = x if y else \"\"\"a\n  b\"\"\"\n  return -x \\\n    .y\ndef g(): return 1\n@d\nclass C: pass\n\n\n\nx = 1",
];

const TOKENS: &str = "\n    ¦\n        ¦\n¦\n\t¦\r\n¦\r¦\\¦\\\n¦(¦)¦[¦}¦{¦'¦'''¦\"\"\"¦f'{¦}'¦#¦# so\n¦:¦,¦;¦=¦@d\n¦@¦else:¦elif x: y¦except: pass¦case _: x¦match x:\n¦if x:¦def f(x):\n¦class A:¦pass¦return x¦print x¦lambda: ¦*¦.¦\x0c¦ ¦é";

/// What a model may have written where `text` stands: cut, mangled, or in the wrong place.
fn mangled(text: &str, moves: &[(u8, prop::sample::Index, prop::sample::Index)]) -> String {
    let tokens: Vec<&str> = TOKENS.split('¦').collect();
    let mut chars: Vec<char> = text.chars().collect();
    for (kind, one, other) in moves {
        let at = one.index(chars.len() + 1);
        match kind % 6 {
            0 => chars.truncate(at),
            1 => drop(chars.drain(..at)),
            2 => drop(chars.drain(at..chars.len().min(at + other.index(12)))),
            3 => chars.extend_from_within(at..chars.len().min(at + other.index(60))),
            _ => drop(chars.splice(at..at, tokens[other.index(tokens.len())].chars())),
        }
    }
    chars.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// A piece is as strict as its file: whatever is put wherever, what stands alone stands in its file.
    #[test]
    fn what_stands_alone_stands_in_its_file(
        file in any::<prop::sample::Index>(),
        lines in any::<bool>(),
        ends in any::<[prop::sample::Index; 2]>(),
        body in any::<bool>(),
        moves in prop::collection::vec(any::<(u8, prop::sample::Index, prop::sample::Index)>(), 0..5),
    ) {
        let text = FILES[file.index(FILES.len())];
        let places: Vec<usize> = if lines {
            text.match_indices('\n').map(|(at, _)| at).collect()
        } else {
            text.char_indices().map(|(at, _)| at).collect()
        };
        let [one, other] = ends.map(|index| places[index.index(places.len())]);
        let (start, end) = (one.min(other), one.max(other));
        let draft = mangled(&text[start..end], &moves);
        let marked = format!("{}«{}»{}", &text[..start], &text[start..end], &text[end..]);
        let mut proposal = proposal(&marked, &draft);
        if !body {
            proposal.shape = Shape::Block;
        }
        if proposal.stands_alone(usize::MAX) {
            let verdict = proposal.stands_in_its_file();
            prop_assert_eq!(verdict, Ok(()), "{:?} in {}", draft, marked);
        }
    }
}
