//! Words: true and false, and the terms of a vocabulary.

use crate::{field::Parsed, fold::folded};

/// True or false.  Exact: `true`, `false`.  Repaired: any case, `t f yes no y n 1 0`, spaces around.
#[must_use]
pub fn boolean(text: &str) -> Parsed<bool> {
    match text {
        "true" => Parsed::Exact(true),
        "false" => Parsed::Exact(false),
        _ => Parsed::repaired(loose_boolean(text.trim())),
    }
}

fn loose_boolean(text: &str) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|it| text.eq_ignore_ascii_case(it));
    if is(&["true", "t", "yes", "y", "1"]) {
        Some(true)
    } else if is(&["false", "f", "no", "n", "0"]) {
        Some(false)
    } else {
        None
    }
}

/// A term of a vocabulary.  Repaired: ignoring case, and spaces, `_` and `-` anywhere.  Invalid: not one of `terms`.
#[must_use]
pub fn term<'v>(text: &str, terms: &[&'v str]) -> Parsed<&'v str> {
    if let Some(exact) = terms.iter().find(|it| **it == text) {
        return Parsed::Exact(exact);
    }
    Parsed::repaired(terms.iter().find(|it| folded(it).eq(folded(text))).copied())
}
