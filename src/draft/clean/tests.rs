//! What becomes of answers: rows of them, and what must hold for all however they are cut.

use proptest::prelude::*;

use super::*;
use crate::draft::place::Place;
use crate::text::{eol::Eol, indent::Indent};

fn form(shape: Shape) -> Form {
    let lead = if shape == Shape::Block { "" } else { "\n" };
    Form { shape, lead: lead.to_owned(), base: "    ".to_owned(), unit: Indent::Spaces(4), eol: Eol::Lf }
}

fn body() -> Form {
    form(Shape::Body { name: "f".to_owned(), docstring: Some("\"\"\"Do.\"\"\"".to_owned()) })
}

/// Files, and the place in them that is written: a function's body, a class's end.
const FILE: &str = "known = 1\n\n\ndef f(x):\n    \"\"\"Do.\"\"\"\n    # TODO: write\n    pass\n";

const CLASS: &str = "class B:\n    rate = 1\n\n    def f(self):\n        return self.rate\n\n    pass\n";

fn setup(form: &Form) -> Setup {
    setup_in(FILE, form)
}

fn setup_in(file: &str, form: &Form) -> Setup {
    let text = ropey::Rope::from_str(file);
    let language = crate::syntax::Language::by_id("python").unwrap();
    let tree = crate::syntax::parse(language, &text, None, std::time::Duration::from_secs(20));
    let region = file.find("\n    pass").unwrap()..file.len() - 1;
    let opening = file[file.find("def f").unwrap()..region.start].to_owned();
    let place = Place::new(text, tree, language, region);
    Setup { hoist: true, opening, name: "f".to_owned(), ..Setup::of(place, form) }
}

fn cleaned(form: &Form, answer: &str) -> Result<Cleaned, CleanError> {
    let mut cleaner = Cleaner::new(form, setup(form));
    cleaner.push(answer);
    cleaner.finish()
}

const FULL: &str = r#"Sure, here it is:

```python
import os


def f(x):
    """Do."""
    # TODO: write
    y = os.path.join(x)

    return y


print(f(1))
```
It joins."#;

#[test]
fn answers_become_what_the_region_holds() {
    let function = "```python\ndef f(x):\n    \"\"\"Do it.\"\"\"\n```";
    for (form, answer, text, imports) in [
        (body(), FULL, "\n    y = os.path.join(x)\n\n    return y", vec!["import os"]),
        (body(), "return x", "\n    return x", vec![]),
        (
            body(),
            "def half(y):\n    return y / 2\n\ndef f(x):\n    return half(x)",
            "\n\n    def half(y):\n        return y / 2\n\n    return half(x)",
            vec![],
        ),
        (body(), "def f(x):\n    return RATE * x\n\nRATE = 3", "\n    RATE = 3\n    return RATE * x", vec![]),
        (form(Shape::Block), "```\nfrom a import b\nx = b()\n```", "    x = b()", vec!["from a import b"]),
        (form(Shape::Block), "import os", "    import os", vec![]),
        (form(Shape::Block), "<<the part to rewrite>>\nx = 1", "    x = 1", vec![]),
        (form(Shape::Docstring), function, "\n    \"\"\"Do it.\"\"\"", vec![]),
        (form(Shape::Docstring), "This does it.", "\n    \"\"\"This does it.\"\"\"", vec![]),
    ] {
        let cleaned = cleaned(&form, answer).unwrap();
        let imports: Vec<String> = imports.into_iter().map(str::to_owned).collect();
        assert_eq!((cleaned.text.as_str(), cleaned.imports), (text, imports), "{answer:?}");
    }
}

#[test]
fn an_answer_without_a_draft_is_told() {
    for (form, answer, error) in [
        (body(), "", CleanError::NoCode),
        (body(), "I am sorry, I cannot do that.", CleanError::NoCode),
        (body(), "def g(x):\n    return x", CleanError::NoBody),
        (body(), "```python\n```", CleanError::NoCode),
        (
            body(),
            "COUNT = 0\n\ndef f(x):\n    global COUNT\n    COUNT += x",
            CleanError::Outside("COUNT".to_owned()),
        ),
        (body(), "def f(x, y):\n    return x + y", CleanError::Parameter("y".to_owned())),
        (body(), "async def f(x):\n    return await x", CleanError::Async),
        (
            body(),
            "class A:\n    def f(self):\n        return 1\n\nclass B:\n    def f(self):\n        return 2",
            CleanError::Ambiguous("f".to_owned()),
        ),
        (form(Shape::Docstring), "def f(x):\n    return x", CleanError::NoDocstring),
    ] {
        assert_eq!(cleaned(&form, answer), Err(error), "{answer:?}");
    }
}

#[test]
fn line_ends_and_leads_are_the_files() {
    let form =
        Form { lead: "\r\n".to_owned(), eol: Eol::CrLf, base: "\t".to_owned(), unit: Indent::Tab, ..body() };
    let answer = "def f(x):\r\n    if x:\r\n        return 1\r\n    return 2\r\n";
    assert_eq!(cleaned(&form, answer).unwrap().text, "\r\n\tif x:\r\n\t\treturn 1\r\n\treturn 2");
}

const PARTS: [&str; 18] = [
    "```python\n",
    "```\n",
    "def f(x):\n",
    "    \"\"\"Do.\"\"\"\n",
    "    x = 'é😀'\n",
    "import os\n",
    "\n",
    "Sure, here it is:\n",
    "    if x:\r\n        y\r\n",
    "    s = '''\n",
    "x'''\n",
    "<think>\nwhat\n</think>\n",
    "class A:\n    def f(self):\n",
    "print(f(1))",
    "def half(y):\n    return y\n\n",
    "    return half(x)\n",
    "class B:\n    rate = 1\n\n",
    "~~~diff\n-    pass\n+    return x\n~~~\n",
];

proptest! {
    /// Where the stream was cut makes no difference, and what was told line by line is the beginning of the whole.
    #[test]
    fn cuts_make_no_difference(
        parts in proptest::collection::vec(proptest::sample::select(&PARTS[..]), 0..12),
        cuts in proptest::collection::vec(0usize..400, 0..8),
    ) {
        let answer = parts.concat();
        let forms = [body(), form(Shape::Block), form(Shape::Docstring), form(Shape::File)];
        for (form, file) in forms.iter().map(|form| (form, FILE)).chain([(&form(Shape::Block), CLASS)]) {
            let mut cleaner = Cleaner::new(form, setup_in(file, form));
            cleaner.push(&answer);
            let whole = cleaner.finish();
            let mut cleaner = Cleaner::new(form, setup_in(file, form));
            let mut told = Vec::new();
            let fits = |at: &usize| *at <= answer.len() && answer.is_char_boundary(*at);
            let mut cuts: Vec<usize> = cuts.iter().copied().filter(fits).collect();
            cuts.push(answer.len());
            cuts.sort_unstable();
            let mut from = 0;
            for to in cuts {
                told.extend(cleaner.push(&answer[from..to]));
                from = to;
            }
            let so_far = cleaner.so_far();
            prop_assert_eq!(&so_far, &cleaner.joined(&told));
            prop_assert_eq!(&cleaner.finish(), &whole);
            if let Ok(cleaned) = &whole {
                // These may have an answer read once more.
                let read_again = ["```", "~~~", "</think>", "def f", "half", "class"].iter().any(|mark| answer.contains(mark));
                let so_far = so_far.trim_end_matches(form.eol.as_str());
                prop_assert!(read_again || cleaned.text.starts_with(so_far), "{:?} {:?}", cleaned.text, so_far);
            }
        }
    }
}
