//! Dates, times and school years.

use crate::field::Parsed;
use jiff::{civil::Time, tz::Offset};
use roster_core::value::{Date, Timestamp};

/// A date.
///
/// Exact: `YYYY-MM-DD`.  Repaired: spaces around; `M/D/YYYY`, `M-D-YYYY` and `M/D/YY` (month first, as in the United
/// States; two digits are 1950 to 2049); `YYYY/M/D` and `YYYY-M-D`; `YYYYMMDD`; `27-Aug-2026`, as Oracle writes it; and
/// any of these with a time behind it, which is left out.
#[must_use]
pub fn date(text: &str) -> Parsed<Date> {
    match exact_date(text.as_bytes()) {
        Some(date) => Parsed::Exact(date),
        None => Parsed::repaired(loose_date_and_time(text.trim()).map(|(date, _, _)| date)),
    }
}

/// A date with time.
///
/// Exact: RFC 3339 in UTC, `YYYY-MM-DDThh:mm:ss`, a fraction of up to nine digits or none, `Z`.  Repaired: another
/// offset; no offset, which is read as UTC; a space for the `T`; small letters; no seconds; AM and PM; a date in any
/// form that [`date`] reads; a date alone, which is its midnight.
#[must_use]
pub fn date_time(text: &str) -> Parsed<Timestamp> {
    match exact_date_time(text.as_bytes()) {
        Some(timestamp) => Parsed::Exact(timestamp),
        None => Parsed::repaired(loose_date_time(text.trim())),
    }
}

/// The year in which a school year ends, 1900 to 2200.
///
/// Exact: `YYYY`.  Repaired: spaces around; `2025-2026`, `2025/2026`, `2025-26` and `2025/26` if the second year
/// follows the first; `2026.0`, as spreadsheets write it.
#[must_use]
pub fn year(text: &str) -> Parsed<i64> {
    match exact_year(text) {
        Some(year) => Parsed::Exact(year),
        None => Parsed::repaired(loose_year(text.trim())),
    }
}

fn exact_date(text: &[u8]) -> Option<Date> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text else { return None };
    let year = i16::from(digits([y1, y2])?) * 100 + i16::from(digits([y3, y4])?);
    Date::new(year, digits([m1, m2])?, digits([d1, d2])?).ok()
}

fn exact_date_time(text: &[u8]) -> Option<Timestamp> {
    let (date, time) = text.split_at_checked(10)?;
    let [b'T', h1, h2, b':', m1, m2, b':', s1, s2, fraction @ .., b'Z'] = time else { return None };
    let nanosecond = match fraction {
        [] => 0,
        [b'.', digits @ ..] => nanosecond(digits)?,
        _ => return None,
    };
    let time = Time::new(digits([*h1, *h2])?, digits([*m1, *m2])?, digits([*s1, *s2])?, nanosecond);
    Offset::UTC.to_timestamp(exact_date(date)?.to_datetime(time.ok()?)).ok()
}

/// Two digits.
fn digits([tens, ones]: [u8; 2]) -> Option<i8> {
    if !tens.is_ascii_digit() || !ones.is_ascii_digit() {
        return None;
    }
    i8::try_from((tens - b'0') * 10 + (ones - b'0')).ok()
}

/// One to nine digits behind the point.
fn nanosecond(digits: &[u8]) -> Option<i32> {
    if digits.is_empty() || digits.len() > 9 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let padding = std::iter::repeat_n(&b'0', 9 - digits.len());
    Some(digits.iter().chain(padding).fold(0, |sum, it| sum * 10 + i32::from(it - b'0')))
}

fn exact_year(text: &str) -> Option<i64> {
    if text.len() != 4 || !text.bytes().all(|it| it.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|it| (1900..=2200).contains(it))
}

fn loose_year(text: &str) -> Option<i64> {
    if let Some(year) = exact_year(text.strip_suffix(".0").unwrap_or(text)) {
        return Some(year);
    }
    let (first, last) = text.split_once(['-', '/', '\u{2013}'])?;
    let (first, last) = (exact_year(first.trim())?, last.trim());
    let next = first + 1;
    let follows = match last.len() {
        4 => exact_year(last) == Some(next),
        2 => last.parse() == Ok(next % 100),
        _ => false,
    };
    follows.then_some(next)
}

fn loose_date_time(text: &str) -> Option<Timestamp> {
    let (date, time, offset) = loose_date_and_time(text)?;
    offset.to_timestamp(date.to_datetime(time)).ok()
}

/// A date in any form, with a time and an offset behind it or not.
fn loose_date_and_time(text: &str) -> Option<(Date, Time, Offset)> {
    let end = text
        .find([' ', 'T', 't'])
        .filter(|&at| text[..at].ends_with(|it: char| it.is_ascii_digit()));
    let (date, rest) = text.split_at(end.unwrap_or(text.len()));
    let date = loose_date(date)?;
    let rest = rest.trim_start_matches([' ', 'T', 't']);
    if rest.is_empty() {
        return Some((date, Time::midnight(), Offset::UTC));
    }
    let (time, offset) = loose_time(rest)?;
    Some((date, time, offset))
}

fn loose_date(text: &str) -> Option<Date> {
    if let Some(date) = exact_date(text.as_bytes()) {
        return Some(date);
    }
    if text.len() == 8 && text.bytes().all(|it| it.is_ascii_digit()) {
        return Date::new(number(&text[..4])?, number(&text[4..6])?, number(&text[6..])?).ok();
    }
    let mut parts = text.split(['/', '-']);
    let parts = [parts.next()?, parts.next()?, parts.next()?, parts.next().unwrap_or_default()];
    let [first, second, third, ""] = parts else { return None };
    if first.len() == 4 {
        return Date::new(number(first)?, number(second)?, number(third)?).ok();
    }
    match month(second) {
        Some(month) => Date::new(full_year(third)?, month, number(first)?).ok(),
        None => Date::new(full_year(third)?, number(first)?, number(second)?).ok(),
    }
}

/// A year of four or two digits.
fn full_year(text: &str) -> Option<i16> {
    let year: i16 = number(text)?;
    match text.len() {
        4 => Some(year),
        2 if year < 50 => Some(2000 + year),
        2 => Some(1900 + year),
        _ => None,
    }
}

/// A month by the three letters of its English name.
fn month(text: &str) -> Option<i8> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let index = MONTHS.iter().position(|it| text.eq_ignore_ascii_case(it))?;
    i8::try_from(index + 1).ok()
}

/// Digits and nothing else.
fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    if text.bytes().all(|it| it.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// A time of day and an offset from UTC.
fn loose_time(text: &str) -> Option<(Time, Offset)> {
    let (text, offset) = split_offset(text)?;
    let (text, half) = split_half(text.trim_end());
    let mut parts = text.split(':');
    let hour: i8 = number(parts.next()?)?;
    let minute = number(parts.next()?)?;
    let (second, fraction) = match parts.next() {
        Some(seconds) => seconds.split_once('.').unwrap_or((seconds, "0")),
        None => ("0", "0"),
    };
    if parts.next().is_some() {
        return None;
    }
    let hour = match half {
        None => hour,
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(half) => hour % 12 + half,
    };
    let time = Time::new(hour, minute, number(second)?, nanosecond(fraction.as_bytes())?).ok()?;
    Some((time, offset))
}

/// Takes AM or PM off the end: how many hours it adds.
fn split_half(text: &str) -> (&str, Option<i8>) {
    let Some((before, end)) = text.len().checked_sub(2).and_then(|at| text.split_at_checked(at))
    else {
        return (text, None);
    };
    if end.eq_ignore_ascii_case("am") {
        (before.trim_end(), Some(0))
    } else if end.eq_ignore_ascii_case("pm") {
        (before.trim_end(), Some(12))
    } else {
        (text, None)
    }
}

/// Takes `Z`, `UTC`, `+hh:mm`, `-hhmm` or `+hh` off the end; none of them means UTC.
fn split_offset(text: &str) -> Option<(&str, Offset)> {
    let text = text.strip_suffix("UTC").unwrap_or(text);
    if let Some(before) = text.strip_suffix(['Z', 'z']) {
        return Some((before, Offset::UTC));
    }
    let Some(at) = text.rfind(['+', '-']) else { return Some((text, Offset::UTC)) };
    let digits = text[at + 1..].replace(':', "");
    let (hours, minutes) = digits.split_at_checked(2)?;
    let minutes: i32 = if minutes.is_empty() { 0 } else { number(minutes)? };
    let hours: i32 = number(hours)?;
    if hours > 14 || minutes > 59 {
        return None;
    }
    let seconds = (hours * 60 + minutes) * 60;
    let offset = if text[at..].starts_with('-') { -seconds } else { seconds };
    Some((&text[..at], Offset::from_seconds(offset).ok()?))
}
