//! Complete as it is typed: from a cursor to a question, small enough to be answered before the next key.
//!
//! A model that fills in the middle gets the code around the cursor, any other a prompt (`prompts/inline.prompt.md`). The text before
//! the cursor begins at a line that stays the same while its user types on, so that what an engine has read of it is used again.

use std::ops::Range;

use super::Source;
use super::prepare::{PrepareError, checked, know_what_is_cut};
use crate::context::{self, Context};
use crate::model::{Fill, Request, Role, Tokens, Turn};
use crate::prompt::secret::Redactor;
use crate::prompt::{self, Inputs, Library};
use crate::syntax::{definition, lines};
use crate::workspace::view::View;

/// The prompt of models that do not fill.
const PROMPT: &str = "inline";

/// The first line that is shown is a multiple of this.
const STEP: usize = 20;

/// How much is asked, and of whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Bytes before the cursor, and behind it.
    pub before: usize,
    pub after: usize,
    /// Gathered context.
    pub context: Tokens,
    pub output: Tokens,
    /// The model fills in the middle.
    pub fills: bool,
    /// The likeliest answer is asked for.
    pub greedy: bool,
}

impl Room {
    /// For a model of this machine, which reads some hundred tokens in a second, or for one that reads at once.
    #[must_use]
    pub fn new(is_near: bool, fills: bool) -> Self {
        let (before, after, context, output) =
            if is_near { (700, 160, 60, 48) } else { (6_000, 2_000, 1_000, 128) };
        Self { before, after, context: Tokens(context), output: Tokens(output), fills, greedy: is_near }
    }
}

/// The context of a place, which stays while its user types there: it stands before all else, and an engine that has read it does not
/// read it again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Held {
    /// The line that what is shown begins at.
    line: usize,
    budget: Tokens,
    context: Context,
}

/// What is asked at a place, and its context, to be held for the next question there. The view is made where that is not held yet:
/// it costs the facts of the whole file.
///
/// # Errors
/// When the prompt cannot be rendered, or still looks as if it held a secret.
pub fn prepare<'v>(
    source: &Source<'_>,
    view: impl FnOnce() -> View<'v>,
    at: usize,
    room: Room,
    library: &Library,
    (recent, held): (&[String], Option<&Held>),
) -> Result<(Request, Held), PrepareError> {
    let shown = window(source, at, room);
    let line = lines::of(source.text, shown.start);
    let ask = context::Ask {
        text: source.text,
        focus: &shown,
        region: &(at..at),
        hint: "",
        recent,
        budget: room.context.0,
        least: context::WORTH,
    };
    let held = held.filter(|held| held.line == line && held.budget == room.context);
    let context = held.map_or_else(|| context::gather(&view(), &ask), |held| held.context.clone());
    let lf = |range: Range<usize>| lines::slice(source.text, &range).replace("\r\n", "\n");
    let (prefix, suffix) = (lf(shown.start..at), lf(at..shown.end));
    let mut redactor = Redactor::apart_from(&[&prefix, &suffix]);
    know_what_is_cut(source, &(shown.start..at), &mut redactor);
    know_what_is_cut(source, &(at..shown.end), &mut redactor);
    let request = Request {
        system: String::new(),
        turns: Vec::new(),
        prefill: None,
        fill: None,
        max_tokens: room.output,
        temperature: room.greedy.then_some(0.0),
        stop: Vec::new(),
    };
    let request = if room.fills {
        let texts = [context.render(source.language.comment), source.path.to_owned(), prefix, suffix];
        let [context, path, prefix, suffix] = texts.map(|text| redactor.redact(&text));
        Request { fill: Some(Fill { context, path, prefix, suffix }), ..request }
    } else {
        let rendered = told(source, at, (prefix, suffix), &context, library)?;
        let turn = Turn { role: Role::User, text: redactor.redact(&rendered.user) };
        Request { system: redactor.redact(&rendered.system), turns: vec![turn], ..request }
    };
    checked(&request)?;
    Ok((request, Held { line, budget: room.context, context }))
}

fn told(
    source: &Source<'_>,
    at: usize,
    (before, after): (String, String),
    context: &Context,
    library: &Library,
) -> Result<prompt::Rendered, PrepareError> {
    let built_in = Library::built_in();
    let prompt = library.get(PROMPT).or_else(|| built_in.get(PROMPT)).expect("it is built in");
    let names = definition::around(source, &(at..at));
    let inputs = Inputs {
        language: source.language.name.to_owned(),
        fence: source.language.fence.to_owned(),
        comment: source.language.comment.to_owned(),
        path: source.path.to_owned(),
        name: super::plan::qualified(&names),
        before,
        after,
        ..Inputs::default()
    };
    Ok(prompt::render(prompt, prompt, &inputs, context)?)
}

/// What is shown around the cursor, in whole lines.
fn window(source: &Source<'_>, at: usize, room: Room) -> Range<usize> {
    let text = source.text;
    let line = lines::of(text, at);
    let fits = |first: &usize| at - lines::start(text, *first) <= room.before;
    // Each line has a byte at least: none further above fits.
    let first = (line.saturating_sub(room.before)..=line).filter(|first| first % STEP == 0).find(fits);
    let whole = |byte: usize| text.char_to_byte(text.byte_to_char(byte + 3).min(text.byte_to_char(at)));
    let cut = lines::start(text, line).max(at.saturating_sub(room.before));
    let start = first.map_or_else(
        || if cut == lines::start(text, line) { cut } else { whole(cut) },
        |first| lines::start(text, first),
    );
    let last = lines::count(text).saturating_sub(1).max(line);
    let ends = (line..=last).map(|line| lines::end(text, line));
    let end = ends.take_while(|end| end.saturating_sub(at) <= room.after).last();
    start..end.unwrap_or(at).max(at)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::syntax::fixture::Fixture;
    use crate::workspace::Index;

    fn asked(marked: &str, room: Room) -> Request {
        let fixture = Fixture::new(marked);
        let source = fixture.source();
        let index = Index::default();
        let facts = Arc::new(crate::syntax::facts::extract(
            source.language,
            &source.text.to_string(),
            source.tree.unwrap(),
        ));
        let view = || View::new(&index, None, source.language, source.path, facts);
        prepare(&source, view, fixture.range.start, room, &Library::built_in(), (&[], None)).unwrap().0
    }

    #[test]
    fn a_model_that_fills_gets_what_is_around() {
        let request = asked("def f(x):\r\n    ret$0\r\n\r\ny = f(1)\r\n", Room::new(true, true));
        let fill = request.fill.unwrap();
        assert_eq!((fill.prefix.as_str(), fill.suffix.as_str()), ("def f(x):\n    ret", "\n\ny = f(1)\n"));
        assert_eq!((request.turns.len(), request.temperature, request.system.as_str()), (0, Some(0.0), ""));
    }

    #[test]
    fn any_other_is_told_what_to_do() {
        let request = asked("def f(x):\n    ret$0\n", Room::new(false, false));
        assert!(request.fill.is_none() && request.system.starts_with("You complete code"));
        assert!(
            request.turns[0].text.ends_with("```python\ndef f(x):\n    ret<<here>>\n\n```"),
            "{}",
            request.turns[0].text
        );
    }

    #[test]
    fn what_is_shown_begins_at_the_same_line_while_one_types() {
        let head: String = (0..300).map(|n| format!("x{n} = {n}\n")).collect();
        let start = |more: &str| {
            asked(&format!("{head}{more}$0\n"), Room::new(true, true)).fill.unwrap().prefix[..8].to_owned()
        };
        assert_eq!(start("y"), start("y = f(1, 2, 3)"));
        let long = asked(&format!("x = '{}é$0'\n", "é".repeat(5_000)), Room::new(true, true)).fill.unwrap();
        assert!(long.prefix.len() <= 700 && long.prefix.ends_with('é'));
    }

    #[test]
    fn a_key_that_the_cursor_or_the_edge_cuts_stays_here() {
        let line = "MIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn5Vn1cXU9q\n";
        let key = |before: usize, after: usize| {
            let (above, below) = (line.repeat(before), line.repeat(after));
            format!(
                "K = '''-----BEGIN RSA PRIVATE KEY-----\n{above}$0{below}-----END RSA PRIVATE KEY-----\n'''\n"
            )
        };
        for (before, after) in [(2, 2), (45, 3), (3, 45)] {
            for fills in [true, false] {
                let request = asked(&key(before, after), Room::new(true, fills));
                assert!(!format!("{request:?}").contains("MIIEpAIBAAK"), "{before} {after} {request:?}");
            }
        }
    }

    #[test]
    fn secrets_stay_here() {
        let key = format!("sk-{}", "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5bC7dE9f");
        let request = asked(&format!("api_key = '{key}'\ny = $0\n"), Room::new(true, true));
        assert!(!format!("{request:?}").contains(&key));
    }
}
