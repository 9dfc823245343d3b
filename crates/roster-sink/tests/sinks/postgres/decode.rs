//! What the server sends, as the suite expects it: as SQLite would have it.

use std::{
    error::Error,
    time::{SystemTime, UNIX_EPOCH},
};
use tokio_postgres::{
    Row,
    types::{FromSql, Type},
};

/// The columns of a row, separated by bars.
pub(super) fn text(row: &Row) -> String {
    let columns = 0..row.len();
    let texts = columns.map(|it| row.get::<_, Option<Text>>(it).map_or("-".to_owned(), |it| it.0));
    texts.collect::<Vec<_>>().join("|")
}

struct Text(String);

impl<'a> FromSql<'a> for Text {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(match *kind {
            Type::BOOL => u8::from(bool::from_sql(kind, raw)?).to_string(),
            Type::INT2 => i16::from_sql(kind, raw)?.to_string(),
            Type::INT4 => i32::from_sql(kind, raw)?.to_string(),
            Type::INT8 => i64::from_sql(kind, raw)?.to_string(),
            Type::FLOAT8 => format!("{:?}", f64::from_sql(kind, raw)?),
            Type::UUID => hyphenated(raw),
            Type::TIMESTAMPTZ => time(SystemTime::from_sql(kind, raw)?),
            // A version, then the text.
            Type::JSONB => str::from_utf8(&raw[1..])?.replace(", ", ",").replace(": ", ":"),
            Type::BYTEA => format!("{raw:?}"),
            Type::TEXT | Type::VARCHAR | Type::NAME => String::from_utf8(raw.to_vec())?,
            ref other => return Err(format!("a column of type {other}").into()),
        }))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

fn hyphenated(raw: &[u8]) -> String {
    let digits = raw.iter().fold(String::new(), |digits, it| format!("{digits}{it:02x}"));
    let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    parts.join("-")
}

fn time(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap();
    let time =
        roster_core::value::Timestamp::from_microsecond(since.as_micros().try_into().unwrap());
    format!("{:.3}", time.unwrap())
}
