//! Finds what lies behind a run's findings: one cause, its reach, the one thing to do.
//!
//! Findings of one sort in one column have one cause.  References to records that are not there have the missing records
//! as theirs, and records that refer to one that was left out follow the cause of that one.

use super::{
    kept::{Finding, Form, Kept, Quarantined},
    words::{Names, Page},
};
use roster_core::{DiagnosticCode, EntityKind, Severity};
use roster_sink::{Cause, DiagnosticSummary, Example, RunRecord};
use serde::Serialize;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

/// Records that a cause names.
const MOST_RECORDS: usize = 10;
/// How far a chain of left out records is followed: no table is further from one that refers to nothing.
const LONGEST_CHAIN: usize = 8;

/// One thing that was wrong, and how far it reached.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct RootCause {
    /// See `docs/diagnostics.md`.
    pub(crate) code: String,
    /// The worst that was done about it.
    pub(crate) severity: Severity,
    /// Whose records: of references, those that are referred to.
    pub(crate) table: Option<&'static str>,
    /// The one file, page or query that it is in.
    pub(crate) file: Option<String>,
    /// The fields it is in, by the source's names.
    pub(crate) fields: Vec<String>,
    /// Findings and records that follow from them.
    pub(crate) reach: u64,
    /// Records that were left out for no other reason than that they refer to one that has this cause.
    pub(crate) followers: u64,
    /// The records that most others refer to.
    pub(crate) records: Vec<CauseRecord>,
    /// A place to begin at.
    pub(crate) first: Option<Example>,
    /// What it means.
    pub(crate) meaning: String,
    /// What becomes of the records or the file.
    pub(crate) effect: String,
    /// What to do about it.
    pub(crate) repair: String,
    /// Numbers of its findings among those that were kept.
    #[serde(skip)]
    pub(crate) own: Vec<usize>,
    /// Numbers of the findings that follow from it.
    #[serde(skip)]
    pub(crate) following: Vec<usize>,
}

/// A record that others refer to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct CauseRecord {
    /// Its table.
    pub(crate) table: String,
    /// Its key at the source.
    pub(crate) source_id: String,
    /// How many records refer to it.
    pub(crate) followers: u64,
}

/// What findings of one cause have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Key {
    /// Findings of one sort in one place.
    Place { code: String, severity: Severity, file: Option<String>, field: Option<String> },
    /// References to records of a table.
    Reference { code: String, table: Option<EntityKind> },
}

/// A cause in the making.
#[derive(Debug, Default)]
struct Group {
    findings: u64,
    followers: u64,
    severity: Option<Severity>,
    fields: Vec<String>,
    records: Vec<CauseRecord>,
    first: Option<Example>,
    own: Vec<usize>,
    following: Vec<usize>,
}

/// The causes of a run, what cost most first.
pub(crate) fn root_causes(record: &RunRecord, kept: &Kept, names: Names) -> Vec<RootCause> {
    let mut search = Search::new(kept, names);
    search.group_findings();
    search.add_what_was_not_kept(&record.report.diagnostics);
    search.name_records(record);
    let mut causes: Vec<_> =
        search.groups.into_iter().map(|(key, group)| cause(key, group)).collect();
    causes.sort_by(|one, other| rank(one).cmp(&rank(other)));
    causes
}

/// What comes first: records left out, then what may be missing, then changed values; each by reach.
fn rank(cause: &RootCause) -> (u8, Reverse<u64>, &str, &Option<String>, &[String]) {
    let sort = match cause.severity {
        Severity::Rejected => 0,
        Severity::Warning if needs_a_look(&cause.code) => 1,
        Severity::Repaired => 2,
        Severity::Warning => 3,
    };
    (sort, Reverse(cause.reach), &cause.code, &cause.file, &cause.fields)
}

/// Whether a finding of this code may mean that something is missing, or leaves in place what might be gone.
fn needs_a_look(code: &str) -> bool {
    [
        DiagnosticCode::EntityBecameEmpty,
        DiagnosticCode::DeletionsWithheld,
        DiagnosticCode::FileMissing,
        DiagnosticCode::FileGone,
        DiagnosticCode::ColumnGone,
        DiagnosticCode::FeedStale,
        DiagnosticCode::FileModeUnclear,
        DiagnosticCode::SharingNamesNothing,
    ]
    .iter()
    .any(|it| it.code() == code)
}

/// Whether a finding of this code is about another record than its own.
fn is_reference(code: &str) -> bool {
    [
        DiagnosticCode::ReferenceNotFound,
        DiagnosticCode::ReferenceFileMissing,
        DiagnosticCode::ReferenceRejected,
        DiagnosticCode::ReferenceSort,
    ]
    .iter()
    .any(|it| it.code() == code)
}

/// Whether many columns with this finding are one thing to mend: the header.
fn is_about_header(code: &str) -> bool {
    code.starts_with("column_")
}

/// The way from findings to causes.
struct Search<'k> {
    kept: &'k Kept,
    names: Names,
    groups: BTreeMap<Key, Group>,
    /// The finding for which a record was left out.
    left_out: HashMap<(EntityKind, &'k str), usize>,
    /// Rejected records of the model by where they stood.
    values: HashMap<Place<'k>, &'k Quarantined>,
    /// Findings of each code and severity that have a group.
    grouped: BTreeMap<(String, Severity), u64>,
}

/// Entity, file, line and key of a record.
type Place<'k> = (EntityKind, &'k str, u64, &'k str);

impl<'k> Search<'k> {
    fn new(kept: &'k Kept, names: Names) -> Self {
        let rejected =
            kept.findings.iter().enumerate().filter(|it| it.1.severity == Severity::Rejected);
        let keyed = rejected
            .filter_map(|(number, it)| Some(((it.entity, it.source_id.as_deref()?), number)));
        // Of several findings about a record, the first one counts.
        let mut left_out = HashMap::new();
        for (key, number) in keyed {
            left_out.entry(key).or_insert(number);
        }
        let records =
            kept.quarantine.iter().flat_map(|(entity, it)| it.iter().map(|it| (*entity, it)));
        let of_model = records.filter(|it| it.1.form == Form::Model);
        let values = of_model.map(|(entity, it)| {
            let key = it.source_id.as_deref().unwrap_or_default();
            ((entity, it.file.as_str(), it.position, key), it)
        });
        Self {
            names,
            groups: BTreeMap::new(),
            left_out,
            values: values.collect(),
            grouped: BTreeMap::new(),
            kept,
        }
    }

    fn group_findings(&mut self) {
        for (number, finding) in self.kept.findings.iter().enumerate() {
            let root = self.root(number);
            let key = self.key(root);
            let group = self.groups.entry(key).or_default();
            group.severity = group.severity.max(Some(finding.severity));
            if root == number {
                group.add(finding);
                group.findings += 1;
                group.own.push(number);
            } else {
                group.followers += 1;
                group.following.push(number);
            }
            *self.grouped.entry((finding.code.clone(), finding.severity)).or_default() += 1;
        }
    }

    /// The finding that a finding follows from; itself where it follows from none.
    fn root(&self, number: usize) -> usize {
        let mut root = number;
        for _ in 0..LONGEST_CHAIN {
            match self.cause_of(root) {
                Some(next) if next != root => root = next,
                _ => break,
            }
        }
        root
    }

    /// The finding for which the record was left out that a finding refers to.
    fn cause_of(&self, number: usize) -> Option<usize> {
        let finding = &self.kept.findings[number];
        if finding.code != DiagnosticCode::ReferenceRejected.code() {
            return None;
        }
        let name = finding.field.as_deref()?;
        let (field, target) = self.names.reference_named(finding.entity, name)?;
        let record = self.record(finding)?;
        self.left_out.get(&(target, record.get(field.name)?)).copied()
    }

    fn record(&self, finding: &Finding) -> Option<&'k Quarantined> {
        let file = finding.file.as_deref()?;
        let place = (finding.entity, file, finding.line?, finding.source_id.as_deref()?);
        self.values.get(&place).copied()
    }

    fn key(&self, number: usize) -> Key {
        let finding = &self.kept.findings[number];
        let code = finding.code.clone();
        if is_reference(&code) {
            let field = finding.field.as_deref();
            let reference = field.and_then(|it| self.names.reference_named(finding.entity, it));
            return Key::Reference { code, table: reference.map(|it| it.1) };
        }
        let field = finding.field.clone().filter(|_| !is_about_header(&code));
        Key::Place { severity: finding.severity, file: finding.file.clone(), field, code }
    }

    /// Findings that are counted and were too many to be kept, or are not kept any longer.
    fn add_what_was_not_kept(&mut self, summaries: &[DiagnosticSummary]) {
        for summary in summaries {
            let grouped = self.grouped.get(&(summary.code.clone(), summary.severity));
            let Some(missing @ 1..) = summary.count.checked_sub(grouped.copied().unwrap_or(0))
            else {
                continue;
            };
            let group = self.groups.entry(rest(summary)).or_default();
            group.findings += missing;
            group.severity = group.severity.max(Some(summary.severity));
            let first = summary.examples.first();
            group.first = group.first.take().or_else(|| first.cloned());
            let field = first.and_then(|it| it.field.clone());
            if group.fields.is_empty() && all_alike(summary) {
                group.fields.extend(field);
            }
        }
    }

    /// Names the records that most others refer to.
    fn name_records(&mut self, record: &RunRecord) {
        for cause in &record.causes {
            let table = EntityKind::from_table(&cause.table);
            let key = self.followed(cause, table);
            let key = key.unwrap_or_else(|| Key::Reference { code: cause.code.clone(), table });
            self.split_rest(&key, cause.followers);
            let Some(group) = self.groups.get_mut(&key) else { continue };
            let (table, source_id) = (cause.table.clone(), cause.source_id.clone());
            group.records.push(CauseRecord { table, source_id, followers: cause.followers });
        }
    }

    /// The cause for which the record was left out that others follow.
    fn followed(&self, cause: &Cause, table: Option<EntityKind>) -> Option<Key> {
        if cause.code != DiagnosticCode::ReferenceRejected.code() {
            return None;
        }
        let number = self.left_out.get(&(table?, cause.source_id.as_str()))?;
        let key = self.key(self.root(*number));
        self.groups.get(&key).is_some_and(|it| it.followers > 0).then_some(key)
    }

    /// Where no finding was kept, takes the references to a table out of those to any.
    fn split_rest(&mut self, key: &Key, followers: u64) {
        let Key::Reference { code, table: Some(_) } = key else { return };
        let rest = Key::Reference { code: code.clone(), table: None };
        if self.groups.get(key).is_some_and(|it| !(it.own.is_empty() && it.following.is_empty())) {
            return;
        }
        let Some(group) = self.groups.get_mut(&rest) else { return };
        let followers = followers.min(group.findings);
        group.findings -= followers;
        let (severity, first) = (group.severity, group.first.clone());
        if group.findings == 0 {
            self.groups.remove(&rest);
        }
        let part = self.groups.entry(key.clone()).or_default();
        part.findings += followers;
        (part.severity, part.first) = (severity, first);
    }
}

/// The group of findings of which nothing but their number is known.
fn rest(summary: &DiagnosticSummary) -> Key {
    let DiagnosticSummary { code, severity, .. } = summary;
    if is_reference(code) {
        return Key::Reference { code: code.clone(), table: None };
    }
    let example = summary.examples.first().filter(|_| all_alike(summary));
    let file = example.and_then(|it| it.file.clone());
    let field = example.and_then(|it| it.field.clone()).filter(|_| !is_about_header(code));
    Key::Place { code: code.clone(), severity: *severity, file, field }
}

/// Whether all of them are of one field of one file.
fn all_alike(summary: &DiagnosticSummary) -> bool {
    if summary.count > summary.examples.len() as u64 {
        return false;
    }
    let mut places = summary.examples.iter().map(|it| (&it.file, &it.field));
    places.next().is_some_and(|first| places.all(|it| it == first))
}

impl Group {
    fn add(&mut self, finding: &Finding) {
        self.first.get_or_insert_with(|| Example {
            file: finding.file.clone(),
            line: finding.line,
            field: finding.field.clone(),
            source_id: finding.source_id.clone(),
        });
        if let Some(field) = &finding.field
            && self.fields.len() < MOST_RECORDS
            && !self.fields.contains(field)
        {
            self.fields.push(field.clone());
        }
    }
}

fn cause(key: Key, group: Group) -> RootCause {
    let Group { findings, followers, severity, fields, mut records, first, own, following } = group;
    let (code, table, file) = match key {
        Key::Place { code, file, .. } => (code, None, file),
        Key::Reference { code, table } => (code, table.map(EntityKind::table), None),
    };
    records.sort_by(|one, other| {
        (Reverse(one.followers), &one.source_id).cmp(&(Reverse(other.followers), &other.source_id))
    });
    records.truncate(MOST_RECORDS);
    let Page { meaning, effect, mend } = Page::of(&code);
    RootCause {
        code,
        severity: severity.unwrap_or(Severity::Warning),
        table,
        file,
        fields,
        reach: findings + followers,
        followers,
        records,
        first,
        meaning,
        effect,
        repair: mend,
        own,
        following,
    }
}

#[cfg(test)]
#[cfg(feature = "connector-oneroster")]
mod tests;
