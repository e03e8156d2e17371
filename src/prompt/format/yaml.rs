//! YAML with the lines that its values stand on: what is wrong with a prompt's front matter is told with its place, and all of it at once.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

/// A value and its line, from 1, in the YAML text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub line: usize,
    pub value: Yaml,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Yaml {
    Nothing,
    Flag(bool),
    Number(f64),
    Text(String),
    List(Vec<Node>),
    /// Each key with its line.
    Table(Vec<(String, usize, Node)>),
}

/// Reads a text.
///
/// # Errors
/// Where it is no YAML: what is wrong, and on which line of it.
pub(super) fn read(text: &str) -> Result<Node, (usize, String)> {
    // As YAML 1.2 has it: `y` and `no` are words.
    let options = serde_saphyr::options! { strict_booleans: true };
    let spanned: Spanned<Yaml> = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let line = error.location().map_or(1, |location| line_of(location.line()));
        let message = error.to_string();
        (line, message.lines().next().unwrap_or("malformed YAML").to_owned())
    })?;
    Ok(node(spanned))
}

impl Yaml {
    /// What it is, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Flag(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

fn node(spanned: Spanned<Yaml>) -> Node {
    Node { line: line_of(spanned.referenced.line()), value: spanned.value }
}

fn line_of<N: TryInto<usize>>(line: N) -> usize {
    line.try_into().unwrap_or(1).max(1)
}

impl<'de> Deserialize<'de> for Yaml {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Yaml;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Yaml, E> {
        Ok(Yaml::Flag(value))
    }

    #[expect(clippy::cast_precision_loss, reason = "no setting is a number as large as that")]
    fn visit_i64<E>(self, value: i64) -> Result<Yaml, E> {
        Ok(Yaml::Number(value as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "no setting is a number as large as that")]
    fn visit_u64<E>(self, value: u64) -> Result<Yaml, E> {
        Ok(Yaml::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Yaml, E> {
        Ok(Yaml::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Yaml, E> {
        Ok(Yaml::Text(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Yaml, E> {
        Ok(Yaml::Nothing)
    }

    fn visit_none<E>(self) -> Result<Yaml, E> {
        Ok(Yaml::Nothing)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Yaml, D::Error> {
        Yaml::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Yaml, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element::<Spanned<Yaml>>()? {
            list.push(node(item));
        }
        Ok(Yaml::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Yaml, A::Error> {
        let mut table = Vec::new();
        while let Some((key, value)) = entries.next_entry::<Spanned<String>, Spanned<Yaml>>()? {
            table.push((key.value.clone(), line_of(key.referenced.line()), node(value)));
        }
        Ok(Yaml::Table(table))
    }
}
