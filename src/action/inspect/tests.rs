//! What checkers offer to mend.

use ropey::Rope;

use super::*;
use crate::draft::form::Shape;
use crate::syntax::Language;

fn proposal(draft: &str) -> Proposal {
    let text = "x = 1\n\n\ndef f():\n    pass\n";
    let start = text.find("    pass").unwrap();
    Proposal {
        mends: None,
        text: Rope::from_str(text),
        tree: None,
        language: Language::by_id("python").unwrap(),
        region: start..start + "    pass".len(),
        shape: Shape::Body { name: "f".to_owned(), docstring: None },
        draft: draft.to_owned(),
        imports: None,
    }
}

/// A finding for each `bad` of the draft, which would be `good`.
fn look(overlay: &Overlay) -> Vec<Finding> {
    let text = overlay.after.text.to_string();
    let found = text.match_indices("bad").map(|(at, _)| {
        let finding = Finding::error("ruff", "X", at..at + 3, "bad");
        Finding { fix: vec![Edit::new(at..at + 3, "good")], ..finding }
    });
    found.collect()
}

#[tokio::test]
async fn what_is_safe_is_mended_where_that_helps() {
    for (draft, mended, left) in [
        ("    return bad", Some("    return good"), 0),
        ("    bad = 1\n    return bad", Some("    good = 1\n    return good"), 0),
        ("    return 1", None, 0),
    ] {
        let checked = inspect(proposal(draft), "a.py".to_owned(), look, None, None).await;
        assert_eq!((checked.mended.as_deref(), checked.findings.len()), (mended, left), "{draft}");
    }
}

#[tokio::test]
async fn a_mend_that_helps_not_or_breaks_the_file_is_left() {
    let useless = |_: &Overlay| {
        let finding = Finding::error("ruff", "X", 19..20, "always");
        vec![Finding { fix: vec![Edit::new(19..19, " ")], ..finding }]
    };
    let checked = inspect(proposal("    return 1"), "a.py".to_owned(), useless, None, None).await;
    assert_eq!((checked.mended, checked.findings.len()), (None, 1));
    let breaking = |overlay: &Overlay| {
        let end = overlay.draft.end;
        let fixed = overlay.after.text.to_string().contains("1(");
        let finding = Finding::error("ruff", "X", end - 1..end, "breaks");
        if fixed { Vec::new() } else { vec![Finding { fix: vec![Edit::new(end..end, "(")], ..finding }] }
    };
    let checked = inspect(proposal("    return 1"), "a.py".to_owned(), breaking, None, None).await;
    assert_eq!((checked.mended, checked.findings.len()), (None, 1));
    let elsewhere = |_: &Overlay| {
        let finding = Finding::error("ruff", "X", 0..1, "elsewhere");
        vec![Finding { fix: vec![Edit::new(0..1, "y")], ..finding }]
    };
    let checked = inspect(proposal("    return 1"), "a.py".to_owned(), elsewhere, None, None).await;
    assert_eq!((checked.mended, checked.findings.len()), (None, 1));
}

#[tokio::test]
async fn a_check_that_dies_is_told_of() {
    let dies = |_: &Overlay| -> Vec<Finding> { std::panic::resume_unwind(Box::new("dead")) };
    let checked = inspect(proposal("    return 1"), "a.py".to_owned(), dies, None, None).await;
    assert!(checked.unheard[0].contains("an error of Redraft's own"));
}

#[tokio::test]
async fn the_gates_are_asked_where_nothing_is_wrong() {
    let figures = Some(Figures { coverage: 70, mutation: 75 });
    let clean = |_: &Overlay| Vec::new();
    let class = "    class A:\n        pass\n    return A";
    for (draft, gates, asked, unheard) in
        [(class, figures, true, 1), (class, None, false, 0), ("    return bad", figures, false, 0)]
    {
        let is_bad = draft.contains("bad");
        let wrong = move |overlay: &Overlay| {
            let at = overlay.draft.clone();
            if is_bad { vec![Finding::error("names", "unbound", at, "bad")] } else { clean(overlay) }
        };
        let checked = inspect(proposal(draft), "a.py".to_owned(), wrong, None, gates).await;
        let is_asked = checked.asked.iter().any(|asked| asked == gates::SOURCE);
        assert_eq!((is_asked, checked.unheard.len()), (asked, unheard), "{draft}");
        assert_eq!(
            checked.findings.len(),
            usize::from(is_bad),
            "what is inside of a function is nobody else's"
        );
    }
}
