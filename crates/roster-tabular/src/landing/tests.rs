//! Tests of the landing folder.

use super::*;
use std::{
    cell::Cell,
    fs::{self, File},
};
use tempfile::TempDir;

/// A landing folder with some files in it.
struct Scene {
    folder: TempDir,
    config: LandingConfig,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = LandingConfig { path: folder.path().to_owned(), stable_secs: 30, keep: 2 };
        Self { folder, config }
    }

    /// One that keeps so many of the sets that were taken.
    fn keeping(keep: usize) -> Self {
        let mut scene = Self::new();
        scene.config.keep = keep;
        scene
    }

    fn landing(&self) -> LandingFolder {
        LandingFolder::new(self.config.clone(), BundleLimits::default())
    }

    /// Puts a file there that was modified some seconds ago.
    fn put(&self, name: &str, content: &[u8], secs_ago: u64) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        let modified = SystemTime::now() - Duration::from_secs(secs_ago);
        File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
    }

    fn put_zip(&self, name: &str, secs_ago: u64) {
        self.put(name, &empty_zip(), secs_ago);
    }

    fn newest(&self) -> Result<Landed> {
        self.landing().newest(&|_| Ok(()))
    }

    /// The name of the newest set, or the kind of the error.
    fn check(&self, expected: Result<&str, ErrorKind>) {
        let found = self.newest().map(|it| file_name(&it.path));
        assert_eq!(found.as_deref().map_err(roster_core::Error::kind), expected);
    }

    /// All files in the folder but the mark of the last set, without the time in the names of taken sets.
    fn files(&self) -> Vec<String> {
        fn walk(folder: &Path, prefix: &str, files: &mut Vec<String>) {
            for item in fs::read_dir(folder).unwrap() {
                let path = item.unwrap().path();
                let name = file_name(&path);
                let name = name.split_once("Z-").map_or(name.as_str(), |(_, it)| it).to_owned();
                if path.is_dir() {
                    walk(&path, &format!("{prefix}{name}/"), files);
                } else {
                    files.push(format!("{prefix}{name}"));
                }
            }
        }
        let mut files = Vec::new();
        walk(self.folder.path(), "", &mut files);
        files.retain(|it| it != "taken/.last");
        files.sort_unstable();
        files
    }

    fn own_name(&self) -> String {
        file_name(self.folder.path())
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// An archive with one file that is empty.
fn empty_zip() -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer.start_file("manifest.csv", zip::write::SimpleFileOptions::default()).unwrap();
    writer.finish().unwrap().into_inner()
}

#[test]
fn newest_set_is_taken() {
    let scene = Scene::new();
    scene.put_zip("old.zip", 500);
    scene.put_zip("new.zip", 100);
    scene.check(Ok("new.zip"));
    scene.put("folder/users.csv", b"a", 90);
    scene.put("folder/orgs.csv", b"a", 400);
    scene.check(Ok("folder"));
    scene.put_zip("UPPER.ZIP", 80);
    scene.check(Ok("UPPER.ZIP"));
    scene.put("users.csv", b"a", 60);
    scene.check(Ok(&scene.own_name()));
}

#[test]
fn sets_of_one_time_are_ordered_by_name() {
    let scene = Scene::new();
    let modified = SystemTime::now() - Duration::from_secs(100);
    for name in ["b.zip", "c.zip", "a.zip"] {
        scene.put_zip(name, 100);
        let file = File::options().write(true).open(scene.folder.path().join(name)).unwrap();
        file.set_modified(modified).unwrap();
    }
    scene.check(Ok("c.zip"));
}

#[test]
fn what_is_no_set_is_left_alone() {
    let scene = Scene::new();
    scene.put_zip("oneroster.zip", 500);
    for name in [
        ".hidden.zip",
        "a.zip.part",
        "b.zip.tmp",
        "c.zip.filepart",
        "d.zip.crdownload",
        "e.zip~",
        "~f.zip",
        "notes.txt",
        "taken/20260101T000000Z-oneroster.zip",
        "upload.tmp/users.csv",
        ".git/users.csv",
    ] {
        scene.put(name, &empty_zip(), 100);
    }
    scene.check(Ok("oneroster.zip"));
    assert_eq!(scene.files().len(), 12);
}

#[test]
fn loose_files_are_taken_without_what_lies_beside_them() {
    let scene = Scene::new();
    scene.put("users.csv", b"a", 100);
    scene.put("ORGS.CSV", b"a", 100);
    scene.put("readme.txt", b"a", 100);
    scene.put_zip("older.zip", 500);
    let landed = scene.newest().unwrap();
    let names: Vec<_> = landed.bundle.entries().iter().map(|it| it.name.to_string()).collect();
    assert_eq!(names, ["ORGS.CSV", "users.csv"]);
}

#[test]
fn set_that_is_being_written_is_not_ready_and_not_passed_over() {
    let scene = Scene::new();
    scene.put_zip("old.zip", 500);
    scene.put_zip("new.zip", 10);
    scene.check(Err(ErrorKind::NotReady));
    let scene = Scene::new();
    scene.put_zip("old.zip", 500);
    let whole = empty_zip();
    scene.put("new.zip", &whole[..whole.len() * 6 / 10], 100);
    scene.check(Err(ErrorKind::NotReady));
    let scene = Scene::new();
    scene.put("set/users.csv", b"a", 100);
    scene.put("set/orgs.csv", b"a", 1);
    scene.check(Err(ErrorKind::NotReady));
    let scene = Scene { config: LandingConfig { stable_secs: 0, ..scene.config.clone() }, ..scene };
    scene.check(Ok("set"));
}

#[test]
fn empty_sub_folder_is_not_ready() {
    let scene = Scene::new();
    fs::create_dir(scene.folder.path().join("set")).unwrap();
    let scene = Scene { config: LandingConfig { stable_secs: 0, ..scene.config.clone() }, ..scene };
    scene.check(Err(ErrorKind::NotReady));
}

#[test]
fn a_clock_that_is_ahead_neither_stops_a_set_nor_hides_that_it_is_being_written() {
    let check = |ahead: Duration, stable_secs, write: bool, pause: Option<u64>, expected| {
        let scene = Scene::new();
        scene.put("set/users.csv", b"a", 0);
        let path = scene.folder.path().join("set/users.csv");
        let modified = SystemTime::now() + ahead;
        let touch = || {
            let file = File::options().append(true).open(&path).unwrap();
            file.set_modified(modified).unwrap();
        };
        touch();
        let config = LandingConfig { stable_secs, ..scene.config.clone() };
        let folder = LandingFolder::new(config, BundleLimits::default());
        let paused = Cell::new(None);
        let found = folder.newest_with(&|_| Ok(()), &|pause| {
            paused.set(Some(pause.as_secs()));
            if write {
                fs::write(&path, b"ab").unwrap();
                touch();
            }
        });
        assert_eq!(found.map_err(|it| it.kind()).err(), expected, "{ahead:?} {stable_secs}");
        assert_eq!(paused.get(), pause, "{ahead:?} {stable_secs}");
    };
    let not_ready = Some(ErrorKind::NotReady);
    let hours = Duration::from_hours(5);
    check(hours, 30, false, Some(5), None);
    check(hours, 30, true, Some(5), not_ready);
    check(Duration::from_mins(1), 30, true, Some(5), not_ready);
    check(hours, 2, true, Some(2), not_ready);
    check(hours, 0, false, None, None);
    // So near it is taken for now.
    check(Duration::from_secs(3), 30, false, None, not_ready);
}

#[test]
fn damaged_set_is_an_error_and_not_passed_over() {
    let scene = Scene::new();
    scene.put_zip("old.zip", 500);
    scene.put("new.zip", b"<html>please log in</html>", 100);
    scene.check(Err(ErrorKind::Damaged));
}

#[test]
fn incomplete_set_is_what_the_caller_says() {
    let scene = Scene::new();
    scene.put_zip("set.zip", 100);
    let incomplete = |bundle: &Bundle| -> Result<()> {
        assert_eq!(&*bundle.entries()[0].name, "manifest.csv");
        Err(Error::new(ErrorKind::NotReady, "test.complete", "users.csv is missing"))
    };
    let error = scene.landing().newest(&incomplete).unwrap_err();
    assert_eq!(error.operation(), "test.complete");
}

#[test]
fn set_that_changes_while_it_is_looked_at_is_not_ready() {
    let scene = Scene::new();
    scene.put_zip("set.zip", 100);
    let changing = |_: &Bundle| -> Result<()> {
        scene.put_zip("set.zip", 50);
        Ok(())
    };
    let error = scene.landing().newest(&changing).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotReady);
}

#[test]
fn nothing_there_says_what_is_expected() {
    fn check(scene: &Scene, kind: ErrorKind, message: &str) {
        let error = scene.newest().unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(message), "{error}");
    }
    let scene = Scene::new();
    check(&scene, ErrorKind::NotFound, "nothing came yet");
    scene.put("notes.txt", b"a", 100);
    check(&scene, ErrorKind::NotFound, "other_files=1");
    scene.put("set.zip.part", b"a", 100);
    check(&scene, ErrorKind::NotReady, "set.zip.part");
    let scene = Scene::new();
    scene.put_zip("set.zip", 100);
    scene.landing().put_away(&scene.newest().unwrap()).unwrap();
    check(&scene, ErrorKind::NotReady, "nothing came since");
    fs::remove_dir_all(scene.folder.path()).unwrap();
    check(&scene, ErrorKind::NotFound, "not there");
}

#[test]
fn set_that_was_put_away_is_not_taken_again() {
    let scene = Scene::new();
    scene.put_zip("older.zip", 500);
    scene.put("set/users.csv", b"a", 100);
    scene.put("notes.txt", b"a", 1);
    scene.landing().put_away(&scene.newest().unwrap()).unwrap();
    assert_eq!(scene.files(), ["notes.txt", "older.zip", "taken/set/users.csv"]);
    scene.check(Err(ErrorKind::NotReady));
}

#[test]
fn set_older_than_the_last_one_taken_is_never_taken() {
    let scene = Scene::keeping(0);
    let take = |name: &str| {
        scene.check(Ok(name));
        scene.landing().put_away(&scene.newest().unwrap()).unwrap();
        scene.check(Err(ErrorKind::NotReady));
    };
    scene.put_zip("older.zip", 500);
    scene.put("older/users.csv", b"a", 400);
    scene.put_zip("new.zip", 300);
    take("new.zip");
    let error = scene.newest().unwrap_err().to_string();
    assert!(error.contains("older than the last"), "{error}");
    scene.put("users.csv", b"a", 350);
    scene.check(Err(ErrorKind::NotReady));
    scene.put("users.csv", b"a", 200);
    take(&scene.own_name());
    scene.put_zip("newer.zip", 100);
    take("newer.zip");
    assert_eq!(scene.files(), ["older.zip", "older/users.csv"]);
}

#[test]
fn set_of_the_same_time_and_a_lower_name_is_older() {
    let scene = Scene::new();
    let modified = SystemTime::now() - Duration::from_secs(100);
    let put = |name: &str| {
        scene.put_zip(name, 100);
        let file = File::options().write(true).open(scene.folder.path().join(name)).unwrap();
        file.set_modified(modified).unwrap();
    };
    put("a.zip");
    put("b.zip");
    scene.landing().put_away(&scene.newest().unwrap()).unwrap();
    scene.check(Err(ErrorKind::NotReady));
    put("c d.zip");
    scene.check(Ok("c d.zip"));
}

#[test]
fn set_from_the_future_does_not_shut_out_those_that_follow() {
    let scene = Scene::new();
    scene.put_zip("old.zip", 500);
    scene.put_zip("ahead.zip", 100);
    let path = scene.folder.path().join("ahead.zip");
    let file = File::options().write(true).open(&path).unwrap();
    file.set_modified(SystemTime::now() + Duration::from_hours(5)).unwrap();
    let bundle = Bundle::open(&path, &BundleLimits::default()).unwrap();
    scene.landing().put_away(&Landed { bundle, path }).unwrap();
    scene.check(Err(ErrorKind::NotReady));
    scene.put_zip("next.zip", 0);
    let scene = Scene { config: LandingConfig { stable_secs: 0, ..scene.config.clone() }, ..scene };
    scene.check(Ok("next.zip"));
}

#[test]
fn unreadable_mark_of_the_last_set_is_an_error() {
    let scene = Scene::new();
    scene.put_zip("set.zip", 100);
    scene.put("taken/.last", b"monday", 100);
    scene.check(Err(ErrorKind::Damaged));
}

#[test]
fn loose_files_are_put_away_together() {
    let scene = Scene::new();
    scene.put("users.csv", b"a", 100);
    scene.put("orgs.csv", b"a", 100);
    scene.put("notes.txt", b"a", 100);
    let landed = scene.newest().unwrap();
    scene.put("orgs.csv", b"of tomorrow", 50);
    scene.put("courses.csv", b"of tomorrow", 50);
    scene.landing().put_away(&landed).unwrap();
    let users = format!("taken/{}/users.csv", scene.own_name());
    assert_eq!(scene.files(), ["courses.csv", "notes.txt", "orgs.csv", users.as_str()]);
}

#[test]
fn set_that_was_replaced_meanwhile_stays_for_the_next_night() {
    let scene = Scene::new();
    scene.put_zip("set.zip", 100);
    let landed = scene.newest().unwrap();
    scene.put_zip("set.zip", 50);
    scene.landing().put_away(&landed).unwrap();
    scene.check(Ok("set.zip"));
}

#[test]
fn interrupted_move_of_loose_files_is_finished_and_never_a_set() {
    let scene = Scene::new();
    scene.put("users.csv", b"a", 100);
    scene.put("taken/.moving-20990101T000000Z-landing/orgs.csv", b"a", 100);
    scene.check(Err(ErrorKind::NotFound));
    scene.put_zip("set.zip", 50);
    scene.landing().put_away(&scene.newest().unwrap()).unwrap();
    let expected = ["taken/landing/orgs.csv", "taken/landing/users.csv", "taken/set.zip"];
    assert_eq!(scene.files(), expected);
}

#[test]
fn only_the_newest_taken_sets_are_kept() {
    let scene = Scene::new();
    for day in 1..=4 {
        scene.put(&format!("taken/2026010{day}T000000Z-{day}.zip"), b"a", 100);
    }
    scene.put("taken/20251231T000000Z-set/users.csv", b"a", 100);
    scene.put("taken/keep-this.txt", b"a", 100);
    scene.put_zip("5.zip", 100);
    scene.landing().put_away(&scene.newest().unwrap()).unwrap();
    assert_eq!(scene.files(), ["taken/4.zip", "taken/5.zip", "taken/keep-this.txt"]);
}

#[test]
fn of_sets_taken_within_a_second_the_last_is_kept() {
    let scene = Scene::keeping(1);
    for (name, secs_ago) in [("z.zip", 100), ("m.zip", 90), ("a.zip", 80)] {
        scene.put_zip(name, secs_ago);
        scene.landing().put_away(&scene.newest().unwrap()).unwrap();
        assert_eq!(scene.files(), [format!("taken/{name}")]);
    }
}

#[test]
fn two_sets_of_one_name_in_one_second_are_both_kept() {
    let scene = Scene::new();
    for _ in 0..2 {
        scene.put_zip("set.zip", 100);
        scene.landing().put_away(&scene.newest().unwrap()).unwrap();
    }
    assert_eq!(scene.files().len(), 2);
}

#[test]
fn configuration_is_strict_and_has_defaults() {
    let config: LandingConfig = serde_json::from_str(r#"{"path": "in"}"#).unwrap();
    assert_eq!(config, LandingConfig { path: "in".into(), stable_secs: 30, keep: 14 });
    assert!(serde_json::from_str::<LandingConfig>(r#"{"path": "in", "stable": 1}"#).is_err());
}
