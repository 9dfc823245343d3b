//! A source that tells a script, and nights from it into a real SQLite file.
#![allow(dead_code, reason = "each test target uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use async_trait::async_trait;
use futures::{StreamExt as _, stream};
use roster_core::{
    Batch, Catalog, CheckReport, Completion, Coverage, Diagnostic, DiagnosticCode, EntityInfo,
    EntityKind, Error, ErrorKind, ExtractEvent, ExtractRequest, ExtractStream, Origin, Result,
    RosterSource, RunContext, Severity, SourceDescriptor, SyncMode, Tombstone,
    model::{
        EnrollmentRole, EnrollmentRow, OrgRow, OrgType, RoleRow, RoleType, SectionRow, TypedRow,
        UserRow,
    },
};
use roster_runner::{
    Limits, Sharing,
    keep::KeepSettings,
    night::{Ending, Night, NoWatch, apply},
};
use roster_sink::{EntityCounts, Outcome, RunRecord, Sink, SqliteSink};
use rusqlite::Connection;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tempfile::TempDir;

/// What a source says of one entity.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) batch: Batch,
    pub(crate) coverage: Option<Coverage>,
}

/// A whole feed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    pub(crate) told: Vec<Told>,
    pub(crate) fails: bool,
}

impl Script {
    /// Adds an entity that is given whole.
    pub(crate) fn all<'a, T: TypedRow<'a>>(self, rows: &[T]) -> Self {
        self.some(Coverage::Complete, rows, |_| {})
    }

    /// Adds an entity with a coverage, and lets `edit` change its batch.
    pub(crate) fn some<'a, T: TypedRow<'a>>(
        mut self,
        coverage: Coverage,
        rows: &[T],
        edit: impl FnOnce(&mut Batch),
    ) -> Self {
        let mut batch =
            Batch::new(T::ENTITY, Origin::File(format!("{}.csv", T::ENTITY.table()).into()));
        for (number, row) in rows.iter().enumerate() {
            batch.rows.push(number as u64 + 2, row);
        }
        batch.records_read = rows.len() as u64;
        edit(&mut batch);
        self.told.push(Told { batch, coverage: Some(coverage) });
        self
    }

    /// The same entity told in several batches ends once, with the last.
    pub(crate) fn merged(mut self) -> Self {
        let last = self.told.len().saturating_sub(1);
        for told in &mut self.told[..last] {
            told.coverage = None;
        }
        self
    }

    /// The feed breaks off in the middle of what was told last.
    pub(crate) fn failing(mut self) -> Self {
        self.fails = true;
        if let Some(last) = self.told.last_mut() {
            last.coverage = None;
        }
        self
    }
}

/// Adds a rejected record to a batch.
pub(crate) fn rejected(batch: &mut Batch, source_id: Option<&str>) {
    batch.records_read += 1;
    batch.records_rejected += 1;
    batch.diagnostics.push(Diagnostic {
        code: DiagnosticCode::MissingRequired,
        severity: Severity::Rejected,
        field: None,
        source_id: source_id.map(Into::into),
        locus: batch.origin.locus(99),
    });
}

/// Adds a tombstone to a batch.
pub(crate) fn tombstone(batch: &mut Batch, source_id: &str) {
    batch.records_read += 1;
    batch.tombstones.push(Tombstone { source_id: source_id.into(), position: 98 });
}

#[derive(Debug)]
struct ScriptSource(Script);

#[async_trait]
impl RosterSource for ScriptSource {
    fn descriptor(&self) -> &SourceDescriptor {
        const DESCRIPTOR: SourceDescriptor = SourceDescriptor {
            id: "script",
            title: "Script",
            field_name: |_, name| (name == "user_source_id").then_some("userSourcedId"),
        };
        &DESCRIPTOR
    }

    async fn check(&self, _: &RunContext) -> CheckReport {
        CheckReport::default()
    }

    async fn discover(&self, _: &RunContext) -> Result<Catalog> {
        let info = |it: &Told| EntityInfo {
            entity: it.batch.rows.entity(),
            modes: vec![SyncMode::Snapshot],
            resumable: false,
            estimated_rows: None,
        };
        Ok(Catalog { entities: self.0.told.iter().map(info).collect(), ..Catalog::default() })
    }

    fn extract(&self, _: &RunContext, request: ExtractRequest) -> ExtractStream {
        let mut events = Vec::new();
        for told in self.0.told.iter().filter(|it| request.wants(it.batch.rows.entity())) {
            events.push(Ok(ExtractEvent::Batch(told.batch.clone())));
            if let Some(coverage) = told.coverage {
                let entity = told.batch.rows.entity();
                events.push(Ok(ExtractEvent::Done(Completion { entity, coverage, next: None })));
            }
        }
        if self.0.fails {
            events.push(Err(Error::new(ErrorKind::Damaged, "script", "it ends here")));
        }
        stream::iter(events).boxed()
    }

    async fn published(&self, _: &RunContext) -> Result<()> {
        Ok(())
    }
}

/// A district's database and its nights.
pub(crate) struct World {
    folder: TempDir,
    sink: Arc<dyn Sink>,
    pub(crate) sharing: Sharing,
    pub(crate) limits: Limits,
}

impl World {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sink: Arc<dyn Sink> = Arc::new(SqliteSink::new(folder.path().join("roster.db")));
        sink.prepare().await.unwrap();
        Self { folder, sink, sharing: Sharing::default(), limits: Limits::default() }
    }

    /// A new district with settings.
    pub(crate) async fn sharing(sharing: Sharing) -> Self {
        Self { sharing, ..Self::new().await }
    }

    pub(crate) fn sink(&self) -> &Arc<dyn Sink> {
        &self.sink
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn night(&self, script: Script) -> Night {
        Night {
            district: "lakeside".parse().unwrap(),
            connector: "script",
            source: Arc::new(ScriptSource(script)),
            sink: self.sink.clone(),
            sharing: self.sharing.clone(),
            limits: self.limits.clone(),
            keep: KeepSettings::default(),
            work_folder: self.path("work"),
            examples: 3,
            stale_after_school_nights: 5,
            watch: Arc::new(NoWatch),
        }
    }

    /// Runs a night and returns its record.
    pub(crate) async fn run(&self, script: Script) -> RunRecord {
        self.night(script).run(&RunContext::detached()).await
    }

    /// Publishes a plan.
    pub(crate) async fn apply(&self, folder: &Path) -> Result<RunRecord> {
        let (district, keep) = ("lakeside".parse().unwrap(), KeepSettings::default());
        let ending = Ending { district: &district, sink: &self.sink, keep: &keep, source: None };
        apply(&ending, &RunContext::detached(), folder).await
    }

    /// Runs a night that must not fail.
    pub(crate) async fn good(&self, script: Script) -> RunRecord {
        let record = self.run(script).await;
        assert_ne!(record.report.outcome, Outcome::Failed, "{:?}", record.report.error);
        record
    }

    /// Keys of the active records of an entity, sorted.
    pub(crate) fn active(&self, entity: EntityKind) -> Vec<String> {
        self.column(&format!(
            "SELECT source_id FROM {} WHERE deleted_at IS NULL ORDER BY source_id",
            entity.table()
        ))
    }

    /// The first column of a query as text.
    pub(crate) fn column(&self, query: &str) -> Vec<String> {
        let database = Connection::open(self.path("roster.db")).unwrap();
        let mut statement = database.prepare(query).unwrap();
        let text = |row: &rusqlite::Row<'_>| {
            row.get::<_, Option<String>>(0).map(Option::unwrap_or_default)
        };
        statement.query_map([], text).unwrap().map(Result::unwrap).collect::<Vec<_>>()
    }
}

/// The counts of an entity as `read rejected created updated deleted restored unchanged`.
pub(crate) fn counts(record: &RunRecord, entity: EntityKind) -> [u64; 7] {
    let it = record.report.entities.get(&entity).copied().unwrap_or_default();
    let EntityCounts { read, rejected, created, updated, deleted, restored, unchanged, .. } = it;
    [read, rejected, created, updated, deleted, restored, unchanged]
}

/// The findings of a record as `code severity count`.
pub(crate) fn findings(record: &RunRecord) -> Vec<String> {
    record
        .report
        .diagnostics
        .iter()
        .map(|it| format!("{} {} {}", it.code, it.severity.code(), it.count))
        .collect()
}

pub(crate) fn org<'a>(
    source_id: &'a str,
    org_type: OrgType<'a>,
    parent: Option<&'a str>,
) -> OrgRow<'a> {
    let name = "Org";
    OrgRow {
        source_id,
        name,
        org_type: Some(org_type),
        parent_source_id: parent,
        ..OrgRow::default()
    }
}

pub(crate) fn school(source_id: &str) -> OrgRow<'_> {
    org(source_id, OrgType::School, None)
}

pub(crate) fn user(source_id: &str) -> UserRow<'_> {
    UserRow { source_id, given_name: "Given", family_name: "Family", ..UserRow::default() }
}

pub(crate) fn named<'a>(source_id: &'a str, given_name: &'a str) -> UserRow<'a> {
    UserRow { given_name, ..user(source_id) }
}

pub(crate) fn role<'a>(
    source_id: &'a str,
    user: &'a str,
    org: &'a str,
    role: RoleType<'a>,
) -> RoleRow<'a> {
    RoleRow {
        source_id,
        user_source_id: user,
        org_source_id: org,
        role: Some(role),
        ..RoleRow::default()
    }
}

pub(crate) fn section<'a>(source_id: &'a str, school: &'a str) -> SectionRow<'a> {
    SectionRow { source_id, title: "Section", school_source_id: school, ..SectionRow::default() }
}

pub(crate) fn enrolled<'a>(
    source_id: &'a str,
    user: &'a str,
    section: &'a str,
    role: EnrollmentRole<'a>,
) -> EnrollmentRow<'a> {
    EnrollmentRow {
        source_id,
        user_source_id: user,
        section_source_id: section,
        role: Some(role),
        ..EnrollmentRow::default()
    }
}
