//! Field values: canonical text into Arrow's arrays, and arrays back into the same text.

use super::layout::{list_item, time_type};
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, Date32Array, Float64Array, Int64Array,
    ListArray, PrimitiveArray, StringArray, TimestampMicrosecondArray,
    builder::{BooleanBuilder, ListBuilder, PrimitiveBuilder, StringBuilder},
    cast::AsArray as _,
    types::{Date32Type, Float64Type, Int64Type, TimestampMicrosecondType},
};
use arrow_schema::DataType;
use jiff::{Timestamp, civil::Date};
use roster_core::{
    RowBuilder,
    value::{FieldType, push_json_string},
};
use std::{borrow::Cow, fmt::Write as _, str::FromStr, sync::Arc};

const HOURS_A_DAY: i64 = 24;
/// Days are counted from here.
const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// A text that is not the canonical form of its field's type.
#[derive(Clone, Copy, Debug)]
pub(super) struct NotCanonical;

/// The array of a field's canonical texts.
pub(super) fn array<'t>(
    field_type: FieldType,
    rows: usize,
    texts: impl Iterator<Item = Option<&'t str>>,
) -> Result<ArrayRef, NotCanonical> {
    Ok(match field_type {
        FieldType::Text
        | FieldType::Vocabulary(_)
        | FieldType::Identifiers
        | FieldType::Extensions => text_array(rows, texts),
        FieldType::Boolean => {
            let mut array = BooleanBuilder::with_capacity(rows);
            for text in texts {
                array.append_option(text.map(parsed).transpose()?);
            }
            Arc::new(array.finish())
        }
        FieldType::Integer => Arc::new(primitive::<Int64Type>(rows, texts, parsed)?),
        FieldType::Decimal => Arc::new(primitive::<Float64Type>(rows, texts, finite)?),
        FieldType::Date => Arc::new(primitive::<Date32Type>(rows, texts, remembering(days))?),
        FieldType::DateTime => {
            let read = remembering(microseconds);
            let times = primitive::<TimestampMicrosecondType>(rows, texts, read)?;
            Arc::new(times.with_data_type(time_type()))
        }
        FieldType::TextList => list_array(texts)?,
    })
}

/// The array of these texts.
pub(super) fn text_array<'t>(
    rows: usize,
    texts: impl Iterator<Item = Option<&'t str>>,
) -> ArrayRef {
    let mut array = StringBuilder::with_capacity(rows, rows * 8);
    for text in texts {
        array.append_option(text);
    }
    Arc::new(array.finish())
}

/// Times as an array.
pub(super) fn time_array(times: impl Iterator<Item = Option<Timestamp>>) -> ArrayRef {
    let array: TimestampMicrosecondArray =
        times.map(|it| it.map(Timestamp::as_microsecond)).collect();
    Arc::new(array.with_data_type(time_type()))
}

fn primitive<'t, T: ArrowPrimitiveType>(
    rows: usize,
    texts: impl Iterator<Item = Option<&'t str>>,
    mut read: impl FnMut(&'t str) -> Result<T::Native, NotCanonical>,
) -> Result<PrimitiveArray<T>, NotCanonical> {
    let mut array = PrimitiveBuilder::<T>::with_capacity(rows);
    for text in texts {
        array.append_option(text.map(&mut read).transpose()?);
    }
    Ok(array.finish())
}

fn parsed<T: FromStr>(text: &str) -> Result<T, NotCanonical> {
    text.parse().map_err(|_| NotCanonical)
}

fn finite(text: &str) -> Result<f64, NotCanonical> {
    parsed(text).and_then(|it: f64| if it.is_finite() { Ok(it) } else { Err(NotCanonical) })
}

/// Reads a text that is the same as the one before only once: the dates of a district's terms come again and again.
fn remembering<'t, T: Copy>(
    read: fn(&str) -> Result<T, NotCanonical>,
) -> impl FnMut(&'t str) -> Result<T, NotCanonical> {
    let mut last: Option<(&'t str, T)> = None;
    move |text| match last {
        Some((before, value)) if before == text => Ok(value),
        _ => {
            let value = read(text)?;
            last = Some((text, value));
            Ok(value)
        }
    }
}

fn days(text: &str) -> Result<i32, NotCanonical> {
    // The parser would take a date and time, too.
    if text.len() != "YYYY-MM-DD".len() {
        return Err(NotCanonical);
    }
    let date: Date = parsed(text)?;
    let days = date.duration_since(EPOCH).as_hours() / HOURS_A_DAY;
    i32::try_from(days).map_err(|_| NotCanonical)
}

fn microseconds(text: &str) -> Result<i64, NotCanonical> {
    Ok(parsed::<Timestamp>(text)?.as_microsecond())
}

fn list_array<'t>(texts: impl Iterator<Item = Option<&'t str>>) -> Result<ArrayRef, NotCanonical> {
    let mut array = ListBuilder::new(StringBuilder::new()).with_field(list_item());
    for text in texts {
        let Some(text) = text else {
            array.append_null();
            continue;
        };
        let items: Vec<Cow<'_, str>> = serde_json::from_str(text).map_err(|_| NotCanonical)?;
        for item in items {
            array.values().append_value(item);
        }
        array.append(true);
    }
    Ok(Arc::new(array.finish()))
}

/// A column that was read, in its own type.
pub(super) enum Values<'a> {
    Text(&'a StringArray),
    Boolean(&'a BooleanArray),
    Integer(&'a Int64Array),
    Decimal(&'a Float64Array),
    Date(&'a Date32Array),
    Time(&'a TimestampMicrosecondArray),
    List(&'a ListArray),
}

impl<'a> Values<'a> {
    /// `None` for an array of a type that no field has.
    pub(super) fn of(array: &'a dyn Array) -> Option<Self> {
        Some(match array.data_type() {
            DataType::Utf8 => Self::Text(array.as_string_opt()?),
            DataType::Boolean => Self::Boolean(array.as_boolean_opt()?),
            DataType::Int64 => Self::Integer(array.as_primitive_opt()?),
            DataType::Float64 => Self::Decimal(array.as_primitive_opt()?),
            DataType::Date32 => Self::Date(array.as_primitive_opt()?),
            DataType::Timestamp(..) => Self::Time(array.as_primitive_opt()?),
            DataType::List(_) => Self::List(array.as_list_opt()?),
            _ => return None,
        })
    }

    /// Appends a value as canonical text; false when it is of no time that there is.
    pub(super) fn push(&self, index: usize, row: &mut RowBuilder<'_>) -> bool {
        let mut readable = true;
        row.push_with(|out| {
            if self.is_null(index) {
                return false;
            }
            readable = self.write(index, out).is_some();
            true
        });
        readable
    }

    fn is_null(&self, index: usize) -> bool {
        match self {
            Self::Text(it) => it.is_null(index),
            Self::Boolean(it) => it.is_null(index),
            Self::Integer(it) => it.is_null(index),
            Self::Decimal(it) => it.is_null(index),
            Self::Date(it) => it.is_null(index),
            Self::Time(it) => it.is_null(index),
            Self::List(it) => it.is_null(index),
        }
    }

    fn write(&self, index: usize, out: &mut String) -> Option<()> {
        match self {
            Self::Text(it) => out.push_str(it.value(index)),
            Self::Boolean(it) => out.push_str(if it.value(index) { "true" } else { "false" }),
            Self::Integer(it) => write!(out, "{}", it.value(index)).ok()?,
            Self::Decimal(it) => write!(out, "{}", it.value(index)).ok()?,
            Self::Date(it) => write!(out, "{}", date(it.value(index))?).ok()?,
            Self::Time(it) => {
                write!(out, "{}", Timestamp::from_microsecond(it.value(index)).ok()?).ok()?;
            }
            Self::List(it) => write_list(&it.value(index), out)?,
        }
        Some(())
    }
}

fn date(days: i32) -> Option<Date> {
    EPOCH.checked_add(jiff::Span::new().try_days(days).ok()?).ok()
}

fn write_list(items: &ArrayRef, out: &mut String) -> Option<()> {
    let items: &StringArray = items.as_string_opt()?;
    out.push('[');
    for (number, item) in items.iter().enumerate() {
        if number > 0 {
            out.push(',');
        }
        push_json_string(out, item.unwrap_or_default());
    }
    out.push(']');
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_as_the_same_text() {
        #[track_caller]
        fn check(field_type: FieldType, texts: &[&str]) {
            let all = texts.iter().map(|it| Some(*it)).chain([None]);
            let array = array(field_type, texts.len() + 1, all).unwrap();
            let values = Values::of(&*array).unwrap();
            for (number, text) in texts.iter().enumerate() {
                let mut out = String::new();
                values.write(number, &mut out).unwrap();
                assert_eq!(out, *text);
            }
            assert!(values.is_null(texts.len()));
        }
        check(FieldType::Text, &["", "é \"x\"|\u{1}"]);
        check(FieldType::Boolean, &["true", "false"]);
        check(FieldType::Integer, &["-9223372036854775808", "0"]);
        check(FieldType::Decimal, &["-0.25", "1000000000000000000000"]);
        check(FieldType::Date, &["2026-08-27", "1969-12-31", "2026-08-27", "9999-12-31"]);
        check(FieldType::DateTime, &["2026-08-27T01:02:03.5Z", "1969-12-31T23:59:59.999999Z"]);
        check(FieldType::TextList, &[r#"["09","K,1"]"#, r#"["\u0001\"é"]"#, "[]"]);
        check(FieldType::Extensions, &[r#"{"a":{"b":[1,2.50]}}"#]);
    }

    #[test]
    fn text_that_is_not_canonical_makes_no_array() {
        let check = |field_type, text| {
            assert!(array(field_type, 1, std::iter::once(Some(text))).is_err(), "{text}");
        };
        check(FieldType::Boolean, "yes");
        check(FieldType::Integer, "1.5");
        check(FieldType::Decimal, "NaN");
        check(FieldType::Date, "2026-08-27T00:00:00");
        check(FieldType::DateTime, "2026-08-27");
        check(FieldType::TextList, "{}");
    }
}
