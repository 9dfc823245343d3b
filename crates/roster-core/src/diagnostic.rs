//! What happened to a single record or file.

mod code;

pub use code::DiagnosticCode;

use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// What was done about a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Kept as it was.
    Warning,
    /// Kept, a value was changed or cleared.
    Repaired,
    /// The record was left out; what was published of it before stays.
    Rejected,
}

impl Severity {
    /// The stable word for reports.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Repaired => "repaired",
            Self::Rejected => "rejected",
        }
    }
}

/// Where in the source.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Locus {
    /// A text file.
    File {
        /// Name within the bundle.
        file: Arc<str>,
        /// One-based line; 0 where the finding is about the whole file.
        line: u64,
    },
    /// A page of a web API.
    Page {
        /// Request path and non-secret query.
        url: Arc<str>,
        /// Zero-based index in the page.
        index: u64,
    },
    /// A result set.
    Row {
        /// Name of the query.
        query: Arc<str>,
        /// Zero-based row.
        row: u64,
    },
    /// The feed as a whole.
    Feed,
}

/// One finding.  Never holds field values other than the record's key: this is data about children.
/// `Debug` hides even the key.
#[derive(Clone, PartialEq)]
pub struct Diagnostic {
    /// What.
    pub code: DiagnosticCode,
    /// What was done.
    pub severity: Severity,
    /// The field by the name the source uses for it, when it is about one.
    pub field: Option<Arc<str>>,
    /// The record's key at the source, when known.
    pub source_id: Option<Box<str>>,
    /// Where.
    pub locus: Locus,
}

impl fmt::Debug for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Diagnostic")
            .field("code", &self.code)
            .field("severity", &self.severity)
            .field("field", &self.field)
            .field("locus", &self.locus)
            .finish_non_exhaustive()
    }
}
