//! A small source in memory: well-behaved, or breaking exactly one promise.

mod events;

use async_trait::async_trait;
use events::{REJECTED, events, rejected};
use futures::{StreamExt, stream};
use roster_core::{
    Catalog, CheckReport, DeleteSignal, EntityInfo, EntityKind, Error, ErrorKind, ExtractRequest,
    ExtractStream, FeedInfo, Locus, Origin, PartInfo, Result, RosterSource, RunContext,
    SourceDescriptor, SyncMode,
};
use roster_testkit::{District, Failed, Harness, Losses, Place, Seed};
use std::{
    fmt, mem,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

/// A promise that a fake breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Break {
    AddsAFinding,
    AnnouncesTooEarly,
    AnnouncesTwice,
    CatalogLacksAnEntity,
    CatalogListsTwice,
    ChangesARow,
    ChangesARejectedValue,
    ChangesARowOf(Seed),
    CheckFails,
    CheckHasNoStep,
    CheckPassesOnNothing,
    CallsChangesComplete,
    CountsOneTooMany,
    FailsOn(Seed),
    ForgetsTheRejected,
    ForgetsTheGone,
    ForgetsTheSecond,
    GivesEverything,
    GoesOnAfterTheError,
    HidesTheError,
    HoldsOnAfterDrop,
    IgnoresByteLimit,
    IgnoresCancellation,
    IgnoresForeignCursors,
    IgnoresRowLimit,
    KeepsAPassword,
    LosesTheNeighbours,
    NamesNoPlace,
    NeverAnnounces,
    OffersWhatFails,
    PublishedFails,
    ReadsBeforePoll,
    RejectsWithoutReason,
    ResumesTooLate,
    ReversesEverySecondExtract,
    ReversesLoadOrder,
    RowsAfterCompletion,
    ShowsNameInDebug,
    ShowsNameInError,
    ShowsNameInFinding,
    ShowsNameInLog,
    TellsAnotherPart,
    TellsEachFeedAlike,
    TellsTheFeedAnew,
}

/// Seeds the golden district into memory, without loss.
#[derive(Debug, Default)]
pub(crate) struct FakeHarness {
    pub(crate) broken: Option<Break>,
    losses: Losses,
}

impl FakeHarness {
    pub(crate) fn new(broken: Option<Break>) -> Self {
        Self { broken, losses: Losses::default() }
    }
}

#[async_trait]
impl Harness for FakeHarness {
    fn name(&self) -> String {
        "fake".to_owned()
    }

    fn losses(&self) -> &Losses {
        &self.losses
    }

    async fn seed(&self, seed: Seed) -> Result<Option<Box<dyn Place>>, Failed> {
        Ok(Some(Box::new(FakePlace(Arc::new(Feed {
            district: District::golden()?,
            seed,
            broken: self.broken,
            closed: AtomicBool::new(false),
            readers: AtomicUsize::new(0),
            extracts: AtomicUsize::new(0),
            told: AtomicUsize::new(0),
        })))))
    }
}

/// What fakes read from.
pub(crate) struct Feed {
    pub(crate) district: District,
    pub(crate) seed: Seed,
    pub(crate) broken: Option<Break>,
    closed: AtomicBool,
    readers: AtomicUsize,
    pub(crate) extracts: AtomicUsize,
    told: AtomicUsize,
}

impl Feed {
    pub(crate) fn breaks(&self, promise: Break) -> bool {
        self.broken == Some(promise)
    }

    /// A name of somebody.
    pub(crate) fn name(&self) -> &str {
        self.district.records(EntityKind::User)[0].text("email")
    }

    fn opened(&self) -> Result<()> {
        if self.closed.load(Ordering::SeqCst) || self.seed == Seed::Absent {
            return Err(Error::new(ErrorKind::NotFound, "fake.open", "the feed is not there"));
        }
        Ok(())
    }
}

struct FakePlace(Arc<Feed>);

impl Place for FakePlace {
    fn source(&self) -> Arc<dyn RosterSource> {
        Arc::new(FakeSource(self.0.clone()))
    }

    fn close(&self) {
        self.0.closed.store(true, Ordering::SeqCst);
    }

    fn open(&self) {
        self.0.closed.store(false, Ordering::SeqCst);
    }

    fn record(&self, at: &Locus) -> Option<Vec<(String, String)>> {
        let is_there = matches!(at, Locus::File { line: REJECTED, .. });
        is_there.then(|| rejected(&self.0))
    }

    fn in_use(&self) -> Option<bool> {
        Some(self.0.readers.load(Ordering::SeqCst) > 0)
    }
}

/// Counts as a reader until it is dropped.
struct Reader(Arc<Feed>);

impl Reader {
    fn new(feed: Arc<Feed>) -> Self {
        feed.readers.fetch_add(1, Ordering::SeqCst);
        Self(feed)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.readers.fetch_sub(1, Ordering::SeqCst);
    }
}

struct FakeSource(Arc<Feed>);

impl FakeSource {
    fn feed(&self) -> FeedInfo {
        let anew = self.0.breaks(Break::TellsTheFeedAnew);
        let number = if anew { self.0.told.fetch_add(1, Ordering::SeqCst) } else { 0 };
        let seed = (!self.0.breaks(Break::TellsEachFeedAlike)).then_some(self.0.seed);
        let another = if self.0.breaks(Break::TellsAnotherPart) { ".csv" } else { "" };
        let part = |entity: &EntityKind| PartInfo {
            origin: Origin::File(format!("{}{another}", entity.table()).into()),
            columns: None,
        };
        FeedInfo {
            fingerprint: Some(format!("{seed:?} {number}")),
            parts: EntityKind::ALL.iter().map(part).collect(),
        }
    }
}

impl fmt::Debug for FakeSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = if self.0.breaks(Break::ShowsNameInDebug) { self.0.name() } else { "" };
        f.debug_tuple("FakeSource").field(&shown).finish()
    }
}

#[async_trait]
impl RosterSource for FakeSource {
    fn descriptor(&self) -> &SourceDescriptor {
        const DESCRIPTOR: SourceDescriptor =
            SourceDescriptor { id: "fake", title: "Fake", field_name: |_, _| None };
        &DESCRIPTOR
    }

    async fn check(&self, _: &RunContext) -> CheckReport {
        let mut report = CheckReport::default();
        let outcome = match self.0.opened() {
            Ok(()) if self.0.breaks(Break::CheckFails) => {
                Err(Error::new(ErrorKind::Unavailable, "fake.check", "it fails"))
            }
            Err(_) if self.0.breaks(Break::CheckPassesOnNothing) => Ok(()),
            outcome => outcome,
        };
        if !self.0.breaks(Break::CheckHasNoStep) {
            report.step("open", outcome.map(|()| "a feed".to_owned()));
        }
        report
    }

    async fn discover(&self, _: &RunContext) -> Result<Catalog> {
        self.0.opened()?;
        let mut modes = match self.0.seed {
            Seed::Changes(_) => vec![SyncMode::Delta { deletes: DeleteSignal::Tombstone }],
            _ => vec![SyncMode::Snapshot],
        };
        if self.0.breaks(Break::OffersWhatFails) {
            modes.push(SyncMode::Delta { deletes: DeleteSignal::None });
        }
        let info = |entity: &EntityKind| EntityInfo {
            entity: *entity,
            modes: modes.clone(),
            resumable: true,
            estimated_rows: None,
        };
        let told = |entity: &&EntityKind| match self.0.seed {
            Seed::Changes(it) => it == **entity,
            _ => true,
        };
        let mut entities: Vec<_> = EntityKind::ALL.iter().filter(told).map(info).collect();
        if self.0.breaks(Break::CatalogLacksAnEntity) {
            entities.remove(0);
        }
        if self.0.breaks(Break::CatalogListsTwice) {
            entities.insert(0, info(&EntityKind::Org));
        }
        Ok(Catalog { entities, feed: self.feed() })
    }

    fn extract(&self, ctx: &RunContext, request: ExtractRequest) -> ExtractStream {
        let (feed, ctx) = (self.0.clone(), ctx.clone());
        let early = feed.breaks(Break::ReadsBeforePoll).then(|| feed.opened());
        let started = async move {
            let reader = Reader::new(feed.clone());
            let events = match early.unwrap_or_else(|| feed.opened()) {
                Ok(()) => events(&feed, &request),
                Err(error) => vec![Err(error)],
            };
            until_cancelled(reader, ctx, events)
        };
        stream::once(started).flatten().boxed()
    }

    async fn published(&self, _: &RunContext) -> Result<()> {
        if self.0.breaks(Break::PublishedFails) {
            return Err(Error::new(ErrorKind::Internal, "fake.published", "it fails"));
        }
        Ok(())
    }
}

fn until_cancelled(
    reader: Reader,
    ctx: RunContext,
    events: Vec<Result<roster_core::ExtractEvent>>,
) -> ExtractStream {
    let deaf = reader.0.breaks(Break::IgnoresCancellation);
    if reader.0.breaks(Break::HoldsOnAfterDrop) {
        mem::forget(Reader::new(reader.0.clone()));
    }
    let state = (events.into_iter(), false);
    stream::unfold(state, move |(mut events, ended)| {
        let _held = &reader;
        let cancelled = ctx.cancel.is_cancelled() && !deaf;
        let event = match cancelled {
            _ if ended => None,
            true => Some(Err(Error::new(ErrorKind::Cancelled, "extract", "the run was cancelled"))),
            false => events.next(),
        };
        async move { event.map(|it| (it, (events, cancelled))) }
    })
    .boxed()
}
