//! Runs districts' nights so that each ends in a record, whatever happens: an error, a panic, a sink that is not there.

use crate::{
    night::Night,
    progress::Progress,
    registry::SinkAddress,
    settings::{DistrictSettings, NightSettings},
};
use futures::{Stream, StreamExt as _};
use roster_core::{
    EntityInfo, Error, ErrorKind, NoSignals, Result, RunContext, SyncMode, value::Timestamp,
};
use roster_sink::{Outcome, RunError, RunId, RunRecord, RunReport, Sink};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio_util::sync::CancellationToken;

/// Runs many districts' nights.
#[derive(Debug)]
pub struct Drive {
    settings: NightSettings,
    cancel: CancellationToken,
    progress: Progress,
}

impl Drive {
    /// A drive that stops soon when `cancel` is cancelled.
    #[must_use]
    pub fn new(settings: NightSettings, cancel: CancellationToken, progress: Progress) -> Self {
        Self { settings, cancel, progress }
    }

    /// Runs the districts, as many at once as the settings say; records come in the order of the districts.  A district
    /// for which several sets of changes wait has a night for each, one after the other.
    pub async fn nights(
        &self,
        districts: Vec<DistrictSettings>,
    ) -> impl Stream<Item = RunRecord> + '_ {
        let sinks = Sinks::prepare(&districts).await;
        futures::stream::iter(districts)
            .map(move |district| {
                let sink = sinks.of(&district.to);
                async move {
                    match sink {
                        Ok(sink) => {
                            let prepare = || self.prepare_night(&district, sink.clone());
                            self.all_nights(&district, sink.clone(), prepare).await
                        }
                        Err(error) => vec![failure(&district, Timestamp::now(), error)],
                    }
                }
            })
            .buffered(self.settings.districts_at_once.get())
            .flat_map(futures::stream::iter)
    }

    /// The night of a district, and one more for each set of changes that waits behind the first.
    ///
    /// `prepare` makes each of them.
    pub(crate) async fn all_nights(
        &self,
        district: &DistrictSettings,
        sink: Arc<dyn Sink>,
        prepare: impl Fn() -> (Night, RunContext) + Send,
    ) -> Vec<RunRecord> {
        let mut records = Vec::new();
        while records.len() < MOST_NIGHTS {
            let (night, ctx) = prepare();
            let (record, feed) = Self::contained(district, sink.clone(), night, ctx).await;
            records.push(record);
            if !self.has_more_changes(district, feed).await {
                break;
            }
        }
        records
    }

    /// Whether the source has other changes, now that these are published.
    async fn has_more_changes(&self, district: &DistrictSettings, feed: Option<String>) -> bool {
        let Some(feed) = feed.filter(|_| !self.cancel.is_cancelled()) else { return false };
        let ctx = RunContext { cancel: self.cancel.clone(), signals: Arc::new(NoSignals) };
        let Ok(catalog) = district.source.discover(&ctx).await else { return false };
        let is_delta = |it: &EntityInfo| matches!(it.modes.first(), Some(SyncMode::Delta { .. }));
        !catalog.entities.is_empty()
            && catalog.entities.iter().all(is_delta)
            && catalog.feed.fingerprint.is_some_and(|it| it != feed)
    }

    /// Runs one night in a task of its own, so that a panic in it stays in it; also tells the fingerprint of its feed.
    async fn contained(
        district: &DistrictSettings,
        sink: Arc<dyn Sink>,
        night: Night,
        ctx: RunContext,
    ) -> (RunRecord, Option<String>) {
        let started_at = Timestamp::now();
        if let Ok(told) = tokio::spawn(async move { night.run_and_tell(&ctx).await }).await {
            return told;
        }
        let error =
            Error::new(ErrorKind::Internal, "night.run", PANIC).context("district", &district.id);
        let record = failure(district, started_at, RunError::from(&error));
        if let Err(error) = sink.record(&record, None).await {
            tracing::error!(district = %district.id, %error, "the run could not be recorded");
        }
        (record, None)
    }

    /// The night of a district, and the context it runs in.
    pub(crate) fn prepare_night(
        &self,
        district: &DistrictSettings,
        sink: Arc<dyn Sink>,
    ) -> (Night, RunContext) {
        let progress = Arc::new(self.progress.district(district.id.as_str()));
        let ctx = RunContext { cancel: self.cancel.clone(), signals: progress.clone() };
        let night = Night {
            district: district.id.clone(),
            connector: district.connector,
            source: district.source.clone(),
            sink,
            sharing: district.sharing.clone(),
            limits: district.limits.clone(),
            keep: district.keep.clone(),
            work_folder: self.work_folder(district),
            examples: self.settings.examples,
            stale_after_school_nights: self.settings.stale_after_school_nights,
            watch: progress,
        };
        (night, ctx)
    }

    fn work_folder(&self, district: &DistrictSettings) -> PathBuf {
        let configured = self.settings.work_folder.clone();
        let beside = || district.to.folder().map(Path::to_owned);
        configured.or_else(beside).unwrap_or_else(std::env::temp_dir)
    }
}

/// Sets of changes that are taken at a time; what is left is taken the next time.
const MOST_NIGHTS: usize = 100;

const PANIC: &str = "a defect in the connector or in Homeroom stopped the district; nothing of it was published; \
                     please report the place that standard error names";

/// The sinks of some districts, each opened once.
#[derive(Debug)]
struct Sinks(Vec<(SinkAddress, Prepared)>);

type Prepared = Result<Arc<dyn Sink>, RunError>;

impl Sinks {
    async fn prepare(districts: &[DistrictSettings]) -> Self {
        let mut sinks = Self(Vec::new());
        for district in districts {
            if sinks.0.iter().all(|it| !it.0.is_same(&district.to)) {
                let sink = district.to.sink();
                let prepared = sink.prepare().await.map(|()| sink);
                let prepared = prepared.map_err(|it| RunError::from(&it));
                sinks.0.push((district.to.clone(), prepared));
            }
        }
        sinks
    }

    fn of(&self, address: &SinkAddress) -> Prepared {
        let found = self.0.iter().find(|it| it.0.is_same(address));
        found.expect("every district's sink was prepared").1.clone()
    }
}

/// The record of a night that did not come far enough to make its own.
pub(crate) fn failure(
    district: &DistrictSettings,
    started_at: Timestamp,
    error: RunError,
) -> RunRecord {
    let finished_at = Timestamp::now();
    let report = RunReport {
        run: RunId::random(started_at),
        district: district.id.clone(),
        connector: district.connector.to_owned(),
        outcome: Outcome::Failed,
        entities: BTreeMap::new(),
        diagnostics: Vec::new(),
        seconds: finished_at.duration_since(started_at).as_secs_f64(),
        peak_memory_bytes: crate::night::memory::peak_bytes(),
        holds: Vec::new(),
        error: Some(error),
    };
    RunRecord {
        report,
        started_at,
        finished_at,
        causes: Vec::new(),
        settled: Vec::new(),
        profile: None,
    }
}

#[cfg(test)]
#[cfg(feature = "sink-sqlite")]
mod tests {
    use super::*;
    use crate::Sharing;
    use async_trait::async_trait;
    use roster_core::{
        Catalog, CheckReport, ExtractRequest, ExtractStream, RosterSource, SourceDescriptor,
    };

    /// A source that has a defect, or nothing.
    #[derive(Debug)]
    enum Source {
        Defect,
        Empty,
    }

    #[async_trait]
    impl RosterSource for Source {
        fn descriptor(&self) -> &SourceDescriptor {
            const DESCRIPTOR: &SourceDescriptor =
                &SourceDescriptor { id: "test", title: "Test", field_name: |_, _| None };
            DESCRIPTOR
        }

        async fn check(&self, _: &RunContext) -> CheckReport {
            CheckReport::default()
        }

        async fn discover(&self, _: &RunContext) -> Result<Catalog> {
            match self {
                Self::Defect => panic!("CANARY"),
                Self::Empty => Ok(Catalog::default()),
            }
        }

        fn extract(&self, _: &RunContext, _: ExtractRequest) -> ExtractStream {
            futures::stream::empty().boxed()
        }

        async fn published(&self, _: &RunContext) -> Result<()> {
            Ok(())
        }
    }

    fn district(id: &str, source: Source, to: &str, folder: &Path) -> DistrictSettings {
        DistrictSettings {
            id: id.parse().unwrap(),
            name: None,
            connector: "test",
            source: Arc::new(source),
            to: SinkAddress::parse(to, folder, None).unwrap(),
            sharing: Sharing::default(),
            limits: crate::Limits::default(),
            keep: crate::keep::KeepSettings::default(),
            expect: crate::expectation::Expectation::default(),
        }
    }

    #[tokio::test]
    async fn defect_or_unusable_sink_of_one_district_stops_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let districts = vec![
            district("a", Source::Defect, "sqlite:roster.db", folder),
            district("b", Source::Empty, "sqlite:.", folder),
            district("c", Source::Empty, "sqlite:roster.db", folder),
        ];
        let sink = districts[0].to.clone();
        let drive =
            Drive::new(NightSettings::default(), CancellationToken::new(), Progress::plain());
        let records: Vec<RunRecord> = drive.nights(districts).await.collect().await;
        let outcomes: Vec<_> = records.iter().map(|it| it.report.outcome).collect();
        assert_eq!(outcomes, [Outcome::Failed, Outcome::Failed, Outcome::Unchanged]);
        let error = records[0].report.error.clone().unwrap();
        assert_eq!((error.kind.as_str(), error.message.contains("CANARY")), ("internal", false));
        let remembered = sink.existing().await.unwrap().runs(None, 9).await.unwrap();
        assert_eq!(remembered.len(), 2, "the defect is remembered too");
    }

    #[tokio::test]
    async fn file_that_is_named_in_two_ways_is_opened_once() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let districts = ["sqlite:a.db", "sqlite:./a.db", "sqlite:b.db"]
            .map(|to| district("a", Source::Empty, to, folder));
        let sinks = Sinks::prepare(&districts).await;
        assert_eq!(sinks.0.len(), 2);
        let sink = |number: usize| sinks.of(&districts[number].to).unwrap();
        assert!(Arc::ptr_eq(&sink(0), &sink(1)) && !Arc::ptr_eq(&sink(0), &sink(2)));
    }
}
