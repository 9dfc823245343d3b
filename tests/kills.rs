//! Nights that are killed at random moments: readers see the old roster or the new one, and the next night ends as an
//! undisturbed one.

use homeroom_tests::{PostgresDatabase, Store, WITHOUT_POSTGRES, homeroom, long, tell_cases};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use roster_synth::{Options, write_first, write_next};
use std::{
    collections::BTreeMap,
    env, fmt, fs,
    hash::{BuildHasher as _, RandomState},
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, ExitCode, ExitStatus, Stdio},
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, channel},
    },
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// What is told at the end.
static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn main() -> ExitCode {
    let sqlite = Trial::test("nights_into_sqlite_that_are_killed", || {
        Kills::new(|folder| Store::Sqlite(folder.join("roster.db"))).run("SQLite")
    });
    let postgres = Trial::ignorable_test("nights_into_postgres_that_are_killed", || {
        let Some(database) = PostgresDatabase::new("homeroom_kills") else {
            return Ok(Completion::ignored_with(WITHOUT_POSTGRES));
        };
        Kills::new(|_| Store::Postgres(database)).run("PostgreSQL")?;
        Ok(Completion::Completed)
    });
    let conclusion = libtest_mimic::run(&Arguments::from_args(), vec![sqlite, postgres]);
    for line in TOLD.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        tell_cases(&format!("kills: {line}"));
    }
    conclusion.exit_code()
}

/// How far a night had got, by what the program tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Starting,
    Reading,
    Publishing,
    Ending,
}

impl Phase {
    const ALL: [Self; 4] = [Self::Starting, Self::Reading, Self::Publishing, Self::Ending];

    /// The phase that a line of the program's log tells of.
    fn of(line: &str) -> Option<Self> {
        let words =
            [("publishing", Self::Publishing), ("reading", Self::Reading), ("done", Self::Ending)];
        words.into_iter().find(|it| line.contains(it.0)).map(|it| it.1)
    }
}

/// When to kill.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// So long after the start.
    After(Duration),
    /// So long after a phase has begun.
    In(Phase, Duration),
}

/// What is known of an undisturbed night from one feed to another.
#[derive(Debug)]
struct Undisturbed {
    roster: BTreeMap<&'static str, Vec<String>>,
    changes: Vec<String>,
    /// How long each phase takes.
    phases: [Duration; 4],
}

/// What the kills have met.
#[derive(Debug, Default)]
struct Tally {
    killed: BTreeMap<Phase, u32>,
    ended_before: u32,
    old: u32,
    new: u32,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let killed: u32 = self.killed.values().sum();
        write!(f, "{killed} nights killed (")?;
        for (number, (phase, count)) in self.killed.iter().enumerate() {
            let comma = if number > 0 { ", " } else { "" };
            write!(f, "{comma}{} {count}", format!("{phase:?}").to_lowercase())?;
        }
        let Self { ended_before, old, new, .. } = self;
        write!(
            f,
            "), {ended_before} were over before; {old} left the old roster, {new} the new one"
        )
    }
}

/// A store, two feeds, and nights from one to the other.
struct Kills {
    folder: TempDir,
    store: Store,
    /// State of the random numbers.
    random: u64,
    tally: Tally,
}

/// The night before, the one that is killed, and the district.
struct Night<'a> {
    district: &'a str,
    feed: &'static str,
    before: Option<&'a Undisturbed>,
    after: &'a Undisturbed,
}

impl Kills {
    fn new(store: impl FnOnce(PathBuf) -> Store) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let options = Options { students: 250, ..Options::default() };
        write_first(&options, &folder.path().join("first.zip")).expect("a feed can be written");
        write_next(&options, 10, &folder.path().join("next.zip")).expect("a feed can be written");
        let seed = env::var("HOMEROOM_SEED").ok().and_then(|it| it.parse().ok());
        let random = seed.unwrap_or_else(|| RandomState::new().hash_one(std::process::id()));
        Self { store: store(folder.path().to_owned()), folder, random, tally: Tally::default() }
    }

    fn run(mut self, name: &str) -> Result<(), Failed> {
        let seed = self.random;
        let outcome = self.kill_nights(if long() { 200 } else { 30 });
        let told = format!("{name}: {}", self.tally);
        TOLD.lock().unwrap_or_else(PoisonError::into_inner).push(told);
        outcome.map_err(|it| format!("{it}\nrun it again with HOMEROOM_SEED={seed}").into())
    }

    fn kill_nights(&mut self, count: u32) -> Result<(), String> {
        const DISTRICT: &str = "lakeside";
        // Once there and back, so that every night finds the deleted records of the other feed too.
        let load = self.undisturbed(DISTRICT, "first.zip")?;
        self.undisturbed(DISTRICT, "next.zip")?;
        let first = self.undisturbed(DISTRICT, "first.zip")?;
        let next = self.undisturbed(DISTRICT, "next.zip")?;
        let mut states = [(&next, "next.zip"), (&first, "first.zip")];
        // Some are over before they are killed; those do not count.
        for number in 0..count * 2 {
            if self.tally.killed.values().sum::<u32>() >= count {
                break;
            }
            if number % 4 == 3 {
                // A first load, which is written in another way.
                let district = format!("load-{number}");
                let night =
                    Night { district: &district, feed: "first.zip", before: None, after: &load };
                self.kill(number, &night)?;
                continue;
            }
            let [(before, _), (after, feed)] = states;
            self.kill(number, &Night { district: DISTRICT, feed, before: Some(before), after })?;
            states.reverse();
        }
        let phases = self.tally.killed.len();
        if phases < 3 { Err(format!("only {phases} phases were met")) } else { Ok(()) }
    }

    /// A night that nobody disturbs.
    fn undisturbed(&mut self, district: &str, feed: &str) -> Result<Undisturbed, String> {
        let seen = if self.store.exists() { self.store.changes(district, 0).len() } else { 0 };
        let started = Instant::now();
        let mut program = self.start(district, feed);
        let mut begun = [started; 4];
        for (phase, at) in &program.phases {
            begun[phase as usize] = at;
        }
        let status = program.wait();
        if !status.success() {
            return Err(format!("an undisturbed night ended with {status}"));
        }
        let ends = [begun[1], begun[2], begun[3], Instant::now()];
        let phases = [0, 1, 2, 3].map(|it| ends[it].saturating_duration_since(begun[it]));
        let (roster, changes) = (self.store.roster(district), self.store.changes(district, seen));
        Ok(Undisturbed { roster, changes, phases })
    }

    /// Kills a night, looks, and runs it again.
    fn kill(&mut self, number: u32, night: &Night<'_>) -> Result<(), String> {
        let moment = self.moment(number, night);
        let seen = self.changes(night, 0).len();
        let runs = self.outcomes(night).len();
        let killed = self.start(night.district, night.feed).kill(moment);
        let failed = |what: &str| format!("{what}, after a kill at {moment:?} (in {killed:?})");
        if self.store.exists() {
            self.store.check();
        }
        let is_new = self.look(night).ok_or_else(|| failed("readers see half a night"))?;
        match killed {
            Some(phase) => *self.tally.killed.entry(phase).or_default() += 1,
            None => self.tally.ended_before += 1,
        }
        if killed.is_some() {
            *(if is_new { &mut self.tally.new } else { &mut self.tally.old }) += 1;
        }
        let status = self.start(night.district, night.feed).wait();
        if !status.success() {
            return Err(failed(&format!("the next night ended with {status}")));
        }
        self.check_next(night, seen, runs, is_new).map_err(|it| failed(&it))
    }

    /// Whether readers see the new roster; `None` when what they see is neither the new nor the old one.
    fn look(&self, night: &Night<'_>) -> Option<bool> {
        let roster =
            if self.store.exists() { self.store.roster(night.district) } else { BTreeMap::new() };
        let is_old = night.before.map_or(roster.is_empty(), |it| it.roster == roster);
        let is_new = night.after.roster == roster
            || (night.before.is_none() && is_same_load(&roster, night));
        (is_old || is_new).then_some(is_new)
    }

    /// The next night ends as an undisturbed one.
    fn check_next(
        &self,
        night: &Night<'_>,
        seen: usize,
        runs: usize,
        was_new: bool,
    ) -> Result<(), String> {
        self.store.check();
        if self.look(night) != Some(true) {
            return Err("the next night published something else".to_owned());
        }
        let changes = self.changes(night, seen);
        if changes != night.after.changes {
            return Err(format!(
                "{} changes instead of {}",
                changes.len(),
                night.after.changes.len()
            ));
        }
        let outcomes = &self.outcomes(night)[runs..];
        let expected: &[&str] = if was_new { &["published", "unchanged"] } else { &["published"] };
        if outcomes != expected {
            return Err(format!("the runs are {outcomes:?}"));
        }
        let left = self.left_behind();
        if left.is_empty() { Ok(()) } else { Err(format!("{left:?} are left behind")) }
    }

    fn changes(&self, night: &Night<'_>, seen: usize) -> Vec<String> {
        if self.store.exists() { self.store.changes(night.district, seen) } else { Vec::new() }
    }

    fn outcomes(&self, night: &Night<'_>) -> Vec<String> {
        if self.store.exists() { self.store.outcomes(night.district) } else { Vec::new() }
    }

    /// Every fourth time anywhere, else in each phase in turn.
    fn moment(&mut self, number: u32, night: &Night<'_>) -> Moment {
        let phases = night.after.phases;
        if number % 5 == 4 {
            return Moment::After(self.part_of(phases.iter().sum()));
        }
        let phase = Phase::ALL[number as usize / 2 % 4];
        match phase {
            Phase::Starting => Moment::After(self.part_of(phases[0])),
            // A little longer, so that the moment of the commit is met too.
            it => Moment::In(it, self.part_of(phases[it as usize] * 5 / 4)),
        }
    }

    /// A random part of a time, uniformly.
    fn part_of(&mut self, time: Duration) -> Duration {
        // The step of a linear congruential generator (Knuth's MMIX).
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let thousandths = u32::try_from((self.random >> 33) % 1000).expect("less than a thousand");
        time * thousandths / 1000
    }

    fn start(&self, district: &str, feed: &str) -> Program {
        let mut child = Command::new(homeroom())
            .args(["sync", "--connector", "oneroster", "--from", feed, "--district", district])
            .args(["--to", &self.store.address(), "--log", "info"])
            .current_dir(self.folder.path())
            .env("TMPDIR", self.folder.path())
            .env_remove("RUST_LOG")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program can be started");
        let stderr = BufReader::new(child.stderr.take().expect("it is piped"));
        let (tell, phases) = channel();
        thread::spawn(move || {
            let lines = stderr.lines().map_while(Result::ok);
            for phase in lines.filter_map(|it| Phase::of(&it)) {
                _ = tell.send((phase, Instant::now()));
            }
        });
        Program { child, phases }
    }

    /// What is in the folder and should not be.
    fn left_behind(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).expect("the folder is there");
        let names = entries.filter_map(|it| it.ok()?.file_name().into_string().ok());
        let feeds = ["first.zip", "next.zip"];
        let known = |it: &String| it.starts_with("roster.db") || feeds.contains(&it.as_str());
        names.filter(|it| !known(it)).collect()
    }
}

/// Whether a first load holds what that of another district does: its public ids are its own.
fn is_same_load(roster: &BTreeMap<&'static str, Vec<String>>, night: &Night<'_>) -> bool {
    let without_ids = |roster: &BTreeMap<&'static str, Vec<String>>| {
        let rest = |it: &String| it.split_once('|').map(|it| it.1.to_owned());
        let table = |rows: &Vec<String>| {
            let mut rows: Vec<_> = rows.iter().filter_map(rest).collect();
            rows.sort();
            rows
        };
        roster
            .iter()
            .map(|(table_name, rows)| (*table_name, table(rows)))
            .collect::<BTreeMap<_, _>>()
    };
    without_ids(roster) == without_ids(&night.after.roster)
}

/// The program, running.
struct Program {
    child: Child,
    phases: Receiver<(Phase, Instant)>,
}

impl Program {
    fn wait(&mut self) -> ExitStatus {
        self.child.wait().expect("the program ends")
    }

    /// Kills it at a moment; gives the phase it was in, `None` when it had ended before.
    fn kill(mut self, moment: Moment) -> Option<Phase> {
        let patience = Duration::from_mins(1);
        let mut reached = Phase::Starting;
        let wait = match moment {
            Moment::After(time) => time,
            Moment::In(phase, time) => {
                while reached < phase
                    && let Ok((next, _)) = self.phases.recv_timeout(patience)
                {
                    reached = next;
                }
                time
            }
        };
        thread::sleep(wait);
        let ended = self.child.try_wait().expect("the program is ours").is_some();
        self.child.kill().expect("it can be killed, or has ended");
        let status = self.wait();
        let reached = self.phases.iter().map(|it| it.0).last().unwrap_or(reached);
        (!ended && !status.success()).then_some(reached)
    }
}
