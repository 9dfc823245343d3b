//! `docs/diagnostics.md`: the manual page of every finding.

use crate::{Result, heading};
use roster_core::DiagnosticCode;
use std::fmt::Write as _;

const INTRODUCTION: &str = "\
Every finding that Homeroom can make about a record or a file: what it means, what happens to the record, and how a
district mends it. Reports, the database and `--json` name findings by these codes. A finding never holds a value of
the record; it has the file and line, the field, and the record's key.";

pub(crate) fn document() -> Result<String> {
    let mut text = heading("Findings", INTRODUCTION);
    for code in DiagnosticCode::ALL {
        write!(text, "\n## `{}`\n\n{}\n", code.code(), code.manual().trim())?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_page() {
        let text = document().unwrap();
        for code in DiagnosticCode::ALL {
            assert!(text.contains(&format!("## `{}`\n\n", code.code())));
        }
    }
}
