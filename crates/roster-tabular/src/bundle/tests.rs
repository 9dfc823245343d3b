//! Tests of bundles.

mod hostile;
mod raw;

use super::*;
use roster_core::Retry;
use std::{
    fs::File,
    io::{Cursor, Read, Write},
    time::Duration,
};
use tempfile::TempDir;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// The files of a bundle with their content, as `name=content`.
fn contents(bundle: &Bundle) -> Vec<String> {
    let read = |entry: &Entry| format!("{}={}", entry.name, read_text(bundle, entry).unwrap());
    bundle.entries().iter().map(read).collect()
}

fn read_text(bundle: &Bundle, entry: &Entry) -> Result<String> {
    let mut text = String::new();
    let read = bundle.read(entry)?.read_to_string(&mut text);
    read.map_err(|it| io_error(it, "test.read", ""))?;
    Ok(text)
}

/// Opens an archive that has this content, in a folder that must be kept.
fn open_bytes(archive: &[u8], limits: &BundleLimits) -> (TempDir, Result<Bundle>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("set.zip");
    fs::write(&path, archive).unwrap();
    let bundle = Bundle::open(&path, limits);
    (folder, bundle)
}

fn options(method: CompressionMethod) -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(method)
}

/// An archive as the `zip` crate writes it.
fn zip_of(files: &[(&str, &str)], options: SimpleFileOptions) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(*name, options).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

const FILES: [(&str, &str); 3] = [("users.csv", "a,b\n"), ("orgs.csv", ""), ("set/x.csv", "héllo")];
const CONTENTS: [&str; 3] = ["users.csv=a,b\n", "orgs.csv=", "set/x.csv=héllo"];

#[test]
fn archives_are_read_in_their_order() {
    fn check(archive: &[u8]) {
        let (_folder, bundle) = open_bytes(archive, &BundleLimits::default());
        let bundle = bundle.unwrap();
        assert_eq!(contents(&bundle), CONTENTS);
        assert_eq!(bundle.entries()[0].bytes, 4);
    }
    let deflated = options(CompressionMethod::Deflated);
    check(&zip_of(&FILES, deflated));
    check(&zip_of(&FILES, options(CompressionMethod::Stored)));
    check(&zip_of(&FILES, deflated.large_file(true)));
    let padded = [zip_of(&FILES, deflated), vec![0; 700]].concat();
    check(&padded);
}

#[test]
fn archive_written_to_a_pipe_is_read() {
    let mut writer = ZipWriter::new_stream(Vec::new());
    for (name, content) in FILES {
        writer.start_file(name, options(CompressionMethod::Deflated)).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    let archive = writer.finish().unwrap().into_inner();
    let (_folder, bundle) = open_bytes(&archive, &BundleLimits::default());
    assert_eq!(contents(&bundle.unwrap()), CONTENTS);
}

#[test]
fn archive_with_comment_folders_and_litter_is_read() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = options(CompressionMethod::Deflated);
    writer.set_comment("PK\u{5}\u{6} is how an end record starts, as this comment does").unwrap();
    writer.add_directory("set/", options).unwrap();
    for name in ["set/users.csv", "__MACOSX/set/._users.csv", "set/.DS_Store"] {
        writer.start_file(name, options).unwrap();
    }
    let archive = writer.finish().unwrap().into_inner();
    let (_folder, bundle) = open_bytes(&archive, &BundleLimits::default());
    assert_eq!(contents(&bundle.unwrap()), ["set/users.csv="]);
}

#[test]
fn archive_without_entries_is_empty() {
    let (_folder, bundle) =
        open_bytes(&zip_of(&[], SimpleFileOptions::default()), &BundleLimits::default());
    assert!(bundle.unwrap().entries().is_empty());
}

#[test]
fn zip64_archive_with_its_own_end_record_is_read() {
    let many: Vec<_> = (0..66_000).map(|it| format!("{it}.csv")).collect();
    let files: Vec<_> = many.iter().map(|it| (it.as_str(), "")).collect();
    let archive = zip_of(&files, options(CompressionMethod::Stored));
    let (_folder, bundle) =
        open_bytes(&archive, &BundleLimits { max_entries: 70_000, ..BundleLimits::default() });
    assert_eq!(bundle.unwrap().entries().len(), 66_000);
    let (_folder, refused) = open_bytes(&archive, &BundleLimits::default());
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Damaged);
}

#[test]
fn archive_inside_an_archive_is_a_file_like_any_other() {
    let inner = zip_of(&FILES, options(CompressionMethod::Stored));
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("inner.zip", options(CompressionMethod::Stored)).unwrap();
    writer.write_all(&inner).unwrap();
    let archive = writer.finish().unwrap().into_inner();
    let (_folder, bundle) = open_bytes(&archive, &BundleLimits::default());
    let names: Vec<_> = bundle.unwrap().entries().iter().map(|it| it.name.to_string()).collect();
    assert_eq!(names, ["inner.zip"]);
}

#[test]
fn folders_are_read_by_name() {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in FILES.into_iter().chain([(".hidden", ""), ("Thumbs.db", "")]) {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let bundle = Bundle::open(folder.path(), &BundleLimits::default()).unwrap();
    assert_eq!(contents(&bundle), ["orgs.csv=", "set/x.csv=héllo", "users.csv=a,b\n"]);
    assert_eq!(bundle.stamp().bytes, 10);
}

#[test]
fn entries_are_readable_at_once_from_several_threads() {
    let text = "0123456789".repeat(100_000);
    let archive =
        zip_of(&[("a.csv", &text), ("b.csv", &text)], options(CompressionMethod::Deflated));
    let (_folder, bundle) = open_bytes(&archive, &BundleLimits::default());
    let bundle = bundle.unwrap();
    let threads: Vec<_> = (0..4)
        .map(|number| {
            let (bundle, text) = (bundle.clone(), text.clone());
            std::thread::spawn(move || {
                assert!(read_text(&bundle, &bundle.entries()[number % 2]).unwrap() == text);
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn stamp_tells_whether_the_set_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users.csv");
    fs::write(&path, "a").unwrap();
    let stamp = || Bundle::open(folder.path(), &BundleLimits::default()).unwrap().stamp();
    let before = stamp();
    assert_eq!(stamp(), before);
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1))
        .unwrap();
    assert_ne!(stamp(), before);
}

#[test]
fn set_that_changes_under_the_reader_is_not_ready() {
    fn check(name: &str, content: &[u8], change: impl Fn(&Path)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        let write = || fs::write(&path, content).unwrap();
        let open = || {
            let bundle = if name == "set.zip" { path.as_path() } else { folder.path() };
            Bundle::open(bundle, &BundleLimits::default()).unwrap()
        };
        write();
        let bundle = open();
        change(&path);
        let error = bundle.read(&bundle.entries()[0]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotReady, "before: {error}");
        write();
        let bundle = open();
        let mut reader = bundle.read(&bundle.entries()[0]).unwrap();
        change(&path);
        let error = io_error(reader.read_to_end(&mut Vec::new()).unwrap_err(), "test.read", "");
        assert_eq!(error.kind(), ErrorKind::NotReady, "while: {error}");
    }
    fn grow(path: &Path) {
        File::options().append(true).open(path).unwrap().write_all(b"more").unwrap();
    }
    fn shrink(path: &Path) {
        File::options().write(true).open(path).unwrap().set_len(10).unwrap();
    }
    fn touch(path: &Path) {
        let file = File::options().write(true).open(path).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    }
    let archive =
        zip_of(&[("users.csv", &"a,b\n".repeat(100))], options(CompressionMethod::Deflated));
    for change in [grow, shrink, touch, |path: &Path| fs::remove_file(path).unwrap()] {
        check("set.zip", &archive, change);
        check("users.csv", &b"a,b\n".repeat(100), change);
    }
}

#[test]
fn missing_path_is_not_found() {
    let error = Bundle::open(Path::new("/nowhere/set.zip"), &BundleLimits::default()).unwrap_err();
    assert_eq!((error.kind(), error.retry_verdict()), (ErrorKind::NotFound, Retry::Never));
    assert!(error.to_string().contains("/nowhere/set.zip"), "{error}");
}

#[test]
fn entry_of_another_bundle_is_a_defect() {
    let (_folder, bundle) =
        open_bytes(&zip_of(&FILES, SimpleFileOptions::default()), &BundleLimits::default());
    let stranger = Entry { name: "stranger.csv".into(), bytes: 1 };
    assert_eq!(bundle.unwrap().read(&stranger).unwrap_err().kind(), ErrorKind::Internal);
}

#[test]
fn limits_are_strict_and_have_defaults() {
    let limits: BundleLimits = serde_json::from_str(r#"{"max_entries": 5}"#).unwrap();
    assert_eq!(limits, BundleLimits { max_entries: 5, ..BundleLimits::default() });
    assert!(serde_json::from_str::<BundleLimits>(r#"{"max_entry": 5}"#).is_err());
}
