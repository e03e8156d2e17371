//! What is refused of a template, told with its line: what a template writes is bounded, and what it computes is not; so nothing in its tags
//! makes more of a text than it was. The tags are found as minijinja's lexer finds them (its `compiler/lexer.rs`).

use minijinja::{Environment, ErrorKind};

use super::Mistake;
use crate::prompt::environment;

/// The longest tag, in bytes: what parses them calls itself for each part of an expression.
const LONGEST_TAG: usize = 2_000;

/// Tells what is wrong with a template that begins below line `above` of the file.
pub(super) fn is_template(text: &str, above: usize, mistakes: &mut Vec<Mistake>) {
    let environment = environment();
    let wrong = tags(text).find_map(|(at, inside)| {
        let length = "{{".len() + inside.len();
        let message = if length > LONGEST_TAG {
            format!("a tag has {length} bytes; at most {LONGEST_TAG} are read")
        } else if let Some(what) = multiplies(inside) {
            format!("{what} can make any text too large, and is not known in prompts")
        } else {
            unknown(&environment, inside)?
        };
        Some(Mistake::new(above + text[..at].matches('\n').count() + 1, message))
    });
    if wrong.is_some() {
        return mistakes.extend(wrong);
    }
    if let Err(error) = environment.template_from_str(text) {
        mistakes.push(Mistake::new(above + error.line().unwrap_or(1), format!("{error}")));
    }
}

/// The tags that are computed: where each begins, and what is in it.
fn tags(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let is_open =
                |start: &usize| ["{{", "{%", "{#"].iter().any(|open| text[*start..].starts_with(open));
            let start = text[at..].match_indices('{').map(|(found, _)| at + found).find(is_open)?;
            let rest = &text[start + 2..];
            let (length, is_computed) = match text.as_bytes()[start + 1] {
                b'#' => (rest.find("#}"), false),
                b'{' => (end(rest, "}}"), true),
                _ => match basic(rest, "raw") {
                    Some(opened) => (raw(&rest[opened..]).map(|length| opened + length), false),
                    None => (end(rest, "%}"), true),
                },
            };
            // What does not end goes on to the text's end.
            let length = length.unwrap_or(rest.len());
            at = (start + 2 + length + 2).min(text.len());
            if is_computed {
                return Some((start, &rest[..length]));
            }
        }
    })
}

/// Where a tag ends: at its mark, in no string and no bracket.
fn end(rest: &str, mark: &str) -> Option<usize> {
    let mut open = 0_i64;
    code(rest).find_map(|(at, ch)| {
        if open == 0 && rest[at..].starts_with(mark) {
            return Some(at);
        }
        open += i64::from(matches!(ch, '(' | '[' | '{')) - i64::from(matches!(ch, ')' | ']' | '}'));
        None
    })
}

/// The characters of a tag that are in no string.
fn code(tag: &str) -> impl Iterator<Item = (usize, char)> {
    let (mut quote, mut is_escaped) = (None, false);
    tag.char_indices().filter(move |(_, ch)| {
        let is_code = quote.is_none();
        match quote {
            _ if std::mem::take(&mut is_escaped) => {}
            Some(_) if *ch == '\\' => is_escaped = true,
            Some(open) if *ch == open => quote = None,
            None if matches!(ch, '"' | '\'') => quote = Some(*ch),
            _ => {}
        }
        is_code
    })
}

/// How long a tag of one word is, its end included, if it is this one.
fn basic(rest: &str, word: &str) -> Option<usize> {
    let signless = |text: &'_ str| text.strip_prefix(['-', '+']).map_or(text.len(), str::len);
    let inside = &rest[rest.len() - signless(rest)..];
    let behind = inside.trim_ascii_start().strip_prefix(word)?.trim_ascii_start();
    let behind = &behind[behind.len() - signless(behind)..];
    Some(rest.len() - behind.strip_prefix("%}")?.len())
}

/// Where the mark of the tag ends that ends what is raw.
fn raw(rest: &str) -> Option<usize> {
    rest.match_indices("{%").find_map(|(at, open)| {
        let behind = at + open.len();
        Some(behind + basic(&rest[behind..], "endraw")? - 2)
    })
}

/// What of a tag makes more of a text than it was, however often it is said.
fn multiplies(tag: &str) -> Option<&'static str> {
    let is_set = tag.trim_start_matches(['-', '+']).trim_start().starts_with("set");
    let found = code(tag).find_map(|(_, ch)| match ch {
        '~' => Some("`~`"),
        '*' => Some("`*`"),
        '[' | '{' if is_set => Some("a list in `set`"),
        _ => None,
    });
    if found.is_some() {
        return found;
    }
    let mut words = tag.trim_start_matches(['-', '+']).split_whitespace();
    match words.next() {
        Some("set") if !tag.contains('=') => Some("`set` without a value"),
        Some("filter") => Some("`filter`"),
        _ => None,
    }
}

/// What of a tag is no filter (`|name`) or test (`is name`): the engine would say so only to who runs the prompt.
fn unknown(environment: &Environment<'_>, tag: &str) -> Option<String> {
    let code: String = code(tag).map(|(_, ch)| ch).collect();
    let mut words = code.split(|ch: char| !(ch.is_alphanumeric() || ch == '_'));
    let fails = |expression: &str, kind| {
        let compiled = environment.compile_expression(expression).ok();
        compiled.and_then(|compiled| compiled.eval(()).err()).is_some_and(|error| error.kind() == kind)
    };
    let named = code.split('|').skip(1).map(|rest| {
        let rest = rest.trim_start();
        &rest[..rest.find(|ch: char| !(ch.is_alphanumeric() || ch == '_')).unwrap_or(rest.len())]
    });
    let filter = named
        .filter(|name| !name.is_empty())
        .find(|name| fails(&format!("''|{name}"), ErrorKind::UnknownFilter));
    let test = std::iter::from_fn(|| {
        words.by_ref().find(|word| *word == "is")?;
        words.find(|word| !["", "not"].contains(word))
    })
    .find(|name| fails(&format!("'' is {name}"), ErrorKind::UnknownTest));
    filter
        .map(|name| format!("there is no filter `{name}`"))
        .or(test.map(|name| format!("there is no test `{name}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_computed_is_looked_at_and_nothing_else() {
        for (text, inside) in [
            ("a", &[][..]),
            ("{{ a }}{% if b -%}{{c}}", &["{{ a ", "{% if b -", "{{c"]),
            ("{# {{ a ~ b }} #}{{ c }}", &["{{ c "]),
            ("{% raw %}{{ a ~ b }}{% if %}{%- endraw +%}{{ c }}", &["{{ c "]),
            ("{%- raw -%}{{ a }}{% endraws %}{% endraw %}{{ c }}", &["{{ c "]),
            ("{% raws %}{{ a }}", &["{% raws ", "{{ a "]),
            ("{{ \"}}\" ~ a }}{{ '\\'}}' }}", &["{{ \"}}\" ~ a ", "{{ '\\'}}' "]),
            ("{{ {'a': {'b': 1}} ~ a }}", &["{{ {'a': {'b': 1}} ~ a "]),
            ("{{ ) }} ~ a }}", &["{{ ) }} ~ a }}"]),
            ("{ {a {{{ b }}", &["{{{ b }}"]),
            ("{{ a", &["{{ a"]),
            ("{# a", &[]),
            ("{% raw %}{{ a }}", &[]),
            ("é{{ é }}é", &["{{ é "]),
        ] {
            let found: Vec<&str> = tags(text).map(|(at, inside)| &text[at..at + 2 + inside.len()]).collect();
            assert_eq!(found, inside, "{text}");
        }
    }

    #[test]
    fn filters_and_tests_that_are_none_are_told_with_their_line() {
        for (text, told) in [
            (
                "{{ name|upper|replace('a|b', 'c') }}{% if name is defined and not name is none %}{% endif %}",
                "",
            ),
            ("{# {{ name|nosuch }} #}{{ 'x|nosuch' }}", ""),
            ("{{ name }}\n{{ name | nosuch }}", "2: there is no filter `nosuch`"),
            ("{{ name|format }}", "1: there is no filter `format`"),
            ("{% for x in name|upper|batch(2) %}{% endfor %}", "1: there is no filter `batch`"),
            ("{% if name is not nosuch %}{% endif %}", "1: there is no test `nosuch`"),
        ] {
            let mut mistakes = Vec::new();
            is_template(text, 0, &mut mistakes);
            let found: Vec<String> =
                mistakes.iter().map(|mistake| format!("{}: {}", mistake.line, mistake.message)).collect();
            assert_eq!(found.join("; "), told, "{text}");
        }
    }
}
