//! Imports that stand one statement to a line, with the names at a path's end (`use a::b::C;`) or in brackets
//! (`import { C } from "b"`): which of an answer's are needed, and where they go. By the text of the statements, which
//! `Importing` describes; what does not read as it says is taken whole.

use std::collections::HashSet;

use super::Context;
use crate::draft::place::{Code, words};
use crate::syntax::Language;
use crate::syntax::items::{self, Kind};
use crate::syntax::language::Importing;
use crate::text::eol::Eol;

/// The most statements that one draft may add: a model that wants more has lost its way.
const ADDITIONS: usize = 50;

/// One imported name, as a statement of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Single {
    text: String,
    /// The name that it binds, where that can be told.
    bound: Option<String>,
}

/// Of the import statements `additions` what `code` uses and the file does not define itself.
#[must_use]
pub fn needed(
    way: &Importing,
    additions: &[String],
    code: &str,
    defined: &dyn Fn(&str) -> bool,
) -> Vec<String> {
    let used: HashSet<&str> = words(code).collect();
    let is_needed = |single: &Single| match &single.bound {
        None => true,
        Some(name) => (way.is_silent || used.contains(name.as_str())) && !defined(name),
    };
    additions.iter().flat_map(|addition| kept(way, addition, &is_needed)).collect()
}

/// The statements of `addition` of whose names all are wanted as they are, of the others each wanted name for itself.
fn kept(way: &Importing, addition: &str, is_wanted: &dyn Fn(&Single) -> bool) -> Vec<String> {
    let singles = singles(way, addition);
    let wanted: Vec<&Single> = singles.iter().filter(|single| is_wanted(single)).collect();
    if wanted.len() == singles.len() && way.list.is_none() {
        return vec![addition.trim().to_owned()];
    }
    wanted.into_iter().map(|single| single.text.clone()).collect()
}

/// `block` with `additions`, but for what it has, and for names that the file imports already.
#[must_use]
pub fn put(
    way: &Importing,
    language: &'static Language,
    block: &str,
    additions: &[String],
    eol: Eol,
    context: &Context,
) -> String {
    let known = statements(block, language);
    let there: Vec<Single> = known
        .iter()
        .map(|(_, text)| text.as_str())
        .chain(context.existing.elsewhere.iter().map(String::as_str))
        .flat_map(|text| singles(way, text))
        .collect();
    let is_new = |single: &Single| {
        let is_same =
            |one: &Single| one.text == single.text || one.bound.is_some() && one.bound == single.bound;
        !there.iter().any(is_same)
    };
    let mut new: Vec<String> = Vec::new();
    for statement in additions.iter().flat_map(|addition| kept(way, addition, &is_new)).take(ADDITIONS) {
        if !new.contains(&statement) {
            new.push(statement);
        }
    }
    let new: Vec<String> =
        new.iter().map(|text| text.replace("\r\n", "\n").replace('\n', eol.as_str())).collect();
    if new.is_empty() {
        return block.to_owned();
    }
    if known.is_empty() {
        return fresh(&new, block, eol.as_str(), context);
    }
    let mut block = block.to_owned();
    for statement in new {
        block = beside(way, language, &block, &statement, eol.as_str());
    }
    block
}

/// The import statements of a text, with where each ends.
fn statements(text: &str, language: &'static Language) -> Vec<(usize, String)> {
    let Some(code) = Code::parse(text, language) else { return Vec::new() };
    let found = items::items(&code.source(), None);
    let imports = found.into_iter().filter(|item| item.kind == Kind::Import);
    imports
        .map(|item| {
            // Some grammars have the line's end in the statement.
            let text = code.part(&item.range);
            (item.range.start + text.trim_end().len(), text.trim_end().to_owned())
        })
        .collect()
}

/// The names of a statement, each as a statement of its own.
fn singles(way: &Importing, statement: &str) -> Vec<Single> {
    let single = |text: String| Single { bound: bound(way, &text), text };
    if let Some((open, close)) = way.list
        && let Some(inside) = statement.trim().strip_prefix(open).and_then(|rest| rest.strip_suffix(close))
    {
        let head = open.trim_end_matches(|ch: char| !ch.is_alphanumeric());
        let lines = inside.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
        return lines.map(|line| single(format!("{head} {line}"))).collect();
    }
    let text = statement.split_whitespace().collect::<Vec<_>>().join(" ");
    expanded(way, &text).into_iter().map(single).collect()
}

/// A statement with a list of names in brackets as one for each.
fn expanded(way: &Importing, text: &str) -> Vec<String> {
    let whole = || vec![text.to_owned()];
    let Some((open, close)) = way.group else { return whole() };
    let Some((head, rest)) = text.split_once(open) else { return whole() };
    let Some((inside, tail)) = rest.rsplit_once(close) else { return whole() };
    let mut found = Vec::new();
    let mut head = head.to_owned();
    if let Some((first, _)) = head.clone().split_once(',').filter(|_| way.keeps_group) {
        // `import A, { B } from "c"` binds both at once.
        found.push(format!("{}{tail}", first.trim_end()));
        let keyword = first.split_whitespace().next().unwrap_or_default();
        head = format!("{keyword} ");
    }
    for item in split(inside, open, close) {
        if way.keeps_group {
            found.push(format!("{head}{open} {item} {close}{tail}"));
        } else if item == "self" {
            found.push(format!("{}{tail}", head.strip_suffix(way.path).unwrap_or(&head)));
        } else {
            found.extend(expanded(way, &format!("{head}{item}{tail}")));
        }
    }
    found
}

/// The items between the commas that stand outside of inner brackets.
fn split<'a>(inside: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    let (mut items, mut depth, mut start) = (Vec::new(), 0_i32, 0);
    for (at, ch) in inside.char_indices() {
        let rest = &inside[at..];
        depth += i32::from(rest.starts_with(open)) - i32::from(rest.starts_with(close));
        if ch == ',' && depth == 0 {
            items.push(&inside[start..at]);
            start = at + 1;
        }
    }
    items.push(&inside[start..]);
    items.into_iter().map(str::trim).filter(|item| !item.is_empty()).collect()
}

/// The name that a statement of one name binds.
fn bound(way: &Importing, text: &str) -> Option<String> {
    if way.path.is_empty() && way.group.is_none() {
        return None;
    }
    let text = text.trim_end_matches(';').trim_end();
    let quote = text.find(['"', '\'']);
    let named = match quote {
        // Where the quoted path comes last, its own last part is the name, unless there is another before it.
        Some(at) if !way.keeps_group => {
            let before = text[..at].split_whitespace().nth(1);
            let path = text[at..].trim_matches(['"', '\'']);
            let is_version = |part: &&str| {
                part.strip_prefix('v').is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
            };
            before.or_else(|| path.rsplit(way.path).find(|part| !is_version(part)))?
        }
        Some(at) => text[..at].trim_end().strip_suffix("from")?,
        None => text,
    };
    let name = named.trim_end_matches(|ch: char| !(ch.is_alphanumeric() || ch == '_' || ch == '*'));
    let start = name
        .rfind(|ch: char| !(ch.is_alphanumeric() || ch == '_'))
        .map_or(0, |at| at + name[at..].chars().next().map_or(1, char::len_utf8));
    Some(name[start..].to_owned()).filter(|name| !name.is_empty())
}

/// The text of a block where there was none, with blank lines around it.
fn fresh(new: &[String], block: &str, eol: &str, context: &Context) -> String {
    let before = context.before.trim_start_matches('\u{feff}');
    let mut out = String::new();
    if !before.is_empty() && !before.ends_with(['\n', '\r']) {
        out.push_str(eol);
    }
    if !before.trim().is_empty() && !before.trim_end_matches([' ', '\t']).ends_with(&format!("{eol}{eol}")) {
        out.push_str(eol);
    }
    out.push_str(&new.join(eol));
    // A block that lost its imports since it was found: the new ones go before what is there now.
    let after = if block.trim().is_empty() { context.after.as_str() } else { block };
    if !after.trim().is_empty() {
        out.push_str(eol);
        out.push_str(if after.starts_with(['\n', '\r']) { "" } else { eol });
    } else if before.is_empty() {
        out.push_str(eol);
    }
    if block.trim().is_empty() { out } else { out + block }
}

/// The block with one more statement: in a list of statements, beside those of its package, at its sorted place, or last.
fn beside(way: &Importing, language: &'static Language, block: &str, new: &str, eol: &str) -> String {
    let known = statements(block, language);
    if let Some((open, close)) = way.list
        && let Some((end, text)) =
            known.iter().find(|(_, text)| text.starts_with(open) && text.contains('\n'))
    {
        let item = new.trim_start_matches(|ch: char| ch.is_alphanumeric()).trim();
        let start = end - text.len();
        let inner: Vec<&str> = text.lines().skip(1).take_while(|line| line.trim() != close).collect();
        let indent: String = inner
            .iter()
            .find(|line| !line.trim().is_empty())
            .map_or("\t".to_owned(), |line| line.chars().take_while(|ch| ch.is_whitespace()).collect());
        let later = inner.iter().position(|line| !line.trim().is_empty() && line.trim() > item);
        let row = later.unwrap_or(inner.len()) + 1;
        let at = start + text.split_inclusive('\n').take(row).map(str::len).sum::<usize>();
        return format!("{}{indent}{item}{eol}{}", &block[..at], &block[at..]);
    }
    // Of a header in brackets and one in quotes, each is with its own.
    let brackets = |text: &str| text.chars().find(|ch| matches!(ch, '<' | '"'));
    let is_bare = way.path.is_empty() && way.group.is_none();
    let root = |text: &str, depth: usize| -> Vec<String> {
        let mark = brackets(text).filter(|_| is_bare).map(String::from);
        let words = words(text).take(depth).map(str::to_owned);
        if mark.is_some() { mark.into_iter().collect() } else { words.collect() }
    };
    let is_near = |text: &str| root(text, 2) == root(new, 2);
    let of_package = known.iter().rposition(|(_, text)| root(text, 3) == root(new, 3));
    let of_package = of_package.or_else(|| known.iter().rposition(|(_, text)| is_near(text)));
    let is_sorted = known.is_sorted_by_key(|(_, text)| key(text).to_owned());
    let sorted = || known.iter().position(|(_, text)| key(text) > key(new)).filter(|_| is_sorted);
    let place = match of_package {
        Some(at) => {
            // Sorted among its neighbours, as far as these are.
            let first = known.iter().position(|(_, text)| is_near(text)).unwrap_or(at).min(at);
            let later = known[first..=at].iter().position(|(_, text)| key(text) > key(new));
            later.map_or(at + 1, |later| first + later)
        }
        // The system's headers go before the project's own.
        None if is_bare && brackets(new) == Some('<') => 0,
        None => sorted().unwrap_or(known.len()),
    };
    let line_start = |at: usize| block[..at].rfind(['\n', '\r']).map_or(0, |found| found + 1);
    let above = known.get(place).map(|(end, text)| line_start(end - text.len()));
    // What stands on the statement below is not to come above the new one.
    let is_covered = |above: usize| {
        let before = block[..above].trim_end_matches(['\n', '\r']);
        let line = before[line_start(before.len())..].trim_start();
        above > 0 && (language.lexis.is_comment(line) || line.starts_with("#["))
    };
    match above.filter(|&above| place == 0 || !is_covered(above)) {
        Some(above) => format!("{}{new}{eol}{}", &block[..above], &block[above..]),
        None => {
            let end = known[place - 1].0;
            let end = end + block[end..].find(['\n', '\r']).unwrap_or(block.len() - end);
            format!("{}{eol}{new}{}", &block[..end], &block[end..])
        }
    }
}

/// What statements are sorted by: a path goes before those below it.
fn key(statement: &str) -> &str {
    statement.trim_end_matches(';')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put_into(id: &str, block: &str, additions: &[&str], code: &str) -> String {
        let language = Language::by_id(id).unwrap();
        let way = language.importing.as_ref().unwrap();
        let additions: Vec<String> = additions.iter().map(|&text| text.to_owned()).collect();
        let additions = needed(way, &additions, code, &|name| name == "Own");
        put(way, language, block, &additions, Eol::Lf, &Context::default())
    }

    #[test]
    fn rust_names_go_where_they_belong() {
        let block = "use std::collections::HashMap;\nuse std::fmt;\n\nuse crate::a::B;";
        for (addition, want) in [
            ("use std::fmt;", ""),
            ("use std::collections::{HashMap, HashSet};", "use std::collections::HashSet;"),
            (
                "use std::{fmt::{self, Write as _}, io::{self, Read}};",
                "use std::fmt::Write as _; use std::io; use std::io::Read;",
            ),
            ("use crate::Own;", ""),
            ("use crate::c::{D, E};", "use crate::c::{D, E};"),
        ] {
            let got = put_into("rust", block, &[addition], "");
            let new: Vec<&str> =
                got.lines().filter(|line| !block.lines().any(|known| known == *line)).collect();
            assert_eq!(new.join(" "), want, "{addition}");
        }
        assert_eq!(
            put_into("rust", block, &["use std::env;", "use crate::a::A;", "use serde::Serialize;"], ""),
            "use std::collections::HashMap;\nuse std::env;\nuse std::fmt;\n\nuse crate::a::A;\nuse crate::a::B;\nuse serde::Serialize;"
        );
    }
}
