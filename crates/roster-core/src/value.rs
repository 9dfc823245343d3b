//! Field values: their canonical text and the Rust types that read and write it.
//!
//! A batch stores every field as canonical text, which is what sinks write: dates `YYYY-MM-DD`, times RFC 3339 in UTC,
//! booleans `true` and `false`, numbers in decimal, lists and extensions as compact JSON.  The types here turn that
//! text into Rust values and back without copying it.

use serde::{Deserialize, Serialize};
use std::{
    borrow::Cow,
    collections::BTreeMap,
    fmt::{self, Write as _},
};

/// A calendar date.
pub type Date = jiff::civil::Date;

/// An instant.
pub type Timestamp = jiff::Timestamp;

/// How a field's canonical text is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// Any text.
    Text,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// A decimal number.
    Decimal,
    /// `YYYY-MM-DD`.
    Date,
    /// RFC 3339 in UTC.
    DateTime,
    /// A term of a vocabulary; any other text stands for an unknown term.
    Vocabulary(&'static [&'static str]),
    /// A JSON array of texts.
    TextList,
    /// A JSON array of `{"type":…,"identifier":…}`.
    Identifiers,
    /// A JSON object of texts or, where a source has them, deeper values.
    Extensions,
}

/// An identifier in one of a user's or organization's numbering schemes.  `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identifier {
    /// The scheme, such as `LDAP`, `state` or `NCES`; empty where the source does not tell.
    #[serde(rename = "type")]
    pub scheme: String,
    /// The identifier.
    pub identifier: String,
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identifier").field("type", &self.scheme).finish_non_exhaustive()
    }
}

/// What extension fields are kept as.
pub type ExtensionMap = BTreeMap<String, serde_json::Value>;

/// A list of texts as its canonical JSON, borrowed or made.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TextList<'a>(Option<Cow<'a, str>>);

/// A list of identifiers as its canonical JSON, borrowed or made.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Identifiers<'a>(Option<Cow<'a, str>>);

/// Extension fields as their canonical JSON, borrowed or made.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Extensions<'a>(Option<Cow<'a, str>>);

macro_rules! json_text {
    ($name:ident, $owned:ty) => {
        impl<'a> $name<'a> {
            /// Encodes; an empty collection is the same as none.
            #[must_use]
            pub fn new(items: &$owned) -> Self {
                let empty = items.is_empty();
                Self((!empty).then(|| Cow::Owned(serde_json::to_string(items).unwrap_or_default())))
            }

            /// Decodes; canonical text always decodes, damaged text gives an empty collection.
            #[must_use]
            pub fn decode(&self) -> $owned {
                self.0.as_deref().and_then(|it| serde_json::from_str(it).ok()).unwrap_or_default()
            }

            /// The canonical JSON, `None` when empty.
            #[must_use]
            pub fn json(&self) -> Option<&str> {
                self.0.as_deref()
            }
        }

        impl fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(hidden)"))
            }
        }

        impl<'a> FieldValue<'a> for $name<'a> {
            type Owned = $owned;

            fn read(text: Option<&'a str>) -> Self {
                Self(text.map(Cow::Borrowed))
            }

            fn write(&self, out: &mut String) -> bool {
                self.0.as_deref().is_some_and(|it| {
                    out.push_str(it);
                    true
                })
            }

            fn to_owned_value(&self) -> Self::Owned {
                self.decode()
            }

            fn from_owned_value(owned: &'a Self::Owned) -> Self {
                Self::new(owned)
            }
        }
    };
}

json_text!(TextList, Vec<String>);
json_text!(Identifiers, Vec<Identifier>);
json_text!(Extensions, ExtensionMap);

/// A Rust type that reads and writes a field's canonical text.
pub trait FieldValue<'a>: Sized {
    /// The type in the owned structs.
    type Owned;

    /// Reads canonical text; `None` is an empty field.
    fn read(text: Option<&'a str>) -> Self;

    /// Appends canonical text; false when the field is empty.
    fn write(&self, out: &mut String) -> bool;

    /// Makes the owned value.
    fn to_owned_value(&self) -> Self::Owned;

    /// Borrows from the owned value.
    fn from_owned_value(owned: &'a Self::Owned) -> Self;
}

impl<'a> FieldValue<'a> for &'a str {
    type Owned = String;

    fn read(text: Option<&'a str>) -> Self {
        text.unwrap_or_default()
    }

    fn write(&self, out: &mut String) -> bool {
        out.push_str(self);
        !self.is_empty()
    }

    fn to_owned_value(&self) -> String {
        (*self).to_owned()
    }

    fn from_owned_value(owned: &'a String) -> Self {
        owned
    }
}

impl<'a> FieldValue<'a> for Option<&'a str> {
    type Owned = Option<String>;

    fn read(text: Option<&'a str>) -> Self {
        text
    }

    fn write(&self, out: &mut String) -> bool {
        self.is_some_and(|it| {
            out.push_str(it);
            true
        })
    }

    fn to_owned_value(&self) -> Self::Owned {
        self.map(str::to_owned)
    }

    fn from_owned_value(owned: &'a Self::Owned) -> Self {
        owned.as_deref()
    }
}

macro_rules! plain_value {
    ($($type:ty => $read:expr, $format:literal;)+) => {$(
        impl<'a> FieldValue<'a> for Option<$type> {
            type Owned = Self;

            fn read(text: Option<&'a str>) -> Self {
                text.and_then($read)
            }

            fn write(&self, out: &mut String) -> bool {
                self.as_ref().is_some_and(|it| write!(out, $format, it).is_ok())
            }

            fn to_owned_value(&self) -> Self {
                self.clone()
            }

            fn from_owned_value(owned: &'a Self) -> Self {
                owned.clone()
            }
        }
    )+};
}

plain_value! {
    bool => |it| it.parse().ok(), "{}";
    i64 => |it| it.parse().ok(), "{}";
    f64 => |it| it.parse().ok(), "{}";
    Date => |it| it.parse().ok(), "{}";
    Timestamp => |it| it.parse().ok(), "{}";
}

/// Appends a JSON string, as the canonical text of list items and extension values has it.
pub fn push_json_string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            other if other < ' ' => _ = write!(out, "\\u{:04x}", u32::from(other)),
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_text_survives_reading_and_writing() {
        fn check<'a, T: FieldValue<'a>>(text: &'a str) {
            let mut out = String::new();
            assert!(T::read(Some(text)).write(&mut out), "{text}");
            assert_eq!(out, text);
            assert!(!T::read(None).write(&mut String::new()));
        }
        check::<&str>("é");
        check::<Option<&str>>("");
        check::<Option<bool>>("false");
        check::<Option<i64>>("-12");
        check::<Option<f64>>("1.5");
        check::<Option<Date>>("2026-08-27");
        check::<Option<Timestamp>>("2026-08-27T01:02:03.5Z");
        check::<TextList<'_>>(r#"["09","10"]"#);
        check::<Identifiers<'_>>(r#"[{"type":"LDAP","identifier":"7"}]"#);
        check::<Extensions<'_>>(r#"{"a":"b"}"#);
    }

    #[test]
    fn json_strings_are_as_serde_writes_them() {
        for text in ["", "plain", "\"\\/\n\r\t\u{8}\u{c}\u{1}\u{1f}\u{7f}é漢\u{2028}"] {
            let mut out = String::new();
            push_json_string(&mut out, text);
            assert_eq!(out, serde_json::to_string(text).unwrap());
        }
    }
}
