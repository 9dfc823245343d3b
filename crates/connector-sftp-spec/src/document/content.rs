//! What the document says: made of the table of files, and of what no table has.

use super::Block::{self, Heading, Lines, List, Paragraph, Table};
use crate::{
    spec::{
        Column, EDITIONS, FILES, FileSpec, Kind,
        vocabularies::{GRADES, Vocabulary},
    },
    template,
};
use roster_core::DiagnosticCode as Code;

pub(super) fn blocks() -> Vec<Block> {
    let mut blocks = introduction();
    blocks.extend(FILES.iter().flat_map(|it| file(it)));
    blocks.extend(manifest());
    blocks.extend(kinds());
    blocks.extend(changes_only());
    blocks.extend(mistakes());
    blocks.extend(report());
    blocks.extend(editions());
    blocks
}

fn heading(level: u8, text: &str) -> Block {
    Heading(level, text.to_owned())
}

fn paragraph(text: &str) -> Block {
    Paragraph(text.to_owned())
}

fn list(items: &[&str]) -> Block {
    List(items.iter().map(|it| (*it).to_owned()).collect())
}

fn introduction() -> Vec<Block> {
    let files = FILES.iter().map(|it| {
        let need = if it.required { "yes" } else { "if you have it" };
        vec![code(it.name), it.title.to_owned(), need.to_owned(), codes(it.key)]
    });
    vec![
        heading(1, "Roster file specification"),
        Paragraph(format!(
            "Edition {}, {}. What a school district sends so that its schools, staff, students and sections are known \
             here every morning: plain CSV files, once a day, out of your student information system.",
            EDITIONS[0].number, EDITIONS[0].published
        )),
        heading(2, "In short"),
        list(&[
            "Send all files of one day together, every evening, as one zip archive or as loose files.",
            "Send what is true now: everybody who is enrolled or works today, and nobody who has left. Whoever is \
             missing from a full set is removed.",
            "Keys never change. A student keeps the `student_id` for good, also in another school and next year.",
            "Before you send for the first time, check the files with `homeroom spec validate`.",
        ]),
        heading(2, "Files"),
        Table(vec!["file", "what", "needed in a full set", "key"], files.collect()),
        paragraph(
            "Leave out a file that you have nothing for; do not send it empty. Once you have sent a file, send it \
             every time: the records of a file that stays away are kept as they were. If you have no contacts at all, \
             say so (in `manifest.csv`, or tell us), since students are not removed while it is open whether contacts \
             are missing.",
        ),
        heading(2, "How to send"),
        list(&[
            "By SFTP, with the login that you were given, into its top folder. Where an agreement says so, into a \
             folder of your own server or an S3 bucket.",
            "Either one zip archive of any name with the files in it, or the files themselves. Upload under a \
             temporary name, such as `students.csv.part`, and rename when it is complete, if your program can.",
            "A set is taken when all of its files have come and none has changed for half a minute. Files of a set \
             that is incomplete wait for the others.",
            "A date in the name does no harm: `students_2026-11-23.csv` and `20261123_students.csv` are read as \
             `students.csv`. If files of several days lie there, those of the newest day count.",
            "Do not encrypt the archive or give it a password: the connection is encrypted.",
        ]),
        heading(2, "Form of the files"),
        list(&[
            "Text, UTF-8. A byte order mark does no harm. Windows-1252 is read, with a remark in the report.",
            "Comma between values; semicolon or tab are read as well. Lines end with CR LF or LF, the last one too.",
            "A value that holds a comma, a quote or a semicolon stands in double quotes; quotes in it are doubled.",
            "The first line has the names of the columns, in any order. Upper and lower case, spaces, `_` and `-` do \
             not matter: `Student ID` is `student_id`. If your system names a column otherwise, tell us its name: \
             nothing needs to be renamed.",
            "Columns that are not needed may be left out. A column that this document does not have is not read, \
             unless its name begins with `ext.`: `ext.bus_route` is kept with the record as `bus_route`.",
            "Never send passwords or PINs. A column that is named like one is not read.",
            "No line breaks within values, no totals or titles above or below the rows.",
        ]),
    ]
}

fn file(file: &FileSpec) -> Vec<Block> {
    let need = if file.required { "Every full set has it." } else { "Send it if you have it." };
    let rows = file.columns.iter().map(column_row).collect();
    let mut blocks = vec![
        Heading(2, code(file.name)),
        Paragraph(format!("{} {need} Key: {}.", file.about, codes(file.key))),
        Table(COLUMN_HEADS.to_vec(), rows),
    ];
    let words = file.columns.iter().filter_map(|column| match column.kind {
        Kind::Term(vocabulary) => Some((column, vocabulary)),
        _ => None,
    });
    for (column, vocabulary) in words {
        blocks.push(Paragraph(format!("Words for {}:", code(column.name))));
        blocks.push(vocabulary_table(vocabulary));
    }
    let example = template::EXAMPLE.iter().find(|it| it.0 == file.name);
    if let Some((_, text)) = example {
        let lines: Vec<_> = text.lines().take(4).collect();
        blocks.push(paragraph("The first rows of the example:"));
        blocks.push(Lines(lines.join("\n")));
    }
    blocks
}

const COLUMN_HEADS: [&str; 6] = ["column", "needed", "type", "example", "what", "also read as"];

/// The rules of one column, as a row of the document's tables has them: name, whether a row needs it, type, example, what
/// it says, other names.
#[must_use]
pub fn column_row(column: &Column) -> Vec<String> {
    let optional = |it: &str| if it.is_empty() { String::new() } else { code(it) };
    vec![
        code(column.name),
        if column.required { "yes" } else { "no" }.to_owned(),
        kind(column.kind),
        optional(column.example),
        column.about.to_owned(),
        codes(column.aliases),
    ]
}

fn kind(kind: Kind) -> String {
    match kind {
        Kind::Key => "key".to_owned(),
        Kind::Reference(file) => format!("key in {}", code(file)),
        Kind::References(file) => format!("keys in {}", code(file)),
        Kind::Text => "text".to_owned(),
        Kind::List => "list".to_owned(),
        Kind::Identifiers => "list of `type:id`".to_owned(),
        Kind::Date => "date".to_owned(),
        Kind::LastDay => "date (last day)".to_owned(),
        Kind::Boolean | Kind::Deleted => "yes or no".to_owned(),
        Kind::Year => "year".to_owned(),
        Kind::Number => "whole number".to_owned(),
        Kind::Grades => "grades".to_owned(),
        Kind::Term(vocabulary) => {
            let words: Vec<_> = vocabulary.words.iter().map(|it| it.word).collect();
            format!("one of {}", codes(&words))
        }
    }
}

fn vocabulary_table(vocabulary: &Vocabulary) -> Block {
    let rows = vocabulary.words.iter().map(|it| {
        let meant = (it.term != it.word).then_some(it.term).into_iter();
        let also: Vec<_> = it.also.iter().copied().chain(meant).collect();
        vec![code(it.word), it.about.to_owned(), codes(&also)]
    });
    Table(vec!["word", "meaning", "also read as"], rows.collect())
}

fn manifest() -> Vec<Block> {
    vec![
        heading(2, "`manifest.csv`"),
        paragraph(
            "Optional, and worth sending: it lists the files of the set, so that nothing is taken before all of them \
             have come, and how many rows each has, so that no file is taken that was cut short. `mode` is `full`, \
             `changes` or `none` (there is no such file, and there is nothing to wait for). `rows` may be left empty.",
        ),
        Lines(template::manifest().replace("\r\n", "\n").trim_end().to_owned()),
    ]
}

fn kinds() -> Vec<Block> {
    let row = |name: &str, how: &str| vec![name.to_owned(), how.to_owned()];
    let grades = GRADES.iter().map(|it| vec![code(it.0), codes(it.1)]).collect();
    vec![
        heading(2, "Types"),
        Table(
            vec!["type", "how to write it"],
            vec![
                row(
                    "key",
                    "Up to 255 characters, the same wherever the record is named. Mind leading zeros: `0110` and `110` are two keys.",
                ),
                row(
                    "list",
                    "Values between commas (then the cell stands in quotes), semicolons or `|`: `\"1,2\"` or `1;2`.",
                ),
                row("list of `type:id`", "`ldap:aokafor`, several as a list."),
                row(
                    "date",
                    "`2026-08-17` or `8/17/2026`, month first. Two-digit years and times behind a date are read, with a remark.",
                ),
                row("date (last day)", "The last day on which it is still so."),
                row("yes or no", "`Y` `N`, `yes` `no`, `true` `false`, `1` `0`, in any case."),
                row("year", "Four digits."),
                row("whole number", "Digits."),
                row("grades", "One grade or a list of them, as below."),
                row(
                    "one of …",
                    "One of the words; upper and lower case, spaces, `_` and `-` do not matter. A word of your own begins with `ext:`, such as `ext:librarian`. Any other word is kept as it is, with a remark.",
                ),
            ],
        ),
        paragraph(
            "Grades are kept as in the first column, and read in all of these forms; also as `Grade 9`.",
        ),
        Table(vec!["grade", "also read as"], grades),
    ]
}

fn changes_only() -> Vec<Block> {
    vec![
        heading(2, "Sending only what changed"),
        paragraph(
            "Only where we have agreed on it, or where `manifest.csv` says `changes` for a file. Such a file has the \
             records that are new or changed, whole, and those that are gone with `Y` in `deleted`; nobody is removed \
             for not being in it. Send all rows of a student or member of staff of whom one has changed: they are \
             taken for all the roles of that person. `deleted` in a row of `students.csv` or `staff.csv` means the \
             person, in `contacts.csv` the contact of that student, or the contact altogether where `student_id` is \
             empty. Send a full set at least once a week as well.",
        ),
    ]
}

fn mistakes() -> Vec<Block> {
    let row = |seen: &str, comes: &str, codes_of: &[Code]| {
        let words: Vec<_> = codes_of.iter().map(|it| it.code()).collect();
        vec![seen.to_owned(), comes.to_owned(), codes(&words)]
    };
    vec![
        heading(2, "Common mistakes"),
        Table(
            vec!["what happens", "what comes of it", "in the report"],
            vec![
                row(
                    "The file was opened and saved in a spreadsheet, and `0110` became `110`.",
                    "References are mended where only one key can be meant. Export the column as text, and do not open the files.",
                    &[Code::LeadingZeros],
                ),
                row(
                    "A long number became `1.00E+09`.",
                    "The record is left out: nobody can tell which it was.",
                    &[Code::RoundedNumber],
                ),
                row(
                    "A student and a teacher have the same number.",
                    "The second is left out. Have us put a letter before one kind of them.",
                    &[Code::PersonKeyShared],
                ),
                row(
                    "A student has two rows for one school.",
                    "The second is left out.",
                    &[Code::DuplicateKey],
                ),
                row(
                    "A section is in `enrollments.csv` and not in `sections.csv`.",
                    "Its enrollments are left out until the section comes.",
                    &[Code::ReferenceNotFound],
                ),
                row(
                    "A required value is empty.",
                    "The record is left out; what was known of it stays.",
                    &[Code::MissingRequired],
                ),
                row(
                    "A name with a comma stands without quotes.",
                    "The record is left out: its values stand in the wrong columns.",
                    &[Code::RowTooWide],
                ),
                row(
                    "A quote is opened and not closed.",
                    "The line is left out.",
                    &[Code::CsvSyntax],
                ),
                row(
                    "A date is none, such as `2026-02-30`.",
                    "The value is left out; the record too, if it needs the date.",
                    &[Code::InvalidDate],
                ),
                row(
                    "A file is empty but for its header.",
                    "Nobody is removed; we ask.",
                    &[Code::FileEmpty, Code::EntityBecameEmpty],
                ),
                row(
                    "An export broke off, and half of the students are missing.",
                    "Far more than usual would be removed: that waits until a person has looked at it.",
                    &[],
                ),
            ],
        ),
    ]
}

fn report() -> Vec<Block> {
    vec![
        heading(2, "Check before you send"),
        paragraph(
            "`homeroom spec validate` reads a folder or an archive as it would be read after sending, with the same \
             checks and the same words, and sends nothing anywhere. It ends with exit code 0 if everything would be \
             taken, and with 11 if something would be left out or the set refused.",
        ),
        Lines("homeroom spec template --to my-files\nhomeroom spec validate my-files/example\nhomeroom spec validate roster.zip --json".to_owned()),
        heading(2, "How to read the report"),
        paragraph(
            "After each night there is a report in the words of this document. What costs most comes first; findings \
             with one cause are told once, with the number of records they reach.",
        ),
        list(&[
            "**Left out** (`rejected`): the record was not taken. What was known of it before stays, and nobody is \
             removed for it. Mend it at the source; the next evening takes it.",
            "**Repaired** (`repaired`): the record was taken, with one value read as it was meant or left out.",
            "**To note** (`warning`): the record was taken as it is.",
            "A cause names the file, the column and the lines. A line is the number of the line in the file, the \
             header being line 1.",
            "Mend missing schools first, then sections and people, then enrollments: one missing section can leave \
             out thirty enrollments.",
        ]),
    ]
}

fn editions() -> Vec<Block> {
    let mut blocks = vec![heading(2, "Editions")];
    for edition in EDITIONS {
        let added = |it: &&&FileSpec| it.since == edition.number;
        let files: Vec<_> = FILES.iter().filter(added).map(|it| it.name).collect();
        let changes = edition.changes.join(" ");
        blocks.push(Paragraph(format!(
            "**{}**, {}: {changes} New files: {}.",
            edition.number,
            edition.published,
            codes(&files)
        )));
    }
    blocks.push(paragraph(
        "Later editions only add files and columns that may be left out: what is right today stays right.",
    ));
    blocks
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

fn codes(texts: &[&str]) -> String {
    texts.iter().map(|it| code(it)).collect::<Vec<_>>().join(", ")
}
