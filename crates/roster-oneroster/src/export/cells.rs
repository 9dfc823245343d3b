//! Canonical text to cells.

use roster_core::{
    Row,
    model::EntitySchema,
    value::{ExtensionMap, Identifier},
};
use serde_json::Value;

/// What had to change for a value to fit a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Changed {
    pub(super) comma: bool,
}

/// The extensions of a row and their texts, by key.
pub(super) fn extensions(row: &Row<'_>) -> Vec<(String, String)> {
    let json = row.get(EntitySchema::EXTENSIONS).unwrap_or("{}");
    let map: ExtensionMap = serde_json::from_str(json).unwrap_or_default();
    let text = |value| match value {
        Value::String(text) => text,
        Value::Null => String::new(),
        deeper => deeper.to_string(),
    };
    map.into_iter().map(|(key, value)| (key, text(value))).collect()
}

/// A JSON array of texts as a comma-separated list.
pub(super) fn list(json: &str, out: &mut String) -> Changed {
    let items: Vec<String> = serde_json::from_str(json).unwrap_or_default();
    let mut changed = Changed::default();
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        push_item(item, out, &mut changed);
    }
    changed
}

/// A JSON array of identifiers as a list of `{type:identifier}`.
pub(super) fn identifiers(json: &str, out: &mut String) -> Changed {
    let items: Vec<Identifier> = serde_json::from_str(json).unwrap_or_default();
    let mut changed = Changed::default();
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        if item.scheme.is_empty() {
            push_item(&item.identifier, out, &mut changed);
            continue;
        }
        out.push('{');
        push_item(&item.scheme, out, &mut changed);
        out.push(':');
        push_item(&item.identifier, out, &mut changed);
        out.push('}');
    }
    changed
}

fn push_item(item: &str, out: &mut String, changed: &mut Changed) {
    if item.contains(',') {
        changed.comma = true;
        out.push_str(&item.replace(',', " "));
    } else {
        out.push_str(item);
    }
}

/// Appends a cell, quoted where CSV needs it.
pub(super) fn push_cell(text: &str, out: &mut String) {
    let delicate = |it: char| matches!(it, ',' | '"' | '\r' | '\n');
    let spaced = text.starts_with(' ') || text.ends_with(' ');
    if !spaced && !text.contains(delicate) {
        return out.push_str(text);
    }
    out.push('"');
    for (index, part) in text.split('"').enumerate() {
        if index > 0 {
            out.push_str("\"\"");
        }
        out.push_str(part);
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_have_to_be() {
        let check = |text, expected| {
            let mut out = String::new();
            push_cell(text, &mut out);
            assert_eq!(out, expected);
        };
        check("", "");
        check("plain é", "plain é");
        check("a,b", "\"a,b\"");
        check("say \"x\"", "\"say \"\"x\"\"\"");
        check(" a", "\" a\"");
        check("a\nb", "\"a\nb\"");
    }

    #[test]
    fn lists_lose_their_brackets_and_items_their_commas() {
        let check = |json, expected, comma| {
            let mut out = String::new();
            assert_eq!(list(json, &mut out), Changed { comma });
            assert_eq!(out, expected);
        };
        check(r#"["09","10"]"#, "09,10", false);
        check(r#"["a,b"]"#, "a b", true);
        let mut out = String::new();
        let json = r#"[{"type":"LDAP","identifier":"7"},{"type":"","identifier":"8"}]"#;
        assert_eq!(identifiers(json, &mut out), Changed::default());
        assert_eq!(out, "{LDAP:7},8");
    }
}
