//! Rows of a result set on their way from the driver's thread: text in one buffer, row after row.

use std::{fmt, sync::Arc};

/// Marks a cell as NULL in `Block::ends`; text stays below 2 GiB.
const NULL: u32 = 1 << 31;

/// The columns of a result set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Columns {
    /// Their names.
    pub(crate) names: Arc<[Arc<str>]>,
    /// Whether a name speaks of passwords or other credentials: such cells are never told.
    credentials: Arc<[bool]>,
}

impl Columns {
    /// Names that are all in capitals, as Oracle gives them, become small: it is the database that wrote them so.
    pub(crate) fn new(names: impl IntoIterator<Item = String>) -> Self {
        let mut names: Vec<String> = names.into_iter().collect();
        if !names.iter().any(|it| it.contains(char::is_lowercase)) {
            names = names.into_iter().map(|it| it.to_lowercase()).collect();
        }
        let names: Arc<[Arc<str>]> = names.into_iter().map(Arc::from).collect();
        let credentials = names.iter().map(|it| speaks_of_credentials(it)).collect();
        Self { names, credentials }
    }

    pub(crate) fn is_credential(&self, column: usize) -> bool {
        self.credentials.get(column).copied().unwrap_or(false)
    }

    /// Whether these are the columns, in this order, whatever the case of their names.
    pub(crate) fn are(&self, expected: &[&str]) -> bool {
        let same = |(name, it): (&Arc<str>, &&str)| name.eq_ignore_ascii_case(it);
        self.names.len() == expected.len() && self.names.iter().zip(expected).all(same)
    }
}

/// Whether a column's name speaks of what must never be read or told.
pub(crate) fn speaks_of_credentials(name: &str) -> bool {
    const WORDS: [&str; 5] = ["password", "passwd", "pwd", "secret", "token"];
    let name = name.to_ascii_lowercase();
    // `classname` is none.
    let number = name.starts_with("ssn") || name.ends_with("ssn") || name.contains("_ssn");
    let short = matches!(name.as_str(), "pin" | "pw" | "pass" | "socialsecuritynumber");
    number || short || WORDS.iter().any(|it| name.contains(it))
}

/// Some rows.  `Debug` shows how many, never what.
#[derive(Default)]
pub(crate) struct Block {
    width: usize,
    text: String,
    /// End of each cell in `text`, row by row; the high bit marks NULL.
    ends: Vec<u32>,
}

impl Block {
    pub(crate) fn new(width: usize) -> Self {
        Self { width, text: String::new(), ends: Vec::new() }
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.ends.len().checked_div(self.width).unwrap_or(0)
    }

    /// Bytes of text.
    pub(crate) fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Appends the next cell.
    pub(crate) fn push(&mut self, cell: Option<&str>) {
        self.text.push_str(cell.unwrap_or_default());
        let end = u32::try_from(self.text.len()).ok().filter(|it| it & NULL == 0);
        let end = end.expect("a block is bounded far below 2 GiB");
        self.ends.push(if cell.is_none() { end | NULL } else { end });
    }

    /// The cell of a row, as it stands; `None` for NULL.
    pub(crate) fn cell(&self, row: usize, column: usize) -> Option<&str> {
        let at = row * self.width + column;
        let end = self.ends[at];
        let start = if at == 0 { 0 } else { self.ends[at - 1] & !NULL };
        (end & NULL == 0).then(|| &self.text[start as usize..end as usize])
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block").field("rows", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_come_back_as_they_went_in() {
        let cells = [Some("1"), None, Some(""), Some("é"), None, Some("x")];
        let mut block = Block::new(3);
        for cell in cells {
            block.push(cell);
        }
        assert_eq!(block.len(), 2);
        let found: Vec<_> = (0..6).map(|at| block.cell(at / 3, at % 3)).collect();
        assert_eq!(found, cells);
        assert!(!format!("{block:?}").contains('é'));
    }

    #[test]
    fn columns_of_credentials_are_known_by_their_names() {
        let check = |name: &str, expected| assert_eq!(speaks_of_credentials(name), expected);
        for name in ["STUDENT_WEB_PASSWORD", "ssn", "TeacherLoginPW_pwd", "pin", "api_token"] {
            check(name, true);
        }
        for name in ["lastname", "spin", "passing_grade", "classname", "ClassNumber"] {
            check(name, false);
        }
    }
}
