//! Texts as they are compared: hashes that do not depend on capitals, on spaces or on how accents are encoded.

use unicode_normalization::UnicodeNormalization as _;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// Hash of an empty field; no text has it.
pub(super) const NONE: u64 = 0;

/// Hash of a text as it is.
pub(super) fn exact(text: &str) -> u64 {
    xxh3_64(text.as_bytes()).max(1)
}

/// Hash of a text without its spaces and in small letters; `room` is memory that is used again.
pub(super) fn folded(text: &str, room: &mut String) -> u64 {
    room.clear();
    if text.is_ascii() {
        room.extend(text.chars().filter(|it| !it.is_whitespace()));
        room.make_ascii_lowercase();
    } else {
        // First large and then small letters: ß and SS, σ and ς are the same.
        let letters = text.nfc().filter(|it| !it.is_whitespace());
        room.extend(letters.flat_map(char::to_uppercase).flat_map(char::to_lowercase));
    }
    if room.is_empty() { NONE } else { exact(room) }
}

/// One hash of several, in their order.
pub(super) fn combined(parts: impl IntoIterator<Item = u64>) -> u64 {
    let join = |seed, part: u64| xxh3_64_with_seed(&part.to_le_bytes(), seed);
    parts.into_iter().fold(1, join).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_space_and_encoding_of_accents_do_not_matter_and_letters_do() {
        let check = |one: &str, other: &str, same: bool| {
            let room = &mut String::new();
            assert_eq!(folded(one, room) == folded(other, room), same, "{one:?} {other:?}");
        };
        check("Mary Ann", " MARY  ann\t", true);
        check("José", "JOSE\u{301}", true);
        check("Weiß", "WEISS", true);
        check("Νίκος", "ΝΊΚΟΣ", true);
        check("van\u{a0}Dyk", "Van Dyk", true);
        check("José", "Jose", false);
        check("Ann", "Anne", false);
        assert_eq!(folded(" \u{3000}", &mut String::new()), NONE);
    }

    #[test]
    fn combined_hashes_depend_on_order_and_number() {
        let hashes = [[1, 2].as_slice(), &[2, 1], &[1], &[1, 2, 0], &[]].map(|it| {
            let parts: Vec<u64> = it.to_vec();
            combined(parts)
        });
        let different: std::collections::BTreeSet<_> = hashes.into_iter().collect();
        assert_eq!(different.len(), 5);
    }
}
