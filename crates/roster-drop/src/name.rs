//! Paths as clients write them: what may lie in a login's folder, and what is refused.

/// The longest name, in bytes.
const LONGEST: usize = 200;
/// How deep a path may be: a set may be a folder of files, and has no folders itself.
const DEEPEST: usize = 2;
/// What the server's own files start with.
pub(crate) const OWN: &str = ".homeroom";
/// Where sets are put away that were taken.
const TAKEN: &str = "taken";

/// A path that stays inside: the names from the login's folder on.  None of them: the folder itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Inside(pub(crate) Vec<String>);

/// Why a path is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It leads out, or has a name that nothing here may have.
    Name,
    /// It is the server's own, which clients do not see.
    Hidden,
}

impl Inside {
    /// Reads a path; a leading slash means the login's folder, as no slash does.
    pub(crate) fn parse(path: &str) -> Result<Self, Refused> {
        let names: Vec<_> = path.split('/').filter(|it| !matches!(*it, "" | ".")).collect();
        if names.len() > DEEPEST || !names.iter().all(|it| is_good(it)) {
            return Err(Refused::Name);
        }
        if names.iter().any(|it| is_reserved(it)) {
            return Err(Refused::Hidden);
        }
        Ok(Self(names.into_iter().map(str::to_owned).collect()))
    }

    pub(crate) fn is_root(&self) -> bool {
        self.0.is_empty()
    }
}

/// Makes a path absolute without looking at the disk; `..` at the top stays there.
pub(crate) fn absolute(path: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => _ = names.pop(),
            name => names.push(name),
        }
    }
    format!("/{}", names.join("/"))
}

/// Whether clients neither see nor touch what has this name.
pub(crate) fn is_reserved(name: &str) -> bool {
    name.eq_ignore_ascii_case(TAKEN)
        || name.get(..OWN.len()).is_some_and(|it| it.eq_ignore_ascii_case(OWN))
        || name.starts_with(".moving-")
}

/// Whether what has this name is one file that is a whole set.
pub(crate) fn is_archive(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".zip")
}

/// Whether a name is made of letters, digits, and signs that are harmless to every file system, shell and terminal.
fn is_good(name: &str) -> bool {
    let good = |it: char| it.is_alphanumeric() || " ._-()+,@#~=[]&'".contains(it);
    let ends = name.starts_with(' ') || name.ends_with([' ', '.']);
    !ends && name.len() <= LONGEST && name != ".." && name.chars().all(good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        let check = |path: &str, expected: Result<&[&str], Refused>| {
            let expected =
                expected.map(|it| Inside(it.iter().map(|it| (*it).to_owned()).collect()));
            assert_eq!(Inside::parse(path), expected, "{path:?}");
        };
        check("oneroster.zip", Ok(&["oneroster.zip"]));
        check("/oneroster.zip", Ok(&["oneroster.zip"]));
        check("//./set/./users.csv", Ok(&["set", "users.csv"]));
        check("Schüler (2026).csv", Ok(&["Schüler (2026).csv"]));
        check("", Ok(&[]));
        check("/", Ok(&[]));
        check(".users.csv.swp", Ok(&[".users.csv.swp"]));
        for out in [
            "..",
            "../x",
            "/../x",
            "a/../../x",
            "a/..",
            "a/b/c",
            "a\\..\\b",
            "C:x",
            "a\0b",
            "a\nb",
            "a\u{1b}[2J",
        ] {
            check(out, Err(Refused::Name));
        }
        // Look-alikes of dots and slashes, directions, what cannot be seen.
        for odd in [
            "\u{ff0e}\u{ff0e}/x",
            "a\u{2215}b",
            "a\u{ff0f}b",
            "\u{202e}piz.x",
            "a\u{200b}.csv",
            "a\u{feff}",
            "x.",
            " x",
            "x ",
        ] {
            check(odd, Err(Refused::Name));
        }
        check(&"a".repeat(201), Err(Refused::Name));
        for own in [
            "taken",
            "TAKEN/x.zip",
            ".homeroom",
            ".homeroom-incomplete",
            "a/.Homeroom-x",
            ".moving-1",
        ] {
            check(own, Err(Refused::Hidden));
        }
    }

    #[test]
    fn absolute_paths_end_at_the_top() {
        let check = |path: &str, expected: &str| assert_eq!(absolute(path), expected, "{path}");
        check(".", "/");
        check("", "/");
        check("/../../etc", "/etc");
        check("a/./b/../c", "/a/c");
    }
}
