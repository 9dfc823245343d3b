//! A database in a folder of its own, and nights from rows: the one helper of these tests.

use futures::StreamExt as _;
use roster_core::{
    DistrictId, EntityKind, Error, Rows, Severity,
    model::{CategoryRow, EnrollmentRole, EnrollmentRow},
    public_id,
};
use roster_sink::{
    DiagnosticSummary, EntityCounts, Example, Mark, Operation, Outcome, Plan, PlanHeader,
    PlanWriter, Published, PublishedIndex, RunId, RunRecord, RunReport, Sink as _, SqliteSink,
    content_of, key_of,
};
use rusqlite::Connection;
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

/// A database in a folder of its own.
pub(crate) struct Bench {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) sink: SqliteSink,
    plans: AtomicU32,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sink = SqliteSink::new(folder.path().join("roster.db"));
        wait(sink.prepare()).unwrap();
        Self { folder, sink, plans: AtomicU32::new(0) }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("roster.db")
    }

    fn plan_folder(&self, number: u32) -> PathBuf {
        self.folder.path().join(format!("plan-{number}"))
    }

    /// Where the plan made last lies.
    pub(crate) fn last_plan(&self) -> PathBuf {
        self.plan_folder(self.plans.load(Ordering::Relaxed) - 1)
    }

    pub(crate) fn published(&self, district: &str) -> Published {
        wait(self.sink.published(&id(district))).unwrap()
    }

    /// Compares the feed with what is published, as a night does, and writes the difference down.
    pub(crate) fn plan(&self, district: &str, run: &str, feed: &[Rows]) -> (Plan, Published) {
        let mut published = self.published(district);
        let number = self.plans.fetch_add(1, Ordering::Relaxed);
        let folder = self.plan_folder(number);
        let mut writer = PlanWriter::create(&folder).unwrap();
        let mut entities = BTreeMap::new();
        for entity in EntityKind::ALL {
            let index = published.indexes.entry(*entity).or_default();
            let rows = feed.iter().filter(|it| it.entity() == *entity);
            let counts = compare(&mut writer, *entity, index, rows);
            entities.insert(*entity, counts);
        }
        let header = PlanHeader {
            run: RunId::from_text(run),
            district: id(district),
            connector: "oneroster".to_owned(),
            basis: published.basis,
            entities,
        };
        (writer.finish(header).unwrap(), published)
    }

    pub(crate) fn try_night(&self, district: &str, run: &str, feed: &[Rows]) -> Result<(), Error> {
        let (plan, published) = self.plan(district, run, feed);
        wait(self.sink.publish(&plan, published, &record(&plan, Outcome::Published)))
    }

    pub(crate) fn night(&self, district: &str, run: &str, feed: &[Rows]) {
        self.try_night(district, run, feed).unwrap();
    }

    /// The rows of a query, columns separated by bars, `-` for NULL.
    pub(crate) fn query(&self, sql: &str) -> Vec<String> {
        query(&Connection::open(self.path()).unwrap(), sql)
    }

    /// All that consumers see.
    pub(crate) fn state(&self) -> Vec<String> {
        let mut state = self.query("SELECT * FROM changes ORDER BY seq");
        state.extend(self.query("SELECT * FROM districts"));
        state.extend(self.query("SELECT id, outcome FROM runs"));
        state.extend(
            self.query("SELECT name FROM sqlite_schema WHERE type = 'index' ORDER BY name"),
        );
        for entity in EntityKind::ALL {
            state.extend(self.query(&format!("SELECT * FROM {} ORDER BY rowid", entity.table())));
        }
        state
    }

    pub(crate) fn rows(&self, district: &str, entity: EntityKind) -> Vec<Rows> {
        let stream = self.sink.rows(&id(district), entity);
        wait(stream.collect::<Vec<_>>()).into_iter().map(|it| it.unwrap()).collect()
    }
}

pub(crate) fn wait<F: Future>(work: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

pub(crate) fn id(district: &str) -> DistrictId {
    district.parse().unwrap()
}

pub(crate) fn compare<'a>(
    plan: &mut PlanWriter,
    entity: EntityKind,
    index: &mut PublishedIndex,
    feed: impl Iterator<Item = &'a Rows>,
) -> EntityCounts {
    let mut counts = EntityCounts::default();
    for row in feed.flat_map(Rows::iter) {
        let (key, content) = (key_of(row.source_id()), content_of(&row));
        let (operation, slot) = match index.find(key) {
            None => (Operation::Create, index.insert(key, content)),
            Some(slot) if index.is_marked(slot, Mark::Deleted) => (Operation::Restore, slot),
            Some(slot) if index.content(slot) != content => (Operation::Update, slot),
            Some(slot) => {
                index.mark(slot, Mark::Accepted);
                counts.unchanged += 1;
                continue;
            }
        };
        index.mark(slot, Mark::Accepted);
        match operation {
            Operation::Create => counts.created += 1,
            Operation::Restore => counts.restored += 1,
            _ => counts.updated += 1,
        }
        plan.row(operation, slot, key, content, &row).unwrap();
    }
    for slot in index.slots() {
        if !index.is_marked(slot, Mark::Accepted) && !index.is_marked(slot, Mark::Deleted) {
            plan.delete(entity, slot, index).unwrap();
            counts.deleted += 1;
        }
    }
    counts
}

pub(crate) fn record(plan: &Plan, outcome: Outcome) -> RunRecord {
    let header = plan.header();
    RunRecord {
        report: RunReport {
            run: header.run.clone(),
            district: header.district.clone(),
            connector: header.connector.clone(),
            outcome,
            entities: header.entities.clone(),
            diagnostics: vec![DiagnosticSummary {
                code: "unknown_column".to_owned(),
                severity: Severity::Warning,
                count: 2,
                examples: vec![Example {
                    file: Some("users.csv".to_owned()),
                    line: Some(1),
                    field: None,
                    source_id: None,
                }],
            }],
            seconds: 0.5,
            peak_memory_bytes: 1 << 20,
            error: None,
        },
        started_at: "2026-11-23T02:00:00Z".parse().unwrap(),
        finished_at: "2026-11-23T02:00:01.5Z".parse().unwrap(),
        causes: Vec::new(),
    }
}

pub(crate) fn query(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let width = statement.column_count();
    let text = |row: &rusqlite::Row<'_>, column| match row.get::<_, rusqlite::types::Value>(column)
    {
        Ok(rusqlite::types::Value::Null) => "-".to_owned(),
        Ok(rusqlite::types::Value::Integer(it)) => it.to_string(),
        Ok(rusqlite::types::Value::Real(it)) => format!("{it:?}"),
        Ok(rusqlite::types::Value::Text(it)) => it,
        other => format!("{other:?}"),
    };
    let join = |row: &rusqlite::Row<'_>| {
        Ok((0..width).map(|it| text(row, it)).collect::<Vec<_>>().join("|"))
    };
    statement.query_map([], join).unwrap().map(|it| it.unwrap()).collect()
}

/// Categories by source id and title.
pub(crate) fn categories(records: &[(&str, &str)]) -> Rows {
    let mut rows = Rows::new(EntityKind::Category);
    for (position, (source_id, title)) in records.iter().enumerate() {
        let row = CategoryRow { source_id, title, ..CategoryRow::default() };
        rows.push(position as u64, &row);
    }
    rows
}

pub(crate) fn enrollments(records: &[(&str, &str)]) -> Rows {
    let mut rows = Rows::new(EntityKind::Enrollment);
    for (position, (source_id, user)) in records.iter().enumerate() {
        let row = EnrollmentRow {
            source_id,
            user_source_id: user,
            section_source_id: "sec",
            role: Some(EnrollmentRole::Student),
            ..EnrollmentRow::default()
        };
        rows.push(position as u64, &row);
    }
    rows
}

pub(crate) fn category_id(district: &str, source_id: &str) -> String {
    public_id(&id(district), EntityKind::Category, source_id).to_string()
}
