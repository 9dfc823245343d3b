//! What the name of a file says: which file of the specification it is, and of which day.

use crate::{config::Dialect, spec::FileSpec};

/// What a name says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FileName {
    /// Its letters and digits in small letters, without a date.
    stem: String,
    /// The day, `YYYYMMDD`, where it has one.
    pub(super) day: Option<String>,
}

impl FileName {
    /// Takes a name apart; `None` for one that is no text file's.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (stem, extension) = name.rsplit_once('.')?;
        let text = ["csv", "txt", "tsv"].iter().any(|it| extension.eq_ignore_ascii_case(it));
        text.then(|| Self::of_stem(stem))
    }

    fn of_stem(stem: &str) -> Self {
        let (mut letters, mut digits) = (String::new(), String::new());
        for part in parts(stem) {
            let number = part.bytes().all(|it| it.is_ascii_digit());
            if number { &mut digits } else { &mut letters }.push_str(&part.to_lowercase());
        }
        match day(&digits) {
            Some(day) => Self { stem: letters, day: Some(day) },
            // A number that is no date belongs to the name.
            None => Self { stem: letters + &digits, day: None },
        }
    }

    /// Whether it is the name of a file, by the specification or by the district's own.
    pub(super) fn is(&self, spec: &FileSpec, dialect: &Dialect) -> bool {
        let same = |name: &str| {
            let named = Self::parse(name).unwrap_or_else(|| Self::of_stem(name));
            named.stem == self.stem
        };
        let own = dialect.file_names(spec);
        same(spec.stem()) || own.iter().any(|it| same(it))
    }

    /// Whether it is the list of files.
    pub(super) fn is_manifest(&self) -> bool {
        self.stem == "manifest"
    }
}

/// The parts of a name: letters, and numbers of at least two digits.
fn parts(stem: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for word in stem.split(|it: char| !it.is_alphanumeric()).filter(|it| !it.is_empty()) {
        // A date may follow without a space, as in `students20261123`.
        let letters = word.trim_end_matches(|it: char| it.is_ascii_digit());
        let (letters, digits) = word.split_at(letters.len());
        parts.extend([letters, digits].into_iter().filter(|it| !it.is_empty()));
    }
    parts
}

/// A date from digits: year first, or month first as in the United States; what follows is a time.
fn day(digits: &str) -> Option<String> {
    let date = digits.get(..8)?;
    let (first, last) = date.split_at(4);
    let is_year = |it: &str| it.starts_with("20");
    if is_year(first) {
        Some(date.to_owned())
    } else {
        is_year(last).then(|| format!("{last}{first}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec;

    #[test]
    fn names_tell_the_file_and_the_day() {
        let check = |name: &str, expected: Option<(&str, Option<&str>)>| {
            let parsed = FileName::parse(name);
            let known = parsed.and_then(|it| {
                let file = spec::FILES.iter().find(|spec| it.is(spec, &Dialect::default()))?;
                Some((file.name, it.day))
            });
            let known = known.as_ref().map(|it| (it.0, it.1.as_deref()));
            assert_eq!(known, expected, "{name}");
        };
        check("students.csv", Some(("students.csv", None)));
        check("Students.CSV", Some(("students.csv", None)));
        check("Section Staff.txt", Some(("section_staff.csv", None)));
        check("students_2026-11-23.csv", Some(("students.csv", Some("20261123"))));
        check("20261123_183000_students.csv", Some(("students.csv", Some("20261123"))));
        check("students20261123.csv", Some(("students.csv", Some("20261123"))));
        check("students_11232026.csv", Some(("students.csv", Some("20261123"))));
        check("students (1).csv", None);
        check("students.xlsx", None);
        check("pupils.csv", None);
    }
}
