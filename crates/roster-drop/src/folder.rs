//! What lies in a login's folder: how much it is, and what a server that was stopped left there.

use crate::name;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// What uploads are called until they are complete.
pub(crate) const UPLOAD: &str = ".homeroom-upload-";

/// How much lies in a folder, without the sets that were taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) bytes: u64,
    pub(crate) files: u64,
}

/// Adds up what a client has in its folder, uploads that are not complete among it.
pub(crate) fn usage(root: &Path) -> io::Result<Usage> {
    let mut usage = Usage::default();
    for (path, name) in entries(root)? {
        if name::is_reserved(&name) && !name.starts_with(UPLOAD) {
            continue;
        }
        add(&path, &mut usage)?;
        if path.is_dir() {
            for (path, _) in entries(&path)? {
                add(&path, &mut usage)?;
            }
        }
    }
    Ok(usage)
}

fn add(path: &Path, usage: &mut Usage) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(it) => {
            usage.files += 1;
            usage.bytes += if it.is_file() { it.len() } else { 0 };
            Ok(())
        }
        // It was renamed or taken just now.
        Err(it) if it.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(it) => Err(it),
    }
}

/// What is in a folder, by path and name; what has no name as text is left out.
pub(crate) fn entries(folder: &Path) -> io::Result<Vec<(PathBuf, String)>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if let Ok(name) = entry.file_name().into_string() {
            entries.push((entry.path(), name));
        }
    }
    Ok(entries)
}

/// Deletes uploads that were never completed; tells whether anything else lies there that a client has sent.
pub(crate) fn clear(root: &Path) -> io::Result<bool> {
    let mut sent = false;
    for (path, name) in entries(root)? {
        if name.starts_with(UPLOAD) {
            fs::remove_file(path)?;
        } else if !name::is_reserved(&name) {
            sent = true;
            if path.is_dir() {
                clear(&path)?;
            }
        }
    }
    Ok(sent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_does_not_count_and_what_is_half_there_is_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for name in ["taken", "set"] {
            fs::create_dir(root.join(name)).unwrap();
        }
        let half = format!("{UPLOAD}1");
        for name in ["a.zip", "set/users.csv", "taken/old.zip", &half] {
            fs::write(root.join(name), "12345").unwrap();
        }
        assert_eq!(usage(root).unwrap(), Usage { bytes: 15, files: 4 });
        assert!(clear(root).unwrap());
        assert_eq!(usage(root).unwrap(), Usage { bytes: 10, files: 3 });
        assert!(root.join("taken/old.zip").exists());
        fs::remove_file(root.join("a.zip")).unwrap();
        fs::remove_dir_all(root.join("set")).unwrap();
        assert!(!clear(root).unwrap(), "what was taken is nothing new");
    }
}
