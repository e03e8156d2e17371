//! Reading what a signature's brackets hold: parameters, bases, and the names that a type is made of.

/// One parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter<'a> {
    /// Without stars.
    pub name: &'a str,
    /// Empty where none is written.
    pub annotation: &'a str,
}

/// The parameters of a list in its brackets.
#[must_use]
pub fn parameters(list: &str) -> Vec<Parameter<'_>> {
    let named = items(inside(list)).filter(|item| !matches!(*item, "" | "*" | "/"));
    named
        .map(|item| {
            let declared = cut(item, '=').0;
            let (name, annotation) = cut(declared, ':');
            Parameter { name: name.trim_matches(['*', ' ']), annotation: annotation.trim() }
        })
        .collect()
}

/// The bases of a class's list: no keywords, no subscripts.
#[must_use]
pub fn bases(list: &str) -> Vec<&str> {
    let plain = items(inside(list)).filter(|item| cut(item, '=').1.is_empty());
    plain
        .map(|item| item.split(['[', '(']).next().unwrap_or(item).trim())
        .filter(|item| is_path(item))
        .collect()
}

/// The dotted names that a type's expression mentions, those in strings too: `Optional["a.B"]` has `Optional` and `a.B`.
#[must_use]
pub fn types(expression: &str) -> Vec<&str> {
    let parts = expression.split(|ch: char| ch != '_' && ch != '.' && !ch.is_alphanumeric());
    parts.map(|part| part.trim_matches('.')).filter(|part| is_path(part)).collect()
}

fn is_path(text: &str) -> bool {
    !text.is_empty()
        && text.split('.').all(|part| part.starts_with(|ch: char| ch == '_' || ch.is_alphabetic()))
}

fn inside(list: &str) -> &str {
    let list = list.trim();
    list.strip_prefix(['(', '[', '<']).and_then(|list| list.strip_suffix([')', ']', '>'])).unwrap_or(list)
}

/// `text` at its first `at` outside of brackets and strings; the second part is empty where there is none.
fn cut(text: &str, at: char) -> (&str, &str) {
    let mut depth = Depth::default();
    for (index, ch) in text.char_indices() {
        if depth.is_flat() && ch == at {
            return (text[..index].trim(), text[index + ch.len_utf8()..].trim());
        }
        depth.take(ch);
    }
    (text.trim(), "")
}

/// The items between the commas outside of brackets and strings.
fn items(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut depth = Depth::default();
        for (index, ch) in text.char_indices() {
            if depth.is_flat() && ch == ',' {
                rest = Some(&text[index + 1..]);
                return Some(text[..index].trim());
            }
            depth.take(ch);
        }
        rest = None;
        Some(text.trim())
    })
}

#[derive(Default)]
struct Depth {
    brackets: i32,
    quote: Option<char>,
}

impl Depth {
    fn is_flat(&self) -> bool {
        self.brackets <= 0 && self.quote.is_none()
    }

    fn take(&mut self, ch: char) {
        match (self.quote, ch) {
            (Some(open), _) if open == ch => self.quote = None,
            (None, '"' | '\'') => self.quote = Some(ch),
            (None, '(' | '[' | '{') => self.brackets += 1,
            (None, ')' | ']' | '}') => self.brackets -= 1,
            _ => {}
        }
    }
}
