//! Whole nights that the world gets in the way of: a full disk, a file that may only be read, a server that goes, another
//! night of the same district.  Each ends with a clear error and nothing half, and the next night is fine.

use homeroom_tests::{
    Night, PostgresDatabase, Store, WITHOUT_POSTGRES, homeroom, long, tell_cases,
};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use roster_synth::{Options, write_first, write_next};
use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};
use tempfile::TempDir;

const DISTRICT: &str = "lakeside";

/// What readers see of a district.
type Roster = BTreeMap<&'static str, Vec<String>>;

fn main() -> ExitCode {
    let mut trials = vec![
        disk_trial("full_disk_of_plan_and_database", full_disk),
        disk_trial("full_disk_of_the_database_alone", full_disk_of_the_database),
        disk_trial("disk_that_may_only_be_read", || read_only("mount -o remount,ro \"$disk\"")),
        disk_trial("file_that_may_only_be_read", || {
            read_only(
                "mount --bind \"$disk/roster.db\" \"$disk/roster.db\"; mount -o remount,bind,ro \"$disk/roster.db\"",
            )
        }),
        Trial::test("two_nights_at_once_into_sqlite", || {
            let bench = Bench::new();
            let store = Store::Sqlite(bench.path("roster.db"));
            two_at_once(&bench, &store)
        }),
    ];
    trials.extend([
        postgres_trial("two_nights_at_once_into_postgres", "homeroom_twice", two_at_once),
        postgres_trial("server_that_ends_the_connection", "homeroom_ended", connection_ends),
    ]);
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    let twice = TWICE.load(Ordering::Relaxed);
    tell_cases(&format!("concurrent publishes: {twice} times two nights at once"));
    tell_cases(&format!("full disks: {} nights", FULL.load(Ordering::Relaxed)));
    conclusion.exit_code()
}

/// How often two nights ran at once.
static TWICE: AtomicUsize = AtomicUsize::new(0);
/// How many nights met a full disk.
static FULL: AtomicUsize = AtomicUsize::new(0);

type Test = fn(&Bench, &Store) -> Result<(), Failed>;

fn postgres_trial(name: &str, database: &'static str, test: Test) -> Trial {
    Trial::ignorable_test(name, move || {
        let Some(database) = PostgresDatabase::new(database) else {
            return Ok(Completion::ignored_with(WITHOUT_POSTGRES));
        };
        test(&Bench::new(), &Store::Postgres(database))?;
        Ok(Completion::Completed)
    })
}

/// A test that needs a disk of its own, which takes the right to mount one.
fn disk_trial(name: &str, test: impl FnOnce() -> Result<(), Failed> + Send + 'static) -> Trial {
    Trial::ignorable_test(name, move || {
        if namespace().is_none() {
            return Ok(Completion::ignored_with("no disk can be mounted here"));
        }
        test()?;
        Ok(Completion::Completed)
    })
}

/// How a command gets mounts of its own.
fn namespace() -> Option<&'static [&'static str]> {
    let ways: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];
    let works = |way: &&[&str]| {
        let mut command = Command::new("unshare");
        command.args(*way).args(["sh", "-c", "mount -t tmpfs tmpfs /mnt"]).stderr(Stdio::null());
        command.status().is_ok_and(|it| it.success())
    };
    ways.into_iter().find(works)
}

/// A folder with two feeds of a district, one for each of two nights.
struct Bench {
    folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let options = Options { students: 150, ..Options::default() };
        write_first(&options, &folder.path().join("first.zip")).expect("a feed can be written");
        write_next(&options, 10, &folder.path().join("next.zip")).expect("a feed can be written");
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn start(&self, store: &Store, feed: &str) -> Child {
        Command::new(homeroom())
            .args([
                "sync",
                "--connector",
                "oneroster",
                "--from",
                feed,
                "--district",
                DISTRICT,
                "--json",
            ])
            .args(["--to", &store.address(), "--log", "info"])
            .current_dir(self.folder.path())
            .env("TMPDIR", self.folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program can be started")
    }

    /// A night that ends well.
    fn night(&self, store: &Store, feed: &str) -> Result<Night, Failed> {
        let output = self.start(store, feed).wait_with_output()?;
        let stdout = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            return Err(format!("a night ended with {}: {stdout}", output.status).into());
        }
        Ok(Night::parse(&stdout))
    }

    /// The rosters of the two nights.
    fn rosters(&self) -> Result<[Roster; 2], Failed> {
        let store = Store::Sqlite(self.path("undisturbed.db"));
        self.night(&store, "first.zip")?;
        let first = store.roster(DISTRICT);
        self.night(&store, "next.zip")?;
        Ok([first, store.roster(DISTRICT)])
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }
}

/// Runs three nights on a disk of their own: one undisturbed, one after `disturb`, one after `mend`.
const THREE_NIGHTS: &str = r#"
out=$1 homeroom=$2
disk=$out/disk
mkdir "$disk"
mount -t tmpfs -o size=64m tmpfs "$disk"
night() {
    "$homeroom" --config "$out/homeroom.toml" sync --json --log off >"$out/$1.json" 2>"$out/$1.log"
    echo $? >"$out/$1.code"
    mkdir "$out/$1"
    cp "$disk"/roster.db* "$out/$1"
    ls "$disk" >"$out/$1.files"
}
cp "$out/first.zip" "$out/feed.zip"
night before
cp "$out/next.zip" "$out/feed.zip"
"#;

/// What is seen of the night that was disturbed: its exit code and its line.
fn three_nights(
    bench: &Bench,
    work_folder: Option<&str>,
    disturb: &str,
    mend: &str,
) -> Result<(i32, Night), Failed> {
    static ROSTERS: OnceLock<[Roster; 2]> = OnceLock::new();
    if ROSTERS.get().is_none() {
        _ = ROSTERS.set(bench.rosters()?);
    }
    let [first, next] = ROSTERS.get().ok_or("they were set")?;
    let work_folder =
        work_folder.map(|it| format!("[night]\nwork_folder = {it:?}\n")).unwrap_or_default();
    let config = format!(
        "[store]\nto = \"sqlite:disk/roster.db\"\n\n{work_folder}\n[[district]]\nid = \"{DISTRICT}\"\n\
         source = {{ connector = \"oneroster\", path = \"feed.zip\" }}\n"
    );
    fs::write(bench.path("homeroom.toml"), config)?;
    let script = format!("{THREE_NIGHTS}\n{disturb}\nnight disturbed\n{mend}\nnight after\n");
    let way = namespace().ok_or("there is no way to mount a disk")?;
    let status = Command::new("unshare")
        .args(way)
        .args(["sh", "-c", &script, "sh"])
        .args([bench.folder.path(), homeroom()])
        .status()?;
    let code = |name: &str| bench.text(&format!("{name}.code")).trim().parse::<i32>().unwrap_or(-1);
    let told = ["before", "disturbed", "after"].map(|it| bench.text(&format!("{it}.json")));
    if !status.success() || code("before") != 0 {
        return Err(format!("the first night: {}{}", told[0], bench.text("before.log")).into());
    }
    let published = code("disturbed") == 0;
    let expected = if published { next } else { first };
    seen(bench, "disturbed", expected)?;
    if code("after") != 0 {
        return Err(format!("the next night: {}{}", told[2], bench.text("after.log")).into());
    }
    seen(bench, "after", next)?;
    let left = bench.text("after.files").lines().filter(|it| it.contains('~')).count();
    if left > 0 {
        return Err("work folders are left behind".into());
    }
    Ok((code("disturbed"), Night::parse(&told[1])))
}

/// Compares the database that was copied after a night.
fn seen(bench: &Bench, name: &str, expected: &Roster) -> Result<(), Failed> {
    let store = Store::Sqlite(bench.path(name).join("roster.db"));
    store.check();
    if store.roster(DISTRICT) == *expected {
        return Ok(());
    }
    Err(format!("the night {name} published something else").into())
}

/// Fills the disk but for some KiB.
fn fill(space: u64) -> String {
    format!(
        "dd if=/dev/zero of=\"$disk/fill\" bs=1024 2>/dev/null\n\
         truncate -s $(($(stat -c %s \"$disk/fill\") - {space} * 1024)) \"$disk/fill\"\n"
    )
}

fn full_disk() -> Result<(), Failed> {
    full_disks(None)
}

fn full_disk_of_the_database() -> Result<(), Failed> {
    full_disks(Some("work"))
}

/// KiB that are left, from none to enough.
const SPACES: [u64; 5] = [0, 64, 256, 768, 8192];

/// Every space that is too little ends in a failed night that says so, and any other is enough.
fn full_disks(work_folder: Option<&str>) -> Result<(), Failed> {
    let mut failed = 0;
    for space in SPACES {
        let (code, night) =
            three_nights(&Bench::new(), work_folder, &fill(space), "rm \"$disk/fill\"")?;
        let message = night.error.as_ref().map(|it| it["message"].as_str()).unwrap_or_default();
        match code {
            0 => {}
            11 if night.error_kind() == "unavailable" && message.contains("the disk") => {
                failed += 1;
            }
            _ => return Err(format!("{space} KiB: code {code}, {:?}", night.error).into()),
        }
    }
    FULL.fetch_add(failed, Ordering::Relaxed);
    if failed >= 2 { Ok(()) } else { Err(format!("the disk was full only {failed} times").into()) }
}

fn read_only(disturb: &str) -> Result<(), Failed> {
    let mend = "umount \"$disk/roster.db\" 2>/dev/null; mount -o remount,rw \"$disk\"";
    let (code, night) = three_nights(&Bench::new(), Some("work"), disturb, mend)?;
    let message = night.error.as_ref().map(|it| it["message"].as_str()).unwrap_or_default();
    let kinds = ["permission_denied", "config_invalid"];
    if code == 11 && kinds.contains(&night.error_kind()) && message.contains("this user") {
        return Ok(());
    }
    Err(format!("code {code}, {:?}", night.error).into())
}

/// The second waits, or says that the district is taken; whichever came last is what is published.
fn two_at_once(bench: &Bench, store: &Store) -> Result<(), Failed> {
    let [first, next] = ["first.zip", "next.zip"].map(|feed| {
        bench.night(store, feed)?;
        Ok::<_, Failed>(active(&store.roster(DISTRICT)))
    });
    let (first, next) = (first?, next?);
    bench.night(store, "first.zip")?;
    for _ in 0..if long() { 40 } else { 4 } {
        TWICE.fetch_add(1, Ordering::Relaxed);
        let programs = ["next.zip", "first.zip"].map(|it| bench.start(store, it));
        for program in programs {
            let output = program.wait_with_output()?;
            let night = Night::parse(&String::from_utf8_lossy(&output.stdout));
            let ended = (output.status.code(), night.outcome.as_str(), night.error_kind());
            match ended {
                (Some(0), "published" | "unchanged", "")
                | (Some(11), "failed", "conflict" | "unavailable") => {}
                _ => return Err(format!("{ended:?}: {:?}", night.error).into()),
            }
        }
        store.check();
        let roster = active(&store.roster(DISTRICT));
        if roster != first && roster != next {
            return Err("a mixture of two nights is published".into());
        }
        bench.night(store, "next.zip")?;
        if active(&store.roster(DISTRICT)) != next {
            return Err("the night after published something else".into());
        }
        bench.night(store, "first.zip")?;
    }
    left_behind(bench.folder.path())
}

/// The active records, with their content.
fn active(roster: &Roster) -> Roster {
    let is_active = |it: &&String| matches!(it.split('|').nth(1), Some("1" | "true"));
    let table = |rows: &Vec<String>| rows.iter().filter(is_active).cloned().collect();
    roster.iter().map(|(name, rows)| (*name, table(rows))).collect()
}

fn left_behind(folder: &Path) -> Result<(), Failed> {
    let names = fs::read_dir(folder)?.filter_map(|it| it.ok()?.file_name().into_string().ok());
    let left: Vec<_> = names.filter(|it| it.contains('~')).collect();
    if left.is_empty() { Ok(()) } else { Err(format!("{left:?} are left behind").into()) }
}

/// The server ends the connection while the night is published.
fn connection_ends(bench: &Bench, store: &Store) -> Result<(), Failed> {
    let Store::Postgres(database) = store else { return Ok(()) };
    bench.night(store, "first.zip")?;
    let before = active(&store.roster(DISTRICT));
    let mut ended = 0;
    for _ in 0..20 {
        if !end_connection(bench, store, database)? {
            // It was too fast: back to the night before.
            bench.night(store, "first.zip")?;
            continue;
        }
        store.check();
        if active(&store.roster(DISTRICT)) != before {
            return Err("half a night is published".into());
        }
        ended += 1;
        if ended == 3 {
            break;
        }
    }
    if ended == 0 {
        return Err("the program was always faster".into());
    }
    let night = bench.night(store, "next.zip")?;
    if night.outcome == "published" { Ok(()) } else { Err(night.outcome.into()) }
}

/// Ends the connection of one night; false when that had published before.
fn end_connection(
    bench: &Bench,
    store: &Store,
    database: &PostgresDatabase,
) -> Result<bool, Failed> {
    let mut program = bench.start(store, "next.zip");
    let stderr = program.stderr.take().expect("it is piped");
    let mut lines = BufReader::new(stderr).lines().map_while(Result::ok);
    lines.find(|it| it.contains("publishing"));
    let mut ended = 0;
    while ended == 0 && program.try_wait().is_ok_and(|it| it.is_none()) {
        ended = database.end_transactions();
    }
    lines.for_each(drop);
    let output = program.wait_with_output()?;
    let night = Night::parse(&String::from_utf8_lossy(&output.stdout));
    match (output.status.code(), night.outcome.as_str(), night.error_kind()) {
        (Some(0), _, _) => Ok(false),
        (Some(11), "failed", "unavailable") if ended > 0 => Ok(true),
        told => Err(format!("{told:?}: {:?}", night.error).into()),
    }
}
