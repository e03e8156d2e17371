//! The table of settings as others read it: rows of a reference, and a JSON schema.

use serde_json::{Map, Value, json};

use super::{Kind, MAX_DOLLARS, SETTINGS, Setting, find, within};

/// The rows of the reference, as Markdown.
#[must_use]
pub fn reference() -> String {
    let mut rows = String::from("| setting | what | default |\n|---|---|---|\n");
    for Setting { key, kind, what, default, .. } in SETTINGS {
        let name = match kind {
            Kind::Table => format!("`[{key}]`"),
            Kind::Tables => format!("`[[{key}]]`"),
            _ => format!("`{key}`"),
        };
        rows += &format!("| {name} | {what} | {default} |\n");
    }
    rows
}

/// The JSON schema (2020-12) of the file, for editors that check TOML by one.
#[must_use]
pub fn schema() -> Value {
    let mut schema = object("");
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("Redraft's configuration");
    schema
}

fn object(table: &str) -> Value {
    let mut properties = Map::new();
    let mut needed: Vec<&str> = Vec::new();
    for name in within(table) {
        let key = if table.is_empty() { name.to_owned() } else { format!("{table}.{name}") };
        let Some(setting) = find(&key) else { continue };
        if setting.is_required {
            needed.push(name);
        }
        if name == "*" {
            return json!({ "type": "object", "additionalProperties": value(setting) });
        }
        properties.insert(name.to_owned(), value(setting));
    }
    json!({ "type": "object", "properties": properties, "required": needed, "additionalProperties": false })
}

fn value(setting: &Setting) -> Value {
    let mut value = match setting.kind {
        Kind::Text => json!({ "type": "string" }),
        Kind::Choice(names) => json!({ "enum": names }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Whole(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Kind::Dollars => json!({ "type": "number", "minimum": 0, "maximum": MAX_DOLLARS }),
        Kind::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Kind::Wholes(least, most) => {
            json!({ "type": "array", "items": { "type": "integer", "minimum": least, "maximum": most } })
        }
        Kind::Free => json!({ "type": "object" }),
        Kind::Choices(names) => json!({ "type": "array", "items": { "enum": names } }),
        Kind::Table => object(setting.key),
        Kind::Tables => json!({ "type": "array", "items": object(setting.key) }),
    };
    let default = match setting.default {
        "" | "-" | "required" => String::new(),
        default => format!(" (default: {default})"),
    };
    value["description"] = json!(format!("{}{default}", setting.what));
    value
}
