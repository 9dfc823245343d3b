//! Runs nights as the schedule says, and accounts for every slot.

mod night;

use super::{
    board::Board, config::ServeSettings, live::LiveNight, metrics::Metrics, notices::Notices,
    sinks::SharedSinks, store::ControlStore, summary::RunSummary,
};
use crate::settings::{DistrictSettings, NightSettings, Settings};
use jiff::{SignedDuration, Timestamp};
use night::NightEnd;
use roster_core::Result;
use roster_schedule::{
    Action, Clock, Ending, Night, Schedule, ScheduleConfig, Scheduler, Standing,
};
use roster_sink::RunRecord;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::Notify, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// Longest sleep: a clock that was set is seen by then.
const LONGEST_SLEEP: Duration = Duration::from_secs(20);
/// How long a night may take to stop before it is given up.
const STOP_WITHIN: Duration = Duration::from_mins(2);
/// How long runs and slots are remembered here.
const REMEMBERED_HOURS: i64 = 24 * 400;

/// The clock of the system.
#[derive(Debug)]
struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Runs nights.
#[derive(Debug)]
pub struct Engine {
    pub(crate) districts: HashMap<String, DistrictSettings>,
    /// The districts' ids, in the order of the configuration.
    pub(crate) order: Vec<String>,
    pub(crate) night: NightSettings,
    pub(crate) sinks: SharedSinks,
    pub(crate) store: Arc<ControlStore>,
    pub(crate) board: Board,
    pub(crate) metrics: Metrics,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) serve: ServeSettings,
    pub(crate) cancel: CancellationToken,
    notices: Notices,
    scheduler: Mutex<Scheduler>,
    live: Mutex<HashMap<String, Arc<LiveNight>>>,
    told: Notify,
    beat: Mutex<Timestamp>,
}

impl Engine {
    /// An engine for a configuration; it goes on after what is remembered.
    ///
    /// # Errors
    ///
    /// When what is remembered cannot be read.
    pub async fn new(settings: Settings, cancel: CancellationToken) -> Result<Arc<Self>> {
        Self::with_clock(settings, cancel, Arc::new(SystemClock)).await
    }

    /// The same under another clock, for tests.
    ///
    /// # Errors
    ///
    /// As [`Self::new`].
    pub async fn with_clock(
        settings: Settings,
        cancel: CancellationToken,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>> {
        let Settings { districts, night, serve, .. } = settings;
        let store = Arc::new(ControlStore::open(&serve.state)?);
        let order: Vec<String> = districts.iter().map(|it| it.id.to_string()).collect();
        let sinks = SharedSinks::new(&districts);
        learn(&store, &sinks).await;
        let now = clock.now();
        store.forget(now - SignedDuration::from_hours(REMEMBERED_HOURS))?;
        let scheduler = schedule(&districts, &serve, &night, &store, now)?;
        Ok(Arc::new(Self {
            board: Board::load(&store, &order)?,
            notices: Notices::new(&serve, store.clone()),
            metrics: Metrics::default(),
            districts: districts.into_iter().map(|it| (it.id.to_string(), it)).collect(),
            beat: Mutex::new(now),
            live: Mutex::default(),
            told: Notify::new(),
            scheduler: Mutex::new(scheduler),
            order,
            night,
            sinks,
            store,
            clock,
            serve,
            cancel,
        }))
    }

    /// Runs nights until the program is to stop, and then until every night has ended.
    pub async fn run(self: Arc<Self>) {
        let mut nights = JoinSet::new();
        let mut notices = tokio::time::interval(Duration::from_secs(30));
        let mut draining = false;
        loop {
            if self.cancel.is_cancelled() && !draining {
                draining = true;
                self.scheduler().drain();
            }
            self.act(&mut nights);
            if draining && nights.is_empty() {
                break;
            }
            tokio::select! {
                () = tokio::time::sleep(self.until_next()) => {}
                () = self.told.notified() => {}
                () = self.cancel.cancelled(), if !draining => {}
                Some(end) = nights.join_next(), if !nights.is_empty() => {
                    if let Ok(end) = end {
                        self.ended(end);
                    }
                }
                _ = notices.tick() => {
                    let engine = self.clone();
                    tokio::spawn(async move { engine.tell().await });
                }
            }
        }
        self.notices.send(self.clock.now(), true).await;
    }

    /// Starts a night of a district as soon as there is a place; `false` when there is no such district.
    pub fn run_now(&self, district: &str) -> bool {
        let known = self.scheduler().run_now(district, self.clock.now());
        self.told.notify_one();
        known
    }

    /// Pauses the nights of a district, or ends the pause; remembered over restarts.
    ///
    /// # Errors
    ///
    /// When it cannot be remembered.
    pub fn pause(&self, district: &str, paused: bool) -> Result<()> {
        self.store.pause(district, paused)?;
        self.scheduler().pause(district, paused);
        self.told.notify_one();
        Ok(())
    }

    /// Whether it still turns: it has looked at the schedule within the last two minutes.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        let beat = *self.beat.lock().unwrap_or_else(PoisonError::into_inner);
        self.clock.now() - beat < SignedDuration::from_mins(2)
    }

    /// Where a district is in its night, and the night while it runs.
    pub(crate) fn standing(&self, district: &str) -> (Option<Standing>, Option<Arc<LiveNight>>) {
        (self.scheduler().standing(district), self.live().get(district).cloned())
    }

    pub(crate) fn is_paused(&self, district: &str) -> bool {
        self.scheduler().is_paused(district)
    }

    pub(crate) fn upcoming(&self, district: &str, most: usize) -> Vec<Timestamp> {
        self.scheduler().upcoming(district, self.clock.now(), most)
    }

    pub(crate) fn running(&self) -> usize {
        self.scheduler().running()
    }

    pub(crate) fn scheduler(&self) -> MutexGuard<'_, Scheduler> {
        self.scheduler.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn live(&self) -> MutexGuard<'_, HashMap<String, Arc<LiveNight>>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn until_next(&self) -> Duration {
        let Some(next) = self.scheduler().next_wake() else { return LONGEST_SLEEP };
        let wait = next - self.clock.now();
        Duration::try_from(wait).unwrap_or_default().min(LONGEST_SLEEP)
    }

    fn act(self: &Arc<Self>, nights: &mut JoinSet<NightEnd>) {
        let now = self.clock.now();
        *self.beat.lock().unwrap_or_else(PoisonError::into_inner) = now;
        let beats: Vec<_> = self.live().iter().map(|it| (it.0.clone(), it.1.beat())).collect();
        let actions = {
            let mut scheduler = self.scheduler();
            for (district, beat) in beats {
                scheduler.heartbeat(&district, beat);
            }
            scheduler.tick(now)
        };
        for action in actions {
            match action {
                Action::Start(night) => self.start(&night, nights),
                Action::Stop { district, reason } => {
                    tracing::warn!(%district, ?reason, "the night is stopped");
                    self.stop(&district);
                }
                Action::Account(account) => {
                    tracing::info!(district = %account.district, slot = %account.slot, fate = ?account.fate, "no night");
                    self.account(&account, None);
                }
            }
        }
    }

    fn start(self: &Arc<Self>, night: &Night, nights: &mut JoinSet<NightEnd>) {
        let name = night.district.to_string();
        tracing::info!(district = name, slot = %night.slot, attempt = night.attempt, "the night starts");
        let live = Arc::new(LiveNight::new(self.clock.clone(), self.cancel.child_token()));
        self.live().insert(name.clone(), live.clone());
        let engine = self.clone();
        nights.spawn(async move {
            let records = engine.one_night(&name, &live).await;
            NightEnd { district: name, records }
        });
    }

    /// Asks a night to stop, and gives it up when it does not.
    fn stop(&self, district: &str) {
        let Some(live) = self.live().get(district).cloned() else { return };
        live.cancel.cancel();
        tokio::spawn(async move {
            tokio::time::sleep(STOP_WITHIN).await;
            live.abandon.cancel();
        });
    }

    fn ended(&self, end: NightEnd) {
        let NightEnd { district, records } = end;
        self.live().remove(&district);
        let now = self.clock.now();
        let Some(record) = records.last() else { return };
        let ending = night::ending(record, self.cancel.is_cancelled());
        let account = self.scheduler().finished(&district, now, ending);
        let report = &record.report;
        tracing::info!(district, run = %report.run, outcome = report.outcome.code(), seconds = report.seconds, "the night ended");
        for record in &records {
            self.remember(record);
        }
        if let Some(account) = &account {
            self.account(account, Some(report.run.as_str()));
        }
        // What is tried again is told when the last try has failed.
        let told = if ending == Ending::Failed && account.is_none() {
            Ok(())
        } else {
            records.iter().try_for_each(|it| self.notices.of_night(it, now))
        };
        if let Err(error) = told {
            tracing::error!(district, %error, "the notices of the night are lost");
        }
    }

    fn remember(&self, record: &RunRecord) {
        let summary = RunSummary::from(record);
        self.metrics.night(&summary);
        if let Err(error) = self.store.add_run(&summary) {
            tracing::error!(district = summary.district, %error, "the run is not remembered here");
        }
        self.board.add(summary);
    }

    fn account(&self, account: &roster_schedule::Account, run: Option<&str>) {
        if let Err(error) = self.store.account(account, run) {
            tracing::error!(district = %account.district, %error, "the slot is not accounted for");
        }
    }

    /// Tells who is late, and sends what waits.
    async fn tell(&self) {
        let now = self.clock.now();
        let limit = SignedDuration::from_hours(i64::from(self.serve.late_after_hours));
        for district in &self.order {
            if let Some(slot) = self.late(district, now, limit)
                && let Err(error) = self.notices.late(district, slot, now)
            {
                tracing::error!(district, %error, "that the night is late is not told");
            }
        }
        self.notices.send(now, false).await;
    }

    /// The slot whose night has not ended well so long after it.
    fn late(&self, district: &str, now: Timestamp, limit: SignedDuration) -> Option<Timestamp> {
        let last = self.store.slots(district, 1).ok()?.into_iter().next()?;
        let settings = self.districts.get(district)?;
        let schedule = self.serve.schedules.get(&settings.id)?;
        let slot = schedule.slot_after(last.0)?;
        let due = schedule.unplanned(slot).is_none() && !self.is_paused(district);
        (due && now - slot > limit).then_some(slot)
    }
}

/// Takes in runs of the last days that `homeroom sync` made beside this program.
async fn learn(store: &ControlStore, sinks: &SharedSinks) {
    const MOST: usize = 5_000;
    let learn = async {
        let since = store.last_run_at()?;
        for sink in sinks.all().await? {
            let runs = sink.runs(None, MOST).await?;
            let new = runs.iter().filter(|it| since.is_none_or(|since| it.started_at >= since));
            for run in new {
                store.add_run(&RunSummary::from(run))?;
            }
        }
        Ok::<_, roster_core::Error>(())
    };
    if let Err(error) = learn.await {
        tracing::warn!(%error, "earlier runs are not shown");
    }
}

fn schedule(
    districts: &[DistrictSettings],
    serve: &ServeSettings,
    night: &NightSettings,
    store: &ControlStore,
    now: Timestamp,
) -> Result<Scheduler> {
    let mut scheduler = Scheduler::new(serve.caps(night.districts_at_once));
    let paused = store.paused()?;
    for district in districts {
        let name = district.id.as_str();
        let default = || Schedule::new(&ScheduleConfig::default(), roster_schedule::Delivery::Pull);
        let Some(schedule) = serve.schedules.get(&district.id).cloned().or_else(|| default().ok())
        else {
            continue;
        };
        let since = store.last_slot(name)?.unwrap_or(now);
        scheduler.add(name, district.connector, schedule, since);
        scheduler.pause(name, paused.iter().any(|it| it == name));
    }
    Ok(scheduler)
}
