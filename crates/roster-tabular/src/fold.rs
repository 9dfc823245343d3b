//! What is left of a name or term when its writing does not matter.

/// A column's name as it is compared: in small letters, without spaces, `_` and `-`.
#[must_use]
pub fn folded_name(name: &str) -> String {
    folded(name).collect()
}

/// The characters in small letters, without spaces, `_` and `-`.
pub(crate) fn folded(text: &str) -> impl Iterator<Item = char> {
    text.chars()
        .filter(|it| !it.is_whitespace() && !matches!(it, '_' | '-'))
        .flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_however_they_are_written() {
        for name in ["sourcedId", "Sourced ID", "SOURCED_ID", "sourced-id"] {
            assert_eq!(folded_name(name), "sourcedid");
        }
    }
}
