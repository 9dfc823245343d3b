//! Disks that are full, and files and folders that may not be written.

use super::path;
use crate::{
    Case,
    bench::{Backend, Bench, categories, noise, record, wait},
    cases,
};
use roster_core::{Error, ErrorKind, Retry, Rows};
use roster_sink::{Outcome, Sink as _, SqliteSink};
use std::{env, fs, path::Path, process::Command, sync::Arc};

pub(super) const CASES: &[Case] = cases![
    full_disk_in_the_middle_of_a_night_publishes_nothing,
    full_disk_in_the_middle_of_a_first_load_publishes_nothing,
    full_disk_while_files_are_kept_publishes_nothing,
    file_that_may_not_be_written_is_a_missing_right,
    folder_that_may_not_be_written_is_no_place_for_a_night,
];

/// Names a database to the child that [`try_as_child`] is.
const TRY: &str = "HOMEROOM_SINK_TO_TRY";
/// `nobody`, wherever a superuser tests: to him nothing is forbidden.
#[cfg(unix)]
const NOBODY: u32 = 65534;

/// Records of 100 bytes each.
fn feed(records: usize, title: &str) -> [Rows; 1] {
    let keys: Vec<_> = (0..records).map(|it| format!("c{it}")).collect();
    let title = title.repeat(100);
    let records: Vec<_> = keys.iter().map(|it| (it.as_str(), title.as_str())).collect();
    [categories(&records)]
}

/// What a night says for which the disk has so many bytes more.
fn night_with_room_for(bench: &mut Bench, bytes: u64, run: &str, feed: &[Rows]) -> Error {
    let used = fs::metadata(path(bench)).unwrap().len();
    let full = SqliteSink::new(path(bench)).size_limit(used + bytes);
    let free = std::mem::replace(&mut bench.sink, Arc::new(full));
    let error = bench.try_night("d", run, feed).unwrap_err();
    bench.sink = free;
    error
}

#[track_caller]
fn check_full(error: &Error) {
    assert_eq!((error.kind(), error.retry_verdict()), (ErrorKind::Unavailable, Retry::Backoff));
    assert!(error.message().contains("the disk is full; free some space"), "{error}");
    assert!(!format!("{error:?}").contains("CANARY"), "{error:?}");
}

fn full_disk_in_the_middle_of_a_night_publishes_nothing(backend: &Backend) {
    let mut bench = backend.bench();
    bench.night("d", "r1", &feed(2000, "first"));
    let before = bench.state();
    let next = feed(9000, "CANARY");
    for bytes in [0, 100_000, 2_000_000] {
        check_full(&night_with_room_for(&mut bench, bytes, "r2", &next));
        assert_eq!(bench.state(), before, "{bytes} bytes");
        bench.database.check_integrity();
    }
    bench.night("d", "r2", &next);
    assert_eq!(bench.query("SELECT count(*) FROM categories"), ["9000"]);
    bench.database.check_integrity();
}

fn full_disk_in_the_middle_of_a_first_load_publishes_nothing(backend: &Backend) {
    let mut bench = backend.bench();
    let before = bench.state();
    for bytes in [0, 2_000_000] {
        check_full(&night_with_room_for(&mut bench, bytes, "r1", &feed(9000, "CANARY")));
        assert_eq!(bench.state(), before, "{bytes} bytes");
    }
    bench.night("d", "r1", &feed(9000, "CANARY"));
    bench.database.check_integrity();
}

fn full_disk_while_files_are_kept_publishes_nothing(backend: &Backend) {
    let mut bench = backend.bench();
    bench.night("d", "r1", &feed(10, "first"));
    let before = bench.state();
    let (plan, published) = bench.plan("d", "r2", &feed(10, "second"));
    let noise = noise(9_000_000);
    let kept = bench.keep(&[("findings", b"{}"), ("places.users", &noise)]);
    let run = record(&plan, Outcome::Published);
    let used = fs::metadata(path(&bench)).unwrap().len();
    let full = SqliteSink::new(path(&bench)).size_limit(used + 6_000_000);
    check_full(&wait(full.publish(&plan, published, &run)).unwrap_err());
    check_full(&wait(full.record(&run, Some(&kept))).unwrap_err());
    assert_eq!(bench.state(), before);
    assert_eq!(bench.query("SELECT count(*) FROM kept"), ["0"]);
    let published = bench.published("d");
    bench.sink = bench.database.sink();
    wait(bench.sink.publish(&plan, published, &run)).unwrap();
    let found = wait(bench.sink.kept(&run.report.run, "places.users")).unwrap();
    assert!(found == Some(noise));
}

/// What a night says to whom `mode` is all that is allowed of the file or its folder, and whether the next one is fine.
fn check_forbidden(backend: &Backend, folder_mode: u32, file_mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = backend.bench();
    bench.night("d", "r1", &feed(10, "first"));
    let before = bench.state();
    let set =
        |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    set(&path(&bench), file_mode);
    set(bench.folder.path(), folder_mode);
    let told = try_with_less_rights(&path(&bench));
    set(bench.folder.path(), 0o700);
    set(&path(&bench), 0o600);
    let (kind, message) = told.split_once(' ').unwrap();
    assert_eq!(kind, ErrorKind::PermissionDenied.code(), "{message}");
    assert!(
        message.contains("give this user the right to write the file and its folder"),
        "{message}"
    );
    assert_eq!(bench.state(), before);
    bench.night("d", "r2", &feed(10, "second"));
    bench.database.check_integrity();
}

fn file_that_may_not_be_written_is_a_missing_right(backend: &Backend) {
    check_forbidden(backend, 0o777, 0o444);
}

fn folder_that_may_not_be_written_is_no_place_for_a_night(backend: &Backend) {
    check_forbidden(backend, 0o555, 0o666);
}

/// Tries to record a run in another process, which is no superuser's.
fn try_with_less_rights(path: &Path) -> String {
    use std::os::unix::{fs::MetadataExt as _, process::CommandExt as _};
    // Where nobody may look into the build's folder.
    let folder = tempfile::Builder::new().permissions(rights()).tempdir().unwrap();
    let program = folder.path().join("sinks");
    fs::copy(env::current_exe().unwrap(), &program).unwrap();
    let mut child = Command::new(program);
    child.env(TRY, path);
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        child.uid(NOBODY).gid(NOBODY);
    }
    let output = child.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn rights() -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o755)
}

/// In the other process: records a run and tells what came of it; `None` in the tests themselves.
#[allow(clippy::print_stdout, reason = "it is how the child answers")]
pub(crate) fn try_as_child() -> Option<()> {
    let path = env::var_os(TRY)?;
    let folder = tempfile::tempdir().unwrap();
    let plan = roster_sink::PlanWriter::create(&folder.path().join("plan")).unwrap();
    let header = roster_sink::PlanHeader {
        run: roster_sink::RunId::from_text("child"),
        district: crate::bench::id("d"),
        connector: "oneroster".to_owned(),
        basis: 1,
        entities: std::collections::BTreeMap::new(),
    };
    let plan = plan.finish(header).unwrap();
    let outcome = wait(SqliteSink::new(path).record(&record(&plan, Outcome::Unchanged), None));
    match outcome {
        Ok(()) => println!("recorded"),
        Err(error) => println!("{} {error}", error.kind().code()),
    }
    Some(())
}
