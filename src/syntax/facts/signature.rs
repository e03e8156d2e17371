//! Reading what a signature's brackets hold: parameters, bases, and the names that a type is made of.

/// One parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter<'a> {
    /// Without stars.
    pub name: &'a str,
    /// Empty where none is written.
    pub annotation: &'a str,
}

/// Whether a list can be read by its commas alone: what is in a lambda, a long string or behind a backslash is not seen here.
#[must_use]
pub fn is_plain(list: &str) -> bool {
    !["lambda", "\\", "\"\"\"", "'''"].iter().any(|mark| list.contains(mark))
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

/// What a function can be given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Takes<'a> {
    /// Those that take their place in the call, in order.
    pub positional: Vec<Taken<'a>>,
    /// How many of these cannot be named.
    pub positional_only: usize,
    pub keyword_only: Vec<Taken<'a>>,
    /// Any number more without a name (`*args`), and with any name (`**kwargs`).
    pub any_positional: bool,
    pub any_keywords: bool,
}

/// One parameter, as far as a call goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken<'a> {
    pub name: &'a str,
    pub has_default: bool,
}

impl Takes<'_> {
    /// How many arguments without a name it takes, if that is bounded.
    #[must_use]
    pub fn most_positional(&self) -> Option<usize> {
        (!self.any_positional).then_some(self.positional.len())
    }

    #[must_use]
    pub fn has_keyword(&self, name: &str) -> bool {
        let named = self.positional.iter().skip(self.positional_only).chain(&self.keyword_only);
        named.into_iter().any(|one| one.name == name)
    }
}

/// What the list in its brackets takes.
#[must_use]
pub fn takes(list: &str) -> Takes<'_> {
    let mut takes = Takes::default();
    let mut is_keyword_only = false;
    for item in items(inside(list)) {
        let (declared, default) = cut(item, '=');
        let name = cut(declared, ':').0;
        match name {
            "" => {}
            "/" => takes.positional_only = takes.positional.len(),
            "*" => is_keyword_only = true,
            _ if name.starts_with("**") => takes.any_keywords = true,
            _ if name.starts_with('*') => (takes.any_positional, is_keyword_only) = (true, true),
            _ => {
                let one = Taken { name: name.trim(), has_default: !default.is_empty() };
                if is_keyword_only { takes.keyword_only.push(one) } else { takes.positional.push(one) }
            }
        }
    }
    takes
}

/// What a list in its brackets holds, item by item.
pub(super) fn items_of(list: &str) -> Vec<&str> {
    items(inside(list)).filter(|item| !item.is_empty()).collect()
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
