//! Reads keys into the types of those who use them.  What it says of a mistake is the key and what is expected, and never
//! the value: that may be a credential.

use serde::{
    Deserializer,
    de::{
        self, DeserializeOwned, DeserializeSeed, Expected, IntoDeserializer as _, MapAccess,
        SeqAccess, Unexpected, Visitor,
        value::{MapAccessDeserializer, StringDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::{Map, Value, map};
use std::{error, fmt, iter::Enumerate, vec};

/// Reads a value.
///
/// # Errors
///
/// A sentence with the path of the key and what is expected there.
pub(crate) fn read<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    T::deserialize(Typed(value)).map_err(|it| it.to_string())
}

/// What is wrong, and the keys down to it.
#[derive(Debug)]
struct Mistake {
    path: Vec<String>,
    says: String,
}

impl Mistake {
    fn here(says: String) -> Self {
        Self { path: Vec::new(), says }
    }

    fn inside(mut self, key: String) -> Self {
        self.path.insert(0, key);
        self
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "this".to_owned() } else { self.path.join(".") };
        write!(f, "{path} {}", self.says)
    }
}

impl error::Error for Mistake {}

impl de::Error for Mistake {
    /// The message is the type's own, which may quote the value.
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::here("has a value that it cannot have".to_owned())
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::here(format!("must be {expected}"))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::here(format!("must be {expected}"))
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::here(format!("must be {expected}"))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::here(format!("must be one of {}", expected.join(", ")))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let says = format!("is no key that is known; known are {}", expected.join(", "));
        Self::here(says).inside(field.to_owned())
    }

    fn missing_field(field: &'static str) -> Self {
        Self::here("is missing".to_owned()).inside(field.to_owned())
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::here("is there twice".to_owned()).inside(field.to_owned())
    }
}

struct Typed(Value);

impl<'de> Deserializer<'de> for Typed {
    type Error = Mistake;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(it) => visitor.visit_bool(it),
            Value::Number(it) => visit_number(&it, visitor),
            Value::String(it) => visitor.visit_string(it),
            Value::Array(items) => visit_items(items, visitor),
            Value::Object(keys) => visitor.visit_map(Keys::of(keys)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        visitor.visit_newtype_struct(self)
    }

    /// A table alone: a list would be taken for its keys' values in the order of the type.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        match self.0 {
            Value::Object(keys) => visitor.visit_map(Keys::of(keys)),
            _ => Err(Mistake::here("must be a table".to_owned())),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        match self.0 {
            Value::String(term) => visitor.visit_enum(StringDeserializer::new(term)),
            Value::Object(keys) => visitor.visit_enum(MapAccessDeserializer::new(Keys::of(keys))),
            _ => Err(Mistake::here("must be text".to_owned())),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

fn visit_number<'de, V: Visitor<'de>>(
    number: &serde_json::Number,
    visitor: V,
) -> Result<V::Value, Mistake> {
    match (number.as_u64(), number.as_i64()) {
        (Some(it), _) => visitor.visit_u64(it),
        (_, Some(it)) => visitor.visit_i64(it),
        _ => visitor.visit_f64(number.as_f64().unwrap_or_default()),
    }
}

fn visit_items<'de, V: Visitor<'de>>(items: Vec<Value>, visitor: V) -> Result<V::Value, Mistake> {
    let count = items.len();
    let mut items = Items(items.into_iter().enumerate());
    let read = visitor.visit_seq(&mut items)?;
    if items.0.len() > 0 {
        return Err(de::Error::invalid_length(count, &"a shorter list"));
    }
    Ok(read)
}

struct Items(Enumerate<vec::IntoIter<Value>>);

impl<'de> SeqAccess<'de> for Items {
    type Error = Mistake;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Mistake> {
        let Some((index, value)) = self.0.next() else { return Ok(None) };
        let read = seed.deserialize(Typed(value));
        read.map(Some).map_err(|it| it.inside((index + 1).to_string()))
    }
}

struct Keys {
    rest: map::IntoIter,
    current: (String, Value),
}

impl Keys {
    fn of(keys: Map<String, Value>) -> Self {
        Self { rest: keys.into_iter(), current: (String::new(), Value::Null) }
    }
}

impl<'de> MapAccess<'de> for Keys {
    type Error = Mistake;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Mistake> {
        let Some(next) = self.rest.next() else { return Ok(None) };
        self.current = next;
        seed.deserialize(self.current.0.as_str().into_deserializer()).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Mistake> {
        let (key, value) = std::mem::take(&mut self.current);
        seed.deserialize(Typed(value)).map_err(|it| it.inside(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;
    use std::{collections::BTreeMap, num::NonZeroU8, path::PathBuf};

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields, default)]
    struct Keys {
        name: Option<String>,
        number: Option<NonZeroU8>,
        ratio: f64,
        path: PathBuf,
        terms: Vec<Term>,
        pair: (bool, i64),
        #[serde(rename = "in")]
        inside: BTreeMap<String, Inside>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "snake_case")]
    enum Term {
        One,
        Other { size: u8 },
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Inside {
        address: std::net::IpAddr,
    }

    #[test]
    fn values_are_read_as_serde_json_reads_them() {
        let value = json!({
            "name": "a", "number": 3, "ratio": 2, "path": "p", "terms": ["one", { "other": { "size": 1 } }],
            "pair": [true, -1], "in": { "x": { "address": "::1" } },
        });
        let expected: Keys = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(read::<Keys>(value), Ok(expected));
        assert_eq!(read::<Keys>(json!({ "name": null })), Ok(Keys::default()));
    }

    #[test]
    fn mistakes_name_the_key_and_what_is_expected() {
        #[track_caller]
        fn check(value: Value, expected: &str) {
            assert!(serde_json::from_value::<Keys>(value.clone()).is_err(), "{value}");
            assert_eq!(read::<Keys>(value).unwrap_err(), expected);
        }
        check(json!("CANARY"), "this must be a table");
        check(json!({ "name": 90417 }), "name must be a string");
        check(json!({ "number": 90417 }), "number must be a nonzero u8");
        check(json!({ "ratio": "CANARY" }), "ratio must be f64");
        check(json!({ "path": ["CANARY"] }), "path must be path string");
        check(json!({ "terms": ["one", "CANARY"] }), "terms.2 must be one of one, other");
        check(
            json!({ "terms": [{ "other": { "size": "CANARY" } }] }),
            "terms.1.other.size must be u8",
        );
        check(json!({ "terms": [90417] }), "terms.1 must be text");
        check(json!({ "pair": [true] }), "pair must be a tuple of size 2");
        check(json!({ "pair": [true, 1, 90417] }), "pair must be a shorter list");
        check(json!({ "in": { "x": {} } }), "in.x.address is missing");
        check(
            json!({ "in": { "x": { "address": "CANARY" } } }),
            "in.x.address has a value that it cannot have",
        );
        check(
            json!({ "nam": "CANARY" }),
            "nam is no key that is known; known are name, number, ratio, path, terms, pair, in",
        );
    }
}
