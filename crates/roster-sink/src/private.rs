//! Files and folders that only their owner can read: what is written beside a sink is data about children.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::Path,
};

/// Makes a folder, and those above it that are not there, so that only the owner can look into them.
///
/// A folder that is there and empty is closed to others too; one that holds something is somebody's, and is left as it
/// is.  Where the system has no such permissions, the folder is just made.
///
/// # Errors
///
/// When it cannot be made, or is there with permissions that cannot be changed.
pub fn private_folder(folder: &Path) -> io::Result<()> {
    let there = folder.is_dir();
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    if there && folder.read_dir()?.next().is_none() { close(folder) } else { Ok(()) }
}

#[cfg(unix)]
fn close(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut permissions = folder.metadata()?.permissions();
    let closed = permissions.mode() & !0o077;
    if permissions.mode() == closed {
        return Ok(());
    }
    permissions.set_mode(closed);
    fs::set_permissions(folder, permissions)
}

#[cfg(not(unix))]
fn close(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Makes a new file that only its owner can read.
///
/// # Errors
///
/// When it cannot be made, or is there already.
pub fn private_file(file: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn folder_is_closed_to_others_unless_it_is_in_use() {
        let base = tempfile::tempdir().unwrap();
        let check = |name: &str, before: Option<u32>, used: bool, expected: u32| {
            let folder = base.path().join(name);
            if let Some(mode) = before {
                fs::create_dir(&folder).unwrap();
                fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
            }
            if used {
                fs::write(folder.join("notes.txt"), "mine").unwrap();
            }
            private_folder(&folder).unwrap();
            assert_eq!(mode(&folder), expected, "{name}");
        };
        check("new", None, false, 0o700);
        check("new-in/new", None, false, 0o700);
        check("empty", Some(0o755), false, 0o700);
        check("closed", Some(0o500), false, 0o500);
        check("used", Some(0o755), true, 0o755);
        assert_eq!(mode(&base.path().join("new-in")), 0o700);
    }

    #[test]
    fn file_is_closed_to_others_and_replaces_none() {
        let base = tempfile::tempdir().unwrap();
        let file = base.path().join("users.rows");
        private_file(&file).unwrap();
        assert_eq!(mode(&file), 0o600);
        assert_eq!(private_file(&file).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }
}
