//! Rejected records, as they stood at the source.

use super::{Check, fail, place};
use crate::{Extracted, Failed, Harness, Place, Seed};
use roster_core::{Batch, Diagnostic, Severity, SourceRecord};
use std::collections::BTreeSet;

/// What every password of the fixture district begins with.
const PASSWORD: &str = "canary-password";

pub(super) async fn rejected_records_come_as_they_stood(
    harness: &dyn Harness,
) -> Result<Check, Failed> {
    let place = place!(harness, Seed::Unreadable);
    let extracted = Extracted::everything(&place.source()).await?.without_error()?;
    let kept: Vec<_> = extracted
        .batches()
        .flat_map(|it| it.rejected.iter().map(move |record| (it, record)))
        .collect();
    for (batch, record) in &kept {
        holds_no_credential(batch, record)?;
    }
    let findings = extracted.batches().flat_map(|it| &it.diagnostics);
    let mut compared = 0;
    for finding in findings.filter(|it| it.severity == Severity::Rejected && it.source_id.is_some())
    {
        let Some((_, record)) = kept.iter().find(|it| is_about(finding, it.0, it.1)) else {
            fail!("a record was rejected at {:?} and is not given", finding.locus);
        };
        compared += u64::from(is_as_it_stood(place.as_ref(), finding, record)?);
    }
    Ok(match compared {
        0 => Check::NotOffered("the harness cannot tell what a rejected record holds".into()),
        _ => Check::Passed,
    })
}

fn is_about(finding: &Diagnostic, batch: &Batch, record: &SourceRecord) -> bool {
    finding.source_id == record.source_id && finding.locus == batch.origin.locus(record.position)
}

/// Whether the harness knows the record, which is then compared.
fn is_as_it_stood(
    place: &dyn Place,
    finding: &Diagnostic,
    record: &SourceRecord,
) -> Result<bool, Failed> {
    let Some(stood) = place.record(&finding.locus) else { return Ok(false) };
    let stood: BTreeSet<_> = stood.into_iter().filter(|it| !is_credential(&it.0)).collect();
    let owned = |it: &(std::sync::Arc<str>, Box<str>)| (it.0.to_string(), it.1.to_string());
    let given: BTreeSet<_> = record.fields.iter().map(owned).collect();
    // The differences themselves are values.
    let fields = |it: &BTreeSet<(String, String)>, other: &BTreeSet<_>| {
        it.difference(other).map(|it| it.0.clone()).collect::<Vec<_>>()
    };
    let (lacks, adds) = (fields(&stood, &given), fields(&given, &stood));
    if !(lacks.is_empty() && adds.is_empty()) {
        fail!("the record rejected at {:?} lacks {lacks:?} and adds {adds:?}", finding.locus);
    }
    Ok(true)
}

fn holds_no_credential(batch: &Batch, record: &SourceRecord) -> Result<(), Failed> {
    let credential =
        record.fields.iter().find(|it| is_credential(&it.0) || it.1.starts_with(PASSWORD));
    match credential {
        Some((name, _)) => fail!(
            "the record rejected at {:?} holds a credential in {name}",
            batch.origin.locus(record.position)
        ),
        None => Ok(()),
    }
}

fn is_credential(name: &str) -> bool {
    name.to_lowercase().contains("password")
}
