//! A feed as OneRoster files.

use crate::{
    case::Breakage,
    district::{TABLES, Table},
    feed::{Feed, Format, Line, State, Told},
};
use roster_core::{Coverage, EntityKind};
use roster_testkit::FileSet;
use serde_json::Value;

const STAMP: &str = "2026-11-22T20:15:00.000Z";

/// The bytes of the zip archive.
pub(crate) fn archive(feed: &Feed) -> Vec<u8> {
    let mut files = FileSet::default();
    let written: Vec<_> = TABLES.iter().filter(|it| has_file(feed.format, it)).collect();
    for table in &written {
        if let Some(told) = feed.told.get(&table.entity) {
            files.set(table.file, text(feed, table, told));
        }
    }
    if feed.manifest {
        files.set("manifest.csv", manifest(feed, &written));
    }
    let mut archive = files.zip().expect("the files can be zipped");
    if let Some(at) = feed.cut {
        archive.truncate(archive.len() * at / 1000);
    }
    archive
}

fn has_file(format: Format, table: &Table) -> bool {
    !table.file.is_empty() && (format == Format::OneRoster12 || table.entity != EntityKind::Role)
}

/// A file that is missing is announced all the same.
fn manifest(feed: &Feed, written: &[&Table]) -> String {
    let version = if feed.format == Format::OneRoster12 { "1.2" } else { "1.1" };
    let mut lines = vec![
        "propertyName,value".to_owned(),
        "manifest.version,1.0".to_owned(),
        format!("oneroster.version,{version}"),
    ];
    for table in written {
        let coverage = feed.told.get(&table.entity).map(|it| it.coverage);
        let mode = if coverage == Some(Coverage::Changes) { "delta" } else { "bulk" };
        lines.push(format!("file.{},{mode}", table.file.trim_end_matches(".csv")));
    }
    joined(&lines)
}

fn text(feed: &Feed, table: &Table, told: &Told) -> String {
    let mut header = vec!["sourcedId", "status", "dateLastModified"];
    header.extend(table.columns.iter().map(|it| it.0));
    if table.entity == EntityKind::User {
        header.extend(columns_of_users(feed.format));
    }
    let mut lines = vec![header.join(",")];
    lines.extend(told.lines.iter().map(|it| row(feed, table, it, told.coverage).join(",")));
    joined(&lines)
}

/// Columns in which users tell of other tables.
fn columns_of_users(format: Format) -> &'static [&'static str] {
    match format {
        Format::OneRoster11 => &["agentSourcedIds", "orgSourcedIds", "role"],
        _ => &["agentSourcedIds", "primaryOrgSourcedId"],
    }
}

fn row(feed: &Feed, table: &Table, line: &Line, coverage: Coverage) -> Vec<String> {
    let mut cells = cells(table, line, coverage);
    if table.entity == EntityKind::User {
        let person = feed.people.get(line.record.source_id()).cloned().unwrap_or_default();
        cells.push(quoted(&person.agents.join(",")));
        match feed.format {
            Format::OneRoster11 => cells.extend([quoted(&person.orgs.join(",")), person.role]),
            _ => cells.push(quoted(line.record.text("primary_org_source_id"))),
        }
    }
    if line.state == State::Broken(Breakage::TooWide) {
        cells.push("surplus".to_owned());
    }
    cells
}

fn joined(lines: &[String]) -> String {
    lines.join("\r\n") + "\r\n"
}

fn cells(table: &Table, line: &Line, coverage: Coverage) -> Vec<String> {
    let broken = |how| line.state == State::Broken(how);
    let key = if broken(Breakage::NoKey) { "" } else { line.record.source_id() };
    let status = match line.state {
        State::Gone => "tobedeleted",
        // A quote in the middle of a cell that has none at its start.
        State::Broken(Breakage::Malformed) => "ac\"tive",
        _ if coverage == Coverage::Changes => "active",
        _ => "",
    };
    let stamp = if coverage == Coverage::Changes { STAMP } else { "" };
    let mut cells = vec![quoted(key), status.to_owned(), stamp.to_owned()];
    for (column, field) in table.columns {
        let wrong = match line.state {
            State::Broken(Breakage::MissingRequired) if *field == table.required => Some(""),
            State::Broken(Breakage::BadDate) if Some(*field) == table.date => Some("soon"),
            _ => None,
        };
        let cell = || quoted(&cell(column, line.record.0.get(*field)));
        cells.push(wrong.map_or_else(cell, str::to_owned));
    }
    cells
}

fn cell(column: &str, value: Option<&Value>) -> String {
    match value {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Bool(primary)) if column == "roleType" => {
            if *primary { "primary" } else { "secondary" }.to_owned()
        }
        Some(Value::Array(items)) => {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",")
        }
        Some(other) => other.to_string(),
    }
}

/// Always in quotes where it holds anything.
fn quoted(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}
