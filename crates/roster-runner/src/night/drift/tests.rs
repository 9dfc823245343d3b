//! Drift over nights of made-up feeds.

use super::*;
use roster_core::{
    EntityInfo, PartInfo, Rows,
    model::{EnrollmentRole, EnrollmentRow},
};
use roster_sink::{content_of, key_of};

/// What a night's feed is made of.
#[derive(Clone, Copy)]
struct Feed {
    /// Files as `name: column column`.
    files: &'static [&'static str],
    /// Roles of its enrollments.
    roles: &'static [&'static str],
    mode: SyncMode,
    /// The only extension field that is shared; `None` for all.
    shared: Option<&'static str>,
}

const WHOLE: Feed = Feed {
    files: &["users.csv: sourcedId givenName", "manifest.csv"],
    roles: &["student", "ext:mentor"],
    mode: SyncMode::Snapshot,
    shared: None,
};

fn part(file: &str) -> PartInfo {
    let (name, columns) = file.split_once(": ").map_or((file, None), |it| (it.0, Some(it.1)));
    let column =
        |it: &str| ColumnInfo { name: it.into(), is_extension: it.starts_with("metadata.") };
    let columns = columns.map(|it| it.split(' ').map(column).collect());
    PartInfo { origin: Origin::File(name.into()), columns }
}

fn catalog(feed: Feed) -> Catalog {
    let parts = feed.files.iter().map(|it| part(it)).collect();
    let entity = EntityInfo {
        entity: EntityKind::Enrollment,
        modes: vec![feed.mode],
        resumable: false,
        estimated_rows: None,
    };
    Catalog { entities: vec![entity], feed: FeedInfo { fingerprint: None, parts } }
}

/// A night: what is told, as `code field place`, and the profile after it.
fn night(
    before: Option<FeedProfile>,
    feed: Feed,
    connector: &'static str,
) -> (Vec<String>, FeedProfile) {
    let extension_fields = feed.shared.map(|it| vec![it.to_owned()]);
    let sharing = Sharing { extension_fields, ..Sharing::default() };
    let mut drift = Drift::since(before, connector, &catalog(feed), &sharing);
    let mut rows = Rows::new(EntityKind::Enrollment);
    for (number, role) in feed.roles.iter().enumerate() {
        let source_id = format!("e{number}");
        let role = Some(EnrollmentRole::from_term(role));
        let row = EnrollmentRow { source_id: &source_id, role, ..EnrollmentRow::default() };
        rows.push(number as u64 + 2, &row);
    }
    let origin = Origin::File("enrollments.csv".into());
    for row in rows.iter() {
        drift.row(&row, key_of(row.source_id()), content_of(&row), &origin);
    }
    let coverage = match feed.mode {
        SyncMode::Snapshot => Coverage::Complete,
        SyncMode::Delta { .. } => Coverage::Changes,
    };
    drift.done(&Completion { entity: EntityKind::Enrollment, coverage, next: None });
    let today = "2026-11-23".parse().unwrap();
    let field_name = |_, field: &str| (field == "role").then_some("Role");
    let (findings, profile) = drift.finish(Judged { today, stale_after: 1, field_name });
    (findings.iter().map(told).collect(), profile)
}

fn told(finding: &Diagnostic) -> String {
    let place = match &finding.locus {
        Locus::File { file, line } => format!("{file}:{line}"),
        _ => "feed".to_owned(),
    };
    let field = finding.field.as_deref().unwrap_or("-");
    let source_id = finding.source_id.as_deref().unwrap_or("-");
    format!("{} {field} {place} {source_id}", finding.code.code())
}

/// Runs the nights one after the other, each with what it is to tell.
#[track_caller]
fn check(nights: &[(Feed, &[&str])]) {
    let mut before = None;
    for (number, (feed, expected)) in nights.iter().enumerate() {
        let (told, profile) = night(before, *feed, "oneroster");
        assert_eq!(told, *expected, "night {number}");
        // As it is remembered.
        let json = serde_json::to_string(&profile).unwrap();
        before = Some(serde_json::from_str(&json).unwrap());
        assert_eq!(before.as_ref(), Some(&profile));
    }
}

#[test]
fn nothing_is_told_of_the_first_night_and_of_the_same_again() {
    check(&[(WHOLE, &[]), (WHOLE, &[]), (WHOLE, &[])]);
}

#[test]
fn files_and_columns_that_come_and_go_are_told_once() {
    let more = Feed {
        files: &["users.csv: sourcedId givenName pronouns", "manifest.csv", "orgs.csv: sourcedId"],
        ..WHOLE
    };
    check(&[
        (WHOLE, &[]),
        (more, &["column_new pronouns users.csv:0 -", "file_new - orgs.csv:0 -"]),
        (more, &[]),
        (WHOLE, &["column_gone pronouns users.csv:0 -", "file_gone - orgs.csv:0 -"]),
        (WHOLE, &[]),
        (more, &[]),
    ]);
}

#[test]
fn files_that_only_have_another_date_in_their_names_are_the_same() {
    let dated = |files| Feed { files, ..WHOLE };
    check(&[
        (dated(&["export-2026-11-23/users.csv: sourcedId"]), &[]),
        (dated(&["export-2026-11-24/users.csv: sourcedId"]), &[]),
        (
            dated(&["export-2026-11-25/users.csv: id"]),
            &[
                "column_new id export-2026-11-25/users.csv:0 -",
                "column_gone sourcedId export-2026-11-25/users.csv:0 -",
            ],
        ),
    ]);
}

#[test]
fn columns_that_cannot_be_told_are_no_columns_that_went() {
    let unclear = Feed { files: &["users.csv", "manifest.csv"], ..WHOLE };
    check(&[(WHOLE, &[]), (unclear, &[]), (WHOLE, &[])]);
}

#[test]
fn columns_that_are_not_shared_are_not_even_remembered() {
    let files: &[&str] =
        &["users.csv: sourcedId metadata.bus metadata.diet", "orgs.csv: sourcedId metadata.diet"];
    let all = Feed { files, ..WHOLE };
    let only_bus = Feed { shared: Some("metadata.bus"), ..all };
    check(&[(all, &[]), (only_bus, &[]), (only_bus, &[])]);
    let (_, profile) = night(Some(night(None, all, "oneroster").1), only_bus, "oneroster");
    let json = serde_json::to_string(&profile).unwrap();
    assert!(json.contains("metadata.bus") && !json.contains("metadata.diet"), "{json}");
}

#[test]
fn entities_without_a_record_tell_nothing_of_their_terms() {
    let empty = Feed { roles: &[], ..WHOLE };
    check(&[(WHOLE, &[]), (empty, &[]), (WHOLE, &[])]);
}

#[test]
fn unknown_terms_are_told_once_with_the_first_record_that_has_them() {
    let roles = |roles| Feed { roles, ..WHOLE };
    check(&[
        (WHOLE, &[]),
        (
            roles(&["student", "ext:mentor", "coach", "coach"]),
            &["vocabulary_new Role enrollments.csv:4 e2"],
        ),
        (roles(&["coach", "teacher"]), &["vocabulary_gone Role feed -"]),
        (roles(&["coach", "ext:mentor"]), &[]),
    ]);
}

#[test]
fn terms_are_remembered_as_hashes() {
    let (_, profile) = night(None, WHOLE, "oneroster");
    let json = serde_json::to_string(&profile).unwrap();
    assert!(json.contains("\"field\":\"role\"") && !json.contains("mentor"), "{json}");
}

#[test]
fn a_field_that_holds_anything_is_no_vocabulary() {
    let list = |from: usize| -> &'static [&'static str] {
        let terms = (from..from + 150).map(|it| &*format!("term {it}").leak());
        terms.collect::<Vec<_>>().leak()
    };
    let roles = |roles| Feed { roles, ..WHOLE };
    check(&[(WHOLE, &[]), (roles(list(0)), &[]), (roles(list(150)), &[]), (WHOLE, &[])]);
}

#[test]
fn a_delta_that_leaves_something_out_misses_nothing() {
    let deletes = roster_core::DeleteSignal::Tombstone;
    let delta = Feed {
        files: &["manifest.csv"],
        roles: &["coach"],
        mode: SyncMode::Delta { deletes },
        shared: None,
    };
    check(&[
        (WHOLE, &[]),
        (delta, &["vocabulary_new Role enrollments.csv:2 e0"]),
        (WHOLE, &["vocabulary_gone Role feed -"]),
    ]);
}

#[test]
fn another_connector_starts_anew() {
    let (_, profile) = night(None, WHOLE, "oneroster");
    let other = Feed { files: &["users.csv: id"], ..WHOLE };
    assert_eq!(night(Some(profile.clone()), other, "clever").0, Vec::<String>::new());
    assert_eq!(night(Some(profile), other, "oneroster").0.len(), 4);
}
