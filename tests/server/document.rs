//! A document as an editor keeps it: text, version, and positions in the agreed encoding. Written apart from the server's
//! own conversions, and strict where those are lenient: a position of the server's that is not exact is a failed test.

use std::ops::Range;

use serde_json::{Value, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Utf16,
    Utf32,
}

impl Encoding {
    pub fn of(name: &str) -> Self {
        match name {
            "utf-8" => Self::Utf8,
            "utf-16" => Self::Utf16,
            "utf-32" => Self::Utf32,
            other => panic!("{other:?} is no encoding"),
        }
    }

    fn units(self, ch: char) -> usize {
        match self {
            Self::Utf8 => ch.len_utf8(),
            Self::Utf16 => ch.len_utf16(),
            Self::Utf32 => 1,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Document {
    pub text: String,
    pub version: i32,
    /// Changes that were made and not told yet.
    pub untold: Vec<Value>,
}

impl Document {
    pub fn new(text: &str, version: i32) -> Self {
        Self { text: text.to_owned(), version, untold: Vec::new() }
    }

    /// Makes one change, to be told later. One that the user would undo counts as a version of its own.
    pub fn change(&mut self, range: Range<usize>, new: &str, encoding: Encoding) {
        let wire = json!({ "range": range_out(&self.text, &range, encoding), "text": new });
        self.text.replace_range(range, new);
        self.version += 1;
        self.untold.push(wire);
    }

    /// The bytes and texts of an edit of the server's, which must be exact, sorted and disjoint.
    pub fn read(&self, edits: &[Value], encoding: Encoding) -> Vec<(Range<usize>, String)> {
        let mut read: Vec<(Range<usize>, String)> = Vec::new();
        for edit in edits {
            let range = range_in(&self.text, &edit["range"], encoding)
                .unwrap_or_else(|why| panic!("{edit} is not exact in {:?}: {why}", self.text));
            assert!(range.start <= range.end, "{edit} runs backwards");
            assert!(read.last().is_none_or(|last| last.0.end <= range.start), "not disjoint: {edits:?}");
            read.push((range, edit["newText"].as_str().unwrap().to_owned()));
        }
        read
    }

    /// Applies an edit of the server's as one version.
    pub fn apply(&mut self, edits: &[Value], encoding: Encoding) {
        let read = self.read(edits, encoding);
        // Backwards, each in the offsets of the text as it was.
        for (range, new) in read.into_iter().rev() {
            let wire = json!({ "range": range_out(&self.text, &range, encoding), "text": new });
            self.text.replace_range(range, &new);
            self.untold.push(wire);
        }
        self.version += 1;
    }
}

/// What an editor does with a range of another text: clamps it.
pub fn clamped(text: &str, range: &Value, encoding: Encoding) -> Value {
    let lines = lines(text);
    let clamp = |position: &Value| {
        let line = usize::try_from(position["line"].as_u64().unwrap()).unwrap();
        let Some(range) = lines.get(line) else { return self::position(text, text.len(), encoding) };
        // Nor is there a place inside of a character.
        let wanted = usize::try_from(position["character"].as_u64().unwrap()).unwrap();
        let units = text[range.clone()].chars().map(|ch| encoding.units(ch));
        let ends = units.scan(0, |at, units| {
            *at += units;
            Some(*at)
        });
        json!({ "line": line, "character": ends.take_while(|end| *end <= wanted).last().unwrap_or(0) })
    };
    json!({ "start": clamp(&range["start"]), "end": clamp(&range["end"]) })
}

/// The byte where each line begins, and where its text ends (LSP 3.17: lines end at LF, CR LF and CR).
fn lines(text: &str) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let mut start = 0;
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'\r' if bytes.get(at + 1) == Some(&b'\n') => 2,
            b'\r' | b'\n' => 1,
            _ => 0,
        };
        if end > 0 {
            lines.push(start..at);
            start = at + end;
        }
        at += end.max(1);
    }
    lines.push(start..text.len());
    lines
}

pub fn position(text: &str, offset: usize, encoding: Encoding) -> Value {
    let lines = lines(text);
    let line = lines.iter().rposition(|line| line.start <= offset).unwrap();
    let before = &text[lines[line].start..offset];
    let character: usize = before.chars().map(|ch| encoding.units(ch)).sum();
    json!({ "line": line, "character": character })
}

pub fn range_out(text: &str, range: &Range<usize>, encoding: Encoding) -> Value {
    json!({ "start": position(text, range.start, encoding), "end": position(text, range.end, encoding) })
}

fn range_in(text: &str, range: &Value, encoding: Encoding) -> Result<Range<usize>, String> {
    Ok(offset(text, &range["start"], encoding)?..offset(text, &range["end"], encoding)?)
}

fn offset(text: &str, position: &Value, encoding: Encoding) -> Result<usize, String> {
    let number = |key: &str| {
        position[key].as_u64().and_then(|number| usize::try_from(number).ok()).ok_or(format!("{position}"))
    };
    let lines = lines(text);
    let line = lines.get(number("line")?).ok_or("no such line")?.clone();
    let (mut at, mut left) = (line.start, number("character")?);
    for ch in text[line].chars() {
        if left == 0 {
            break;
        }
        left = left.checked_sub(encoding.units(ch)).ok_or("inside a character")?;
        at += ch.len_utf8();
    }
    if left == 0 { Ok(at) } else { Err("past the line's end".to_owned()) }
}
