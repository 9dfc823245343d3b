//! The JSON of a night, read back.

use roster_testkit::district_folder;
use serde::Deserialize;
use serde_json::Value;
use std::{collections::BTreeMap, fs};

/// Counts of one table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Records in the feed.
    pub read: u64,
    /// Left out by a check.
    #[serde(default)]
    pub rejected: u64,
    /// New.
    pub created: u64,
    /// With another content.
    pub updated: u64,
    /// Gone.
    pub deleted: u64,
    /// Gone once and back.
    pub restored: u64,
    /// The same.
    pub unchanged: u64,
    /// Waiting for a person.
    #[serde(default)]
    pub held: u64,
}

/// An example of a finding.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// File.
    pub file: Option<String>,
    /// Line.
    pub line: Option<u64>,
    /// Field.
    pub field: Option<String>,
    /// Key.
    pub source_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Diagnostic {
    code: String,
    severity: String,
    count: u64,
    examples: Vec<Finding>,
}

/// What waits for a person.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// Its id.
    pub id: String,
    /// The run that made it.
    pub run: String,
    /// The district.
    pub district: String,
    /// The table.
    pub entity: String,
    /// The school; the whole district without one.
    pub school: Option<String>,
    /// Which limit was broken.
    pub rule: String,
    /// How many records break it.
    pub records: u64,
    /// Of how many.
    pub of_records: u64,
    /// The limit in words.
    pub limit: String,
    /// Nights in a row.
    pub in_a_row: u32,
    /// What became of it.
    pub state: String,
    /// When it was made.
    pub created_at: String,
    /// When a decision about it ends.
    pub expires_at: Option<String>,
    /// What a person decided.
    pub decision: Option<BTreeMap<String, String>>,
    /// Keys of a few of the records.
    pub examples: Vec<String>,
}

/// One line of `homeroom sync --json`; every key of it is known here, and every one must be there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Night {
    /// Id of the run.
    pub run: String,
    /// The district.
    pub district: String,
    /// The connector.
    pub connector: String,
    /// How it ended.
    pub outcome: String,
    /// Counts by table.
    pub entities: BTreeMap<String, Counts>,
    diagnostics: Vec<Diagnostic>,
    /// How long it took.
    pub seconds: f64,
    /// The most memory it held.
    pub peak_memory_bytes: u64,
    /// What waits for a person.
    #[serde(default)]
    pub holds: Vec<Hold>,
    /// Why it failed.
    #[serde(default)]
    pub error: Option<BTreeMap<String, String>>,
}

impl Hold {
    /// As `entity[@school] rule records/of_records`.
    #[must_use]
    pub fn words(&self) -> String {
        let Self { entity, rule, records, of_records, .. } = self;
        let school = self.school.as_ref().map(|it| format!("@{it}")).unwrap_or_default();
        format!("{entity}{school} {rule} {records}/{of_records}")
    }
}

impl Night {
    /// Reads a line.
    ///
    /// # Panics
    ///
    /// When it is not the JSON of a night.
    #[must_use]
    pub fn parse(line: &str) -> Self {
        serde_json::from_str(line).unwrap_or_else(|err| panic!("not a night: {err}\n{line}"))
    }

    /// The counts of a table, all zero when nothing is said of it.
    #[must_use]
    pub fn counts(&self, table: &str) -> Counts {
        self.entities.get(table).copied().unwrap_or_default()
    }

    /// Codes, severities and counts, as `code severity count`, sorted.
    #[must_use]
    pub fn findings(&self) -> Vec<String> {
        let words = |it: &Diagnostic| format!("{} {} {}", it.code, it.severity, it.count);
        let mut findings: Vec<_> = self.diagnostics.iter().map(words).collect();
        findings.sort();
        findings
    }

    /// What is held, as `entity[@school] rule records/of_records`, sorted.
    #[must_use]
    pub fn held(&self) -> Vec<String> {
        let mut held: Vec<_> = self.holds.iter().map(Hold::words).collect();
        held.sort();
        held
    }

    /// What is held of a table.
    ///
    /// # Panics
    ///
    /// When nothing is.
    #[must_use]
    pub fn hold(&self, table: &str) -> &Hold {
        let hold = self.holds.iter().find(|it| it.entity == table);
        hold.unwrap_or_else(|| panic!("nothing of {table} is held: {:?}", self.held()))
    }

    /// Records of all tables that were deleted.
    #[must_use]
    pub fn deleted(&self) -> u64 {
        self.entities.values().map(|it| it.deleted).sum()
    }

    /// The examples of a code.
    #[must_use]
    pub fn examples(&self, code: &str) -> Vec<Finding> {
        let of_code = self.diagnostics.iter().filter(|it| it.code == code);
        of_code.flat_map(|it| it.examples.clone()).collect()
    }

    /// All places of findings, as `code file:line field`.
    #[must_use]
    pub fn places(&self) -> Vec<String> {
        let mut places = Vec::new();
        for finding in &self.diagnostics {
            for Finding { file, line, field, .. } in &finding.examples {
                let (file, field) = (text(file.as_deref()), text(field.as_deref()));
                places.push(format!(
                    "{} {file}:{} {field}",
                    finding.code,
                    line.unwrap_or_default()
                ));
            }
        }
        places
    }

    /// The word for what kind of error ended it; empty when none did.
    #[must_use]
    pub fn error_kind(&self) -> &str {
        let error = self.error.as_ref();
        error.and_then(|it| it.get("kind")).map(String::as_str).unwrap_or_default()
    }
}

fn text(text: Option<&str>) -> &str {
    text.unwrap_or("-")
}

/// The counts of one of the nights in `tests/district/expected-next.toml`: `first`, `again`, `next` or `back`.
///
/// # Panics
///
/// When the file cannot be read or has no such night.
#[must_use]
pub fn expected(night: &str) -> BTreeMap<String, Counts> {
    let file = district_folder().join("expected-next.toml");
    let text = fs::read_to_string(&file).expect("the expected counts can be read");
    let nights: BTreeMap<String, Value> = toml::from_str(&text).expect("the counts are TOML");
    let counts = nights.get(night).unwrap_or_else(|| panic!("no night is called {night}"));
    serde_json::from_value(counts.clone()).expect("the counts have their names")
}
