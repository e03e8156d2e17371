//! What is offered where, and what each action may replace, as data.

mod hostile;
mod languages;

use super::{Diagnostic, Offer, Plan, PlanError, Query};
use crate::prompt::Library;
use crate::syntax::Source;
use crate::syntax::{fixture::Fixture, lines};
use crate::workspace::Index;

fn list(source: &Source<'_>, query: &Query) -> Vec<Offer> {
    super::list(source, query, &Library::built_in(), &Index::default())
}

fn plan(
    source: &Source<'_>,
    action: &str,
    range: std::ops::Range<usize>,
    diagnostic: Option<&Diagnostic>,
    instruction: Option<&str>,
) -> Result<Plan, PlanError> {
    let input = std::collections::BTreeMap::new();
    let order = super::Order { action, range: &range, diagnostic, instruction, input: &input };
    super::plan(source, &Library::built_in(), &order)
}

/// One action for each thing that can be replaced: others replace the same, and have cases of their own (`prompts/tests`).
const ACTIONS: [&str; 8] =
    ["fix", "implement", "rewrite", "docstring", "test", "simplify", "complete", "generate"];

/// The text with the region in «» and the import block in ‹›, then lead, base and shape's first word.
fn show(fixture: &Fixture, plan: &Plan) -> String {
    let mut marks = vec![(plan.region.start, 1, "«"), (plan.region.end, 2, "»")];
    if let Some(imports) = &plan.imports {
        marks.extend([(imports.start, 1, "‹"), (imports.end, 2, "›")]);
    }
    marks.sort();
    let mut text = fixture.text.to_string();
    for (at, _, mark) in marks.into_iter().rev() {
        text.insert_str(at, mark);
    }
    let shape = format!("{:?}", plan.form.shape);
    let shape: String = shape.chars().take_while(|ch| ch.is_alphanumeric()).collect();
    format!("{text}| {:?} {:?} {shape}", plan.form.lead, plan.form.base)
}

fn check_with(fixture: &str, action: &str, instruction: Option<&str>, want: &str) {
    let fixture = Fixture::new(fixture);
    let diagnostic =
        Diagnostic { range: fixture.range.clone(), message: "bad".to_owned(), ..Diagnostic::default() };
    let plan = plan(&fixture.source(), action, fixture.range.clone(), Some(&diagnostic), instruction);
    let got = match &plan {
        Ok(plan) => show(&fixture, plan),
        Err(error) => format!("{error:?}").split([' ', '(']).next().unwrap_or_default().to_owned(),
    };
    assert_eq!(got, want, "{action} on\n{}", fixture.text);
}

fn check(action: &str, cases: &[(&str, &str)]) {
    for (fixture, want) in cases {
        check_with(fixture, action, None, want);
    }
}

/// The offers' actions and titles.
fn offers(fixture: &str, query: Query) -> Vec<String> {
    let fixture = Fixture::new(fixture);
    let query = Query { range: fixture.range.clone(), ..query };
    list(&fixture.source(), &query)
        .into_iter()
        .filter(|offer| ACTIONS[..5].contains(&offer.action.as_str()))
        .map(|offer| format!("{}: {}", offer.action, offer.title))
        .collect()
}

#[test]
fn a_body_is_replaced() {
    check(
        "implement",
        &[
            (
                "import os\n\ndef f(x):\n    pass$0\n",
                "‹import os›\n\ndef f(x):«\n    pass»\n| \"\\n\" \"    \" Body",
            ),
            (
                "class A:\r\n\tdef f(self): ...$0\r\n",
                "‹›class A:\r\n\tdef f(self):« ...»\r\n| \"\\r\\n\" \"\\t\\t\" Body",
            ),
            ("def f():$0", "‹›def f():«»| \"\\n\" \"    \" Body"),
            (
                "@overload\ndef f(x: int): ...$0\n",
                "‹›@overload\ndef f(x: int):« ...»\n| \"\\n\" \"    \" Body",
            ),
            ("def f():\n    return 1$0\n", "NoStub"),
            ("$0", "NoStub"),
        ],
    );
}

#[test]
fn a_selection_is_replaced() {
    check(
        "rewrite",
        &[
            ("# redraft: up\n$1x = 1$2\n", "‹›# redraft: up\n«x = 1»\n| \"\" \"\" Block"),
            (
                "if a:\n    # Redraft: up\n    # and away\n\n    $1b\n    c\n\n$2d\n",
                "‹›if a:\n    # Redraft: up\n    # and away\n\n«    b\n    c»\n\nd\n| \"\" \"    \" Block",
            ),
            (
                "$1    # redraft: up\n    x = 1\n    y = 2$2\n",
                "‹›    # redraft: up\n«    x = 1\n    y = 2»\n| \"\" \"    \" Block",
            ),
            ("#redraft: up\nx = f($1a, b$2)\n", "‹›#redraft: up\nx = f(«a, b»)\n| \"\" \"\" Block"),
            ("# redraft: up\nx = f($1a,\n b$2)\n", "‹›# redraft: up\n«x = f(a,\n b)»\n| \"\" \"\" Block"),
            ("\u{feff}$1# redraft: up\nx = 1\n$2", "\u{feff}‹›# redraft: up\n«x = 1»\n| \"\" \"\" Block"),
            (
                "# redraft: up\r\n$1\tx = '''\r\n a'''\r\n\ty\r\n$2",
                "‹›# redraft: up\r\n«\tx = '''\r\n a'''\r\n\ty»\r\n| \"\" \"\\t\" Block",
            ),
            ("# redraft: up\n$1import os\n$2x", "# redraft: up\n«import os»\nx| \"\" \"\" Block"),
            ("# redraft: up\n$1x$2", "‹›# redraft: up\n«x»| \"\" \"\" Block"),
            ("# up\n$1x$2\n", "NoInstruction"),
            ("# redraft:\n$1x$2\n", "NoInstruction"),
            ("# redraft: up\ny\n$1x$2\n", "NoInstruction"),
            ("$1# redraft: up\n$2x\n", "NothingSelected"),
            ("# redraft: up\n$1 \n \n$2x\n", "NothingSelected"),
            ("# redraft: up\n$0x\n", "NothingSelected"),
        ],
    );
    let fixture = Fixture::new("a\n# about x\n# redraft: make it\n#  two lines \n\n$1x = 1$2\n");
    let plan = plan(&fixture.source(), "rewrite", fixture.range.clone(), None, None).unwrap();
    assert_eq!(plan.inputs.instruction.as_deref(), Some("make it two lines"));
}

#[test]
fn a_docstring_is_replaced_or_inserted() {
    check(
        "docstring",
        &[
            ("def f():$0\n    return 1\n", "‹›def f():«»\n    return 1\n| \"\\n\" \"    \" Docstring"),
            (
                "def f():\n  'Old.'\n  retu$0rn 1\n",
                "‹›def f():\n«  'Old.'»\n  return 1\n| \"\" \"  \" Docstring",
            ),
            (
                "class A:  # c\n\n    x = $01\n",
                "‹›class A:  # c«»\n\n    x = 1\n| \"\\n\" \"    \" Docstring",
            ),
            (
                "class A:\n    \"\"\"O$0ld.\n    \"\"\"\n    def f(self): pass\n",
                "‹›class A:\n«    \"\"\"Old.\n    \"\"\"»\n    def f(self): pass\n| \"\" \"    \" Docstring",
            ),
            (
                "class A:\n    def f(self):\n        x$0\n",
                "‹›class A:\n    def f(self):«»\n        x\n| \"\\n\" \"        \" Docstring",
            ),
            ("def f(): pa$0ss\n", "OneLine"),
            ("def f(): 'do$0c'\n", "OneLine"),
            ("x = 1$0\n", "NoDefinition"),
        ],
    );
}

#[test]
fn a_diagnostic_takes_its_statement() {
    let long: String = (0..50).map(|n| format!("    x{n} = {n}\n")).collect();
    check(
        "fix",
        &[
            ("def f():\n    x = $1a$2 + b  # c\n", "‹›def f():\n«    x = a + b  # c»\n| \"\" \"    \" Block"),
            ("x = f(\n  $1a$2,\n)\ny", "«x = f(\n  a,\n)»\ny| \"\" \"\" Block"),
            ("if $1a$2:\n    b\n", "«if a:\n    b»\n| \"\" \"\" Block"),
            ("$1import os$2\n", "«import os»\n| \"\" \"\" Block"),
            ("a = 1; b = $1c$2; d\n", "«a = 1; b = c; d»\n| \"\" \"\" Block"),
            ("\n$0\n", "NoStatement"),
        ],
    );
    check_with(
        &format!("def f(a: $1Foo$2):\n{long}"),
        "fix",
        None,
        &format!("«def f(a: Foo):»\n{long}| \"\" \"\" Block"),
    );
}

#[test]
fn an_instruction_writes_code() {
    for (fixture, want) in [
        ("$0", "«»| \"\" \"\" Block"),
        ("\u{feff}$0", "\u{feff}«»| \"\" \"\" Block"),
        // Behind the last line end: the file ends with one afterwards, too.
        ("x = 1\n$0", "‹›x = 1«»\n| \"\\n\" \"\" Block"),
        ("x = 1\r\n\r\n$0", "‹›x = 1\r\n«»\r\n| \"\\r\\n\" \"\" Block"),
        ("if a:\n$0", "‹›if a:«»\n| \"\\n\" \"    \" Block"),
        ("x = 1\n\n    $0  \n\ny", "‹›x = 1\n\n«      »\n\ny| \"\" \"      \" Block"),
        ("if a:\n$0\ny", "‹›if a:\n«»\ny| \"\" \"    \" Block"),
        ("if a:  # c\n\tb\n$0\n\tc\n", "‹›if a:  # c\n\tb\n«»\n\tc\n| \"\" \"\\t\" Block"),
        (
            "def f():\n    return 1\n\n$0\n\nx = 1\n",
            "‹›def f():\n    return 1\n\n«»\n\nx = 1\n| \"\" \"\" Block",
        ),
        ("x = $01  # c\ny\n", "‹›x = 1  # c«»\ny\n| \"\\n\" \"\" Block"),
        ("if a:$0\n  b\n", "‹›if a:«»\n  b\n| \"\\n\" \"  \" Block"),
        ("x = f($0\n  a,\n)\ny\n", "‹›x = f(\n  a,\n)«»\ny\n| \"\\n\" \"\" Block"),
        ("if a:\n  # c$0\n  b\n", "‹›if a:\n  # c«»\n  b\n| \"\\n\" \"  \" Block"),
        ("def f():\n    pass$0\n", "‹›def f():«\n    pass»\n| \"\\n\" \"    \" Body"),
        ("def f():\n    ...\n\n\n$0\n", "‹›def f():\n    ...\n\n\n«»\n| \"\" \"\" Block"),
        ("def f():\n\n\n$0\n", "‹›def f():\n\n\n«»\n| \"\" \"    \" Block"),
        ("$1x = 1$2\n", "«x = 1»\n| \"\" \"\" Block"),
        ("x = '''\n$0\n'''\n", "InString"),
    ] {
        check_with(fixture, "generate", Some("do it"), want);
    }
    check_with("x$0", "generate", None, "EmptyInstruction");
    check_with("$1x$2", "generate", Some("  "), "EmptyInstruction");
    check_with("# redraft: add\n$0", "generate", None, "# redraft: add«»\n| \"\\n\" \"\" Block");
    check_with("x$0", "dance", None, "Unknown");
}

#[test]
fn what_fits_is_offered() {
    let all = Query::default;
    for (fixture, want) in [
        ("def f():\n    pass$0\n", vec!["implement: Implement `f`", "docstring: Write a docstring of `f`"]),
        (
            "def f():\n    'D'\n    return 1$0\n",
            vec!["docstring: Rewrite the docstring of `f`", "test: Write tests for `f`"],
        ),
        ("@overload\ndef f(): ...$0\n", vec![]),
        ("# redraft: up\n$1x = 1$2\n", vec!["rewrite: Rewrite: up"]),
        ("# redraft: up\n$0x = 1\n", vec![]),
        ("x = 1$0\n", vec![]),
        ("", vec![]),
    ] {
        assert_eq!(offers(fixture, all()), want, "{fixture}");
    }
}

/// What a user sees who asks for all that can be done: no more than a menu has room for.
#[test]
fn menus_hold_what_fits_and_no_more() {
    let names = |text: &str, only: &[&str]| -> String {
        let fixture = Fixture::new(text);
        let only = only.iter().map(|&kind| kind.to_owned()).collect();
        let query = Query { range: fixture.range.clone(), only, ..Query::default() };
        let offers = list(&fixture.source(), &query);
        offers.into_iter().map(|offer| offer.action).collect::<Vec<_>>().join(" ")
    };
    for (text, expected) in [
        ("def f():\n    pass$0\n", "implement docstring explain complete"),
        (
            "def f():\n    return 1$0\n",
            "simplify type-hints error-handling logging async clear-names docstring test integration-test explain complete",
        ),
        (
            "def f():\n$1    return 1$2\n",
            "simplify type-hints error-handling logging extract async clear-names docstring test integration-test explain",
        ),
        ("# do it$0\n", "comment complete"),
        ("x = 1$0\n", "complete"),
    ] {
        assert_eq!(names(text, &[]), expected, "{text}");
    }
    // New modules are asked for by their kind: as VS Code does it for "Source Action …".
    let components = "circuit-breaker retry redis neo4j fastapi validation agents async-tools";
    assert_eq!(names("$0\n", &["source"]), components);
    assert_eq!(names("$0\n", &["source.redraft.component.redis"]), "redis");
    assert_eq!(names("def f():\n    x = 1$0\n", &["source"]), "");
}

#[test]
fn only_and_the_trigger_are_honoured() {
    let stub = "def f():\n    pass$0\n";
    let only = |kinds: &[&str]| Query {
        only: kinds.iter().map(|&kind| kind.to_owned()).collect(),
        ..Query::default()
    };
    for (kinds, count) in [
        (&[""][..], 2),
        (&["refactor"], 2),
        (&["refactor.rewrite"], 2),
        (&["refactor.rewrite.redraft"], 2),
        (&["refactor.rewrite.redraft.implement"], 1),
        (&["refactor.rewrite.redraft.impl"], 0),
        (&["refactor.rewrite.redraft.implement.now"], 0),
        (&["refactor.extract", "quickfix"], 0),
        (&["source.organizeImports"], 0),
        (&["quickfix", "refactor.rewrite.redraft.docstring"], 1),
    ] {
        assert_eq!(offers(stub, only(kinds)).len(), count, "{kinds:?}");
    }
    let automatic = Query { automatic: true, ..Query::default() };
    assert_eq!(offers("def f():\n    return 1$0\n", automatic.clone()), [""; 0]);
    assert_eq!(offers("def f():$0\n    return 1\n", automatic), ["docstring: Write a docstring of `f`"]);
}

#[test]
fn each_diagnostic_is_offered_a_fix() {
    let say =
        |range, message: &str| Diagnostic { range, message: message.to_owned(), ..Diagnostic::default() };
    let long = "m".repeat(100);
    let query = Query {
        diagnostics: vec![say(0..1, "undefined name `a`\nmore"), say(6..7, "elsewhere"), say(0..5, &long)],
        ..Query::default()
    };
    let got = offers("$0a = b\n\nc\n", query);
    assert_eq!(got, ["fix: Fix: undefined name `a`".to_owned(), format!("fix: Fix: {}…", "m".repeat(60))]);
}

#[test]
fn prompts_get_code_without_its_indentation() {
    let text =
        "class A:\r\n    @deco\r\n    def f(self):\r\n        'D.'\r\n        # how\r\n        pass$0\r\n";
    let fixture = Fixture::new(text);
    let plan = plan(&fixture.source(), "implement", fixture.range.clone(), None, Some("go")).unwrap();
    assert_eq!(plan.inputs.opening.as_deref(), Some("@deco\ndef f(self):\n    'D.'\n    # how"));
    assert_eq!(plan.inputs.function.as_deref(), Some("@deco\ndef f(self):\n    'D.'\n    # how\n    pass"));
    assert_eq!(plan.inputs.name.as_deref(), Some("A.f"));
    assert!(plan.inputs.method);
    assert_eq!(plan.inputs.instruction.as_deref(), Some("go"));
    assert_eq!(
        lines::slice(&fixture.text, &plan.focus),
        "@deco\r\n    def f(self):\r\n        'D.'\r\n        # how\r\n        pass"
    );
}
