//! Words that a district chose, and what they mean in the model.

use schemars::JsonSchema;
use serde::Deserialize;
use std::{borrow::Cow, collections::BTreeMap};

/// A district's words and the model's terms for them.  Upper and lower case do not count.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Words(BTreeMap<String, String>);

impl Words {
    /// The term for a word.
    pub(crate) fn term(&self, word: &str) -> Option<&str> {
        self.0.get(word).map(String::as_str)
    }

    /// Words that were never to be changed, with those of the configuration in their place.
    pub(crate) fn over(&self, defaults: &[(&str, &str)]) -> Self {
        let defaults = defaults.iter().map(|(word, term)| ((*word).to_owned(), (*term).to_owned()));
        let own = self.0.iter().map(|(word, term)| (word.to_lowercase(), term.clone()));
        Self(defaults.chain(own).collect())
    }

    /// The terms.
    pub(crate) fn terms(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(String::as_str)
    }
}

/// A word as [`Words`] knows it.
pub(crate) fn lowercased(word: &str) -> String {
    word.trim().to_lowercase()
}

/// Job titles that mean the same everywhere, and the roles for them.
pub(crate) const fn default_titles() -> &'static [(&'static str, &'static str)] {
    &[
        ("aide", "aide"),
        ("assistant principal", "siteAdministrator"),
        ("counselor", "counselor"),
        ("guidance counselor", "counselor"),
        ("instructional aide", "aide"),
        ("librarian", "ext:librarian"),
        ("paraprofessional", "aide"),
        ("principal", "principal"),
        ("proctor", "proctor"),
        ("school counselor", "counselor"),
        ("student teacher", "ext:studentTeacher"),
        ("superintendent", "districtAdministrator"),
        ("system administrator", "systemAdministrator"),
        ("vice principal", "siteAdministrator"),
    ]
}

/// A number without a fraction of zeros: keys that came through another type, as `1001.000000000`.
pub(crate) fn whole(number: &str) -> &str {
    match number.split_once('.') {
        Some((whole, zeros)) if !whole.is_empty() && zeros.bytes().all(|it| it == b'0') => whole,
        _ => number,
    }
}

/// A grade as the model writes it: `PK`, `KG`, `01` to `13`; others as they are.
///
/// PowerSchool counts: 0 is kindergarten, what is below is before it.  Infinite Campus has a state's codes, or a
/// district's own.
pub(crate) fn grade(text: &str) -> Option<Cow<'_, str>> {
    let text = whole(text);
    match text.parse::<i64>() {
        Ok(..=-1) => Some("PK".into()),
        Ok(0) => Some("KG".into()),
        Ok(number @ 1..=13) => Some(format!("{number:02}").into()),
        Ok(_) => None,
        Err(_) if text.eq_ignore_ascii_case("K") => Some("KG".into()),
        Err(_) => Some(text.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grades_are_written_as_the_model_does() {
        let check = |text, expected: Option<&str>| assert_eq!(grade(text).as_deref(), expected);
        for (text, expected) in
            [("-2", "PK"), ("-1", "PK"), ("0", "KG"), ("9", "09"), ("12.0", "12"), ("K", "KG")]
        {
            check(text, Some(expected));
        }
        check("PR", Some("PR"));
        check("99", None);
    }

    #[test]
    fn numbers_lose_only_fractions_of_zeros() {
        let check = |number, expected| assert_eq!(whole(number), expected);
        check("1001.000000000", "1001");
        check("1001", "1001");
        check("1001.5", "1001.5");
        check(".5", ".5");
    }

    #[test]
    fn words_of_the_configuration_go_before_those_that_come_with_the_program() {
        let own: Words = toml::from_str("Librarian = 'staff'").unwrap();
        let words = own.over(default_titles());
        assert_eq!(words.term(&lowercased(" LIBRARIAN ")), Some("staff"));
        assert_eq!(words.term("principal"), Some("principal"));
        assert_eq!(words.term("janitor"), None);
    }
}
