//! What a district starts from: files with nothing but a header, and a filled example.

use crate::spec::{FILES, FileSpec};
use std::fmt::Write as _;

/// Name and content of the files of a made-up district, as they should be sent.
pub const EXAMPLE: &[(&str, &str)] = &[
    ("schools.csv", include_str!("../example/schools.csv")),
    ("terms.csv", include_str!("../example/terms.csv")),
    ("courses.csv", include_str!("../example/courses.csv")),
    ("sections.csv", include_str!("../example/sections.csv")),
    ("students.csv", include_str!("../example/students.csv")),
    ("staff.csv", include_str!("../example/staff.csv")),
    ("contacts.csv", include_str!("../example/contacts.csv")),
    ("demographics.csv", include_str!("../example/demographics.csv")),
    ("programs.csv", include_str!("../example/programs.csv")),
    ("enrollments.csv", include_str!("../example/enrollments.csv")),
    ("section_staff.csv", include_str!("../example/section_staff.csv")),
];

/// The header line of a file, with its line end.
#[must_use]
pub fn header(file: &FileSpec) -> String {
    let names: Vec<_> = file.columns.iter().map(|it| it.name).collect();
    let mut line = names.join(",");
    line.push_str("\r\n");
    line
}

/// A manifest that lists all files as full ones, with their rows in the example.
#[must_use]
pub fn manifest() -> String {
    let mut text = "file,mode,rows\r\n".to_owned();
    for (name, content) in EXAMPLE {
        _ = write!(text, "{name},full,{}\r\n", content.lines().count() - 1);
    }
    text
}

/// Name and content of every file with nothing but its header.
#[must_use]
pub fn empty() -> Vec<(&'static str, String)> {
    FILES.iter().map(|it| (it.name, header(it))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn example_has_every_file_and_column_and_the_example_of_each() {
        for file in FILES {
            let (_, text) = EXAMPLE.iter().find(|it| it.0 == file.name).expect("it has the file");
            let lines: Vec<_> = text.split("\r\n").collect();
            let names: Vec<_> = lines[0].split(',').filter(|it| !it.starts_with("ext.")).collect();
            assert_eq!(names, file.columns.iter().map(|it| it.name).collect::<Vec<_>>());
            for column in file.columns {
                // A value with a comma stands in quotes.
                let cell = |it: &&&str| it.contains(column.example);
                let found = lines[1..].iter().find(cell);
                assert!(found.is_some(), "{} {} {}", file.name, column.name, column.example);
            }
        }
    }
}
