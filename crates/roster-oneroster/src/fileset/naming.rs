//! Which cells of a first line may be told as names of columns: where the header is missing, a person's record stands
//! there.

use super::foreign;
use crate::{files::FILES, finding::shortened};
use roster_tabular::folded_name;
use std::{
    collections::HashSet,
    sync::{Arc, LazyLock},
};

/// What a file's first line is taken for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum FirstLine {
    /// A header for sure: whatever stands there is a name.
    Header,
    /// Perhaps a record: only names that are known are told.
    #[default]
    Unclear,
}

impl FirstLine {
    /// The cell if it is a name, else which one it is.
    pub(super) fn told(self, position: usize, cell: &str) -> Arc<str> {
        let name = match self {
            Self::Header => !cell.contains(|it: char| it == '@' || it.is_control()),
            Self::Unclear => is_known(cell) || is_extension(cell),
        };
        if name { shortened(cell) } else { format!("column {}", position + 1).into() }
    }
}

/// Whether a format that people have to do with has a column of this name.
fn is_known(cell: &str) -> bool {
    static KNOWN: LazyLock<HashSet<String>> = LazyLock::new(|| {
        let columns = FILES.iter().flat_map(|it| it.columns);
        let own = columns.flat_map(|it| it.aliases.iter().chain([&it.name]));
        own.chain(foreign::COLUMNS.iter().flat_map(|it| it.iter()))
            .map(|it| folded_name(it))
            .collect()
    });
    cell.len() <= LONGEST && KNOWN.contains(&folded_name(cell))
}

/// Whether it is written as extension columns are in OneRoster and in Clever's format.
fn is_extension(cell: &str) -> bool {
    let name = cell.strip_prefix("metadata.").or_else(|| cell.strip_prefix("ext."));
    let plain = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'.' | b'_' | b'-');
    name.is_some_and(|it| it.len() <= LONGEST && it.bytes().all(plain))
}

/// No known name has so many bytes.
const LONGEST: usize = 100;

/// Whether a column's name says that it holds a secret that opens something.
pub(crate) fn holds_credential(name: &str) -> bool {
    let name = ["metadata.", "ext."].iter().find_map(|it| name.strip_prefix(it)).unwrap_or(name);
    let folded = folded_name(name);
    if folded == "pass" || ANYWHERE.iter().any(|it| folded.contains(it)) {
        return true;
    }
    words(name).iter().any(|it| WORDS.contains(&it.as_str()))
}

/// Parts of names that stand for nothing else.
const ANYWHERE: [&str; 5] = ["password", "passwd", "passphrase", "passcode", "pwd"];

/// Words that other words hold, such as `secretary` and `spinal`; and a pass may be one for the bus.
const WORDS: [&str; 3] = ["pin", "secret", "token"];

/// The words of a name, in small letters: `lunchPIN`, `lunch_pin` and `Lunch PIN` have the same two.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let characters: Vec<char> = name.chars().collect();
    for (index, character) in characters.iter().enumerate() {
        let before = index.checked_sub(1).map(|it| characters[it]);
        let after = characters.get(index + 1);
        let starts = character.is_uppercase()
            && before.is_some_and(|it| {
                !it.is_uppercase() || after.is_some_and(|after| after.is_lowercase())
            });
        if starts || !character.is_alphabetic() {
            words.push(String::new());
        }
        if let (true, Some(word)) = (character.is_alphabetic(), words.last_mut()) {
            word.extend(character.to_lowercase());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_names_are_told_of_a_line_that_may_be_a_record() {
        let check = |line: FirstLine, cell: &str, told: bool| {
            let expected = if told { cell } else { "column 3" };
            assert_eq!(&*line.told(2, cell), expected, "{cell}");
        };
        for known in ["sourcedId", "Given Name", "grade", "SIS ID", "School_id", "metadata.note"] {
            check(FirstLine::Unclear, known, true);
            check(FirstLine::Header, known, true);
        }
        for unknown in ["Ada Moss", "2012-05-30", "metadata.Ada Moss", "Extavia", "shoe size", ""] {
            check(FirstLine::Unclear, unknown, false);
            check(FirstLine::Header, unknown, true);
        }
        check(FirstLine::Header, "ada@lakeside.example", false);
        check(FirstLine::Header, "a\nb", false);
    }

    #[test]
    fn columns_of_credentials_are_known_by_name() {
        let check = |name: &str, expected: bool| {
            for prefix in ["", "metadata.", "ext."] {
                let name = format!("{prefix}{name}");
                assert_eq!(holds_credential(&name), expected, "{name}");
            }
        };
        for name in ["Password", "initialPassword", "pass word", "student_pwd", "passwd", "pass"] {
            check(name, true);
        }
        for name in ["PIN", "lunchPin", "lunch_pin", "studentPINCode", "passCode", "pass-phrase"] {
            check(name, true);
        }
        for name in ["secret", "secretAnswer", "token", "apiToken", "TOKEN2", "Pass"] {
            check(name, true);
        }
        for name in ["busPass", "passing", "passport", "spinal", "secretary", "tokenized", "pins"] {
            check(name, false);
        }
    }
}
