//! The source: finds the set, looks at it, reads it, puts it away.

use crate::{
    SftpSpec,
    config::{Dialect, Mode},
    fileset::{Fileset, refuse_half_a_set},
    reader::SetReader,
    spec,
};
use async_trait::async_trait;
use roster_core::{
    Catalog, CheckReport, Connector, DeleteSignal, EntityInfo, ExtractRequest, ExtractStream,
    FeedInfo, Result, RosterSource, RunContext, SourceDescriptor, SyncMode,
};
use roster_tabular::{Bundle, Sets, blocking};
use std::sync::Arc;

static DESCRIPTOR: SourceDescriptor = SourceDescriptor {
    id: SftpSpec::ID,
    title: "Homeroom file specification",
    field_name: spec::column_name,
};

/// A source of sets of the specification's files.
#[derive(Debug)]
pub(crate) struct SpecSource(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    sets: Sets,
    dialect: Dialect,
}

impl SpecSource {
    pub(crate) fn new(sets: Sets, dialect: Dialect) -> Self {
        Self(Arc::new(Inner { sets, dialect }))
    }
}

impl Inner {
    fn complete(&self, bundle: &Bundle) -> Result<()> {
        refuse_half_a_set(bundle, &self.dialect)
    }

    fn current(&self) -> Result<Bundle> {
        self.sets.current(&|it| self.complete(it))
    }

    fn discover(&self) -> Result<Catalog> {
        self.sets.forget();
        let bundle = self.current()?;
        let fingerprint = Some(bundle.fingerprint());
        let fileset = Fileset::open(bundle, &self.dialect)?;
        let feed = FeedInfo { fingerprint, parts: fileset.parts() };
        let info = |entity| {
            let modes = vec![match fileset.mode_of(entity) {
                Mode::Full => SyncMode::Snapshot,
                Mode::Changes => SyncMode::Delta { deletes: DeleteSignal::Tombstone },
            }];
            EntityInfo { entity, modes, resumable: false, estimated_rows: None }
        };
        Ok(Catalog { entities: fileset.entities().into_iter().map(info).collect(), feed })
    }

    fn check(&self) -> CheckReport {
        let mut report = CheckReport::default();
        let mut found = None;
        let set = self.sets.find(&|it| self.complete(it)).map(|it| {
            let files = it.entries().len();
            found = Some(it);
            format!("{files} files")
        });
        if report.step("find the set", set)
            && let Some(set) = found
        {
            self.check_set(set, &mut report);
        }
        report
    }

    fn check_set(&self, set: Bundle, report: &mut CheckReport) {
        let mut opened = None;
        let outcome = Fileset::open(set, &self.dialect).map(|it| {
            let sentence = format!("{} files of the specification", it.files.len());
            opened = Some(it);
            sentence
        });
        report.step("read the headers", outcome);
        for file in opened.into_iter().flat_map(|it| it.files) {
            let columns = format!("{} columns", file.header.columns_read());
            let step = format!("columns of {}", file.entry.name);
            report.step(step, file.refusal.map_or(Ok(columns), Err));
        }
    }
}

#[async_trait]
impl RosterSource for SpecSource {
    fn descriptor(&self) -> &SourceDescriptor {
        &DESCRIPTOR
    }

    async fn check(&self, _: &RunContext) -> CheckReport {
        let inner = self.0.clone();
        blocking::run("sftp-spec.check", move || Ok(inner.check())).await.unwrap_or_else(|error| {
            let mut report = CheckReport::default();
            report.step("find the set", Err(error));
            report
        })
    }

    async fn discover(&self, _: &RunContext) -> Result<Catalog> {
        let inner = self.0.clone();
        blocking::run("sftp-spec.discover", move || inner.discover()).await
    }

    fn extract(&self, ctx: &RunContext, request: ExtractRequest) -> ExtractStream {
        let inner = self.0.clone();
        blocking::stream("sftp-spec.extract", ctx, move |ctx| {
            let bundle = inner.current()?;
            Ok(SetReader::new(bundle, inner.dialect.clone(), ctx, request))
        })
    }

    async fn published(&self, _: &RunContext) -> Result<()> {
        let inner = self.0.clone();
        blocking::run("sftp-spec.published", move || inner.sets.put_away()).await
    }
}
