//! Files that are cut, huge or not parsed, and random Python: nothing breaks, and what is planned stays where it may be.

use super::*;

#[test]
fn without_a_tree_nothing_breaks() {
    let fixture = Fixture::new("def f():\n    pass$0\n");
    let source = Source { tree: None, ..fixture.source() };
    let query = Query { range: fixture.range.clone(), ..Query::default() };
    assert_eq!(list(&source, &query), []);
    assert!(matches!(plan(&source, "implement", 0..0, None, None), Err(PlanError::NoTree { .. })));
    assert!(plan(&source, "generate", 0..0, None, Some("x")).is_ok());
}

#[test]
fn hostile_files_are_answered() {
    let limit = std::time::Duration::from_millis(500);
    for text in [
        "(".repeat(30_000),
        format!("x = '{}'\n", "a ".repeat(2_000_000)),
        format!("def f():\n    '''{}'''\n", "d\n".repeat(200_000)),
        "class A:\n".to_owned() + &"    def f(self): ...\n".repeat(20_000),
        (0..300).map(|n| format!("{}def f():\n", " ".repeat(n))).collect(),
        "\n".repeat(300_000),
        "\0".repeat(100_000),
    ] {
        let mut fixture = Fixture::new("");
        fixture.text = ropey::Rope::from_str(&text);
        let language = fixture.source().language;
        let Some(tree) = crate::syntax::parse(language, &fixture.text, None, limit) else { continue };
        fixture.tree = tree;
        let source = fixture.source();
        for range in [5..5, 0..text.len(), text.len()..text.len()] {
            let diagnostic = Diagnostic { range: range.clone(), ..Diagnostic::default() };
            let query = Query { range, diagnostics: vec![diagnostic.clone()], ..Query::default() };
            let _ = list(&source, &query);
            for action in ACTIONS {
                let plan = plan(&source, action, query.range.clone(), Some(&diagnostic), Some("go"));
                let Ok(plan) = plan else { continue };
                let facts = crate::syntax::facts::extract(language, &text, &fixture.tree);
                let index = crate::workspace::Index::default();
                let view = crate::workspace::view::View::new(&index, None, language, "a.py", facts.into());
                let ask = crate::context::Ask {
                    text: &fixture.text,
                    focus: &plan.focus,
                    region: &plan.region,
                    hint: "",
                    recent: &[],
                    budget: 1_000,
                    least: 0.0,
                };
                let context = crate::context::gather(&view, &ask);
                assert!(context.tokens() <= 1_000);
                let rendered =
                    crate::prompt::render(&plan.prompt, &plan.base, &plan.inputs, &context).unwrap();
                assert!(rendered.user.len() < 100_000, "{} on {text:.20}", action);
            }
        }
    }
}

mod random {
    use proptest::prelude::*;

    use super::*;

    /// Pieces of Python, good and bad, that are put together at random.
    fn piece() -> impl Strategy<Value = String> {
        const PIECES: [&str; 41] = [
            "def f(x):\n",
            "    pass\n",
            "    ...\n",
            "class A:\n",
            "    def g(self): ...\n",
            "\n",
            "    \n",
            "import os\n",
            "from a import (b,\n  c)\n",
            "# redraft: up\n",
            "'''",
            "\"\"\"D.\"\"\"\n",
            "    '''D'''\n",
            "\t",
            "\r\n",
            "\r",
            "(",
            ")",
            ":",
            "@d\n",
            "async ",
            "x = 1\n",
            "é😀",
            "\u{feff}",
            "        return 1\n",
            "if x:\n",
            "else:\n",
            "\\\n",
            "; ",
            "\0",
            "lambda: 0\n",
            "\u{2028}",
            "\x0c",
            "def ",
            "raise NotImplementedError\n",
            "@overload\n",
            "try:\n",
            "except E:\n",
            "f'{x}'\n",
            "from __future__ import annotations\n",
            "  # c\n",
        ];
        prop_oneof![6 => proptest::sample::select(&PIECES[..]).prop_map(str::to_owned), 1 => "\\PC{0,6}"]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

        /// Whatever the text and the range: no panic, regions inside the text at characters' starts, apart from the imports.
        #[test]
        fn regions_are_always_sound(pieces in prop::collection::vec(piece(), 0..24), ends in prop::array::uniform4(0usize..400)) {
            let text = pieces.concat();
            let mut fixture = Fixture::new("");
            fixture.text = ropey::Rope::from_str(&text);
            fixture.tree = crate::syntax::parse(Language::by_id("python").unwrap(), &fixture.text, None, crate::syntax::parse::tests::LIMIT).unwrap();
            let source = fixture.source();
            let range = ends[0]..ends[1];
            let diagnostic = Diagnostic { range: ends[2]..ends[3], message: "m".to_owned(), ..Diagnostic::default() };
            let query = Query { range: range.clone(), diagnostics: vec![diagnostic.clone()], ..Query::default() };
            for offer in list(&source, &query) {
                // What is planned elsewhere needs no plan here.
                if ["test", "integration-test"].contains(&offer.action.as_str()) {
                    continue;
                }
                let made = plan(&source, &offer.action, offer.range.clone(), Some(&diagnostic), None);
                prop_assert!(made.is_ok(), "{} is offered and then refused: {:?}", offer.action, made);
            }
            for action in ACTIONS {
                let Ok(plan) = plan(&source, action, range.clone(), Some(&diagnostic), Some("do")) else { continue };
                let region = plan.region;
                prop_assert!(region.start <= region.end && text.is_char_boundary(region.start) && text.is_char_boundary(region.end));
                prop_assert!(plan.form.base.chars().all(char::is_whitespace));
                if plan.form.lead.is_empty() && !plan.form.base.is_empty() {
                    prop_assert!(region.start == 0 || text[..region.start].ends_with(['\n', '\r', '\u{feff}']), "{:?} {region:?}", text);
                }
                if let Some(imports) = plan.imports {
                    prop_assert!(imports.end < region.start || imports.start > region.end);
                    prop_assert!(text.is_char_boundary(imports.start) && text.is_char_boundary(imports.end));
                }
                crate::prompt::render(&plan.prompt, &plan.base, &plan.inputs, &crate::context::Context::default()).unwrap();
            }
        }
    }

    use crate::syntax::Language;
}
