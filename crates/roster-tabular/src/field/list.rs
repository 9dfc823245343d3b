//! Lists in one cell.

use crate::field::list::Items::{Json, Plain};
use roster_core::value::push_json_string;
use serde_json::Value;
use std::{borrow::Cow, str::Split, vec};

/// What [`push_list`] found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListOutcome {
    /// The number of items.
    pub items: usize,
    /// Whether there were empty items, which are left out.
    pub empty_items: bool,
    /// Whether the cell was a JSON array, which is not how a cell should write a list.
    pub json_form: bool,
}

/// Reads a comma-separated list, or a JSON array, and appends it as a canonical JSON array of texts.
///
/// Items are trimmed.  Nothing is appended if there is no item.  In a JSON array numbers become their text, and
/// deeper values their compact JSON.
pub fn push_list(text: &str, out: &mut String) -> ListOutcome {
    if text.trim().is_empty() {
        return ListOutcome::default();
    }
    let items = all_items(text);
    let json_form = matches!(items, Json(_));
    let mut outcome = ListOutcome { json_form, ..ListOutcome::default() };
    for item in items {
        if item.is_empty() {
            outcome.empty_items = true;
            continue;
        }
        out.push(if outcome.items == 0 { '[' } else { ',' });
        push_item(&item, out);
        outcome.items += 1;
    }
    if outcome.items > 0 {
        out.push(']');
    }
    outcome
}

/// The items of a list, one by one, as [`push_list`] finds them; empty ones are left out.
pub fn list_items(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    all_items(text).filter(|it| !it.is_empty())
}

fn push_item(item: &str, out: &mut String) {
    if item.bytes().all(|it| it >= b' ' && it != b'"' && it != b'\\') {
        out.push('"');
        out.push_str(item);
        out.push('"');
    } else {
        push_json_string(out, item);
    }
}

/// The items, empty ones included.
enum Items<'a> {
    Plain(Split<'a, char>),
    Json(vec::IntoIter<Value>),
}

impl<'a> Iterator for Items<'a> {
    type Item = Cow<'a, str>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Plain(items) => items.next().map(|it| Cow::Borrowed(it.trim())),
            Json(items) => items.next().map(|it| Cow::Owned(text_of(it))),
        }
    }
}

fn all_items(text: &str) -> Items<'_> {
    match json_array(text) {
        Some(items) => Json(items.into_iter()),
        None => Plain(text.split(',')),
    }
}

fn json_array(text: &str) -> Option<Vec<Value>> {
    // A list's first item hardly ever starts with a bracket, so this costs the exact path one comparison.
    if text.trim_start().starts_with('[') { serde_json::from_str(text).ok() } else { None }
}

fn text_of(value: Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    }
}
