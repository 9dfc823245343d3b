//! Archives that are broken, half there or meant to harm.

use super::{
    raw::{RawFile, archive, end_record},
    *,
};

/// Checks that an archive is refused when it is opened.
fn refused(archive: &[u8], kind: ErrorKind, message: &str) {
    limited(archive, &BundleLimits::default(), kind, message);
}

fn limited(archive: &[u8], limits: &BundleLimits, kind: ErrorKind, message: &str) {
    let (_folder, bundle) = open_bytes(archive, limits);
    let error = bundle.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.message().contains(message), "{error}");
}

/// Checks that the only entry of an archive fails while it is read, after no more bytes than declared.
fn fails(archive: &[u8], message: &str) {
    let (_folder, bundle) = open_bytes(archive, &BundleLimits::default());
    let bundle = bundle.unwrap();
    let entry = &bundle.entries()[0];
    let mut read = Vec::new();
    let error = match bundle.read(entry) {
        Err(error) => error,
        Ok(mut reader) => {
            let error = io_error(reader.read_to_end(&mut read).unwrap_err(), "test.read", "");
            assert!(reader.read(&mut [0]).is_err(), "a reader that failed must not end");
            error
        }
    };
    assert_eq!(error.kind(), ErrorKind::Damaged, "{error}");
    assert!(error.message().contains(message), "{error}");
    assert!(error.to_string().contains("file=users.csv"), "{error}");
    assert!(read.len() as u64 <= entry.bytes, "{} of {}", read.len(), entry.bytes);
}

fn users() -> RawFile {
    RawFile::deflated("users.csv", &b"sourcedId,status\n1,active\n".repeat(50))
}

#[test]
fn archive_written_by_hand_is_read() {
    let archive = archive(&[users(), RawFile::stored("orgs.csv", b"a")]);
    let (_folder, bundle) = open_bytes(&archive, &BundleLimits::default());
    assert_eq!(contents(&bundle.unwrap())[1], "orgs.csv=a");
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    fn check(name: &str, message: &str) {
        refused(&archive(&[RawFile::stored(name, b"a")]), ErrorKind::Damaged, message);
    }
    check("../users.csv", "leads out of the archive");
    check("a/../../users.csv", "leads out of the archive");
    check(r"..\users.csv", "leads out of the archive");
    check("/etc/passwd", "is absolute");
    check(r"C:\users.csv", "is absolute");
    check(r"\\server\users.csv", "is absolute");
    check("users.csv\0", "control characters");
    check("", "is empty");
}

#[test]
fn two_entries_of_one_name_are_refused() {
    fn check(one: &str, other: &str) {
        let archive = archive(&[RawFile::stored(one, b"a"), RawFile::stored(other, b"b")]);
        refused(&archive, ErrorKind::Damaged, "same name");
    }
    check("users.csv", "users.csv");
    check("users.csv", "./users.csv");
    check("set/users.csv", r"set\users.csv");
}

#[test]
fn symbolic_link_is_refused() {
    let link = RawFile {
        external_attributes: 0o120_777 << 16,
        ..RawFile::stored("users.csv", b"/etc/passwd")
    };
    refused(&archive(&[link]), ErrorKind::Damaged, "symbolic link");
}

#[test]
fn encrypted_and_strange_compression_are_refused() {
    fn check(change: impl Fn(&mut RawFile), message: &str) {
        let mut file = users();
        change(&mut file);
        refused(&archive(&[file]), ErrorKind::Damaged, message);
    }
    check(|it| it.flags = 1, "encrypted");
    check(|it| it.flags = 1 << 13, "encrypted");
    check(|it| it.method = 99, "encrypted");
    check(|it| it.method = 9, "method other than deflate");
    check(|it| it.method = 0, "two sizes");
}

#[test]
fn zip_bomb_by_its_declared_ratio_is_refused() {
    let zeros = vec![0; 4 << 20];
    refused(&archive(&[RawFile::deflated("users.csv", &zeros)]), ErrorKind::Damaged, "max_ratio");
    let limits = BundleLimits { max_ratio: 2_000, ..BundleLimits::default() };
    let (_folder, bundle) =
        open_bytes(&archive(&[RawFile::deflated("users.csv", &zeros)]), &limits);
    let bundle = bundle.unwrap();
    assert_eq!(read_text(&bundle, &bundle.entries()[0]).unwrap().len(), 4 << 20);
}

#[test]
fn zip_bomb_with_a_lying_size_stops_at_that_size() {
    let bomb = RawFile { bytes: 1_000, ..RawFile::deflated("users.csv", &vec![0; 4 << 20]) };
    fails(&archive(&[bomb]), "more than the archive declares");
}

#[test]
fn overlapping_files_are_refused() {
    let first = users();
    let second = RawFile { name: b"orgs.csv".to_vec(), start: Some(0), ..users() };
    refused(&archive(&[first, second]), ErrorKind::Damaged, "overlap");
}

#[test]
fn caps_are_kept() {
    let archive = archive(&[users(), RawFile::stored("orgs.csv", &[b'a'; 500])]);
    let default = BundleLimits::default();
    let limits = BundleLimits { max_entries: 1, ..default.clone() };
    limited(&archive, &limits, ErrorKind::Damaged, "max_entries");
    let limits = BundleLimits { max_entry_bytes: 499, ..default.clone() };
    limited(&archive, &limits, ErrorKind::Damaged, "max_entry_bytes");
    let limits = BundleLimits { max_total_bytes: 1_600, ..default };
    limited(&archive, &limits, ErrorKind::Damaged, "max_total_bytes");
}

#[test]
fn folder_caps_are_kept() {
    fn check(limits: &BundleLimits, message: &str) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("set")).unwrap();
        fs::write(folder.path().join("set/users.csv"), [b'a'; 500]).unwrap();
        let error = Bundle::open(folder.path(), limits).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Damaged);
        assert!(error.message().contains(message), "{error}");
    }
    let default = BundleLimits::default();
    check(&BundleLimits { max_entries: 1, ..default.clone() }, "max_entries");
    check(&BundleLimits { max_entry_bytes: 499, ..default.clone() }, "max_entry_bytes");
    check(&BundleLimits { max_total_bytes: 499, ..default }, "max_total_bytes");
}

#[cfg(unix)]
#[test]
fn symbolic_link_in_a_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("users.csv")).unwrap();
    let error = Bundle::open(folder.path(), &BundleLimits::default()).unwrap_err();
    assert!(error.message().contains("symbolic link"), "{error}");
}

#[test]
fn truncated_archive_is_not_ready() {
    let whole = archive(&[users(), RawFile::stored("orgs.csv", &b"a,b\n".repeat(500))]);
    for percent in [1, 20, 60, 90, 99] {
        refused(
            &whole[..whole.len() * percent / 100],
            ErrorKind::NotReady,
            "upload is not finished",
        );
    }
    refused(&whole[..whole.len() - 1], ErrorKind::NotReady, "upload is not finished");
    refused(&[], ErrorKind::NotReady, "empty");
    refused(&[0; 4_096], ErrorKind::NotReady, "zeros");
}

#[test]
fn truncated_archive_with_an_archive_inside_is_not_ready() {
    let inner = archive(&[users()]);
    let outer = archive(&[RawFile::stored("inner.zip", &inner), users()]);
    let inner_end = 30 + "inner.zip".len() + inner.len();
    assert_eq!(outer[inner_end - 22..inner_end], inner[inner.len() - 22..]);
    refused(&outer[..inner_end + 10], ErrorKind::NotReady, "upload is not finished");
}

#[test]
fn what_is_no_archive_is_named() {
    fn check(content: &[u8], message: &str) {
        refused(content, ErrorKind::Damaged, message);
    }
    check(b"<!DOCTYPE html><html><body>Please log in</body></html>", "HTML page");
    check(b"\x1f\x8b\x08\0\0\0\0\0", "gzip");
    check(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Excel");
    check(b"sourcedId,status\n", "CSV");
    check(&archive(&[RawFile::stored("[Content_Types].xml", b"<x/>")]), "Excel workbook");
}

#[test]
fn wrong_checksum_is_damaged_at_the_end_of_the_entry() {
    fails(&archive(&[RawFile { crc_32: 1, ..users() }]), "checksum");
    fails(&archive(&[RawFile { crc_32: 1, ..RawFile::stored("users.csv", b"a,b\n") }]), "checksum");
}

#[test]
fn damaged_content_is_damaged() {
    let mut flipped = users();
    flipped.content[0] ^= 0xff;
    fails(&archive(&[flipped]), "damaged");
    let shorter = RawFile { bytes: 2_000, ..users() };
    fails(&archive(&[shorter]), "less than declared");
    let mut cut = users();
    cut.content.truncate(cut.content.len() / 2);
    cut.compressed_bytes = u32::try_from(cut.content.len()).unwrap();
    fails(&archive(&[cut]), "");
}

#[test]
fn directory_that_points_elsewhere_is_damaged() {
    let file = RawFile { start: Some(u32::MAX - 1), ..users() };
    refused(&archive(&[file]), ErrorKind::Damaged, "list of entries");
    let file = RawFile { start: Some(1), compressed_bytes: 10, bytes: 10, ..users() };
    fails(&archive(&[file]), "not where the archive says");
    let whole = archive(&[users()]);
    let body = &whole[..whole.len() - 22];
    let ends = [
        (end_record(1, 10, 0), "broken or ends too early"),
        (end_record(1, 100, u32::MAX - 1), "not where the archive says"),
        (end_record(1, u32::MAX - 1, 0), "not where the archive says"),
        (end_record(900, 40, u32::try_from(body.len()).unwrap() - 40), "broken or ends too early"),
    ];
    for (end, message) in ends {
        refused(&[body, &end].concat(), ErrorKind::Damaged, message);
    }
}

#[test]
fn one_part_of_a_split_archive_is_refused() {
    let mut whole = archive(&[users()]);
    let disk = whole.len() - 18;
    whole[disk] = 1;
    refused(&whole, ErrorKind::Damaged, "split");
}

#[test]
fn changed_byte_never_passes_unnoticed() {
    let whole = archive(&[users(), RawFile::stored("orgs.csv", b"a,b\n1,2\n")]);
    let content = b"sourcedId,status\n1,active\n".repeat(50);
    for at in 0..whole.len() {
        for value in [0, 1, 0x7f, 0xff] {
            let mut changed = whole.clone();
            changed[at] = value;
            let (_folder, bundle) = open_bytes(&changed, &BundleLimits::default());
            let Ok(bundle) = bundle else { continue };
            for entry in bundle.entries().iter().filter(|it| &*it.name == "users.csv") {
                if let Ok(text) = read_text(&bundle, entry) {
                    assert!(text.as_bytes() == content, "byte {at} became {value} unnoticed");
                }
            }
        }
    }
}
