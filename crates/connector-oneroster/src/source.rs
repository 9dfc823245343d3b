//! The source: finds the set, looks at it, reads it, puts it away.

use crate::{
    OneRoster,
    config::{Place, Settings},
};
use async_trait::async_trait;
use futures::StreamExt as _;
use roster_core::{
    Catalog, CheckReport, Connector, DeleteSignal, EntityInfo, Error, ExtractRequest,
    ExtractStream, FeedInfo, Result, RosterSource, RunContext, SourceDescriptor, SyncMode,
};
use roster_oneroster::{Fileset, FilesetReader, Mode, refuse_half_a_set};
use roster_tabular::{Bundle, CsvLimits, Landed, blocking, overdue};
use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

static DESCRIPTOR: SourceDescriptor = SourceDescriptor {
    id: OneRoster::ID,
    title: "OneRoster fileset",
    field_name: roster_oneroster::column_name,
};

/// A source of OneRoster filesets.
#[derive(Debug)]
pub(crate) struct FilesetSource(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: Settings,
    /// The set that was discovered, so that no other is extracted and put away.
    set: Mutex<Option<Set>>,
}

/// A set that was found.
#[derive(Clone, Debug)]
struct Set {
    bundle: Bundle,
    /// Where it landed, if it did.
    landed: Option<Landed>,
}

impl FilesetSource {
    pub(crate) fn new(settings: Settings) -> Self {
        Self(Arc::new(Inner { settings, set: Mutex::new(None) }))
    }
}

impl Inner {
    /// Finds the set to read.
    fn find(&self) -> Result<Set> {
        match &self.settings.place {
            Place::Path(path) => {
                let bundle = Bundle::open(path, &self.settings.limits);
                let bundle = bundle.map_err(|it| overdue(it, modified(path)))?;
                complete(&bundle).map_err(|it| overdue(it, bundle.stamp().modified))?;
                Ok(Set { bundle, landed: None })
            }
            Place::Landing(folder) => {
                let landed = folder.next(&complete, &is_whole)?;
                Ok(Set { bundle: landed.bundle.clone(), landed: Some(landed) })
            }
        }
    }

    /// The set that was discovered, else the one that is found now.
    fn set(&self) -> Result<Set> {
        if let Some(set) = self.remembered() {
            return Ok(set);
        }
        let set = self.find()?;
        self.remember(Some(set.clone()));
        Ok(set)
    }

    fn remembered(&self) -> Option<Set> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember(&self, set: Option<Set>) {
        *self.set.lock().unwrap_or_else(PoisonError::into_inner) = set;
    }

    fn discover(&self) -> Result<Catalog> {
        self.remember(None);
        let bundle = self.set()?.bundle;
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
        let set = self.find().map(|it| {
            let files = it.bundle.entries().len();
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

    /// What a file that broke off means, by the time of the set that is read.
    fn overdue(&self, error: Error) -> Error {
        match self.remembered() {
            Some(set) => overdue(error, set.bundle.stamp().modified),
            None => error,
        }
    }

    fn put_away(&self) -> Result<()> {
        let landed = self.remembered().and_then(|it| it.landed);
        if let (Some(landed), Place::Landing(folder)) = (landed, &self.settings.place) {
            folder.put_away(&landed)?;
        }
        self.remember(None);
        Ok(())
    }
}

/// When a file was last written to; now where that cannot be told.
fn modified(path: &Path) -> SystemTime {
    let modified = fs::metadata(path).and_then(|it| it.modified());
    modified.unwrap_or_else(|_| SystemTime::now())
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

fn check_set(set: Set, report: &mut CheckReport) {
    let mut opened = None;
    let outcome = Fileset::open(set.bundle, CsvLimits::default()).map(|it| {
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
            let bundle = inner.set()?.bundle;
            Ok(FilesetReader::new(bundle, CsvLimits::default(), ctx, request))
        })
        .map(move |event| event.map_err(|it| found.overdue(it)))
        .boxed()
    }

    async fn published(&self, _: &RunContext) -> Result<()> {
        let inner = self.0.clone();
        blocking::run("oneroster.published", move || inner.put_away()).await
    }
}
