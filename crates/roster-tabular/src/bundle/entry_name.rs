//! Makes the names in archives safe, or refuses them.

use crate::bundle::damaged;
use roster_core::Result;

/// The longest name, in bytes; the longest in any roster format is a tenth of it.
const MAX_NAME_BYTES: usize = 1_024;

/// The name with `/` between folders and without `.` parts; it ends in `/` if it names a folder.
///
/// # Errors
///
/// `Damaged` if the name is absolute (of any operating system), leads out of the archive, or is no name at all.
pub(super) fn safe_name(raw: &[u8]) -> Result<String> {
    let refuse =
        |why: &str| damaged(format!("an entry's name {why}, as in an attack; pack the files anew"));
    if raw.is_empty() || raw.len() > MAX_NAME_BYTES {
        return Err(refuse("is empty or very long"));
    }
    let name = String::from_utf8_lossy(raw).replace('\\', "/");
    if name.contains(|it: char| it.is_control()) {
        return Err(refuse("has control characters"));
    }
    if name.starts_with('/') || name.as_bytes().get(1) == Some(&b':') {
        return Err(refuse("is absolute"));
    }
    if name.split('/').any(|it| it == "..") {
        return Err(refuse("leads out of the archive"));
    }
    let parts: Vec<&str> = name.split('/').filter(|it| !matches!(*it, "" | ".")).collect();
    let end = if name.ends_with('/') { "/" } else { "" };
    Ok(parts.join("/") + end)
}

/// Whether a file is one that an operating system leaves behind: hidden, or of a well-known name.
pub(crate) fn is_litter(name: &str) -> bool {
    name.split('/')
        .any(|it| it.starts_with('.') || matches!(it, "__MACOSX" | "Thumbs.db" | "desktop.ini"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_safe_or_refused() {
        fn check(raw: &str, expected: Option<&str>) {
            assert_eq!(safe_name(raw.as_bytes()).ok().as_deref(), expected, "{raw}");
        }
        check("users.csv", Some("users.csv"));
        check("set/users.csv", Some("set/users.csv"));
        check(r"set\users.csv", Some("set/users.csv"));
        check("./set//users.csv", Some("set/users.csv"));
        check("set/", Some("set/"));
        check("usérs.csv", Some("usérs.csv"));
        check("a..b.csv", Some("a..b.csv"));
        check("", None);
        check("../users.csv", None);
        check("set/../../users.csv", None);
        check(r"set\..\..\users.csv", None);
        check("..", None);
        check("/etc/passwd", None);
        check(r"\\server\share\users.csv", None);
        check(r"C:\users.csv", None);
        check("C:users.csv", None);
        check("users.csv\0.txt", None);
        check(&"x".repeat(2_000), None);
    }

    #[test]
    fn litter_is_what_operating_systems_leave_behind() {
        fn check(name: &str, expected: bool) {
            assert_eq!(is_litter(name), expected, "{name}");
        }
        check("users.csv", false);
        check("set/users.csv", false);
        check(".DS_Store", true);
        check("__MACOSX/._users.csv", true);
        check("set/.hidden/users.csv", true);
        check("Thumbs.db", true);
    }
}
