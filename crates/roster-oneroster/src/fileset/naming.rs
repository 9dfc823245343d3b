//! Which cells of a first line may be told as names of columns: where the header is missing, a person's record stands
//! there.

use super::foreign;
use crate::files::FILES;
use roster_tabular::{finding::shortened, folded_name};
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
}
