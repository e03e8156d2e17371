//! Reading TOML tables leniently: every value that is wrong becomes a problem with its place, and reading goes on.

use std::cell::RefCell;
use std::ops::Range;

use serde_json::{Value, json};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::Problems;
use super::settings::{self, Kind, MAX_DOLLARS};
use crate::text::nearest::did_you_mean;

/// A value and where it stands.
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

/// One table of the file, or one of an array of tables.
pub(super) struct Table<'a> {
    table: &'a DeTable<'a>,
    span: Range<usize>,
    /// The dotted name of the table; empty for the root.
    name: String,
    problems: &'a RefCell<Problems<'a>>,
}

impl<'a> Table<'a> {
    pub(super) fn root(table: &'a Spanned<DeTable<'a>>, problems: &'a RefCell<Problems<'a>>) -> Self {
        Self { table: table.get_ref(), span: 0..0, name: String::new(), problems }.only_known()
    }

    /// Tells of every key that is no setting.
    fn only_known(self) -> Self {
        let known = settings::within(&self.name);
        for key in self.table.keys() {
            let name = key.get_ref().as_ref();
            // `*` is any name.
            if known.contains(&name) || known.contains(&"*") {
                continue;
            }
            let hint = if ["key", "token", "secret", "password"].iter().any(|word| name.contains(word)) {
                " Keys are never kept in this file: name the environment variable that has it with api_key_env"
                    .to_owned()
            } else {
                did_you_mean(name, known.iter().copied())
            };
            let hint = if hint.is_empty() { format!(" Known are {}", known.join(", ")) } else { hint };
            let shown: String = name.chars().filter(|char| !char.is_control()).take(64).collect();
            self.problem(key.span(), &shown, format!("there is no such setting.{hint}"));
        }
        self
    }

    pub(super) fn problem(&self, span: Range<usize>, key: &str, message: impl Into<String>) {
        self.problems.borrow_mut().add(Some(span), &self.path(key), message);
    }

    /// Tells that `key` is missing, at the table's own place.
    pub(super) fn missing(&self, key: &str, what: &str) {
        self.problem(self.span.clone(), key, format!("this is missing: {what}"));
    }

    /// The names of what it holds.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.table.keys().map(|key| key.get_ref().as_ref())
    }

    pub(super) fn has(&self, key: &str) -> Option<Range<usize>> {
        self.table.get(key).map(Spanned::span)
    }

    pub(super) fn string(&self, key: &str) -> Option<At<&'a str>> {
        self.typed(key, "a string in quotes", |value| value.as_str())
    }

    pub(super) fn bool(&self, key: &str) -> Option<At<bool>> {
        self.typed(key, "true or false", DeValue::as_bool)
    }

    /// US dollars, written with or without a decimal point.
    pub(super) fn dollars(&self, key: &str) -> Option<At<f64>> {
        let range = 0.0..=MAX_DOLLARS;
        let wanted = format!("a number from {} to {}", range.start(), range.end());
        self.typed(key, &wanted, |value| number(value).filter(|number| range.contains(number)))
    }

    /// A whole number within the setting's range.
    pub(super) fn integer(&self, key: &str) -> Option<At<u32>> {
        let range = match settings::find(&self.path(key)).map(|setting| setting.kind) {
            Some(Kind::Whole(least, most)) => least..=most,
            _ => 0..=u32::MAX,
        };
        let wanted = format!("a whole number from {} to {}", range.start(), range.end());
        self.typed(key, &wanted, |value| whole(value).filter(|value| range.contains(value)))
    }

    /// A list of whole numbers within the setting's range; those that are not are told and left out.
    pub(super) fn integers(&self, key: &str) -> Option<At<Vec<u32>>> {
        let (least, most) = match settings::find(&self.path(key)).map(|setting| setting.kind) {
            Some(Kind::Wholes(least, most)) => (least, most),
            _ => (0, u32::MAX),
        };
        let wanted = format!("whole numbers from {least} to {most}");
        let At { value, span } =
            self.typed(key, &format!("a list of {wanted}, as in [1, 2]"), |value| value.as_array())?;
        let numbers = value.iter().filter_map(|item| {
            let number = whole(item.get_ref()).filter(|number| (least..=most).contains(number));
            if number.is_none() {
                self.problem(item.span(), key, format!("these are {wanted}"));
            }
            number
        });
        Some(At { value: numbers.collect(), span })
    }

    /// A table of whatever its reader understands.
    pub(super) fn free(&self, key: &str) -> Option<At<Value>> {
        let wanted = format!("a table, written {key} = {{ … }} or [{}]", self.path(key));
        let At { value, span } = self.typed(key, &wanted, |value| value.as_table().map(|_| value))?;
        Some(At { value: json_of(value), span })
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&self, key: &str, choices: &[(&str, T)]) -> Option<At<T>> {
        let At { value, span } = self.string(key)?;
        if let Some((_, choice)) = choices.iter().find(|(name, _)| *name == value) {
            return Some(At { value: *choice, span });
        }
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        let hint = did_you_mean(value, names.iter().copied());
        self.problem(span, key, format!("this is one of \"{}\".{hint}", names.join("\", \"")));
        None
    }

    /// A list of strings; those that are not are told and left out.
    pub(super) fn strings(&self, key: &str) -> Option<At<Vec<At<&'a str>>>> {
        let At { value, span } =
            self.typed(key, "a list of strings, as in [\"a\", \"b\"]", |value| value.as_array())?;
        let strings = value.iter().filter_map(|item| {
            let string = item.get_ref().as_str();
            if string.is_none() {
                self.problem(item.span(), key, "each of these is a string in quotes");
            }
            Some(At { value: string?, span: item.span() })
        });
        Some(At { value: strings.collect(), span })
    }

    pub(super) fn table(&self, key: &str) -> Option<Table<'a>> {
        let At { value, span } =
            self.typed(key, &format!("a table, written [{}]", self.path(key)), |value| value.as_table())?;
        Some(self.below(key, value, span))
    }

    /// An array of tables; empty if there is none.
    pub(super) fn tables(&self, key: &str) -> Vec<Table<'a>> {
        let wanted = format!("a list of tables, each written [[{}]]", self.path(key));
        let Some(At { value, .. }) = self.typed(key, &wanted, |value| value.as_array()) else {
            return Vec::new();
        };
        let tables = value.iter().filter_map(|item| {
            let table = item.get_ref().as_table();
            if table.is_none() {
                self.problem(item.span(), key, format!("this is {wanted}"));
            }
            Some(self.below(key, table?, item.span()))
        });
        tables.collect()
    }

    fn below(&self, key: &str, table: &'a DeTable<'a>, span: Range<usize>) -> Table<'a> {
        Table { table, span, name: self.path(key), problems: self.problems }.only_known()
    }

    fn typed<T>(
        &self,
        key: &str,
        wanted: &str,
        read: impl FnOnce(&'a DeValue<'a>) -> Option<T>,
    ) -> Option<At<T>> {
        let value = self.table.get(key)?;
        let span = value.span();
        let read = read(value.get_ref());
        if read.is_none() {
            self.problem(span.clone(), key, format!("this is {wanted}"));
        }
        Some(At { value: read?, span })
    }

    fn path(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }
}

fn whole(value: &DeValue<'_>) -> Option<u32> {
    let value = value.as_integer()?;
    u32::from_str_radix(value.as_str(), value.radix()).ok()
}

/// TOML as JSON; dates are text there.
fn json_of(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => json!(text),
        DeValue::Integer(integer) => json!(i64::from_str_radix(integer.as_str(), integer.radix()).ok()),
        DeValue::Float(_) => json!(number(value)),
        DeValue::Boolean(flag) => json!(flag),
        DeValue::Datetime(date) => json!(date.to_string()),
        DeValue::Array(items) => items.iter().map(|item| json_of(item.get_ref())).collect(),
        DeValue::Table(table) => {
            let entries = table.iter();
            entries.map(|(key, value)| (key.get_ref().to_string(), json_of(value.get_ref()))).collect()
        }
    }
}

fn number(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Integer(integer) => {
            i64::from_str_radix(integer.as_str(), integer.radix()).ok().map(|integer| integer as f64)
        }
        DeValue::Float(float) => float.as_str().parse().ok(),
        _ => None,
    }
}
