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
