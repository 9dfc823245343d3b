//! Checks a parsed file against a JSON schema: unknown keys, missing keys, wrong types, unknown terms; all of them, each
//! with its line.
//!
//! It knows the part of JSON schema that derived schemas use.  What it does not know it lets through; the types decide
//! then.

use super::document::{Document, Problem};
use serde_json::{Map, Number, Value};
use std::ops::Range;
use toml::{
    Spanned,
    de::{DeFloat, DeInteger, DeTable, DeValue},
};

/// Explains a term that is none of a key's, where there is more to say than what the terms are.
pub(crate) type Explain<'e> = &'e dyn Fn(&str, &str) -> Option<String>;

/// What can be read of the file as JSON, without what is wrong, and everything that is wrong.
pub(crate) fn check(
    document: &Document<'_>,
    schema: &Value,
    explain: Explain<'_>,
) -> (Value, Vec<Problem>) {
    let mut walk = Walk { document, explain, problems: Vec::new() };
    let value = walk.table(schema, &Place::top(), document.tree(), 0..0);
    (value.unwrap_or(Value::Null), walk.problems)
}

/// The term among `known` that `found` was probably meant to be.
pub(crate) fn nearest<'k>(
    found: &str,
    known: impl IntoIterator<Item = &'k str>,
) -> Option<&'k str> {
    let found = found.to_lowercase();
    let alike = known.into_iter().map(|it| (likeness(it, &found), it));
    let best = alike.filter(|it| it.0 >= ALIKE).max_by(|one, other| one.0.total_cmp(&other.0));
    best.map(|it| it.1)
}

/// Likeness from which on a term is suggested.
const ALIKE: f64 = 0.8;

/// From 0 to 1.  A single slip, as two letters swapped, makes short words look very different to the measure that suits
/// long ones.
fn likeness(known: &str, found: &str) -> f64 {
    const ONE_SLIP: f64 = 0.95;
    let slip = known.len() > 2 && strsim::osa_distance(known, found) == 1;
    let likeness = strsim::jaro_winkler(known, found);
    if slip { likeness.max(ONE_SLIP) } else { likeness }
}

/// A key and where it stands, for messages.
struct Place {
    key: String,
    section: String,
}

impl Place {
    fn top() -> Self {
        Self { key: String::new(), section: String::new() }
    }

    fn inside(&self, key: &str) -> Self {
        let section = match (self.section.is_empty(), self.key.is_empty()) {
            (_, true) => self.section.clone(),
            (true, false) => self.key.clone(),
            (false, false) => format!("{}.{}", self.section, self.key),
        };
        Self { key: key.to_owned(), section }
    }

    /// The table that this key's own keys stand in.
    fn as_section(&self) -> String {
        match self.inside("").section {
            it if it.is_empty() => "at the top of the file".to_owned(),
            it => format!("in [{it}]"),
        }
    }
}

struct Walk<'d, 't, 'e> {
    document: &'d Document<'t>,
    explain: Explain<'e>,
    problems: Vec<Problem>,
}

impl Walk<'_, '_, '_> {
    fn tell(&mut self, span: Range<usize>, message: String) {
        self.problems.push(self.document.problem_at(span, message));
    }

    fn value(
        &mut self,
        schema: &Value,
        place: &Place,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<Value> {
        let expected = types(schema);
        let found = type_of(value.get_ref());
        let fits = |it: &&str| *it == found || (*it == "number" && found == "integer");
        if !expected.is_empty() && !expected.iter().any(fits) {
            let wanted: Vec<_> = expected.iter().map(|it| in_words(it)).collect();
            let message =
                format!("{} must be {}, not {}", place.key, wanted.join(" or "), in_words(found));
            self.tell(value.span(), message);
            return None;
        }
        match value.get_ref() {
            DeValue::Table(table) => self.table(schema, place, table, value.span()),
            DeValue::Array(items) => {
                let items = items.iter().filter_map(|it| self.value(&schema["items"], place, it));
                Some(Value::Array(items.collect()))
            }
            DeValue::String(text) => self.term(schema, place, text, value.span()),
            DeValue::Integer(number) => self.number(schema, place, integer(number), value.span()),
            DeValue::Float(number) => self.number(schema, place, float(number), value.span()),
            DeValue::Boolean(it) => Some(Value::Bool(*it)),
            DeValue::Datetime(it) => Some(Value::String(it.to_string())),
        }
    }

    fn table(
        &mut self,
        schema: &Value,
        place: &Place,
        table: &DeTable<'_>,
        span: Range<usize>,
    ) -> Option<Value> {
        let schema = self.variant(schema, place, table, &span)?;
        let known = schema["properties"].as_object();
        let mut read = Map::new();
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let inside = known.and_then(|it| it.get(name)).or_else(|| further(schema));
            if let Some(inside) = inside {
                let place = place.inside(name);
                read.extend(self.value(inside, &place, value).map(|it| (name.to_owned(), it)));
            } else if schema["additionalProperties"] == Value::Bool(false) {
                self.tell(key.span(), unknown_key(name, place, known));
            }
        }
        self.missing(schema, place, table, &span);
        Some(Value::Object(read))
    }

    /// Of tables that differ by the constant value of a key, or by the one key they have, the one that is meant.
    fn variant<'s>(
        &mut self,
        schema: &'s Value,
        place: &Place,
        table: &DeTable<'_>,
        span: &Range<usize>,
    ) -> Option<&'s Value> {
        let Some(variants) = schema["oneOf"].as_array() else { return Some(schema) };
        if let Some(keys) = only_keys(variants) {
            let meant = variants.iter().zip(&keys).find(|it| table.contains_key(*it.1));
            if meant.is_none() {
                self.tell(span.clone(), missing_key(&keys.join(" or "), place));
            }
            return meant.map(|it| it.0);
        }
        // Without a variant there is no key to tell them by: only sources can be without one.
        let key = variants.first().and_then(discriminator).unwrap_or(super::CONNECTOR);
        let constant = |it: &'s Value| it["properties"][key]["const"].as_str();
        let found = table.get(key).and_then(|it| it.get_ref().as_str());
        let meant = variants.iter().find(|it| found.is_some() && constant(it) == found);
        let known: Vec<&str> = variants.iter().filter_map(constant).collect();
        meant.or_else(|| self.unknown_variant(key, place, table, span, &known))
    }

    fn unknown_variant<'s>(
        &mut self,
        key: &str,
        place: &Place,
        table: &DeTable<'_>,
        span: &Range<usize>,
        known: &[&str],
    ) -> Option<&'s Value> {
        match table.get(key) {
            None => self.tell(span.clone(), missing_key(key, place)),
            Some(value) => match value.get_ref().as_str() {
                None => self.tell(value.span(), format!("{key} must be text")),
                Some(found) => {
                    let message = (self.explain)(key, found);
                    let message = message.unwrap_or_else(|| unknown_term(key, found, known));
                    self.tell(value.span(), message);
                }
            },
        }
        None
    }

    fn missing(&mut self, schema: &Value, place: &Place, table: &DeTable<'_>, span: &Range<usize>) {
        let required = schema["required"].as_array().into_iter().flatten();
        for key in required.filter_map(Value::as_str).filter(|it| !table.contains_key(*it)) {
            self.tell(span.clone(), missing_key(key, place));
        }
    }

    fn term(
        &mut self,
        schema: &Value,
        place: &Place,
        text: &str,
        span: Range<usize>,
    ) -> Option<Value> {
        let known = terms(schema);
        if known.is_empty() || known.contains(&text) {
            return Some(Value::String(text.to_owned()));
        }
        let message = (self.explain)(&place.key, text);
        self.tell(span, message.unwrap_or_else(|| unknown_term(&place.key, text, &known)));
        None
    }

    fn number(
        &mut self,
        schema: &Value,
        place: &Place,
        number: Option<Number>,
        span: Range<usize>,
    ) -> Option<Value> {
        let Some(number) = number else {
            self.tell(span, format!("{} is not a number that can be stored", place.key));
            return None;
        };
        let found = number.as_f64().unwrap_or_default();
        let bound = |key: &str| schema[key].as_f64();
        let message = match (bound("minimum"), bound("maximum")) {
            (Some(least), _) if found < least => format!("{} must be at least {least}", place.key),
            (_, Some(most)) if found > most => format!("{} must be at most {most}", place.key),
            _ => return Some(Value::Number(number)),
        };
        self.tell(span, message);
        None
    }
}

fn types(schema: &Value) -> Vec<&str> {
    let listed = schema["type"].as_array().into_iter().flatten();
    schema["type"].as_str().into_iter().chain(listed.filter_map(Value::as_str)).collect()
}

/// The terms of an enumeration, listed or as documented alternatives.
fn terms(schema: &Value) -> Vec<&str> {
    let listed = schema["enum"].as_array().into_iter().flatten();
    let documented = schema["oneOf"].as_array().into_iter().flatten();
    let documented = documented
        .flat_map(|it| it["enum"].as_array().into_iter().flatten().chain(it.get("const")));
    listed.chain(schema.get("const")).chain(documented).filter_map(Value::as_str).collect()
}

/// The schema of keys that are not named.
fn further(schema: &Value) -> Option<&Value> {
    Some(&schema["additionalProperties"]).filter(|it| it.is_object())
}

/// The keys of tables each of which has a single one, that it needs.
fn only_keys(variants: &[Value]) -> Option<Vec<&str>> {
    fn only_key(variant: &Value) -> Option<&str> {
        let properties = variant["properties"].as_object().filter(|it| it.len() == 1)?;
        let (key, schema) = properties.iter().next()?;
        let needed = variant["required"].as_array().is_some_and(|it| it.len() == 1);
        (needed && schema.get("const").is_none()).then_some(key.as_str())
    }
    let keys: Option<Vec<_>> = variants.iter().map(only_key).collect();
    keys.filter(|it| !it.is_empty())
}

fn discriminator(variant: &Value) -> Option<&str> {
    let properties = variant["properties"].as_object()?;
    properties.iter().find(|it| it.1.get("const").is_some()).map(|it| it.0.as_str())
}

fn type_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) | DeValue::Datetime(_) => "string",
        DeValue::Integer(_) => "integer",
        DeValue::Float(_) => "number",
        DeValue::Boolean(_) => "boolean",
        DeValue::Array(_) => "array",
        DeValue::Table(_) => "object",
    }
}

fn in_words(name: &str) -> &str {
    match name {
        "string" => "text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "a table",
        other => other,
    }
}

fn integer(number: &DeInteger<'_>) -> Option<Number> {
    i64::from_str_radix(number.as_str(), number.radix()).ok().map(Number::from)
}

fn float(number: &DeFloat<'_>) -> Option<Number> {
    number.as_str().parse().ok().and_then(Number::from_f64)
}

fn missing_key(key: &str, place: &Place) -> String {
    format!("{key} is missing {}", place.as_section())
}

fn unknown_key(name: &str, place: &Place, known: Option<&Map<String, Value>>) -> String {
    let known: Vec<&str> = known.into_iter().flatten().map(|it| it.0.as_str()).collect();
    let section = place.as_section();
    match nearest(name, known.iter().copied()) {
        Some(meant) => format!("unknown key {name} {section}; did you mean {meant}?"),
        None => format!("unknown key {name} {section}; known are {}", known.join(", ")),
    }
}

/// The word itself is not told: it may be a password in the wrong line.
fn unknown_term(key: &str, found: &str, known: &[&str]) -> String {
    match nearest(found, known.iter().copied()) {
        Some(meant) => format!("{key} has none of the words it can have; did you mean {meant:?}?"),
        None => format!("{key} has none of the words it can have: {}", known.join(", ")),
    }
}
