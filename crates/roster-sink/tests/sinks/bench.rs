//! A database of its own, and nights from rows: the one helper of these tests.

#[cfg(all(feature = "sqlite", feature = "parquet"))]
use crate::parquet;
#[cfg(feature = "postgres")]
use crate::postgres;
#[cfg(feature = "sqlite")]
use crate::sqlite;
use futures::StreamExt as _;
use roster_core::{
    DistrictId, EntityKind, Error, Rows, Severity,
    model::{CategoryRow, EnrollmentRole, EnrollmentRow, RoleRow, UserRow},
    public_id,
};
use roster_sink::{
    DiagnosticSummary, EntityCounts, Example, KeptFolder, Mark, Operation, Outcome, Plan,
    PlanHeader, PlanWriter, Published, PublishedIndex, RunId, RunRecord, RunReport, Sink, Slot,
    content_of, key_of,
};
use std::{
    collections::BTreeMap,
    io::Write as _,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};
use tokio::runtime::Runtime;

/// A kind of database.
pub(crate) enum Backend {
    #[cfg(feature = "sqlite")]
    Sqlite,
    /// Files, and what remembers the nights.
    #[cfg(all(feature = "sqlite", feature = "parquet"))]
    Parquet,
    /// A server that databases can be made on.
    #[cfg(feature = "postgres")]
    Postgres(postgres::Server),
}

impl Backend {
    /// A new database, prepared.
    pub(crate) fn bench(&self) -> Bench {
        let bench = self.empty();
        wait(bench.sink.prepare()).unwrap();
        bench
    }

    /// A new database.
    pub(crate) fn empty(&self) -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let database = self.database(folder.path());
        let sink = database.sink();
        Bench { folder, database, sink, plans: AtomicU32::new(0) }
    }

    #[cfg_attr(not(feature = "sqlite"), allow(unused_variables, reason = "only files need it"))]
    fn database(&self, folder: &Path) -> Box<dyn Database> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => Box::new(sqlite::File(folder.join("roster.db"))),
            #[cfg(all(feature = "sqlite", feature = "parquet"))]
            Self::Parquet => Box::new(parquet::Folder(folder.to_owned())),
            #[cfg(feature = "postgres")]
            Self::Postgres(server) => Box::new(server.database()),
        }
    }
}

/// A database that consumers look into.
pub(crate) trait Database: Send + Sync {
    /// A sink on it.
    fn sink(&self) -> Arc<dyn Sink>;

    /// A sink on it that remembers the nights of an outlet.
    fn outlet(&self, name: &str) -> Arc<dyn Sink>;

    /// Statements that make a database of Homeroom's first version, without the tables of the entities.
    fn first_version(&self) -> Vec<String>;

    /// As what it is, for the cases of its own kind.
    #[cfg(feature = "postgres")]
    fn as_any(&self) -> &dyn std::any::Any;

    /// A client of it.
    fn client(&self) -> Box<dyn Client>;

    /// Names of all its indexes.
    fn indexes(&self) -> Vec<String>;

    /// What changes with every change of a table.
    fn schema(&self) -> Vec<String>;

    /// How a query would be answered, with `using INDEX` for each index.
    fn explain(&self, sql: &str) -> String;

    /// What the documentation calls its SQL.
    fn dialect(&self) -> &'static str;

    /// Fails when the database is damaged.
    fn check_integrity(&self);
}

/// A consumer's connection.
pub(crate) trait Client {
    /// The rows of a query, columns separated by bars, `-` for NULL, truth as 0 and 1.
    fn query(&mut self, sql: &str) -> Vec<String>;

    /// From the next query on, sees what it sees then, until the end.
    fn begin(&mut self);

    /// Ends what [`Self::begin`] began.
    fn end(&mut self);
}

/// A database of its own, and plans.
pub(crate) struct Bench {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) database: Box<dyn Database>,
    pub(crate) sink: Arc<dyn Sink>,
    plans: AtomicU32,
}

impl Bench {
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
        let rekeyed = give_keys(&mut published);
        let number = self.plans.fetch_add(1, Ordering::Relaxed);
        let folder = self.plan_folder(number);
        let mut writer = PlanWriter::create(&folder).unwrap();
        let mut entities = BTreeMap::new();
        for entity in EntityKind::ALL {
            let index = published.indexes.entry(*entity).or_default();
            let rows = feed.iter().filter(|it| it.entity() == *entity);
            let rekeyed = rekeyed.get(entity).map_or(&[][..], Vec::as_slice);
            let counts = compare(&mut writer, *entity, index, rekeyed, rows);
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

    /// Leaves files for review beside the plan made last.
    pub(crate) fn keep(&self, files: &[(&str, &[u8])]) -> KeptFolder {
        let kept = KeptFolder::create(&self.last_plan()).unwrap();
        for (name, bytes) in files {
            kept.write(name).unwrap().write_all(bytes).unwrap();
        }
        kept
    }

    pub(crate) fn try_night(&self, district: &str, run: &str, feed: &[Rows]) -> Result<(), Error> {
        let (plan, published) = self.plan(district, run, feed);
        wait(self.sink.publish(&plan, published, &record(&plan, Outcome::Published)))
    }

    pub(crate) fn night(&self, district: &str, run: &str, feed: &[Rows]) {
        self.try_night(district, run, feed).unwrap();
    }

    /// See [`Client::query`].
    pub(crate) fn query(&self, sql: &str) -> Vec<String> {
        self.database.client().query(sql)
    }

    /// All that consumers see.
    pub(crate) fn state(&self) -> Vec<String> {
        let mut client = self.database.client();
        let mut state = client.query("SELECT * FROM changes ORDER BY district_id, seq");
        state.extend(client.query("SELECT * FROM districts"));
        state.extend(client.query("SELECT id, outcome FROM runs"));
        state.extend(self.database.indexes());
        for entity in EntityKind::ALL {
            let sql = format!("SELECT * FROM {} ORDER BY district_id, rowid", entity.table());
            state.extend(client.query(&sql));
        }
        state
    }

    pub(crate) fn rows(&self, district: &str, entity: EntityKind) -> Vec<Rows> {
        let stream = self.sink.rows(&id(district), entity);
        wait(stream.collect::<Vec<_>>()).into_iter().map(|it| it.unwrap()).collect()
    }
}

pub(crate) fn wait<F: Future>(work: F) -> F::Output {
    runtime().block_on(work)
}

pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

pub(crate) fn id(district: &str) -> DistrictId {
    district.parse().unwrap()
}

/// Gives records the keys that accepted maps have for them; their slots.
fn give_keys(published: &mut Published) -> BTreeMap<EntityKind, Vec<Slot>> {
    let mut given: BTreeMap<EntityKind, Vec<(Slot, u128)>> = BTreeMap::new();
    for rekey in &published.rekeys {
        let index = published.indexes.get_mut(&rekey.entity);
        let slot = index.and_then(|it| it.look_up(key_of(&rekey.old)));
        given.entry(rekey.entity).or_default().extend(slot.map(|it| (it, key_of(&rekey.new))));
    }
    for (entity, given) in &given {
        let index = published.indexes.get_mut(entity).unwrap();
        for (slot, key) in given {
            index.set_key(*slot, *key);
        }
    }
    given.into_iter().map(|it| (it.0, it.1.into_iter().map(|it| it.0).collect())).collect()
}

/// Plans what differs; the records in `rekeyed` have new keys since tonight.
pub(crate) fn compare<'a>(
    plan: &mut PlanWriter,
    entity: EntityKind,
    index: &mut PublishedIndex,
    rekeyed: &[Slot],
    feed: impl Iterator<Item = &'a Rows>,
) -> EntityCounts {
    let mut counts = EntityCounts::default();
    for row in feed.flat_map(Rows::iter) {
        let (key, content) = (key_of(row.source_id()), content_of(&row));
        let (operation, slot) = match index.find(key) {
            None => (Operation::Create, index.insert(key, content)),
            Some(slot) if rekeyed.contains(&slot) => (Operation::Rekey, slot),
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
            Operation::Rekey if index.is_marked(slot, Mark::Deleted) => counts.restored += 1,
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
            holds: Vec::new(),
            error: None,
        },
        started_at: "2026-11-23T02:00:00Z".parse().unwrap(),
        finished_at: "2026-11-23T02:00:01.5Z".parse().unwrap(),
        causes: Vec::new(),
        settled: Vec::new(),
        profile: None,
    }
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

/// Users by source id and given name.
pub(crate) fn users(records: &[(&str, &str)]) -> Rows {
    let mut rows = Rows::new(EntityKind::User);
    for (position, (source_id, given_name)) in records.iter().enumerate() {
        let row = UserRow { source_id, given_name, family_name: "Okafor", ..UserRow::default() };
        rows.push(position as u64, &row);
    }
    rows
}

/// Roles by source id and user.
pub(crate) fn roles(records: &[(&str, &str)]) -> Rows {
    let mut rows = Rows::new(EntityKind::Role);
    for (position, (source_id, user_source_id)) in records.iter().enumerate() {
        let row = RoleRow { source_id, user_source_id, ..RoleRow::default() };
        rows.push(position as u64, &row);
    }
    rows
}

pub(crate) fn category_id(district: &str, source_id: &str) -> String {
    public_id(&id(district), EntityKind::Category, source_id).to_string()
}

/// Bytes that cannot be compressed.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = || {
        for (left, by) in [(true, 13), (false, 7), (true, 17)] {
            state ^= if left { state << by } else { state >> by };
        }
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// The statements of a script.
pub(crate) fn statements(script: &str) -> impl Iterator<Item = String> {
    script.split(";\n").map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned)
}
