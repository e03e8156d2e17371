//! An editor's buffer: lines of UTF-16 code units, as VS Code keeps them. Shares no code with the server, so that the two
//! can be compared.

use serde_json::{Value, json};

/// See the module's head. Line ends are LF.
#[derive(Clone, Debug)]
pub struct Buffer {
    pub uri: String,
    pub version: i32,
    lines: Vec<Vec<u16>>,
}

/// A line and a column in UTF-16 code units.
pub type At = (usize, usize);

impl Buffer {
    pub fn new(name: &str, text: &str) -> Self {
        Self::of(format!("file:///bench/{name}.py"), text)
    }

    pub fn of(uri: String, text: &str) -> Self {
        let lines = text.split('\n').map(|line| line.encode_utf16().collect()).collect();
        Self { uri, version: 1, lines }
    }

    pub fn text(&self, range: std::ops::Range<usize>) -> String {
        let lines: Vec<String> =
            self.lines[range].iter().map(|line| String::from_utf16_lossy(line)).collect();
        lines.join("\n")
    }

    pub fn whole(&self) -> String {
        self.text(0..self.lines.len())
    }

    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// The number of the first line that holds `text`.
    pub fn find(&self, text: &str) -> usize {
        (0..self.len()).find(|&line| self.text(line..line + 1).contains(text)).expect("the text is there")
    }

    /// The columns of a line that an editor's cursor can be at.
    pub fn stops(&self, line: usize) -> Vec<usize> {
        let low = |unit: &u16| (0xDC00..0xE000).contains(unit);
        let line = &self.lines[line];
        (0..=line.len()).filter(|&column| !line.get(column).is_some_and(low)).collect()
    }

    /// Replaces a range, whose columns may be past their lines' ends.
    pub fn replace(&mut self, start: At, end: At, text: &str) {
        let clamp = |(line, column): At| {
            let line = line.min(self.lines.len() - 1);
            (line, column.min(self.lines[line].len()))
        };
        let (start, end) = (clamp(start), clamp(end));
        let mut joined = self.lines[start.0][..start.1].to_vec();
        joined.extend(text.encode_utf16());
        joined.extend_from_slice(&self.lines[end.0][end.1..]);
        let lines: Vec<Vec<u16>> =
            joined.split(|&unit| unit == u16::from(b'\n')).map(<[u16]>::to_vec).collect();
        self.lines.splice(start.0..=end.0, lines);
    }

    /// Replaces a range and makes the notification's parameters of it.
    pub fn change(&mut self, start: At, end: At, text: &str) -> Value {
        self.replace(start, end, text);
        self.version += 1;
        json!({
            "textDocument": { "uri": self.uri, "version": self.version },
            "contentChanges": [{ "range": wire(start, end), "text": text }],
        })
    }

    /// Applies the edits of a `workspace/applyEdit` and makes the echo's parameters, as an editor does: last edit first.
    pub fn apply(&mut self, edits: &[Value]) -> Value {
        let at = |value: &Value| {
            let number = |key: &str| value[key].as_u64().expect("a number") as usize;
            (number("line"), number("character"))
        };
        let mut changes = Vec::new();
        for edit in edits.iter().rev() {
            let (range, text) = (&edit["range"], edit["newText"].as_str().expect("a text"));
            self.replace(at(&range["start"]), at(&range["end"]), text);
            changes.push(json!({ "range": range, "text": text }));
        }
        self.version += 1;
        json!({ "textDocument": { "uri": self.uri, "version": self.version }, "contentChanges": changes })
    }
}

pub fn wire(start: At, end: At) -> Value {
    json!({
        "start": { "line": start.0, "character": start.1 },
        "end": { "line": end.0, "character": end.1 },
    })
}

/// What every document's stub is called.
pub const STUB: &str = "target";

/// A Python file of `lines` lines or a few more, with a stub in its middle.
pub fn python(lines: usize) -> String {
    let mut text = String::from("\"\"\"Rates, 😀 and é.\"\"\"\n\nimport math\n\n\n");
    let functions = (lines / 8).max(2);
    for n in 0..functions {
        if n == functions / 2 {
            text += &format!(
                "def {STUB}(radius: float) -> float:\n    \"\"\"The area of a circle.\"\"\"\n    raise NotImplementedError\n\n\n"
            );
        }
        text += &format!(
            "def rate_{n}(start: float, end: float) -> float:\n    \"\"\"Row {n}, in °C.\"\"\"\n    # The scale 😀 of row {n} was found by trial.\n    scale = {n} * math.pi\n    # And so was this é offset.\n    return scale * (end - start)\n\n\n"
        );
    }
    text
}
