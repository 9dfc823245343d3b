//! Sees which files this process holds open, where the system tells (Linux).

use std::{fs, path::Path};

/// Whether a file below `folder` is open or mapped; `None` when the system does not tell.
pub(super) fn below(folder: &Path) -> Option<bool> {
    let folder = folder.canonicalize().ok()?;
    let open = fs::read_dir("/proc/self/fd").ok()?.flatten();
    let mapped = fs::read_to_string("/proc/self/maps").ok()?;
    Some(
        open.filter_map(|it| fs::read_link(it.path()).ok()).any(|it| it.starts_with(&folder))
            || folder.to_str().is_some_and(|it| mapped.contains(it)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_file_is_seen_until_it_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let file = fs::File::create(folder.path().join("a")).unwrap();
        assert_ne!(below(folder.path()), Some(false));
        drop(file);
        assert_ne!(below(folder.path()), Some(true));
    }
}
