//! A database, and the nights that are published to it.

use crate::{
    case::{Case, Step},
    compare::{active, dangling, differences},
    consumer::Consumer,
    district::{TABLES, Truth},
    feed::{Feed, Format},
    files,
    model::Model,
    source::{BatchSource, Promise},
};
use homeroom_tests::Database;
use roster_core::{DistrictId, EntityKind, RosterSource, RunContext, value::Timestamp};
use roster_runner::{
    Limits,
    limits::LimitSettings,
    night::{Night, NoWatch},
};
use roster_sink::{Decision, Hold, HoldFilter, HoldRule, HoldState, Outcome, RunRecord, Sink, SqliteSink};
use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Why a case failed.
pub(crate) type Failed = String;

/// Where databases are made: in memory, if the system has such a place.
const IN_MEMORY: &str = "/dev/shm";

/// How the nights of a case are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) format: Format,
    pub(crate) breaks: Option<Promise>,
    pub(crate) review: Review,
}

/// What waits for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Review {
    /// By the default limits, which so few records do not break.
    Little,
    /// By limits that almost every night breaks; a person lets all of it through.
    Much,
}

impl Review {
    fn limits(self) -> Limits {
        let strict = LimitSettings {
            deleted_floor: Some(1),
            updated_floor: Some(1),
            updated_percent: Some(10.0),
            rejected_floor: Some(3),
            ..LimitSettings::default()
        };
        Limits::new((self == Self::Much).then_some(strict))
    }
}

/// A district's database.
pub(crate) struct World<'r> {
    runtime: &'r Runtime,
    folder: TempDir,
    sink: Arc<dyn Sink>,
    setting: Setting,
    truth: Truth,
    model: Model,
    consumer: Consumer,
    ids: BTreeMap<(EntityKind, String), String>,
    nights: usize,
}

impl<'r> World<'r> {
    /// Runs a case; gives the number of nights, or what was wrong after one of them.
    pub(crate) fn run(
        runtime: &'r Runtime,
        case: &Case,
        setting: Setting,
    ) -> Result<usize, Failed> {
        let mut world = Self::new(runtime, setting);
        world.night(&[]).map_err(|it| format!("night 1: {it}"))?;
        for (number, steps) in case.0.iter().enumerate() {
            world.night(steps).map_err(|it| format!("night {}: {it}", number + 2))?;
        }
        Ok(world.nights)
    }

    fn new(runtime: &'r Runtime, setting: Setting) -> Self {
        let base = Some(Path::new(IN_MEMORY)).filter(|it| it.is_dir()).map(Path::to_owned);
        let folder = tempfile::tempdir_in(base.unwrap_or_else(std::env::temp_dir));
        let folder = folder.expect("a temporary folder can be made");
        let sink: Arc<dyn Sink> = Arc::new(SqliteSink::new(folder.path().join("roster.db")));
        runtime.block_on(sink.prepare()).expect("the database can be made");
        Self {
            runtime,
            folder,
            sink,
            setting,
            truth: Truth::new(),
            model: Model::default(),
            consumer: Consumer::default(),
            ids: BTreeMap::new(),
            nights: 0,
        }
    }

    fn night(&mut self, steps: &[Step]) -> Result<(), Failed> {
        for step in steps {
            self.truth.apply(step);
        }
        let feed = Feed::new(&self.truth, steps, self.setting.format);
        let outcome = self.checked(&feed)?;
        if steps.contains(&Step::Again) {
            let before = self.database().published();
            self.publish(&feed);
            if self.database().published() != before {
                return Err("the same feed changed something the second time".to_owned());
            }
        }
        if self.setting.review == Review::Much { self.review(&feed, outcome) } else { Ok(()) }
    }

    /// Approves what is held until nothing is: what one night lets through may show another breach to the next.
    fn review(&mut self, feed: &Feed, mut outcome: Outcome) -> Result<(), Failed> {
        const NIGHTS: usize = 3;
        for _ in 0..NIGHTS {
            if outcome != Outcome::Held || !self.approve_all(&self.open_holds()?)? {
                return Ok(());
            }
            outcome = self.checked(feed)?;
        }
        match self.open_holds()? {
            held if held.is_empty() => Ok(()),
            held => Err(format!("{held:?} are held however often they are approved")),
        }
    }

    /// Runs a night and checks everything that can be said of what is there then.
    fn checked(&mut self, feed: &Feed) -> Result<Outcome, Failed> {
        let before = self.database().published();
        self.adopt();
        let record = self.publish(feed);
        let survivors = self.model.clone();
        self.model.night(feed);
        self.check_outcome(feed, &record, &before)?;
        self.check_always()?;
        let outcome = record.report.outcome;
        match (self.setting.review, outcome) {
            (Review::Much, Outcome::Held) => self.check_survivors(&survivors)?,
            _ => self.compare()?,
        }
        Ok(outcome)
    }

    fn publish(&mut self, feed: &Feed) -> RunRecord {
        self.nights += 1;
        let night = Night {
            district: district(),
            connector: "any",
            source: self.source(feed),
            sink: self.sink.clone(),
            sharing: roster_runner::Sharing::default(),
            limits: self.setting.review.limits(),
            work_folder: self.folder.path().join("work"),
            examples: 1,
            stale_after_school_nights: 0,
            keep: roster_runner::keep::KeepSettings::default(),
            watch: Arc::new(NoWatch),
        };
        self.runtime.block_on(night.run(&RunContext::detached()))
    }

    fn source(&self, feed: &Feed) -> Arc<dyn RosterSource> {
        let Setting { format, breaks, .. } = self.setting;
        if format == Format::Batches {
            return Arc::new(BatchSource { feed: feed.clone(), breaks });
        }
        let path = self.path("feed.zip");
        fs::write(&path, files::archive(feed)).expect("the feed can be written");
        connector_oneroster::from_path(&path).expect("a path is enough")
    }

    fn open_holds(&self) -> Result<Vec<OpenHold>, Failed> {
        let holds = self.runtime.block_on(self.sink.holds(Some(&district()), HoldFilter::Open));
        Ok(holds.map_err(|it| it.to_string())?.into_iter().map(OpenHold).collect())
    }

    /// Approves all of them; false when one is a whole table, which the model never deletes, or is about rejected records,
    /// which are rejected again the next night.
    fn approve_all(&self, holds: &[OpenHold]) -> Result<bool, Failed> {
        let of_changes = [HoldRule::Deleted, HoldRule::Updated];
        if !holds.iter().all(|it| of_changes.contains(&it.0.rule)) {
            return Ok(false);
        }
        let at = Timestamp::now();
        let decision =
            Decision { at, by: "a person".to_owned(), reason: "looked at it".to_owned() };
        let ends = Some(at + Duration::from_hours(1));
        for OpenHold(hold) in holds {
            let approve = self.sink.decide(&hold.id, HoldState::Approved, &decision, ends);
            self.runtime.block_on(approve).map_err(|it| it.to_string())?;
        }
        Ok(true)
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
        if failed != feed.cut.is_some() && self.setting.breaks.is_none() {
            return Err(format!("the night ended as {:?}: {:?}", report.outcome, report.error));
        }
        if failed && self.database().published() != *before {
            return Err("a night that failed changed something".to_owned());
        }
        let left = fs::read_dir(self.path("work")).map_or(0, Iterator::count);
        if left > 0 { Err("the night left its work folder".to_owned()) } else { Ok(()) }
    }

    /// What is held back makes what is there differ from what the model says; it goes on from what is there.
    fn adopt(&mut self) {
        if self.setting.review == Review::Much {
            let database = self.database();
            for table in &TABLES {
                self.model.adopt(table.entity, active(&database, table.entity));
            }
        }
    }

    /// What holds after every night, whatever is held back.
    fn check_always(&mut self) -> Result<(), Failed> {
        let database = self.database();
        self.consumer.follow(&database)?;
        for table in &TABLES {
            self.check_ids(&database, table.entity)?;
            self.consumer.check(table.entity, &active(&database, table.entity))?;
        }
        dangling(&database)
    }

    fn compare(&self) -> Result<(), Failed> {
        let database = self.database();
        TABLES.iter().try_for_each(|table| {
            let found = active(&database, table.entity);
            differences(table.entity, &self.model.active(table.entity), &found)
        })
    }

    /// Whoever was there and should be there is there.
    fn check_survivors(&self, before: &Model) -> Result<(), Failed> {
        let database = self.database();
        for table in &TABLES {
            let found = active(&database, table.entity);
            let (was, should) = (before.active(table.entity), self.model.active(table.entity));
            let stay = was.keys().filter(|it| should.contains_key(*it));
            if let Some(lost) = stay.into_iter().find(|it| !found.contains_key(**it)) {
                return Err(format!(
                    "{} {lost} is lost in a night that was held",
                    table.entity.table()
                ));
            }
        }
        Ok(())
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

/// A hold, which is shown in a few words.
struct OpenHold(Hold);

impl fmt::Debug for OpenHold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Hold { entity, school, rule, records, of_records, .. } = &self.0;
        let school = school.as_deref().unwrap_or("all schools");
        write!(f, "{} of {school} {} {records}/{of_records}", entity.table(), rule.code())
    }
}

fn district() -> DistrictId {
    "lakeside".parse().expect("it is an id")
}
