//! `homeroom explain`: where a record came from, what was decided on it and why.

use super::{App, select};
use crate::{
    cli::ExplainArgs,
    config::nearest,
    drive::Drive,
    exit::{Exit, Failure},
    explain::{self, Now, Question, Values, story},
    registry::SinkAddress,
};
use roster_core::{DistrictId, EntityKind};
use roster_sink::{RunId, RunRecord, Sink};
use std::{
    io::{self, IsTerminal as _},
    sync::Arc,
};

pub(super) async fn run(app: &mut App, args: &ExplainArgs) -> Result<Exit, Failure> {
    let district = select::district_id(&args.district)?;
    let entity = entity(&args.entity)?;
    let address = select::sink_of(&app.global, args.to.as_deref(), &district)?;
    let sink = address.existing().await?;
    let run = match &args.run {
        Some(id) => Some(find_run(&sink, &address, &district, id).await?),
        None => None,
    };
    let now = if args.no_feed { None } else { now(app, &sink, &district)? };
    if run.is_none() && now.is_none() {
        has_runs(&sink, &address, &district).await?;
    }
    let values = args.values || io::stdout().is_terminal();
    let values = if values { Values::Shown } else { Values::Hidden };
    let question = Question { district, entity, source_id: args.source_id.clone(), run, values };
    let explanation = explain::explain(&question, &sink, now.as_ref()).await?;
    app.console.answer(&explanation, story::story)?;
    Ok(Exit::Done)
}

/// The table that a word means: its name, or one record of it.
pub(crate) fn entity(word: &str) -> Result<EntityKind, Failure> {
    let known = |it: &EntityKind| it.table() == word || singular(*it) == word;
    if let Some(entity) = EntityKind::ALL.iter().copied().find(known) {
        return Ok(entity);
    }
    let meant = nearest(word, EntityKind::ALL.iter().map(|it| it.table()));
    let hint = meant.map_or_else(
        || {
            let tables: Vec<_> = EntityKind::ALL.iter().map(|it| it.table()).collect();
            format!("; known are {}", tables.join(", "))
        },
        |it| format!("; did you mean {it:?}?"),
    );
    Err(Failure::Usage(format!("no table is called {word:?}{hint}")))
}

/// One record of a table: `academic_session`.
fn singular(entity: EntityKind) -> String {
    let mut word = String::new();
    for letter in format!("{entity:?}").chars() {
        if letter.is_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.extend(letter.to_lowercase());
    }
    word
}

async fn find_run(
    sink: &Arc<dyn Sink>,
    address: &SinkAddress,
    district: &DistrictId,
    id: &str,
) -> Result<RunRecord, Failure> {
    let run = sink.run(&RunId::from_text(id)).await?;
    run.filter(|it| it.report.district == *district).ok_or_else(|| {
        let message = format!(
            "no run of {district} is called {id:?} in {address}; `homeroom runs --district {district}` lists them"
        );
        Failure::Usage(message)
    })
}

/// A district that nobody knows is more likely misspelt than without a night.
async fn has_runs(
    sink: &Arc<dyn Sink>,
    address: &SinkAddress,
    district: &DistrictId,
) -> Result<(), Failure> {
    if !sink.runs(Some(district), 1).await?.is_empty() {
        return Ok(());
    }
    let message = format!("{address} has no run of a district {:?}", district.as_str());
    Err(Failure::Usage(message))
}

/// The district's source, when the configuration has it.
fn now(app: &App, sink: &Arc<dyn Sink>, district: &DistrictId) -> Result<Option<Now>, Failure> {
    let Some((settings, night)) = select::configured(&app.global, district)? else {
        return Ok(None);
    };
    let drive = Drive::new(night, app.cancel.clone(), app.progress.clone());
    let (night, ctx) = drive.prepare_night(&settings, sink.clone());
    Ok(Some(Now { night, ctx }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_known_by_their_names_and_by_one_record_of_them() {
        let check = |word: &str, expected: Result<EntityKind, &str>| {
            let found = entity(word).map_err(|it| it.to_string());
            assert_eq!(found, expected.map_err(str::to_owned));
        };
        check("users", Ok(EntityKind::User));
        check("user", Ok(EntityKind::User));
        check("academic_session", Ok(EntityKind::AcademicSession));
        check("category", Ok(EntityKind::Category));
        check("demographics", Ok(EntityKind::Demographics));
        check(
            "enrolments",
            Err("no table is called \"enrolments\"; did you mean \"enrollments\"?"),
        );
    }
}
