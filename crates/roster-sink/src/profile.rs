//! What is remembered of a district's feeds, so that the next night can tell what is new, what is gone, and whether
//! anything still changes.

use roster_core::{Origin, value::Date};
use serde::{Deserialize, Serialize};

/// What a district's feeds looked like up to a night.  Holds names and hashes, no value of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FeedProfile {
    /// The connector that read them; of another one nothing can be compared.
    pub connector: String,
    /// Files, queries and collections that ever came.
    pub parts: Vec<PartProfile>,
    /// Fields in which terms came that their vocabulary does not have.
    pub terms: Vec<TermsProfile>,
    /// When there is school, as the academic sessions tell: first day and day after the last, apart and in order.
    /// Empty where none are known.
    pub school: Vec<(Date, Date)>,
    /// For how long the records have been the same.
    pub content: Option<ContentProfile>,
}

/// A file, a query or a collection that came once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartProfile {
    /// What it is.
    pub kind: PartKind,
    /// Its name when it came last.
    pub name: String,
    /// Whether it came with the last night.
    pub there: bool,
    /// Its columns; `None` where they were never known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<Seen>,
}

/// What a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    /// A file.
    File,
    /// A collection of a web API.
    Page,
    /// A query.
    Query,
}

/// Terms of one field that its vocabulary does not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermsProfile {
    /// Table of the field.
    pub table: String,
    /// The field, by the model's name.
    pub field: String,
    /// Hashes of the terms; `None` once there were so many that the field holds anything and no vocabulary.
    pub terms: Option<Seen>,
}

/// Names or hashes that came once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Seen {
    /// Those that came with the last night.
    pub there: Vec<String>,
    /// Those that came before and no longer do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<String>,
}

/// For how long the records have been the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentProfile {
    /// What the records come to, whatever their order.
    pub digest: String,
    /// School nights since the one that first brought them.
    pub school_nights: u32,
    /// The last day that was looked at.
    pub day: Date,
    /// Whether it was told that nothing changes any more.
    pub told: bool,
}

impl PartProfile {
    /// What it is, and its name.
    #[must_use]
    pub fn of(origin: &Origin) -> (PartKind, &str) {
        match origin {
            Origin::Page(url) => (PartKind::Page, url),
            Origin::Query(query) => (PartKind::Query, query),
            Origin::File(name) => (PartKind::File, name),
            // The enum is open: what a later version adds is told as a file until this one knows better.
            _ => (PartKind::File, ""),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn origin(&self) -> Origin {
        let name = self.name.as_str().into();
        match self.kind {
            PartKind::File => Origin::File(name),
            PartKind::Page => Origin::Page(name),
            PartKind::Query => Origin::Query(name),
        }
    }
}
