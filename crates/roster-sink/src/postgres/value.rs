//! Field values: canonical text into PostgreSQL's binary form, and back into the same text.

use super::failure::{Failure, Outcome};
use bytes::{BufMut as _, BytesMut};
use roster_core::{
    ErrorKind, RowBuilder,
    model::FieldSchema,
    value::{Date, ExtensionMap, FieldType, Timestamp},
};
use std::{borrow::Cow, error::Error, fmt::Write as _};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

/// Length of a field that is NULL.
const NULL: i32 = -1;
/// The first byte of every `jsonb`.
const JSONB_VERSION: u8 = 1;
/// PostgreSQL counts days and microseconds from here.
const EPOCH: Date = jiff::civil::date(2000, 1, 1);
/// [`EPOCH`] as the rest of the world counts.
const EPOCH_MICROSECONDS: i64 = 946_684_800_000_000;
const HOURS_A_DAY: i64 = 24;

/// Appends a field that is NULL.
pub(super) fn put_null(buffer: &mut BytesMut) {
    buffer.put_i32(NULL);
}

/// Appends bytes as a field.
pub(super) fn put_bytes(buffer: &mut BytesMut, bytes: &[u8]) {
    buffer.put_i32(i32::try_from(bytes.len()).expect("a batch's text stays below 2 GiB"));
    buffer.put_slice(bytes);
}

/// Appends a field's canonical text in the column's form; `None` when the text is not canonical.
pub(super) fn put_field(
    buffer: &mut BytesMut,
    field: &FieldSchema,
    text: Option<&str>,
) -> Option<()> {
    let Some(text) = text else {
        put_null(buffer);
        return Some(());
    };
    match field.field_type {
        FieldType::Text | FieldType::Vocabulary(_) => put_bytes(buffer, storable(text).as_bytes()),
        FieldType::Boolean => put_bytes(buffer, &[text.parse::<bool>().ok()?.into()]),
        FieldType::Integer => put_bytes(buffer, &text.parse::<i64>().ok()?.to_be_bytes()),
        FieldType::Decimal => {
            let number = text.parse().ok().filter(|it: &f64| it.is_finite())?;
            put_bytes(buffer, &number.to_be_bytes());
        }
        FieldType::Date => put_bytes(buffer, &days(text)?.to_be_bytes()),
        FieldType::DateTime => put_bytes(buffer, &microseconds(text)?.to_be_bytes()),
        FieldType::TextList | FieldType::Identifiers | FieldType::Extensions => {
            put_json(buffer, text);
        }
    }
    Some(())
}

/// PostgreSQL keeps no U+0000 in text: it is kept as U+FFFD.
pub(super) fn storable(text: &str) -> Cow<'_, str> {
    if text.as_bytes().contains(&0) {
        return text.replace('\0', "\u{fffd}").into();
    }
    text.into()
}

/// JSON without U+0000, see [`storable`].
pub(super) fn storable_json(text: &str) -> Cow<'_, str> {
    const NUL: &str = "\\u0000";
    if !text.contains(NUL) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let taken = if escape.starts_with(NUL) {
            out.push('\u{fffd}');
            NUL.len()
        } else {
            // The character behind a backslash begins no escape of its own.
            let taken = 1 + escape[1..].chars().next().map_or(0, char::len_utf8);
            out.push_str(&escape[..taken]);
            taken
        };
        rest = &escape[taken..];
    }
    out.push_str(rest);
    out.into()
}

fn put_json(buffer: &mut BytesMut, text: &str) {
    let text = storable_json(text);
    let length = i32::try_from(text.len() + 1).expect("a batch's text stays below 2 GiB");
    buffer.put_i32(length);
    buffer.put_u8(JSONB_VERSION);
    buffer.put_slice(text.as_bytes());
}

fn days(text: &str) -> Option<i32> {
    // The parser would take a date and time, too.
    let is_date = text.len() == "YYYY-MM-DD".len();
    let date: Date = is_date.then(|| text.parse().ok()).flatten()?;
    i32::try_from(date.duration_since(EPOCH).as_hours() / HOURS_A_DAY).ok()
}

fn microseconds(text: &str) -> Option<i64> {
    let time: Timestamp = text.parse().ok()?;
    Some(time.as_microsecond() - EPOCH_MICROSECONDS)
}

/// A column's bytes as the server sent them.
#[derive(Clone, Copy)]
pub(super) struct Raw<'a>(Option<&'a [u8]>);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Some(raw)))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// A `uuid` as the server has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawId(pub(super) [u8; 16]);

impl<'a> FromSql<'a> for RawId {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(raw.try_into()?))
    }

    fn accepts(type_: &Type) -> bool {
        *type_ == Type::UUID
    }
}

impl ToSql for RawId {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.put_slice(&self.0);
        Ok(IsNull::No)
    }

    fn accepts(type_: &Type) -> bool {
        *type_ == Type::UUID
    }

    to_sql_checked!();
}

/// A time that [`super::layout::milliseconds`] asked for.
pub(super) fn time_of(milliseconds: i64) -> Outcome<Timestamp> {
    Timestamp::from_millisecond(milliseconds).map_err(|_| {
        let message = "a stored time cannot be read; restore the database from a backup";
        Failure::new(ErrorKind::Damaged, "postgres.read", message)
    })
}

/// Appends a column to a row as canonical text.
pub(super) fn push_column(
    row: &mut RowBuilder<'_>,
    field: &FieldSchema,
    value: Raw<'_>,
) -> Outcome<()> {
    let Raw(Some(bytes)) = value else {
        row.push(None);
        return Ok(());
    };
    let mut read = None;
    row.push_with(|out| {
        read = push_text(out, field.field_type, bytes);
        read.is_some()
    });
    read.ok_or_else(|| unreadable(field))
}

/// Appends the canonical text of a column; `None` when it is none of ours.
fn push_text(out: &mut String, field_type: FieldType, bytes: &[u8]) -> Option<()> {
    match field_type {
        FieldType::Text | FieldType::Vocabulary(_) => out.push_str(str::from_utf8(bytes).ok()?),
        FieldType::Boolean => out.push_str(if *bytes.first()? == 0 { "false" } else { "true" }),
        FieldType::Integer => {
            write!(out, "{}", i64::from_be_bytes(bytes.try_into().ok()?)).ok()?;
        }
        FieldType::Decimal => {
            write!(out, "{}", f64::from_be_bytes(bytes.try_into().ok()?)).ok()?;
        }
        FieldType::Date => {
            let days = i32::from_be_bytes(bytes.try_into().ok()?);
            let past = jiff::SignedDuration::from_hours(i64::from(days) * HOURS_A_DAY);
            write!(out, "{}", EPOCH.checked_add(past).ok()?).ok()?;
        }
        FieldType::DateTime => {
            let microseconds = i64::from_be_bytes(bytes.try_into().ok()?);
            let time = microseconds.checked_add(EPOCH_MICROSECONDS)?;
            write!(out, "{}", Timestamp::from_microsecond(time).ok()?).ok()?;
        }
        FieldType::TextList | FieldType::Identifiers | FieldType::Extensions => {
            let (version, text) = bytes.split_first()?;
            let text = str::from_utf8(text).ok().filter(|_| *version == JSONB_VERSION)?;
            push_json(out, field_type, text)?;
        }
    }
    Some(())
}

/// Appends JSON in its canonical form: without spaces, the keys of extensions in order.  The server keeps keys by their
/// length.
fn push_json(out: &mut String, field_type: FieldType, text: &str) -> Option<()> {
    if field_type == FieldType::Extensions && text.contains(", ") {
        let map: ExtensionMap = serde_json::from_str(text).ok()?;
        out.push_str(&serde_json::to_string(&map).ok()?);
    } else {
        push_compact(out, text);
    }
    Some(())
}

fn push_compact(out: &mut String, json: &str) {
    let (mut in_text, mut is_escaped, mut start) = (false, false, 0);
    for (at, byte) in json.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => in_text = !in_text,
            b' ' if !in_text => {
                out.push_str(&json[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    out.push_str(&json[start..]);
}

fn unreadable(field: &FieldSchema) -> Failure {
    let message = format!(
        "the column {} holds what Homeroom did not write; restore it from a backup",
        field.name
    );
    Failure::new(ErrorKind::Damaged, "postgres.read", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The binary form of a canonical text, and the text that comes of it.
    #[track_caller]
    fn check(field_type: FieldType, text: &str, binary: &[u8]) {
        let field =
            FieldSchema { name: "f", doc: "", field_type, required: false, reference: None };
        let mut buffer = BytesMut::new();
        put_field(&mut buffer, &field, Some(text)).unwrap();
        assert_eq!(&buffer[4..], binary, "{text}");
        assert_eq!(&buffer[..4], i32::try_from(binary.len()).unwrap().to_be_bytes());
        let mut out = String::new();
        push_text(&mut out, field_type, binary).unwrap();
        assert_eq!(out, text);
    }

    #[test]
    fn dates_and_times_are_counted_from_the_year_2000() {
        check(FieldType::Date, "2000-01-01", &[0, 0, 0, 0]);
        check(FieldType::Date, "1999-12-31", &(-1i32).to_be_bytes());
        check(FieldType::Date, "2024-02-29", &8825i32.to_be_bytes());
        check(FieldType::DateTime, "2000-01-01T00:00:00Z", &[0; 8]);
        check(FieldType::DateTime, "2000-01-01T00:00:01.5Z", &1_500_000i64.to_be_bytes());
        check(FieldType::DateTime, "1999-12-31T23:59:59.999999Z", &(-1i64).to_be_bytes());
    }

    #[test]
    fn text_that_is_not_canonical_has_no_binary_form() {
        for (field_type, text) in [
            (FieldType::Date, "2026-13-01"),
            (FieldType::Date, "20260101"),
            (FieldType::Date, "2026-01-01T00:00:00"),
            (FieldType::DateTime, "2026-01-01"),
            (FieldType::Boolean, "TRUE"),
            (FieldType::Integer, "1.5"),
            (FieldType::Decimal, "inf"),
        ] {
            let field =
                FieldSchema { name: "f", doc: "", field_type, required: false, reference: None };
            assert!(put_field(&mut BytesMut::new(), &field, Some(text)).is_none(), "{text}");
        }
    }

    #[test]
    fn values_at_infinity_are_refused() {
        for bytes in [&i32::MAX.to_be_bytes()[..], &i32::MIN.to_be_bytes()] {
            assert!(push_text(&mut String::new(), FieldType::Date, bytes).is_none());
        }
        for bytes in [&i64::MAX.to_be_bytes()[..], &i64::MIN.to_be_bytes()] {
            assert!(push_text(&mut String::new(), FieldType::DateTime, bytes).is_none());
        }
    }

    #[test]
    fn json_is_compact_and_in_order_again() {
        let cases = [
            (FieldType::TextList, r#"["a, b", "c\" , d\\", ""]"#, r#"["a, b","c\" , d\\",""]"#),
            (FieldType::Extensions, r#"{"z": "1, 2", "aa": "x"}"#, r#"{"aa":"x","z":"1, 2"}"#),
            (FieldType::Extensions, r#"{"a": {"c": 1, "bb": 2}}"#, r#"{"a":{"bb":2,"c":1}}"#),
        ];
        for (field_type, stored, canonical) in cases {
            let mut out = String::new();
            push_json(&mut out, field_type, stored).unwrap();
            assert_eq!(out, canonical);
        }
    }

    #[test]
    fn nul_becomes_the_replacement_character() {
        assert_eq!(storable("a\0b"), "a\u{fffd}b");
        assert_eq!(
            storable_json(r#"["\u0000","\\u0000","\"\u0000é"]"#),
            "[\"\u{fffd}\",\"\\\\u0000\",\"\\\"\u{fffd}é\"]"
        );
        assert_eq!(storable_json(r#"["\\u0000"]"#), r#"["\\u0000"]"#);
    }
}
