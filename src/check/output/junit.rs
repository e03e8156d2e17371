//! JUnit's XML, as pytest and most test runners write it. Each failure counts, in whatever file its test is: a draft that
//! breaks a test has broken it wherever that stands. Its place is where it last names the file, else the file's start.

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use regex::Regex;

use super::{Case, File, Outcome, Report, Told};
use crate::check::{Finding, Severity};
use crate::text::position::Encoding;

/// How deep elements may stand in each other: suites in suites, and no more.
const MAX_DEPTH: usize = 64;

/// A test that has not passed, while its element is read.
struct Failed {
    /// `failure`, `error` or `skipped`.
    what: String,
    kind: String,
    message: String,
    text: String,
}

pub(in crate::check) fn read(stdout: &[u8], file: &File<'_>) -> Result<Report, String> {
    let text = std::str::from_utf8(stdout).map_err(|_| "JUnit's XML that is no UTF-8")?;
    let mut xml = Reader::from_str(text);
    let mut report = Report::default();
    let (mut open, mut test, mut failed) = (Vec::new(), String::new(), None::<Failed>);
    loop {
        match xml.read_event().map_err(|error| format!("no JUnit XML: {error}"))? {
            Event::Start(tag) => {
                let name = name_of(&tag);
                is_root(&name, open.is_empty())?;
                begin(&name, &tag, &mut test, &mut failed, &mut report)?;
                open.push(name);
                if open.len() > MAX_DEPTH {
                    return Err("JUnit XML that is nested too deep".into());
                }
            }
            Event::Empty(tag) => {
                let name = name_of(&tag);
                is_root(&name, open.is_empty())?;
                begin(&name, &tag, &mut test, &mut failed, &mut report)?;
                finish(&name, &test, &mut failed, &mut report, file);
                if open.is_empty() {
                    break;
                }
            }
            Event::End(_) => {
                if let Some(name) = open.pop() {
                    finish(&name, &test, &mut failed, &mut report, file);
                }
                if open.is_empty() {
                    break;
                }
            }
            Event::Text(bytes) => push(&mut failed, &bytes.xml10_content()),
            Event::CData(bytes) => push(&mut failed, &bytes.xml10_content()),
            Event::GeneralRef(entity) => {
                let named = quick_xml::escape::resolve_predefined_entity(&entity).map(String::from);
                let by_number = || entity.resolve_char_ref().ok().flatten().map(String::from);
                push(&mut failed, &named.or_else(by_number).unwrap_or_default());
            }
            Event::Eof => return Err("JUnit XML that ends in the middle".into()),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::DocType(_) => {}
        }
    }
    Ok(report)
}

/// What stands in nothing else is a suite of tests.
fn is_root(name: &str, is_outermost: bool) -> Result<(), String> {
    if is_outermost && !matches!(name, "testsuites" | "testsuite") {
        return Err(format!("XML of <{name}>, which is no JUnit report"));
    }
    Ok(())
}

fn push(failed: &mut Option<Failed>, text: &str) {
    if let Some(failed) = failed {
        failed.text.push_str(text);
    }
}

fn begin(
    name: &str,
    tag: &BytesStart<'_>,
    test: &mut String,
    failed: &mut Option<Failed>,
    report: &mut Report,
) -> Result<(), String> {
    match name {
        "testcase" => {
            let [class, own] = ["classname", "name"].map(|key| attribute(tag, key));
            let (class, own) = (class?, own?);
            *test = if class.is_empty() { own } else { format!("{class}.{own}") };
            report.cases.push(Case { name: test.clone(), outcome: Outcome::Passed });
        }
        "failure" | "error" | "skipped" => {
            let [kind, message] = ["type", "message"].map(|key| attribute(tag, key));
            let (kind, message) = (kind?, message?);
            *failed = Some(Failed { what: name.to_owned(), kind, message, text: String::new() });
        }
        _ => {}
    }
    Ok(())
}

fn finish(name: &str, test: &str, failed: &mut Option<Failed>, report: &mut Report, file: &File<'_>) {
    if let Some(failed) = failed.take_if(|failed| failed.what == name) {
        let finding = finding(test, &failed, file);
        let is_skipped = failed.what == "skipped";
        let outcome =
            if is_skipped { Outcome::Skipped(finding.clone()) } else { Outcome::Failed(finding.clone()) };
        if !is_skipped {
            report.add(Some(finding));
        }
        // A test may have failed, and its teardown as well: the first counts.
        if let Some(case) = report.cases.last_mut().filter(|case| case.outcome == Outcome::Passed) {
            case.outcome = outcome;
        }
    }
}

fn finding(test: &str, failed: &Failed, file: &File<'_>) -> Finding {
    let said = [failed.message.trim(), failed.text.trim()].into_iter().find(|said| !said.is_empty());
    let said = said.unwrap_or("it says nothing");
    let message = match failed.what.as_str() {
        "skipped" => format!("{test}: was skipped, and ran before: {said}"),
        _ => format!("{test}: {said}"),
    };
    let code = [&failed.kind, &failed.what].into_iter().find(|code| !code.is_empty());
    let range = last_line_in(&failed.text, file).map(|line| {
        let range = file.range(Told { line, ..Told::default() }, Encoding::Utf32);
        // Without the indentation.
        let blank = file.text.byte_slice(range.clone()).chars().take_while(|ch| ch.is_whitespace());
        range.start + blank.map(char::len_utf8).sum::<usize>()..range.end
    });
    file.finding(code.map_or("", |code| code), Severity::Error, range.unwrap_or(0..0), &message)
}

/// The last line of the file that a traceback names: `path:12`, or `File "path", line 12`.
fn last_line_in(text: &str, file: &File<'_>) -> Option<u32> {
    let places = Regex::new(r#"(?m)File "([^"\n]+)", line (\d+)|([^\s:"'()]+):(\d+)"#).ok()?;
    let mut last = None;
    for found in places.captures_iter(text) {
        let part = |at: usize, other: usize| found.get(at).or_else(|| found.get(other));
        if let (Some(path), Some(line)) = (part(1, 3), part(2, 4))
            && file.is(path.as_str())
        {
            last = line.as_str().parse().ok().or(last);
        }
    }
    last
}

fn name_of(tag: &BytesStart<'_>) -> String {
    tag.local_name().as_ref().to_owned()
}

fn attribute(tag: &BytesStart<'_>, key: &str) -> Result<String, String> {
    let attribute = tag.try_get_attribute(key).map_err(|error| format!("no JUnit XML: {error}"))?;
    let Some(attribute) = attribute else { return Ok(String::new()) };
    let value = attribute.normalized_value(XmlVersion::Explicit1_0);
    // An entity that XML does not have is shown as it stands.
    Ok(value.map_or_else(|_| attribute.value.to_string(), std::borrow::Cow::into_owned))
}
