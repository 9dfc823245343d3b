//! What a record refers to, and whether that is there; of what is not, why.

use super::{Asked, Check, NightStory, Record, Stand, Told, is_active, kept::KeptRun};
use crate::night::shown_key;
use roster_core::{EntityKind, Result, Rows, model::EntitySchema};
use roster_sink::Published;
use serde::Serialize;

/// References of one field that are told.
const MOST_OF_A_FIELD: usize = 20;

/// A reference.
#[derive(Debug, Serialize)]
pub(crate) struct Referred {
    /// The field.
    pub(crate) field: &'static str,
    /// Whether the record cannot do without it.
    pub(crate) required: bool,
    /// The table it names.
    pub(crate) entity: &'static str,
    /// The key it names.
    pub(crate) source_id: String,
    /// `published`, `deleted` or `not_published`.
    pub(crate) state: &'static str,
    /// Where it stood in the night's feed, when it is not published.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) feed: Vec<Stand>,
    /// What the night's checks said of it, when it is not published.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) checks: Vec<Check>,
    /// Why it is not there, when it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
}

/// A reference as it is read from a record.
struct Named {
    number: usize,
    entity: EntityKind,
    source_id: String,
}

/// What the record refers to: as it was set aside in the night, else as it is published.
pub(super) async fn of(
    asked: &Asked<'_>,
    published: &Published,
    row: Option<&Rows>,
    night: Option<&Told>,
) -> Result<Vec<Referred>> {
    let schema = asked.record.entity.schema();
    let set_aside = night.and_then(|it| set_aside(schema, it));
    let as_published = || row.map(|it| published_references(schema, it)).unwrap_or_default();
    let mut references = Vec::new();
    for named in set_aside.unwrap_or_else(as_published) {
        references.push(referred(asked, published, schema, named, night).await?);
    }
    Ok(references)
}

/// References of a record that a check of the night left out.
fn set_aside(schema: &EntitySchema, night: &Told) -> Option<Vec<Named>> {
    let record = night.traces.quarantined.iter().rfind(|it| it.form == "model")?;
    let named = references(schema, |number| record.fields.get(schema.fields[number].name));
    // Nobody has checked yet that these are keys.
    let key = |it: &Named| shown_key(&it.source_id) == it.source_id;
    Some(named.into_iter().filter(key).collect())
}

fn published_references(schema: &EntitySchema, rows: &Rows) -> Vec<Named> {
    let Some(row) = rows.get(0) else { return Vec::new() };
    references(schema, |number| row.get(number))
}

fn references<T: AsRef<str>>(
    schema: &EntitySchema,
    value: impl Fn(usize) -> Option<T>,
) -> Vec<Named> {
    let mut named = Vec::new();
    for (number, field) in schema.fields.iter().enumerate() {
        let (Some(reference), Some(value)) = (field.reference, value(number)) else { continue };
        let keys: Vec<String> = if reference.many {
            serde_json::from_str(value.as_ref()).unwrap_or_default()
        } else {
            vec![value.as_ref().to_owned()]
        };
        let of = |source_id| Named { number, entity: reference.entity, source_id };
        named.extend(keys.into_iter().take(MOST_OF_A_FIELD).map(of));
    }
    named
}

async fn referred(
    asked: &Asked<'_>,
    published: &Published,
    schema: &EntitySchema,
    named: Named,
    night: Option<&Told>,
) -> Result<Referred> {
    let Named { number, entity, source_id } = named;
    let record = Record::find(published, entity, &source_id);
    let active =
        published.indexes.get(&entity).zip(record.slot).map(|(index, slot)| is_active(index, slot));
    let state = match active {
        Some(true) => "published",
        Some(false) => "deleted",
        None => "not_published",
    };
    let mut referred = Referred {
        field: schema.fields[number].name,
        required: schema.fields[number].required,
        entity: entity.table(),
        source_id: source_id.clone(),
        state,
        feed: Vec::new(),
        checks: Vec::new(),
        why: None,
    };
    if let (Some(night), false) = (night, active == Some(true)) {
        explain_one_up(asked, &record, &night.story, &mut referred).await?;
    }
    Ok(referred)
}

/// Says what the night knows of a record that is referred to and not there.
async fn explain_one_up(
    asked: &Asked<'_>,
    record: &Record<'_>,
    night: &NightStory,
    referred: &mut Referred,
) -> Result<()> {
    let kept = KeptRun::open(asked.sink, &night.run).await?;
    if kept.is_empty() {
        return Ok(());
    }
    let traces = kept.traces(record).await?;
    referred.feed = traces.feed();
    referred.checks.clone_from(&traces.checks);
    let why = if traces.is_rejected() {
        "it was in the feed, and a check left it out too"
    } else if !traces.held.is_empty() {
        "its own change waits for a person"
    } else if traces.is_in_feed() {
        "it was in the feed of that night"
    } else {
        "the feed of that night did not have it, as far as it is shared"
    };
    referred.why = Some(why.to_owned());
    Ok(())
}
