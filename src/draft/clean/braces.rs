//! The body of one function out of an answer in a language with braces: what stands between them, and what of the rest of
//! the answer it needs. By the tree and by words alone: such a language's names are not followed.

use std::collections::HashSet;

use super::body::{Body, Found, again, finished, imports, is_stub};
use super::helpers::Lacking;
use super::pass::{Pass, Reading};
use super::{CleanError, Setup};
use crate::draft::form::Form;
use crate::draft::peel::Start;
use crate::draft::place::{Code, words};
use crate::draft::strings::Scanner;
use crate::syntax::Language;
use crate::syntax::outline::{Kind, Symbol, outline};

/// The most braces that are closed for an answer.
const OPEN: usize = 8;

/// Words before a bracket that call nothing, in any of the languages.
const KEYWORDS: [&str; 24] = [
    "if", "for", "while", "switch", "catch", "return", "match", "sizeof", "typeof", "function", "fn", "func",
    "await", "new", "in", "of", "and", "or", "not", "using", "lock", "foreach", "elseif", "super",
];

/// The body of `found`.
pub(super) fn read(
    found: &Found<'_>,
    pass: &Pass,
    form: &Form,
    setup: &Setup,
    reading: Reading,
) -> Result<Body, CleanError> {
    if found.function.is_none() {
        return bare(found.code, pass, form, setup, reading);
    }
    let code = found.code;
    let known: HashSet<&str> = setup.opening.lines().map(str::trim).collect();
    let text = code.part(&found.body);
    // A comment behind the header is of its line, which the file has.
    let lexis = &setup.language().lexis;
    let head = text.lines().take(1).filter(|line| lexis.is_only_comment(line)).count();
    let is_known = |line: &&str| line.trim().is_empty() || known.contains(line.trim());
    let body: Vec<&str> = text.lines().skip(head).skip_while(is_known).collect();
    let blank = body.iter().rev().take_while(|line| line.trim().is_empty()).count();
    let body = &body[..body.len() - blank];
    let helpers = helpers(found, &text, setup)?;
    let mut lines: Vec<String> = Vec::new();
    for helper in &helpers {
        lines.extend(margin(setup.language(), helper.lines()));
        lines.push(String::new());
    }
    // Alone it keeps its indentation, and what stands above the first line's.
    match helpers.is_empty() {
        true => {
            lines.extend(body.iter().map(|&line| line.to_owned()));
            // What stood behind the header has no indentation of its own.
            let is_beside = text.lines().next().is_some_and(|line| !line.trim().is_empty());
            if let Some(first) = lines.first_mut().filter(|_| head == 0 && is_beside) {
                *first = first.trim_start().to_owned();
            }
        }
        false => lines.extend(margin(setup.language(), body.iter().copied())),
    }
    let pass = again(&lines, form, setup, reading, Start::Bare(0));
    let imports = imports(pass.peel.imports(), code);
    let read = finished(&pass, form, setup, imports, Vec::new(), None)?;
    Ok(Body { is_stub: is_stub(found), ..read })
}

/// An answer without the function's header: all of it is the body, but for the imports before it.
pub(super) fn bare(
    code: &Code,
    pass: &Pass,
    form: &Form,
    setup: &Setup,
    reading: Reading,
) -> Result<Body, CleanError> {
    let is_it = |one: &Symbol| one.name == setup.name && one.kind == Kind::Function && one.parent.is_none();
    // The function is there, and has no block: what stands for its body is not that of the file's.
    if !setup.name.is_empty() && outline(&code.source()).iter().any(is_it) {
        return Err(CleanError::NoBody);
    }
    let imports = imports(&[], code);
    let is_of_import =
        |line: &&String| line.trim().is_empty() || imports.iter().any(|import| import.contains(line.trim()));
    let lines: Vec<String> = pass.code.iter().skip_while(is_of_import).cloned().collect();
    let read = again(&lines, form, setup, reading, Start::Bare(0));
    let body = finished(&read, form, setup, imports, Vec::new(), None)?;
    Ok(Body { is_bare: true, ..body })
}

/// The code of an answer with the braces closed that it leaves open: some models end with their last statement. Nothing where
/// there are none.
pub(super) fn closed(code: &[String], language: &'static Language) -> Option<Vec<String>> {
    if !language.lexis.braces {
        return None;
    }
    let mut scanner = Scanner::of(language);
    code.iter().for_each(|line| scanner.line(line));
    let open = scanner.depth() as usize;
    let more = language.closers(open.min(OPEN));
    (open > 0 && !scanner.is_quoted()).then(|| code.iter().cloned().chain(more).collect())
}

/// Lines without the indentation that the first of them has; what is text stays as it is.
fn margin<'a>(language: &'static Language, lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let (mut scanner, mut indent) = (Scanner::of(language), None);
    let mut out = Vec::new();
    for line in lines {
        let own = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
        let indent: &str = indent.get_or_insert(own);
        let is_text = scanner.in_string();
        scanner.line(line);
        let common = indent.bytes().zip(own.bytes()).take_while(|(one, other)| one == other).count();
        out.push(if is_text { line } else { &line[common..] }.to_owned());
    }
    out
}

/// The sources of what the body uses, and the answer defines beside the function; the file has none of it.
///
/// # Errors
/// When a body cannot hold it.
fn helpers(found: &Found<'_>, body: &str, setup: &Setup) -> Result<Vec<String>, CleanError> {
    let Some(place) = &setup.place else { return Ok(Vec::new()) };
    let code = found.code;
    let symbols = outline(&code.source());
    let holds = |one: &Symbol| one.whole.start <= found.home.start && found.home.end <= one.whole.end;
    let class = symbols.iter().rposition(|one| one.kind == Kind::Class && holds(one));
    let mut used: HashSet<String> = words(body).map(str::to_owned).collect();
    let mut taken: Vec<&Symbol> = Vec::new();
    loop {
        let is_new = |one: &&Symbol| {
            let is_there = match one.parent {
                None => place.binds(&one.name),
                Some(_) => one.parent != class || place.has_word(&one.name),
            };
            !is_there && !holds(one) && one.kind != Kind::Import && used.contains(&one.name)
        };
        let is_taken = |one: &&Symbol| taken.iter().any(|taken| taken.whole == one.whole);
        let Some(next) = symbols.iter().filter(is_new).find(|one| !is_taken(one)) else { break };
        if next.parent.is_some() || !place.language().nests {
            return Err(CleanError::Outside(next.name.clone()));
        }
        used.extend(words(&code.part(&next.whole)).map(str::to_owned));
        taken.push(next);
    }
    taken.sort_by_key(|one| one.whole.start);
    Ok(taken.into_iter().map(|one| code.part(&code.whole_lines(&one.whole))).collect())
}

/// What the body calls by its plain name, and neither the answer so far nor the file has: it may still come.
pub(super) fn lacking(found: &Found<'_>, setup: &Setup) -> Vec<Lacking> {
    let Some(place) = &setup.place else { return Vec::new() };
    let language = place.language();
    let all = found.code.text.to_string();
    let defined: HashSet<String> = outline(&found.code.source()).into_iter().map(|one| one.name).collect();
    let body = found.code.part(&found.body);
    let mut lacking: Vec<Lacking> = Vec::new();
    for (name, is_called) in plain(&body) {
        let is_known = KEYWORDS.contains(&name)
            || language.is_builtin(name)
            || defined.contains(name)
            || place.has_word(name)
            || lacking.iter().any(|one| one.name == name)
            // What is more than called is bound here.
            || plain(&all).any(|(other, is_called)| other == name && !is_called);
        if is_called && !is_known {
            lacking.push(Lacking { name: name.to_owned(), is_called });
        }
    }
    lacking
}

/// The words of a code that are no members, and whether each is called.
fn plain(code: &str) -> impl Iterator<Item = (&str, bool)> {
    words(code).filter_map(move |word| {
        let at = word.as_ptr() as usize - code.as_ptr() as usize;
        let is_member = code[..at].ends_with(['.', ':', '>', '$', '\\', '@', '#', '"', '\'']);
        let is_made = code[..at].trim_end().ends_with("new");
        let is_number = word.starts_with(|ch: char| ch.is_ascii_digit());
        (!is_member && !is_made && !is_number).then(|| (word, code[at + word.len()..].starts_with('(')))
    })
}
