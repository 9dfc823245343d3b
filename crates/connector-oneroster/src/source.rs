//! The source: finds the set, looks at it, reads it, puts it away.

use crate::OneRoster;
use async_trait::async_trait;
use futures::StreamExt as _;
use roster_core::{
    Catalog, CheckReport, Connector, DeleteSignal, EntityInfo, ExtractRequest, ExtractStream,
    FeedInfo, Result, RosterSource, RunContext, SourceDescriptor, SyncMode,
};
use roster_oneroster::{Fileset, FilesetReader, Mode, refuse_half_a_set};
use roster_tabular::{Bundle, CsvLimits, SetRules, Sets, blocking};
use std::sync::Arc;

static DESCRIPTOR: SourceDescriptor = SourceDescriptor {
    id: OneRoster::ID,
    title: "OneRoster fileset",
    field_name: roster_oneroster::column_name,
};

/// What the standard tells about a set.
const RULES: SetRules = SetRules { complete, is_whole };

/// A source of OneRoster filesets.
#[derive(Debug)]
pub(crate) struct FilesetSource(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    sets: Sets,
}

impl FilesetSource {
    pub(crate) fn new(sets: Sets) -> Self {
        Self(Arc::new(Inner { sets }))
    }
}

impl Inner {
    fn discover(&self) -> Result<Catalog> {
        self.sets.forget();
        let bundle = self.sets.current(RULES)?;
        let fingerprint = Some(bundle.fingerprint());
        let fileset = Fileset::open(bundle, CsvLimits::default())?;
        let feed = FeedInfo { fingerprint, parts: fileset.parts() };
        let entities = fileset.entities().into_iter();
        let info = |(entity, mode)| {
            let modes = vec![match mode {
                Mode::Bulk => SyncMode::Snapshot,
                Mode::Delta => SyncMode::Delta { deletes: DeleteSignal::Tombstone },
            }];
            EntityInfo { entity, modes, resumable: false, estimated_rows: None }
        };
        Ok(Catalog { entities: entities.map(info).collect(), feed })
    }

    fn check(&self) -> CheckReport {
        let mut report = CheckReport::default();
        let mut found = None;
        let set = self.sets.find(RULES).map(|it| {
            let files = it.entries().len();
            found = Some(it);
            format!("{files} files")
        });
        if report.step("find the set", set)
            && let Some(set) = found
        {
            check_set(set, &mut report);
        }
        report
    }
}

/// Whether a set holds all records of every file: only then may older sets be passed over.
fn is_whole(bundle: &Bundle) -> Result<bool> {
    let fileset = Fileset::open(bundle.clone(), CsvLimits::default())?;
    Ok(fileset.entities().into_iter().all(|it| it.1 == Mode::Bulk))
}

/// A set in a folder comes file by file, an archive in one piece.
fn complete(bundle: &Bundle) -> Result<()> {
    if bundle.is_archive() {
        return Ok(());
    }
    refuse_half_a_set(bundle, CsvLimits::default())
}

fn check_set(set: Bundle, report: &mut CheckReport) {
    let mut opened = None;
    let outcome = Fileset::open(set, CsvLimits::default()).map(|it| {
        let manifest = if it.has_manifest() { "with" } else { "without" };
        let sentence = format!("OneRoster {} {manifest} a manifest", it.version());
        opened = Some(it);
        sentence
    });
    report.step("read the manifest", outcome.map_err(Into::into));
    for (file, columns) in opened.into_iter().flat_map(Fileset::into_columns) {
        report.step(format!("columns of {file}"), columns.map(|it| format!("{it} columns")));
    }
}

#[async_trait]
impl RosterSource for FilesetSource {
    fn descriptor(&self) -> &SourceDescriptor {
        &DESCRIPTOR
    }

    async fn check(&self, _: &RunContext) -> CheckReport {
        let inner = self.0.clone();
        blocking::run("oneroster.check", move || Ok(inner.check())).await.unwrap_or_else(|error| {
            let mut report = CheckReport::default();
            report.step("find the set", Err(error));
            report
        })
    }

    async fn discover(&self, _: &RunContext) -> Result<Catalog> {
        let inner = self.0.clone();
        blocking::run("oneroster.discover", move || inner.discover()).await
    }

    fn extract(&self, ctx: &RunContext, request: ExtractRequest) -> ExtractStream {
        let (inner, found) = (self.0.clone(), self.0.clone());
        blocking::stream("oneroster.extract", ctx, move |ctx| {
            let bundle = inner.sets.current(RULES)?;
            Ok(FilesetReader::new(bundle, CsvLimits::default(), ctx, request))
        })
        .map(move |event| event.map_err(|it| found.sets.overdue(it)))
        .boxed()
    }

    async fn published(&self, _: &RunContext) -> Result<()> {
        let inner = self.0.clone();
        blocking::run("oneroster.published", move || inner.sets.put_away()).await
    }
}
