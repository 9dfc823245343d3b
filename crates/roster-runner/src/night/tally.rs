//! Counts findings, keeps a few examples of each and finds what made many records fail.

use roster_core::{Diagnostic, DiagnosticCode, EntityKind, Locus, Severity};
use roster_sink::{Cause, DiagnosticSummary, Example, key_of};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

/// Different causes that are followed; a night with more has one that they share.
const MOST_CAUSES_FOLLOWED: usize = 50_000;
/// Characters of a key that are shown.
const LONGEST_KEY: usize = 255;
/// Causes that are kept in the record.
const MOST_CAUSES_KEPT: usize = 100;

/// The findings of a night.
#[derive(Debug)]
pub(super) struct Tally {
    examples: usize,
    findings: BTreeMap<(Severity, DiagnosticCode), (u64, Vec<Example>)>,
    causes: HashMap<(EntityKind, u128, DiagnosticCode), Cause>,
}

impl Tally {
    pub(super) fn new(examples: usize) -> Self {
        Self { examples, findings: BTreeMap::new(), causes: HashMap::new() }
    }

    /// Counts a finding.
    pub(super) fn add(&mut self, finding: &Diagnostic) {
        let (count, examples) = self.findings.entry((finding.severity, finding.code)).or_default();
        *count += 1;
        if examples.len() < self.examples {
            examples.push(example(finding));
        }
    }

    /// Counts a record that failed because of another.
    pub(super) fn follow(&mut self, entity: EntityKind, source_id: &str, code: DiagnosticCode) {
        let key = (entity, key_of(source_id), code);
        if self.causes.len() >= MOST_CAUSES_FOLLOWED && !self.causes.contains_key(&key) {
            return;
        }
        let cause = self.causes.entry(key).or_insert_with(|| Cause {
            table: entity.table().to_owned(),
            source_id: shown_key(source_id),
            code: code.code().to_owned(),
            followers: 0,
        });
        cause.followers += 1;
    }

    /// The findings, most severe and most frequent first, and the causes with the widest reach.
    pub(super) fn finish(self) -> (Vec<DiagnosticSummary>, Vec<Cause>) {
        let mut findings: Vec<_> = self
            .findings
            .into_iter()
            .map(|((severity, code), (count, examples))| DiagnosticSummary {
                code: code.code().to_owned(),
                severity,
                count,
                examples,
            })
            .collect();
        findings.sort_by_key(|it| Reverse((it.severity, it.count)));
        let mut causes: Vec<_> = self.causes.into_values().collect();
        causes.sort_by(|a, b| {
            (Reverse(a.followers), &a.table, &a.source_id).cmp(&(
                Reverse(b.followers),
                &b.table,
                &b.source_id,
            ))
        });
        causes.truncate(MOST_CAUSES_KEPT);
        (findings, causes)
    }
}

/// The key that a reference names, as far as it may be shown: a cell that holds anything else than an identifier, after
/// columns were shifted say, may hold a name.
pub(crate) fn shown_key(text: &str) -> String {
    let identifier = |it: char| it.is_ascii_alphanumeric() || "._-/:|#%{}".contains(it);
    let shown = text.len() <= LONGEST_KEY && text.chars().all(identifier);
    if shown { text.to_owned() } else { "(not an identifier)".to_owned() }
}

fn short(text: &str) -> String {
    text.chars().take(LONGEST_KEY).collect()
}

fn example(finding: &Diagnostic) -> Example {
    let (file, line) = match &finding.locus {
        Locus::File { file, line } => (Some(file.to_string()), Some(*line).filter(|it| *it > 0)),
        Locus::Page { url, index } => (Some(url.to_string()), Some(*index)),
        Locus::Row { query, row } => (Some(query.to_string()), Some(*row)),
        _ => (None, None),
    };
    let field = finding.field.as_deref().map(str::to_owned);
    Example { file, line, field, source_id: finding.source_id.as_deref().map(short) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_show_identifiers_and_nothing_else() {
        let check = |text: &str, shown: &str| assert_eq!(shown_key(text), shown);
        check("255901001_2021-Fall/x.1", "255901001_2021-Fall/x.1");
        check("Ana Ruiz", "(not an identifier)");
        check("ana@example.org", "(not an identifier)");
        check(&"x".repeat(256), "(not an identifier)");
    }
}
