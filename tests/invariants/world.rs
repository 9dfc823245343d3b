//! A database, the nights that are published to it, and the comparison with what it should hold.

use crate::{
    case::{Case, Step},
    district::{TABLES, Truth, references},
    feed::{Feed, Format},
    files,
    model::Model,
    source::{BatchSource, Promise},
};
use homeroom_tests::Database;
use roster_core::{EntityKind, RosterSource, RunContext, value::FieldType};
use roster_runner::night::{Night, NoWatch};
use roster_sink::{Outcome, RunRecord, Sink, SqliteSink};
use roster_testkit::Record;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Why a case failed.
pub(crate) type Failed = String;

/// Where databases are made: in memory, if the system has such a place.
const IN_MEMORY: &str = "/dev/shm";

/// A district's database.
pub(crate) struct World {
    folder: TempDir,
    sink: Arc<dyn Sink>,
    format: Format,
    breaks: Option<Promise>,
    truth: Truth,
    model: Model,
    consumer: Consumer,
    ids: BTreeMap<(EntityKind, String), String>,
    nights: usize,
}

/// Who follows the change feed and nothing else.
#[derive(Debug, Default)]
struct Consumer {
    seen: u64,
    active: BTreeSet<(String, String)>,
    known: BTreeSet<(String, String)>,
}

impl World {
    /// Runs a case; gives the number of nights, or what was wrong after one of them.
    pub(crate) fn run(
        runtime: &Runtime,
        case: &Case,
        format: Format,
        breaks: Option<Promise>,
    ) -> Result<usize, Failed> {
        let mut world = Self::new(runtime, format, breaks);
        world.night(runtime, &[]).map_err(|it| format!("night 1: {it}"))?;
        for (number, steps) in case.0.iter().enumerate() {
            let failed = |it| format!("night {}: {it}", number + 2);
            world.night(runtime, steps).map_err(failed)?;
        }
        Ok(world.nights)
    }

    fn new(runtime: &Runtime, format: Format, breaks: Option<Promise>) -> Self {
        let base = Some(Path::new(IN_MEMORY)).filter(|it| it.is_dir()).map(Path::to_owned);
        let folder = tempfile::tempdir_in(base.unwrap_or_else(std::env::temp_dir));
        let folder = folder.expect("a temporary folder can be made");
        let sink: Arc<dyn Sink> = Arc::new(SqliteSink::new(folder.path().join("roster.db")));
        runtime.block_on(sink.prepare()).expect("the database can be made");
        Self {
            folder,
            sink,
            format,
            breaks,
            truth: Truth::new(),
            model: Model::default(),
            consumer: Consumer::default(),
            ids: BTreeMap::new(),
            nights: 0,
        }
    }

    fn night(&mut self, runtime: &Runtime, steps: &[Step]) -> Result<(), Failed> {
        for step in steps {
            self.truth.apply(step);
        }
        let feed = Feed::new(&self.truth, steps, self.format);
        let before = self.database().published();
        let record = self.publish(runtime, &feed);
        self.model.night(&feed);
        self.check_outcome(&feed, &record, &before)?;
        self.compare()?;
        if steps.contains(&Step::Again) {
            let before = self.database().published();
            self.publish(runtime, &feed);
            if self.database().published() != before {
                return Err("the same feed changed something the second time".to_owned());
            }
        }
        Ok(())
    }

    fn publish(&mut self, runtime: &Runtime, feed: &Feed) -> RunRecord {
        self.nights += 1;
        let night = Night {
            district: "lakeside".parse().expect("it is an id"),
            connector: "any",
            source: self.source(feed),
            sink: self.sink.clone(),
            sharing: roster_runner::Sharing::default(),
            limits: roster_runner::Limits::default(),
            work_folder: self.folder.path().join("work"),
            examples: 1,
            stale_after_school_nights: 0,
            keep: roster_runner::keep::KeepSettings::default(),
            watch: Arc::new(NoWatch),
        };
        runtime.block_on(night.run(&RunContext::detached()))
    }

    fn source(&self, feed: &Feed) -> Arc<dyn RosterSource> {
        if self.format == Format::Batches {
            return Arc::new(BatchSource { feed: feed.clone(), breaks: self.breaks });
        }
        let path = self.path("feed.zip");
        fs::write(&path, files::archive(feed)).expect("the feed can be written");
        connector_oneroster::from_path(&path).expect("a path is enough")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn database(&self) -> Database {
        Database::open(&self.path("roster.db"))
    }

    /// A feed that breaks off publishes nothing; any other does not fail.
    fn check_outcome(
        &self,
        feed: &Feed,
        record: &RunRecord,
        before: &BTreeMap<&'static str, Vec<String>>,
    ) -> Result<(), Failed> {
        let report = &record.report;
        let not_ready = report.outcome == Outcome::Unchanged && report.error.is_some();
        let failed = report.outcome == Outcome::Failed || not_ready;
        if failed != feed.cut.is_some() && self.breaks.is_none() {
            return Err(format!("the night ended as {:?}: {:?}", report.outcome, report.error));
        }
        if failed && self.database().published() != *before {
            return Err("a night that failed changed something".to_owned());
        }
        let left = fs::read_dir(self.path("work")).map_or(0, Iterator::count);
        if left > 0 { Err("the night left its work folder".to_owned()) } else { Ok(()) }
    }

    fn compare(&mut self) -> Result<(), Failed> {
        let database = self.database();
        self.consumer.follow(&database)?;
        for table in &TABLES {
            let found = active(&database, table.entity);
            let expected = self.model.active(table.entity);
            differences(table.entity, &expected, &found)?;
            self.check_ids(&database, table.entity)?;
            self.consumer.check(table.entity, &found)?;
        }
        dangling(&database)
    }

    /// Whoever once had a public id keeps it.
    fn check_ids(&mut self, database: &Database, entity: EntityKind) -> Result<(), Failed> {
        let table = entity.table();
        for row in database.rows(&format!("SELECT id, source_id FROM {table}")) {
            let (id, key) = row.split_once('|').unwrap_or_default();
            let before = self.ids.insert((entity, key.to_owned()), id.to_owned());
            if before.is_some_and(|it| it != id) {
                return Err(format!("{table} {key} has another public id"));
            }
        }
        Ok(())
    }
}

impl Consumer {
    /// Reads what is new in the change feed; every entry must make sense after those before it.
    fn follow(&mut self, database: &Database) -> Result<(), Failed> {
        let seen = self.seen;
        let query = format!(
            "SELECT seq, operation, coalesce(entity, ''), coalesce(source_id, '') FROM changes WHERE seq > {seen} ORDER BY seq"
        );
        for row in database.rows(&query) {
            let [seq, operation, entity, key] = row.splitn(4, '|').collect::<Vec<_>>()[..] else {
                return Err(format!("a change cannot be read: {row}"));
            };
            self.seen = seq.parse().unwrap_or_default();
            let record = (entity.to_owned(), key.to_owned());
            let (is_known, is_active) =
                (self.known.contains(&record), self.active.contains(&record));
            match (operation, is_known, is_active) {
                ("load", _, _) => self.load(database),
                ("create", false, false) | ("restore", true, false) => {
                    self.known.insert(record.clone());
                    self.active.insert(record);
                }
                ("update", true, true) => {}
                ("delete", true, true) => _ = self.active.remove(&record),
                _ => return Err(format!("{operation} of {entity} {key} cannot be")),
            }
        }
        Ok(())
    }

    /// The marker of a first load: everything is to be read.
    fn load(&mut self, database: &Database) {
        for table in &TABLES {
            let name = table.entity.table();
            for key in database.active(name) {
                self.known.insert((name.to_owned(), key.clone()));
                self.active.insert((name.to_owned(), key));
            }
        }
    }

    fn check(&self, entity: EntityKind, found: &BTreeMap<String, Record>) -> Result<(), Failed> {
        let of_table = self.active.iter().filter(|it| it.0 == entity.table()).map(|it| &it.1);
        if of_table.eq(found.keys()) {
            return Ok(());
        }
        Err(format!("who follows the changes of {} does not see what is there", entity.table()))
    }
}

/// The active records of a table, by key.
fn active(database: &Database, entity: EntityKind) -> BTreeMap<String, Record> {
    let fields = entity.schema().fields;
    let names: Vec<_> = fields.iter().map(|it| format!("\"{}\"", it.name)).collect();
    let query =
        format!("SELECT {} FROM {} WHERE deleted_at IS NULL", names.join(", "), entity.table());
    let record = |cells: Vec<Option<String>>| {
        let filled = fields.iter().zip(cells).filter_map(|(field, cell)| Some((field, cell?)));
        let values =
            filled.map(|(field, cell)| (field.name.to_owned(), value(field.field_type, cell)));
        Record(values.collect())
    };
    let records = database.cells(&query).into_iter().map(record);
    records.map(|it| (it.source_id().to_owned(), it)).collect()
}

fn value(field_type: FieldType, cell: String) -> Value {
    match field_type {
        FieldType::Boolean => (cell == "1").into(),
        FieldType::Integer => cell.parse::<i64>().map_or(Value::Null, Value::from),
        FieldType::Decimal => cell.parse::<f64>().map_or(Value::Null, Value::from),
        FieldType::TextList => serde_json::from_str(&cell).unwrap_or_default(),
        _ => cell.into(),
    }
}

fn differences(
    entity: EntityKind,
    expected: &BTreeMap<&str, &Record>,
    found: &BTreeMap<String, Record>,
) -> Result<(), Failed> {
    let table = entity.table();
    if let Some(lost) = expected.keys().find(|it| !found.contains_key(**it)) {
        return Err(format!("{table} {lost} is lost"));
    }
    if let Some(left) = found.keys().find(|it| !expected.contains_key(it.as_str())) {
        return Err(format!("{table} {left} is there and should not be"));
    }
    match expected.iter().find(|(key, record)| found.get(**key) != Some(**record)) {
        Some((key, record)) => Err(format!(
            "{table} {key} is\n    {:?}\n  and should be\n    {:?}",
            found.get(*key).map(|it| &it.0),
            record.0
        )),
        None => Ok(()),
    }
}

/// No active record refers to one that is not there, where it must.
fn dangling(database: &Database) -> Result<(), Failed> {
    for table in &TABLES {
        let (entity, name) = (table.entity, table.entity.table());
        for (field, target) in references(entity) {
            let number = entity.schema().field(field).unwrap_or_default();
            if !entity.schema().fields[number].required {
                continue;
            }
            let target = target.table();
            let query = format!(
                "SELECT source_id FROM {name} AS it WHERE deleted_at IS NULL AND NOT EXISTS \
                 (SELECT 1 FROM {target} WHERE source_id = it.{field} AND deleted_at IS NULL)"
            );
            if let Some(key) = database.rows(&query).first() {
                return Err(format!("{name} {key} needs a record of {target} that is not there"));
            }
        }
    }
    Ok(())
}
