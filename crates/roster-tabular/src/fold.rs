//! What is left of a name or term when its writing does not matter.

/// The characters in small letters, without spaces, `_` and `-`.
pub(crate) fn folded(text: &str) -> impl Iterator<Item = char> {
    text.chars()
        .filter(|it| !it.is_whitespace() && !matches!(it, '_' | '-'))
        .flat_map(char::to_lowercase)
}
