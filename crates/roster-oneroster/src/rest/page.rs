//! Finds the objects in the body of a page, whatever it is wrapped in.
//!
//! The standard keys a page by the type of its resources (`users` also for `/students`); services were met that key it
//! otherwise, or send the bare array.

use roster_core::{Error, ErrorKind, Result, Retry};
use serde::{
    Deserializer as _,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};
use std::fmt;

const OPERATION: &str = "rest.page";

/// Hands every object of a page over, in order.
///
/// # Errors
///
/// [`ErrorKind::SchemaMismatch`] where the body is no page of a collection, [`ErrorKind::Damaged`] where it breaks off or
/// is no JSON; what `take` says.
pub(super) fn for_each_object(
    body: &[u8],
    name: &str,
    take: &mut dyn FnMut(Map<String, Value>) -> Result<()>,
) -> Result<()> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if body.trim_ascii_start().starts_with(b"<") {
        let message = "the service answered with a web page, not with JSON; check the address, and whether something \
                       stands between the service and this machine";
        return Err(Error::new(ErrorKind::SchemaMismatch, OPERATION, message));
    }
    let mut state = State { name, take, found: false, error: None };
    let mut json = serde_json::Deserializer::from_slice(body);
    let read = json.deserialize_any(Page(&mut state)).and_then(|()| json.end());
    let (found, error) = (state.found, state.error);
    match (error, read) {
        (Some(error), _) => Err(error),
        (None, Err(error)) => Err(no_json(&error)),
        (None, Ok(())) if found => Ok(()),
        (None, Ok(())) => {
            let message =
                "the answer has no list of records; it is not a page of a OneRoster collection";
            Err(Error::new(ErrorKind::SchemaMismatch, OPERATION, message).context("expected", name))
        }
    }
}

/// What `serde_json` says can hold what stood there: only the place is told.
fn no_json(error: &serde_json::Error) -> Error {
    let (kind, message) = if error.is_eof() {
        (ErrorKind::Unavailable, "the answer breaks off in the middle")
    } else {
        (ErrorKind::Damaged, "the answer is not JSON of the form that OneRoster has")
    };
    let error_here = Error::new(kind, OPERATION, message);
    let error_here = if error.is_eof() { error_here.retry(Retry::Backoff) } else { error_here };
    error_here.context("line", error.line()).context("column", error.column())
}

struct State<'a> {
    name: &'a str,
    take: &'a mut dyn FnMut(Map<String, Value>) -> Result<()>,
    found: bool,
    error: Option<Error>,
}

/// The body: an object around the list, or the bare list.
struct Page<'a, 's>(&'a mut State<'s>);

impl<'de> Visitor<'de> for Page<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a page of a collection")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        Elements { state: self.0, certain: true }.visit_seq(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let certain = key.eq_ignore_ascii_case(self.0.name);
            if certain || !is_of_an_error(&key) {
                map.next_value_seed(Elements { state: self.0, certain })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// Keys under which services send what went wrong.
fn is_of_an_error(key: &str) -> bool {
    key.starts_with("imsx_") || matches!(key, "errors" | "error" | "statusInfoSet" | "warnings")
}

/// What may be the list of records: under the name of the collection for certain, else if its items have keys.
struct Elements<'a, 's> {
    state: &'a mut State<'s>,
    certain: bool,
}

impl<'de> DeserializeSeed<'de> for Elements<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Elements<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.state.found |= self.certain;
        while let Some(element) = list.next_element::<Value>()? {
            let Value::Object(object) = element else {
                if self.certain {
                    return Err(A::Error::custom("an item of the list is no object"));
                }
                continue;
            };
            if !self.certain && !object.contains_key("sourcedId") {
                continue;
            }
            self.state.found = true;
            if let Err(error) = (self.state.take)(object) {
                self.state.error = Some(error);
                return Err(A::Error::custom("stopped"));
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        // `null` under the name of the collection is what some services send for an empty one.
        self.state.found |= self.certain;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Vec<String>> {
        let mut keys = Vec::new();
        for_each_object(body.as_bytes(), "users", &mut |object| {
            keys.push(
                object.get("sourcedId").and_then(Value::as_str).unwrap_or_default().to_owned(),
            );
            Ok(())
        })?;
        Ok(keys)
    }

    #[test]
    fn objects_are_found_whatever_is_around_them() {
        let check = |body: &str, expected: &[&str]| {
            assert_eq!(read(body).unwrap(), expected, "{body}");
        };
        check(r#"{"users":[{"sourcedId":"1"},{"sourcedId":"2"}]}"#, &["1", "2"]);
        check(
            r#"{"status":1,"message":"","users":[{"sourcedId":"1"}],"imsx_x":[{"sourcedId":"e"}]}"#,
            &["1"],
        );
        check(r#"{"people":[{"sourcedId":"1"}],"page":{"of":[2]}}"#, &["1"]);
        check("\u{feff}[{\"sourcedId\":\"1\"}]", &["1"]);
        check(r#"{"users":[]}"#, &[]);
        check(r#"{"users":null}"#, &[]);
        check("[]", &[]);
    }

    #[test]
    fn what_is_no_page_is_an_error_without_its_words() {
        let check = |body: &str, kind| {
            let error = read(body).unwrap_err();
            assert_eq!(error.kind(), kind, "{body}");
            assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
        };
        check("<!DOCTYPE html><html>canary</html>", ErrorKind::SchemaMismatch);
        check(r#"{"status":0,"message":"canary"}"#, ErrorKind::SchemaMismatch);
        check(
            r#"{"errors":[{"codeMajor":"failure","sourcedId":"canary"}]}"#,
            ErrorKind::SchemaMismatch,
        );
        check(r#"{"users":[{"sourcedId":"canary"},{"sourc"#, ErrorKind::Unavailable);
        check(r#"{"users":["canary"]}"#, ErrorKind::Damaged);
        check(r#"{"users":[{"sourcedId":"canary"}]} canary"#, ErrorKind::Damaged);
        check("", ErrorKind::Unavailable);
    }
}
