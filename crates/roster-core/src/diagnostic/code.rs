//! Every finding Homeroom can make.  The doc comment of a variant is its manual page: what it means, what happens to
//! the record, how a district mends it.  `cargo xtask codegen` turns them into `docs/diagnostics.md`.

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:literal,)+) => {
        /// Stable, documented code of a finding.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum DiagnosticCode {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl DiagnosticCode {
            /// All codes, in manual order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable word, as in reports and in the database.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The manual page, as Markdown.
            #[must_use]
            pub fn manual(self) -> String {
                let lines: &[&str] = match self { $(Self::$variant => &[$($doc),+],)+ };
                lines.iter().map(|it| it.strip_prefix(' ').unwrap_or(it)).collect::<Vec<_>>().join("\n")
            }
        }
    };
}

codes! {
    /// The set has no `manifest.csv` that names a file, although its columns are those of OneRoster 1.1 or 1.2.
    ///
    /// Since `orgs.csv`, `users.csv`, `classes.csv` and `enrollments.csv` are all there, every file is read as complete
    /// ("bulk").  Mend: have the SIS export include the manifest.
    ManifestMissing = "manifest_missing",
    /// A line of `manifest.csv` is not one the standard knows, is misspelt or has an unusual value.
    ///
    /// What a person would read from it is used.  A property is named where it is, or nearly is, one of the standard's;
    /// anything else might be a value that strayed there.  Mend: correct the property, or the line, in the export.
    ManifestProperty = "manifest_property",
    /// `manifest.csv` announces a file that is not in the set.
    ///
    /// Nothing of that file is read and nothing of it is deleted.  Mend: send the file, or mark it `absent`.
    FileMissing = "file_missing",
    /// A file is in the set although `manifest.csv` marks it `absent` or does not name it.
    ///
    /// The file is read as changes: its records are taken, and nothing is deleted for not being in it.  Mend: write
    /// `bulk` or `delta` for the file in the manifest.
    FileUnexpected = "file_unexpected",
    /// Whether a file holds all records or only those that changed is not clear: `manifest.csv` has another word than
    /// `bulk` or `delta` for it, or two that differ, or it names no file at all and the set is not a whole roster.
    ///
    /// The file is read as changes: its records are taken, those it marks as to be deleted are deleted, and nothing
    /// is deleted for not being in it.  Mend: write `bulk` or `delta` for the file in the manifest.
    FileModeUnclear = "file_mode_unclear",
    /// A file in the set is not one of the standard's.
    ///
    /// It is left alone.  Mend: take it out, or check its name for a typing error.
    FileUnknown = "file_unknown",
    /// A file's name differs from the standard's in upper and lower case or in spelling, or it lies in a folder.
    ///
    /// It is read as the file that was meant.  Mend: use the exact name, at the top of the archive.
    FileName = "file_name",
    /// A file has a header line and nothing else.
    ///
    /// If records of its kind were published before, none of them is deleted, and a person is asked.  Mend: send its
    /// records; if there are none any more, say so to whoever runs Homeroom, who lets them go.  A district that never
    /// had such records leaves the file out and marks it `absent`.
    FileEmpty = "file_empty",
    /// A file is not UTF-8; it was read as Windows-1252.
    ///
    /// Accented letters may be wrong if it was something else.  Mend: export as UTF-8.
    FileEncoding = "file_encoding",
    /// A file separates its cells by semicolons or tabs.
    ///
    /// It is read so.  Mend: separate cells by commas.
    FileDelimiter = "file_delimiter",
    /// A column's name is misspelt, in another case or from another version of the format.
    ///
    /// The column that was meant is used.  Mend: use the exact name.
    ColumnName = "column_name",
    /// Columns are not in the standard's order, or extension columns stand between them.
    ///
    /// Columns are found by name, so nothing is lost.  Mend: none needed here; other readers may insist.
    ColumnOrder = "column_order",
    /// A column that the standard defines is missing.
    ///
    /// Its field stays empty.  If every record needs it, the whole set is refused instead.  Mend: export the column.
    ColumnMissing = "column_missing",
    /// A column is not one of the standard's and does not start with `metadata.`.
    ///
    /// It is kept among the record's extensions under its own name.  It is told by its number where the line might be a
    /// record and no header.  Mend: none needed if it is meant.
    ColumnUnknown = "column_unknown",
    /// A column has no name, usually from commas at the end of the header.
    ///
    /// It is left out.  Mend: remove the empty columns.
    ColumnUnnamed = "column_unnamed",
    /// Two columns have the same name.
    ///
    /// The first is used.  Mend: remove the second.
    ColumnTwice = "column_twice",
    /// A column beyond the standard's seems, by its name, to hold passwords, PINs, secrets or tokens.
    ///
    /// It is not read.  Mend: take them out of the export.
    ColumnCredential = "column_credential",
    /// A line cannot be read as CSV: a quote is opened and not closed, or stands inside an unquoted value.
    ///
    /// The record is rejected.  Mend: quote the value and double the quotes in it.
    CsvSyntax = "csv_syntax",
    /// A record is longer, or has more cells, than anything a school could mean.
    ///
    /// The record is rejected.  Mend: check the export for a runaway value or binary data.
    RecordTooLong = "record_too_long",
    /// A record has more cells than the header has columns.
    ///
    /// The record is rejected if the surplus cells hold anything, since its values may stand in the wrong columns.
    /// Mend: quote values that contain commas.
    RowTooWide = "row_too_wide",
    /// A record has fewer cells than the header has columns.
    ///
    /// The missing cells count as empty.  Mend: write all cells, empty ones included.
    RowTooNarrow = "row_too_narrow",
    /// A value contains a line break.
    ///
    /// It is read as a space.  Mend: remove line breaks from values.
    LineBreakInValue = "line_break_in_value",
    /// A value contains characters that no text has, such as NUL.
    ///
    /// They are removed.  Mend: check the export for binary data.
    ControlCharacter = "control_character",
    /// A value is the word `NULL`.
    ///
    /// It is read as empty.  Mend: leave the cell empty.
    NullLiteral = "null_literal",
    /// A required value is empty.
    ///
    /// The record is rejected.  Mend: fill the named field.
    MissingRequired = "missing_required",
    /// A value that the standard requires is empty, but the record can be used without it.
    ///
    /// The record is kept.  Mend: fill the named field.
    MissingExpected = "missing_expected",
    /// An identifier has characters that the standard does not allow, or more than 255.
    ///
    /// It is kept as it is, as long as it is unique.  Mend: use letters, digits and `. - _ / @`.
    IdentifierCharacters = "identifier_characters",
    /// A value is not a date.
    ///
    /// The value is left out, or the record rejected where the field is required.  Mend: write `YYYY-MM-DD`.
    InvalidDate = "invalid_date",
    /// A date is written in another form, such as `8/27/2026`.
    ///
    /// It is read as a person in the United States would.  Mend: write `YYYY-MM-DD`.
    DateForm = "date_form",
    /// A value is not a date with time.
    ///
    /// The value is left out.  Mend: write `YYYY-MM-DDThh:mm:ss.sssZ`.
    InvalidDateTime = "invalid_date_time",
    /// A date with time is written in another form, or without a time.
    ///
    /// It is read as UTC.  Mend: write `YYYY-MM-DDThh:mm:ss.sssZ`.
    DateTimeForm = "date_time_form",
    /// An end lies before its start.
    ///
    /// The record is kept with both dates.  Mend: correct the dates.
    DateOrder = "date_order",
    /// A value is neither true nor false.
    ///
    /// The value is left out.  Mend: write `true` or `false`.
    InvalidBoolean = "invalid_boolean",
    /// True or false is written in another form, such as `TRUE`, `Y` or `1`.
    ///
    /// It is read as what it means.  Mend: write `true` or `false`.
    BooleanForm = "boolean_form",
    /// A value is not a whole number.
    ///
    /// The value is left out.  Mend: write digits only.
    InvalidInteger = "invalid_integer",
    /// A value is not a number.
    ///
    /// The value is left out.  Mend: write digits with a point.
    InvalidDecimal = "invalid_decimal",
    /// A value is not a year.
    ///
    /// The value is left out.  Mend: write the four digits of the year in which the school year ends.
    InvalidYear = "invalid_year",
    /// A school year is written in another form, such as `2025-2026`.
    ///
    /// It is read as the year in which it ends.  Mend: write four digits.
    YearForm = "year_form",
    /// A list has empty items, such as between two commas or after the last one.
    ///
    /// They are left out.  Mend: separate items by single commas.
    InvalidList = "invalid_list",
    /// A list is written in another form, such as a JSON array.
    ///
    /// It is read as the list that is meant.  Mend: separate items by commas.
    ListForm = "list_form",
    /// A list in one cell is longer than anything a school could mean.
    ///
    /// Its first items are read, the others are left out.  Mend: check the export for a runaway value.
    ListTooLong = "list_too_long",
    /// An item of a list does not have the form that the field asks for, such as `{type:id}`.
    ///
    /// The item is kept without its type.  Mend: write the item in the documented form.
    ListItemForm = "list_item_form",
    /// Two lists that belong together, such as subjects and their codes, have different lengths.
    ///
    /// Both are kept as they are.  Mend: give each subject its code.
    ListLengths = "list_lengths",
    /// A value is not one of those the standard lists for the field.
    ///
    /// The value is kept as text.  Mend: use a listed value, or `ext:` and a name of your own in OneRoster 1.2.
    UnknownVocabulary = "unknown_vocabulary",
    /// A listed value is written in another case or form.
    ///
    /// It is read as the listed value.  Mend: write it exactly.
    VocabularyForm = "vocabulary_form",
    /// A file that is sent as complete ("bulk") fills `status` or `dateLastModified`.
    ///
    /// Harmless: nearly every SIS does it.  Mend: none needed here.
    StatusInBulk = "status_in_bulk",
    /// A file that is sent as complete ("bulk") marks a record as to be deleted, or as inactive.
    ///
    /// The record counts as deleted: the data decides.  Mend: leave such records out of a complete file.
    DeletedInBulk = "deleted_in_bulk",
    /// A record of a delta has no status.
    ///
    /// It is read as active.  Mend: write `active` or `tobedeleted`.
    StatusMissing = "status_missing",
    /// A status is none that the standard knows.
    ///
    /// The record is rejected, since whether it is to be kept or deleted is not known.  Mend: write `active` or
    /// `tobedeleted`.
    UnknownStatus = "unknown_status",
    /// The same key was used before in this file.
    ///
    /// The first record is kept, this one is rejected.  Mend: give every record its own key.
    DuplicateKey = "duplicate_key",
    /// A reference names a record that is in none of tonight's records and was not published before.
    ///
    /// A required reference rejects the record; an optional one is cleared.  Mend: send the missing record, or
    /// correct the reference.  One missing record can have many followers; the report names the record once.
    ReferenceNotFound = "reference_not_found",
    /// A reference names a record of a kind that the set does not contain and that was never published.
    ///
    /// A required reference rejects the record; an optional one is cleared.  Mend: add the missing file.
    ReferenceFileMissing = "reference_file_missing",
    /// A reference names a record that was itself rejected tonight and was never published.
    ///
    /// The record is rejected with it, or the reference cleared.  Mend: mend the record that is named as the cause.
    ReferenceRejected = "reference_rejected",
    /// A reference names a record of another sort than the field asks for, such as a district where a school belongs.
    ///
    /// The record is kept.  Mend: correct the reference or the type of the record it names.
    ReferenceSort = "reference_sort",
    /// Records name each other as parents in a circle.
    ///
    /// The parents of all of them are cleared.  Mend: correct the parents.
    ReferenceCycle = "reference_cycle",
    /// A delta gives the agents of a user and does not tell whether the user is the student or the contact.
    ///
    /// The user's relationships stay as they were published.  Mend: send the user's roles in the same delta.
    AgentsUnclear = "agents_unclear",
    /// A field is filled that only teachers have.
    ///
    /// The value is kept.  Mend: mark only teachers as primary.
    PrimaryNotTeacher = "primary_not_teacher",
    /// A kind of record that was published before came with no record at all.
    ///
    /// None of the published records is deleted.  Mend: check the export; if all are really gone, have the operator
    /// confirm it.
    EntityBecameEmpty = "entity_became_empty",
    /// Records without a readable key were rejected, so it is not known which ones are missing.
    ///
    /// Records of that kind that seem to be missing are not deleted tonight.  Mend: fill the key of every record.
    DeletionsWithheld = "deletions_withheld",
    /// The sharing settings name a school or a section that the feed does not have.
    ///
    /// Nothing is shared by that name; the others count as before.  If none of a list is there, the night fails instead,
    /// since it would withdraw everything.  Mend: have the operator correct the key, or take it out of the settings.
    SharingNamesNothing = "sharing_names_nothing",
    /// A file, query or collection came that never came from this district before.
    ///
    /// It is told once, and read if the format has a place for it.  Mend: none needed if the district meant to send it.
    FileNew = "file_new",
    /// A file, query or collection that came with the nights before did not come.
    ///
    /// It is told once, until it comes again; nothing is deleted for it.  Mend: have the district check its export.
    FileGone = "file_gone",
    /// A column came that this file never had before.
    ///
    /// It is told once.  A column that is not the format's becomes an extension field.  Mend: none needed if the
    /// district meant to send it; a standard column that went at the same time was probably renamed.
    ColumnNew = "column_new",
    /// A column that the file had in the nights before is not there any more.
    ///
    /// It is told once, until it comes again.  Its field becomes empty in all records.  Mend: have the district export
    /// the column again.
    ColumnGone = "column_gone",
    /// A field holds a term that is not in its vocabulary and that never came from this district before.
    ///
    /// It is told once, with the first record that has it, and kept as text.  Mend: use a term of the vocabulary, or
    /// teach what reads the roster the new one.
    VocabularyNew = "vocabulary_new",
    /// A term that is not in the field's vocabulary and that came with the nights before does not come any more.
    ///
    /// It is told once, until it comes again.  Mend: none needed.
    VocabularyGone = "vocabulary_gone",
    /// The feed is fetched without an error, but nothing in it has changed for several school nights.
    ///
    /// It is told once, until something changes; what is published stays.  Mend: check whether the district's export
    /// still runs, or sends the same old file every night.
    FeedStale = "feed_stale",
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_is_unique_and_has_a_page_with_meaning_effect_and_mending() {
        let mut seen = BTreeSet::new();
        for code in DiagnosticCode::ALL {
            assert!(seen.insert(code.code()), "{} twice", code.code());
            let manual = code.manual();
            assert!(manual.contains("\n\n"), "{} needs an effect", code.code());
            assert!(manual.contains("Mend:"), "{} needs a way to mend it", code.code());
        }
    }
}
