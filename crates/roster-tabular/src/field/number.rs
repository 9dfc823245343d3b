//! Whole and decimal numbers.

use crate::field::Parsed;

/// A whole number.  Exact: digits, with `-` before them if negative.  Repaired: spaces around, `+`, a fraction of
/// zeros (`12.0`, as spreadsheets write it), commas between groups of three digits.
#[must_use]
pub fn integer(text: &str) -> Parsed<i64> {
    if is_digits(text.strip_prefix('-').unwrap_or(text)) {
        return text.parse().map_or(Parsed::Invalid, Parsed::Exact);
    }
    Parsed::repaired(loose_integer(text.trim()))
}

fn loose_integer(text: &str) -> Option<i64> {
    let whole = match text.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|it| it == b'0') => whole,
        Some(_) => return None,
        None => text,
    };
    let (sign, digits) = split_sign(whole);
    if is_digits(digits) {
        format!("{sign}{digits}").parse().ok()
    } else if is_grouped(digits) {
        format!("{sign}{}", digits.replace(',', "")).parse().ok()
    } else {
        None
    }
}

/// A decimal number.  Exact: digits, with `-` before and one point and digits behind them.  Repaired: spaces around,
/// `+`, a point at either end, an exponent, commas between groups of three digits where a point or a second comma
/// shows that they are no decimal commas.  NaN, infinities and what is too large for a double are invalid.
#[must_use]
pub fn decimal(text: &str) -> Parsed<f64> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let exact = match unsigned.split_once('.') {
        Some((whole, fraction)) => is_digits(whole) && is_digits(fraction),
        None => is_digits(unsigned),
    };
    if exact {
        return finite(text).map_or(Parsed::Invalid, Parsed::Exact);
    }
    Parsed::repaired(loose_decimal(text.trim()))
}

fn loose_decimal(text: &str) -> Option<f64> {
    let (sign, rest) = split_sign(text);
    let (whole, fraction) =
        rest.split_once('.').map_or((rest, None), |(it, more)| (it, Some(more)));
    let clear = fraction.is_some() || whole.matches(',').count() > 1;
    if clear && is_grouped(whole) && fraction.is_none_or(is_digits) {
        return finite(&format!("{sign}{}.{}", whole.replace(',', ""), fraction.unwrap_or("0")));
    }
    // Only these can be part of a number; it keeps out the words that the standard library would take.
    let plausible =
        rest.bytes().all(|it| matches!(it, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    if plausible && !rest.starts_with(['+', '-']) { finite(text) } else { None }
}

fn finite(text: &str) -> Option<f64> {
    text.parse().ok().filter(|it: &f64| it.is_finite())
}

fn split_sign(text: &str) -> (&str, &str) {
    match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit())
}

/// `1,234` and `12,345,678`, but not `1,23` or `1234,567`.
fn is_grouped(text: &str) -> bool {
    let mut groups = text.split(',');
    let first = groups.next().is_some_and(|it| is_digits(it) && it.len() <= 3);
    let mut more = groups.peekable();
    first && more.peek().is_some() && more.all(|it| is_digits(it) && it.len() == 3)
}
