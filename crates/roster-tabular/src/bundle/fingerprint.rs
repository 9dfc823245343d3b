//! What tells one content of a bundle from the next, without reading its files.

use super::{Entry, Place};
use std::time::SystemTime;
use xxhash_rust::xxh3::Xxh3;

/// The digest of the entries, which are in the order of their places, as hexadecimal digits.
pub(super) fn of(entries: &[Entry], places: &[Place]) -> String {
    let mut files: Vec<_> = entries.iter().zip(places).collect();
    files.sort_by(|a, b| a.0.name.cmp(&b.0.name));
    let mut digest = Xxh3::new();
    for (entry, place) in files {
        digest.update(&(entry.name.len() as u64).to_le_bytes());
        digest.update(entry.name.as_bytes());
        digest.update(&entry.bytes.to_le_bytes());
        digest.update(&state(place).to_le_bytes());
    }
    format!("{:032x}", digest.digest128())
}

fn state(place: &Place) -> u128 {
    match place {
        Place::Member(member) => member.crc_32.into(),
        Place::File { state, .. } => {
            let age = state.modified.duration_since(SystemTime::UNIX_EPOCH);
            age.unwrap_or_else(|before| before.duration()).as_nanos()
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Bundle, BundleLimits};
    use std::{fs, io::Write as _, path::Path, time::Duration};
    use zip::{ZipWriter, write::SimpleFileOptions};

    fn fingerprint(path: &Path) -> String {
        Bundle::open(path, &BundleLimits::default()).unwrap().fingerprint()
    }

    fn zip(path: &Path, files: &[(&str, &str)]) -> String {
        let mut zip = ZipWriter::new(fs::File::create(path).unwrap());
        for (name, text) in files {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        zip.finish().unwrap();
        fingerprint(path)
    }

    #[test]
    fn archives_of_the_same_files_have_one_fingerprint_and_of_others_another() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("one.zip"), folder.path().join("other.zip"));
        let before = zip(&one, &[("a.csv", "x"), ("b.csv", "y")]);
        let check = |files: &[(&str, &str)], same: bool| {
            assert_eq!(zip(&other, files) == before, same, "{files:?}");
        };
        check(&[("a.csv", "x"), ("b.csv", "y")], true);
        check(&[("b.csv", "y"), ("a.csv", "x")], true);
        check(&[("a.csv", "x"), ("b.csv", "z")], false);
        check(&[("a.csv", "x")], false);
        check(&[("a.csv", "x"), ("c.csv", "y")], false);
    }

    #[test]
    fn a_folder_changes_with_the_time_of_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.csv");
        fs::write(&file, "x").unwrap();
        let before = fingerprint(folder.path());
        assert_eq!(fingerprint(folder.path()), before);
        let modified = fs::metadata(&file).unwrap().modified().unwrap();
        let file = fs::File::options().write(true).open(&file).unwrap();
        file.set_modified(modified - Duration::from_secs(1)).unwrap();
        assert_ne!(fingerprint(folder.path()), before);
    }
}
