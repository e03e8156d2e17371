//! What is offered, and what each action may replace, in other languages than Python.

use super::*;

/// What `action` replaces, or why it replaces nothing.
fn check(language: &str, action: &str, cases: &[(&str, &str)]) {
    for (marked, want) in cases {
        let fixture = Fixture::of(language, marked);
        let diagnostic =
            Diagnostic { range: fixture.range.clone(), message: "bad".to_owned(), ..Diagnostic::default() };
        let plan = plan(&fixture.source(), action, fixture.range.clone(), Some(&diagnostic), Some("do it"));
        let got = match &plan {
            Ok(plan) => show(&fixture, plan).split('|').next().unwrap_or_default().replace(['‹', '›'], ""),
            Err(error) => format!("{error:?}").split([' ', '(']).next().unwrap_or_default().to_owned(),
        };
        assert_eq!(got, *want, "{action} on\n{}", fixture.text);
    }
}

/// The actions that are offered.
fn check_offers(language: &str, cases: &[(&str, &str)]) {
    for (marked, want) in cases {
        let fixture = Fixture::of(language, marked);
        let query = Query { range: fixture.range.clone(), ..Query::default() };
        let offers = list(&fixture.source(), &query).into_iter().map(|offer| offer.action);
        let got: Vec<String> = offers.filter(|action| ACTIONS[..5].contains(&action.as_str())).collect();
        assert_eq!(got.join(" "), *want, "{}", fixture.text);
    }
}

#[test]
fn bodies_between_braces_are_replaced() {
    check(
        "rust",
        "implement",
        &[
            ("fn f() -> u8 {$0}\n", "fn f() -> u8 {«»}\n"),
            ("fn f() -> u8 { $0 }\n", "fn f() -> u8 {«  »}\n"),
            ("fn f() -> u8 {$0\n}\n", "fn f() -> u8 {«»\n}\n"),
            ("fn f() -> u8 {\n\n    $0\n}\n", "fn f() -> u8 {«\n\n    »\n}\n"),
            (
                "fn f() -> u8\nwhere\n    A: B,\n{\n    // How.\n$0\n}\n",
                "fn f() -> u8\nwhere\n    A: B,\n{\n    // How.«\n»\n}\n",
            ),
            ("fn f() -> u8 { to$0do!() }\n", "fn f() -> u8 {« todo!() »}\n"),
            ("fn f() -> u8 {\r\n\ttodo!(\"x\");$0\r\n}\r\n", "fn f() -> u8 {«\r\n\ttodo!(\"x\");»\r\n}\r\n"),
            (
                "/// D$0.\n#[a]\nfn f() -> u8 {\n    unimplemented!() // c\n}\n",
                "/// D.\n#[a]\nfn f() -> u8 {«\n    unimplemented!()» // c\n}\n",
            ),
            (
                "impl A {\n    fn f() -> u8 {\n        todo!()\n    }$0\n\n    fn g() {}\n}\n",
                "impl A {\n    fn f() -> u8 {«\n        todo!()»\n    }\n\n    fn g() {}\n}\n",
            ),
            ("impl A { fn f() {} fn $0g() {} }\n", "impl A { fn f() {} fn g() {«»} }\n"),
            ("fn f() -> u8 {\n    1$0\n}\n", "NoStub"),
            ("fn f() -> u8 {\n    todo!();\n    1$0\n}\n", "NoStub"),
            ("fn f() -> u8 { /* c */$0 }\n", "NoStub"),
            ("fn f() -> u8 {\n    todo!($0\n}\n", "fn f() -> u8 {«\n    todo!(»\n}\n"),
            ("fn f() -> u8;$0\n", "NoStub"),
            ("struct A {$0}\n", "NoStub"),
            ("$0", "NoStub"),
        ],
    );
    check(
        "typescript",
        "implement",
        &[
            ("export const f = (x: A) => {$0};\n", "export const f = (x: A) => {«»};\n"),
            (
                "class A {\n  @d()\n  f(): B {\n    throw new Error('TODO');$0\n  }\n}\n",
                "class A {\n  @d()\n  f(): B {«\n    throw new Error('TODO');»\n  }\n}\n",
            ),
            ("f(() => {\n  $0\n});\n", "NoStub"),
            ("const f = (x) => x$0;\n", "NoStub"),
        ],
    );
    check(
        "go",
        "implement",
        &[
            (
                "package a\n\nfunc (a *A) F() int {\n\tpanic(\"not implemented\")$0 // c\n}\n",
                "package a\n\nfunc (a *A) F() int {«\n\tpanic(\"not implemented\")» // c\n}\n",
            ),
            ("package a\n\nfunc F() {\n\tpanic(\"broken\")$0\n}\n", "NoStub"),
        ],
    );
    check(
        "php",
        "implement",
        &[
            ("<?php\nfunction f(): int {$0}\n", "<?php\nfunction f(): int {«»}\n"),
            (
                "<?php\nclass A\n{\n    #[B]\n    public function f(): int\n    {\n        // How.\n        throw new \\LogicException('TODO');$0\n    }\n}\n",
                "<?php\nclass A\n{\n    #[B]\n    public function f(): int\n    {\n        // How.«\n        throw new \\LogicException('TODO');»\n    }\n}\n",
            ),
            ("<?php\nfunction f(): int {\n    throw new \\LogicException('broken');$0\n}\n", "NoStub"),
            ("<?php\nclass A { abstract function f();$0 }\n", "NoStub"),
            ("<p>$0</p>\n", "NoStub"),
        ],
    );
}

#[test]
fn bodies_between_words_are_replaced() {
    check(
        "ruby",
        "implement",
        &[
            ("def f(x)$0\nend\n", "def f(x)«»\nend\n"),
            ("def f\n  # How.\n$0\nend\n", "def f\n  # How.«\n»\nend\n"),
            (
                "def f(\n  x\n)\n  raise NotImplementedError$0 # c\nend\n",
                "def f(\n  x\n)«\n  raise NotImplementedError» # c\nend\n",
            ),
            (
                "class A < B\r\n  def self.f(x)\r\n    raise NotImplementedError.new(\"x\")$0\r\n  end\r\n\r\n  def g\r\n    1\r\n  end\r\nend\r\n",
                "class A < B\r\n  def self.f(x)«\r\n    raise NotImplementedError.new(\"x\")»\r\n  end\r\n\r\n  def g\r\n    1\r\n  end\r\nend\r\n",
            ),
            ("def f(x)\n  x$0\nend\n", "NoStub"),
            ("def f(x)\n  raise ArgumentError, \"x\"$0\nend\n", "NoStub"),
            ("def f(x) = x$0\n", "NoStub"),
            ("class A$0\nend\n", "NoStub"),
            ("class A\n  def initialize$0; end\nend\n", "NoStub"),
        ],
    );
    check(
        "ruby",
        "fix",
        &[
            ("def f(x)\n  if $1x$2\n    y\n  end\nend\n", "def f(x)\n«  if x\n    y\n  end»\nend\n"),
            (
                "class A\n  attr_reader $1:x$2\n\n  def f; end\nend\n",
                "class A\n«  attr_reader :x»\n\n  def f; end\nend\n",
            ),
        ],
    );
    check(
        "ruby",
        "docstring",
        &[
            (
                "# frozen_string_literal: true\n\nclass A$0\nend\n",
                "# frozen_string_literal: true\n\n«»class A\nend\n",
            ),
            (
                "module A\n  # Old.\n  def self.f(x)$0\n    x\n  end\nend\n",
                "module A\n«  # Old.»\n  def self.f(x)\n    x\n  end\nend\n",
            ),
        ],
    );
    check_offers(
        "ruby",
        &[("def f(x)$0\nend\n", "implement docstring"), ("def f(x)\n  x$0\nend\n", "docstring")],
    );
}

#[test]
fn documentation_stands_above() {
    check(
        "rust",
        "docstring",
        &[
            (
                "use a;\nimpl A {\n    #[b]\n    fn f() {$0}\n}\n",
                "use a;\nimpl A {\n«»    #[b]\n    fn f() {}\n}\n",
            ),
            ("/// Old.\n/// More.\n#[b]\nstruct A {$0\n}\n", "«/// Old.\n/// More.»\n#[b]\nstruct A {\n}\n"),
            ("/// Ol$0d.\nfn f() {}\n", "«/// Old.»\nfn f() {}\n"),
            ("// No.\nfn f() {$0}\n", "// No.\n«»fn f() {}\n"),
            ("let x = 1;$0\n", "NoDefinition"),
        ],
    );
    check(
        "typescript",
        "docstring",
        &[
            ("/** Old. */\nexport default class A {$0\n}\n", "«/** Old. */»\nexport default class A {\n}\n"),
            (
                "class A {\n  /**\n   * Old.\n   */\n  @d()\n  f() {$0}\n}\n",
                "class A {\n«  /**\n   * Old.\n   */»\n  @d()\n  f() {}\n}\n",
            ),
            ("interface A {$0\n}\n", "«»interface A {\n}\n"),
        ],
    );
}

#[test]
fn a_statement_between_braces_is_replaced() {
    check(
        "rust",
        "fix",
        &[
            (
                "fn f() {\n    if $1a$2 {\n        b();\n    }\n}\n",
                "fn f() {\n«    if a {\n        b();\n    }»\n}\n",
            ),
            (
                "fn f() {\n    match a {\n        $1B$2 => c,\n        _ => d,\n    }\n}\n",
                "fn f() {\n    match a {\n«        B => c,»\n        _ => d,\n    }\n}\n",
            ),
            ("use $1a::b$2;\n", "«use a::b;»\n"),
        ],
    );
    check(
        "go",
        "fix",
        &[(
            "package a\n\nfunc f() {\n\tx := $1a$2\n\ty := 1\n}\n",
            "package a\n\nfunc f() {\n«\tx := a»\n\ty := 1\n}\n",
        )],
    );
    let long: String = (0..50).map(|n| format!("    let x{n} = {n};\n")).collect();
    check(
        "rust",
        "fix",
        &[(&format!("fn f(a: $1Foo$2) {{\n{long}}}\n"), &format!("«fn f(a: Foo) {{»\n{long}}}\n"))],
    );
}

#[test]
fn code_is_written_between_braces() {
    for (language, marked, want) in [
        ("rust", "fn f() {\n    a();\n$0\n}\n", "fn f() {\n    a();\n«»\n}\n| \"\" \"    \" Block"),
        (
            "rust",
            "fn f() {\n    if a {\n$0\n    }\n}\n",
            "fn f() {\n    if a {\n«»\n    }\n}\n| \"\" \"        \" Block",
        ),
        (
            "rust",
            "fn f() {\n    if a {$0\n    }\n}\n",
            "fn f() {\n    if a {«»\n    }\n}\n| \"\\n\" \"        \" Block",
        ),
        (
            "rust",
            "fn f() {\n    a(\n        b,$0\n    );\n}\n",
            "fn f() {\n    a(\n        b,\n    );«»\n}\n| \"\\n\" \"    \" Block",
        ),
        ("rust", "fn f() {\n    a();\n}$0\n", "fn f() {\n    a();\n}«»\n| \"\\n\" \"\" Block"),
        ("rust", "impl A {\n    fn f() {}\n\n$0}\n", "impl A {\n    fn f() {}\n\n}«»\n| \"\\n\" \"\" Block"),
        (
            "go",
            "package a\n\nfunc f() {\n\tif b {\n$0\n\t}\n}\n",
            "package a\n\nfunc f() {\n\tif b {\n«»\n\t}\n}\n| \"\" \"\\t\\t\" Block",
        ),
    ] {
        let fixture = Fixture::of(language, marked);
        let plan = plan(&fixture.source(), "generate", fixture.range.clone(), None, Some("do it")).unwrap();
        assert_eq!(show(&fixture, &plan).replace(['‹', '›'], ""), want, "{}", fixture.text);
    }
}

#[test]
fn what_fits_is_offered_in_every_language() {
    check_offers(
        "rust",
        &[
            ("fn f() -> u8 {\n    todo!()$0\n}\n", "implement docstring"),
            ("fn f() {$0}\n", "docstring"),
            ("fn f() -> u8 {\n    1$0\n}\n", "docstring"),
            ("// redraft: up\n$1let x = 1;$2\n", "rewrite"),
            ("use a;$0\n", ""),
        ],
    );
    check_offers(
        "typescript",
        &[
            ("class A {\n  constructor(private a: B) {}$0\n}\n", "docstring"),
            ("class A {\n  f(): void {}$0\n}\n", "docstring"),
            ("class A {\n  f(): B {}$0\n}\n", "implement docstring"),
        ],
    );
    check_offers("typescriptreact", &[("const A = () => {$0}\n", "implement docstring")]);
    check_offers("javascript", &[("function f() {$0}\n", "implement docstring")]);
    check_offers("go", &[("package a\n\nfunc f() int {$0}\n", "implement docstring")]);
}

mod random {
    use proptest::prelude::*;

    use super::super::*;
    use crate::syntax::{Language, fixture::Fixture};

    /// Pieces of languages with braces, good and bad, that are put together at random.
    fn piece() -> impl Strategy<Value = String> {
        const PIECES: [&str; 44] = [
            "fn f(x: i32) -> i32 {",
            "function f(x) {",
            "func f(x int) int {",
            "int f(int x) {",
            "public int F(int x)\n{\n",
            "class A {\n",
            "impl A {\n",
            "type A struct {\n",
            "export const f = (x) => {",
            "export default ",
            "}\n",
            "}",
            "{",
            ");\n",
            "(",
            "    todo!()\n",
            "  throw new Error('TODO');\n",
            "\tpanic(\"TODO\")\n",
            "    return 1;\n",
            "/// D.\n",
            "/** D. */\n",
            "/**\n * D.\n",
            " */\n",
            "// redraft: up\n",
            "// c\n",
            "/*",
            "#[a]\n",
            "@D\n",
            "use a::{b, c};\n",
            "import { a } from \"b\";\n",
            "#include <a.h>\n",
            "package a\n",
            "'a",
            "\"",
            "`",
            "\n",
            "    \n",
            "\t",
            "\r\n",
            "\r",
            "é😀",
            "\u{feff}",
            "\0",
            ";",
        ];
        prop_oneof![8 => proptest::sample::select(&PIECES[..]).prop_map(str::to_owned), 1 => "\\PC{0,6}"]
    }

    const IDS: [&str; 9] =
        ["rust", "typescript", "typescriptreact", "javascript", "go", "java", "c", "cpp", "csharp"];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

        /// Whatever the text and the range: no panic, what is offered is planned, regions at characters' starts.
        #[test]
        fn regions_are_always_sound(
            id in proptest::sample::select(&IDS[..]),
            pieces in prop::collection::vec(piece(), 0..24),
            ends in prop::array::uniform4(0usize..300),
        ) {
            let text = pieces.concat();
            let language = Language::by_id(id).unwrap();
            let mut fixture = Fixture::of(id, "");
            fixture.text = ropey::Rope::from_str(&text);
            fixture.tree = crate::syntax::parse(language, &fixture.text, None, crate::syntax::parse::tests::LIMIT).unwrap();
            let source = fixture.source();
            let range = ends[0]..ends[1];
            let diagnostic = Diagnostic { range: ends[2]..ends[3], message: "m".to_owned(), ..Diagnostic::default() };
            let query = Query { range: range.clone(), diagnostics: vec![diagnostic.clone()], ..Query::default() };
            for offer in list(&source, &query) {
                let made = plan(&source, &offer.action, offer.range.clone(), Some(&diagnostic), None);
                prop_assert!(made.is_ok(), "{} is offered and then refused: {:?}", offer.action, made);
            }
            for action in ACTIONS {
                let Ok(plan) = plan(&source, action, range.clone(), Some(&diagnostic), Some("do")) else { continue };
                let region = plan.region.clone();
                prop_assert!(region.start <= region.end && text.is_char_boundary(region.start) && text.is_char_boundary(region.end));
                prop_assert!(plan.form.base.chars().all(char::is_whitespace));
                if let Some(imports) = &plan.imports {
                    prop_assert!(imports.end < region.start || imports.start > region.end);
                }
                crate::prompt::render(&plan.prompt, &plan.base, &plan.inputs, &crate::context::Context::default()).unwrap();
                // And whatever an answer holds: the pieces in another order.
                let place = crate::draft::place::Place::new(source.text.clone(), source.tree.cloned(), language, region);
                let mut setup = crate::draft::clean::Setup::of(place, &plan.form);
                setup.hoist = true;
                let mut cleaner = crate::draft::clean::Cleaner::new(&plan.form, setup);
                for piece in pieces.iter().rev() {
                    cleaner.push(piece);
                }
                if let Ok(cleaned) = cleaner.finish() {
                    let way = language.importing.as_ref().unwrap();
                    let additions = crate::draft::imports::needed(way, &cleaned.imports, &cleaned.text, &|_| false);
                    let context = crate::draft::imports::Context::default();
                    let block = "";
                    let _ = crate::draft::imports::put(way, language, block, &additions, plan.form.eol, &context);
                }
            }
            let facts = crate::syntax::facts::extract(language, &text, &fixture.tree);
            prop_assert!(facts.is_sound(), "{text:?}");
        }
    }
}
