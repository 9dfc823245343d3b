//! Says in words what a file is that should have been a zip archive.

/// What the first bytes of a file show it to be.
pub(super) fn describe(start: &[u8]) -> &'static str {
    let signatures: [(&[u8], &str); 11] = [
        (b"\x1f\x8b", "a gzip file"),
        (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
        (b"Rar!", "a RAR archive"),
        (b"BZh", "a bzip2 file"),
        (b"\xfd7zXZ", "an xz file"),
        (b"\x28\xb5\x2f\xfd", "a Zstandard file"),
        (b"\xd0\xcf\x11\xe0", "an old Excel workbook or another old Office document"),
        (b"%PDF", "a PDF document"),
        (b"-----BEGIN PGP", "a PGP-encrypted file"),
        (b"SQLite format 3", "a SQLite database"),
        (b"MZ", "a Windows program"),
    ];
    if let Some((_, what)) = signatures.iter().find(|(it, _)| start.starts_with(it)) {
        return what;
    }
    if start.get(257..262) == Some(b"ustar") {
        return "a tar archive";
    }
    describe_text(start)
}

fn describe_text(start: &[u8]) -> &'static str {
    let text = String::from_utf8_lossy(start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start));
    let text = text.trim_start().to_ascii_lowercase();
    if text.starts_with("<!doctype html") || text.starts_with("<html") {
        "an HTML page, such as a login page or an error page"
    } else if text.starts_with('<') {
        "an XML file"
    } else if text.starts_with(['{', '[']) {
        "a JSON file"
    } else if text.chars().any(|it| it == '\u{fffd}' || (it.is_control() && !it.is_whitespace())) {
        "a file of unknown type"
    } else {
        "a text file, perhaps a single CSV file"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_recognized_by_their_first_bytes() {
        fn check(start: &[u8], expected: &str) {
            assert!(describe(start).contains(expected), "{expected}: {}", describe(start));
        }
        check(b"\x1f\x8b\x08", "gzip");
        check(b"\xef\xbb\xbf\r\n<!DOCTYPE html><html>", "HTML");
        check(b"<HTML>", "HTML");
        check(b"<?xml version=\"1.0\"?>", "XML");
        check(b"{\"error\":1}", "JSON");
        check(b"\xd0\xcf\x11\xe0\xa1\xb1", "Excel");
        check(b"sourcedId,status\n", "CSV");
        check(b"\x01\x02\x03", "unknown");
        let mut tar = vec![b'a'; 512];
        tar[257..262].copy_from_slice(b"ustar");
        check(&tar, "tar");
    }
}
