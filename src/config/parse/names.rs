//! The names that a configuration gives to its providers, models and checkers.

use crate::config::table::{At, Table};
use crate::text::nearest::did_you_mean;

/// The longest name of a provider, a model or a checker, in characters: names stand in menus and messages.
const MAX_NAME_CHARS: usize = 64;

/// The names that one kind of table declares, and that others refer to.
pub(super) struct Names {
    what: &'static str,
    known: Vec<String>,
}

impl Names {
    pub fn new(what: &'static str) -> Self {
        Self { what, known: Vec::new() }
    }

    /// Reads and notes the `name` of a table. `None` if it cannot be used.
    pub fn declare<'a>(&mut self, table: &Table<'a>) -> Option<At<&'a str>> {
        if table.has("name").is_none() {
            table.missing("name", "a name of your choice");
        }
        let name = table.string("name")?;
        let value = name.value;
        let what = self.what;
        if value.trim().is_empty()
            || value.chars().count() > MAX_NAME_CHARS
            || value.contains(char::is_control)
        {
            let message =
                format!("a name has 1 to {MAX_NAME_CHARS} characters, none of them a control character");
            table.problem(name.span, "name", message);
            return None;
        }
        if self.known.iter().any(|known| known == value) {
            table.problem(name.span, "name", format!("there is another {what} {value:?}; names are unique"));
            return None;
        }
        self.known.push(value.to_owned());
        Some(name)
    }

    pub fn built_in(&mut self, name: &str) {
        if !self.known.iter().any(|known| known == name) {
            self.known.push(name.to_owned());
        }
    }

    /// Whether `name` is one of them; told if not.
    pub fn check(&self, table: &Table<'_>, key: &str, name: &At<&str>) -> bool {
        let known = self.known.iter().any(|known| known == name.value);
        if !known {
            let hint = did_you_mean(name.value, self.known.iter().map(String::as_str));
            let are = if self.known.len() == 1 { "is" } else { "are" };
            let hint = if hint.is_empty() {
                format!(" There {are} \"{}\"", self.known.join("\", \""))
            } else {
                hint
            };
            let shown: String = name.value.chars().take(MAX_NAME_CHARS).collect();
            table.problem(name.span.clone(), key, format!("there is no {} {shown:?}.{hint}", self.what));
        }
        known
    }
}
