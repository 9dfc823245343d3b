//! Terms that a field's vocabulary does not have.

use super::{finding, seen};
use roster_core::{Diagnostic, DiagnosticCode, EntityKind, Locus, Origin, Row, value::FieldType};
use roster_sink::{Seen, TermsProfile, key_of};
use std::collections::{BTreeMap, BTreeSet};

/// A field with more terms of its own holds anything: what is new in it tells nothing.
const MOST_TERMS: usize = 100;

/// A field: its entity and number.
type Field = (EntityKind, usize);

/// The unknown terms of a night.
#[derive(Debug, Default)]
pub(super) struct Terms {
    /// By the terms' hashes.
    found: BTreeMap<Field, BTreeMap<u64, Place>>,
    /// The vocabularies of the entity whose rows come.
    current: Option<(EntityKind, Vec<Vocabulary>)>,
}

/// A field and the terms it may hold.
#[derive(Debug)]
struct Vocabulary {
    field: usize,
    terms: &'static [&'static str],
    /// The term that came last: nearly always the next one, too.
    last: &'static str,
}

impl Vocabulary {
    fn holds(&mut self, term: &str) -> bool {
        if term == self.last {
            return true;
        }
        let found = self.terms.iter().find(|it| **it == term);
        self.last = found.unwrap_or(&self.last);
        found.is_some()
    }
}

/// The first record that has a term.
#[derive(Debug)]
struct Place {
    locus: Locus,
    source_id: Box<str>,
}

impl Terms {
    /// Looks for unknown terms in a row.
    pub(super) fn row(&mut self, row: &Row<'_>, origin: &Origin) {
        let entity = row.entity();
        if self.current.as_ref().is_none_or(|it| it.0 != entity) {
            self.current = Some((entity, vocabularies(entity)));
        }
        for vocabulary in self.current.iter_mut().flat_map(|it| &mut it.1) {
            let field = vocabulary.field;
            let Some(term) = row.get(field).filter(|it| !vocabulary.holds(it)) else { continue };
            let found = self.found.entry((entity, field)).or_default();
            if found.len() > MOST_TERMS {
                continue;
            }
            found.entry(hash(term)).or_insert_with(|| Place {
                locus: origin.locus(row.position()),
                source_id: row.source_id().into(),
            });
        }
    }

    /// Compares with what came before; gives what is remembered from now on.
    pub(super) fn compare(
        mut self,
        before: &[TermsProfile],
        complete: &BTreeSet<EntityKind>,
        name: fn(EntityKind, &str) -> Option<&'static str>,
        findings: &mut Vec<Diagnostic>,
    ) -> Vec<TermsProfile> {
        let fields: BTreeSet<Field> =
            before.iter().filter_map(field_of).chain(self.found.keys().copied()).collect();
        let mut after = Vec::new();
        for (entity, number) in fields {
            let field = entity.schema().fields[number].name;
            let known = before.iter().find(|it| field_of(it) == Some((entity, number)));
            let places = self.found.remove(&(entity, number)).unwrap_or_default();
            let places = places.into_iter().map(|(hash, it)| (format!("{hash:016x}"), it));
            let told = name(entity, field).unwrap_or(field);
            let whole = complete.contains(&entity);
            let terms = compare_field(known, places.collect(), whole, told, findings);
            let (table, field) = (entity.table().to_owned(), field.to_owned());
            after.push(TermsProfile { table, field, terms });
        }
        after
    }
}

fn compare_field(
    before: Option<&TermsProfile>,
    mut places: BTreeMap<String, Place>,
    whole: bool,
    name: &str,
    findings: &mut Vec<Diagnostic>,
) -> Option<Seen> {
    let before = before.map_or_else(|| Some(Seen::default()), |it| it.terms.clone())?;
    if places.len() > MOST_TERMS || before.there.len() + before.gone.len() > 2 * MOST_TERMS {
        return None;
    }
    let now = places.keys().cloned().collect();
    let difference = seen::compare(&before, &now, whole);
    for Place { locus, source_id } in difference.new.iter().filter_map(|it| places.remove(it)) {
        let new = finding(DiagnosticCode::VocabularyNew, Some(name), locus);
        findings.push(Diagnostic { source_id: Some(source_id), ..new });
    }
    let gone = |_: &String| finding(DiagnosticCode::VocabularyGone, Some(name), Locus::Feed);
    findings.extend(difference.gone.iter().map(gone));
    Some(difference.after)
}

fn vocabularies(entity: EntityKind) -> Vec<Vocabulary> {
    let fields = entity.schema().fields.iter().enumerate();
    fields
        .filter_map(|(number, it)| match it.field_type {
            FieldType::Vocabulary(terms) => {
                Some(Vocabulary { field: number, terms, last: terms.first().copied()? })
            }
            _ => None,
        })
        .collect()
}

fn field_of(profile: &TermsProfile) -> Option<Field> {
    let entity = EntityKind::from_table(&profile.table)?;
    Some((entity, entity.schema().field(&profile.field)?))
}

/// The hash under which a term is remembered.
fn hash(term: &str) -> u64 {
    #[allow(clippy::cast_possible_truncation, reason = "half of a hash is one")]
    let half = key_of(term) as u64;
    half
}
