//! Reads sets that others made, from the folder that `HOMEROOM_FIXTURES` names.

use DiagnosticCode as Code;
use futures::StreamExt as _;
use libtest_mimic::{Arguments, Failed, Trial};
use roster_core::{
    Batch, Diagnostic, DiagnosticCode, EntityKind, Error, ErrorKind, ExtractEvent, ExtractRequest,
    Locus, RunContext, Severity,
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// What an extract gave.
#[derive(Default)]
struct Extract {
    /// Rows, tombstones and rejected records an entity.
    counts: BTreeMap<EntityKind, [u64; 3]>,
    done: Vec<EntityKind>,
    diagnostics: Vec<Diagnostic>,
    error: Option<Error>,
}

impl Extract {
    fn take(&mut self, batch: &Batch) -> Result<(), Failed> {
        if !batch.adds_up() {
            return Err(
                format!("a batch of {} does not add up", batch.rows.entity().table()).into()
            );
        }
        let counts = self.counts.entry(batch.rows.entity()).or_default();
        counts[0] += batch.rows.len() as u64;
        counts[1] += batch.tombstones.len() as u64;
        counts[2] += batch.records_rejected;
        self.diagnostics.extend(batch.diagnostics.iter().cloned());
        Ok(())
    }

    fn sum(&self, index: usize) -> u64 {
        self.counts.values().map(|it| it[index]).sum()
    }

    /// Code, severity, file, line and field of every finding.
    fn findings(&self) -> Vec<(Code, Severity, String, u64, String)> {
        let place = |it: &Diagnostic| match &it.locus {
            Locus::File { file, line } => (file.to_string(), *line),
            _ => (String::new(), 0),
        };
        let finding = |it: &Diagnostic| {
            let (file, line) = place(it);
            (it.code, it.severity, file, line, it.field.as_deref().unwrap_or_default().to_owned())
        };
        self.diagnostics.iter().map(finding).collect()
    }
}

fn extract(path: &Path) -> Result<Extract, Failed> {
    let source = connector_oneroster::from_path(path)?;
    let ctx = RunContext::detached();
    let mut extract = Extract::default();
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(async {
        let catalog = match source.discover(&ctx).await {
            Ok(catalog) => ExtractRequest::everything(&catalog),
            Err(error) => {
                extract.error = Some(error);
                return Ok(());
            }
        };
        let mut events = source.extract(&ctx, catalog);
        while let Some(event) = events.next().await {
            match event {
                Ok(ExtractEvent::Batch(batch)) => extract.take(&batch)?,
                Ok(ExtractEvent::Done(done)) => extract.done.push(done.entity),
                Err(error) => extract.error = Some(error),
            }
        }
        Ok::<_, Failed>(())
    })?;
    Ok(extract)
}

/// A set that is as the standard wants it: all records come, nothing is found.
fn valid(path: &Path, entities: usize) -> Result<(), Failed> {
    let extract = extract(path)?;
    if let Some(error) = extract.error {
        return Err(error.into());
    }
    let clean = extract.diagnostics.is_empty() && extract.sum(1) + extract.sum(2) == 0;
    if extract.done.len() != entities || extract.counts.len() != entities || !clean {
        return Err(format!("{:?} {:?}", extract.counts, extract.diagnostics).into());
    }
    Ok(())
}

/// Code, severity, file, line and field of a finding.
type Finding = (Code, Severity, &'static str, u64, &'static str);

/// What is expected of an odd set.
struct Odd {
    name: &'static str,
    error: Option<ErrorKind>,
    rejected: u64,
    findings: &'static [Finding],
}

/// A set with exactly these findings, in this order.
fn odd(path: &Path, expected: &Odd) -> Result<(), Failed> {
    let extract = extract(path)?;
    let error = extract.error.as_ref().map(Error::kind);
    let mut found = extract.findings();
    // Two sets have next to no columns; what is expected of them is something else.
    found.retain(|it| it.0 != Code::ColumnMissing);
    let owned = |it: &Finding| (it.0, it.1, it.2.to_owned(), it.3, it.4.to_owned());
    let wanted: Vec<_> = expected.findings.iter().map(owned).collect();
    if found != wanted || extract.sum(2) != expected.rejected || error != expected.error {
        return Err(format!("{:?} {:?} {found:?}", extract.error, extract.counts).into());
    }
    Ok(())
}

/// What is expected of a set from the field.
struct Field {
    path: &'static str,
    rows: u64,
    codes: &'static [Code],
}

/// A set from the field: no record is rejected, and only these kinds of findings are made.
fn field(path: &Path, expected: &Field) -> Result<(), Failed> {
    let extract = extract(path)?;
    if let Some(error) = extract.error {
        return Err(error.into());
    }
    let mut found: Vec<_> = extract.diagnostics.iter().map(|it| it.code).collect();
    found.sort_unstable();
    found.dedup();
    if found != expected.codes || extract.sum(2) > 0 || extract.sum(0) != expected.rows {
        return Err(format!("{:?} {:?}", extract.counts, extract.findings()).into());
    }
    Ok(())
}

const VALID: &[(&str, usize)] = &[
    ("valid-manifest-only-package", 0),
    ("valid-rostering-bulk-package", 10),
    ("valid-rostering-delta-package", 10),
    ("valid-gradebook-bulk-package", 18),
    ("valid-gradebook-delta-package", 18),
    ("valid-resources-bulk-package", 14),
    ("valid-resources-delta-package", 14),
    ("valid-full-bulk-package", 22),
    ("valid-full-delta-package", 22),
];

/// Duplicates and references are found later, by the runner.
const ODD: &[Odd] = &[
    Odd {
        name: "invalid-missing-manifest",
        error: Some(ErrorKind::SchemaMismatch),
        rejected: 0,
        findings: &[],
    },
    Odd {
        name: "invalid-unknown-zip-entry",
        error: None,
        rejected: 0,
        findings: &[(Code::FileUnknown, WARNING, "extra.csv", 0, "")],
    },
    Odd {
        name: "invalid-manifest-marks-present-file-absent",
        error: Some(ErrorKind::SchemaMismatch),
        rejected: 0,
        findings: &[(Code::FileUnexpected, WARNING, "users.csv", 0, "")],
    },
    Odd {
        name: "invalid-csv-quote-failure",
        error: Some(ErrorKind::SchemaMismatch),
        rejected: 1,
        findings: &[(Code::CsvSyntax, REJECTED, "users.csv", 2, "")],
    },
    Odd {
        name: "invalid-bulk-lifecycle-status-failure",
        error: None,
        rejected: 0,
        findings: &[(Code::StatusInBulk, WARNING, "users.csv", 2, "status")],
    },
    Odd { name: "invalid-duplicate-sourcedid-failure", error: None, rejected: 0, findings: &[] },
    Odd {
        name: "invalid-missingreferencerecordscenarios-classes-termsourcedids",
        error: None,
        rejected: 0,
        findings: &[],
    },
    Odd {
        name: "invalid-missingreferencerecordscenarios-enrollments-usersourcedid",
        error: None,
        rejected: 0,
        findings: &[],
    },
    Odd {
        name: "invalid-missingtargetfilescenarios-roles-userprofilesourcedid",
        error: None,
        rejected: 0,
        findings: &[],
    },
    Odd {
        name: "invalid-field-parser-failures",
        error: None,
        rejected: 1,
        findings: &[
            (Code::InvalidYear, REPAIRED, "academicSessions.csv", 2, "schoolYear"),
            (Code::IdentifierCharacters, WARNING, "courses.csv", 2, "orgSourcedId"),
            (Code::InvalidBoolean, REPAIRED, "users.csv", 2, "enabledUser"),
            (Code::MissingRequired, REJECTED, "categories.csv", 2, "title"),
            (Code::InvalidDecimal, REPAIRED, "categories.csv", 2, "weight"),
            (Code::InvalidDate, REPAIRED, "lineItems.csv", 2, "assignDate"),
            (Code::InvalidDecimal, REPAIRED, "lineItems.csv", 2, "resultValueMin"),
            (Code::InvalidList, REPAIRED, "scoreScales.csv", 2, "scoreScaleValue"),
            (Code::UnknownVocabulary, WARNING, "results.csv", 2, "scoreStatus"),
            (Code::InvalidBoolean, REPAIRED, "results.csv", 2, "inProgress"),
        ],
    },
];

const FIELD: &[Field] = &[
    Field {
        path: "oneroster-edfi/OneRoster 1.0 Sample Data",
        rows: 61,
        codes: &[Code::BooleanForm, Code::VocabularyForm],
    },
    // The two records with a cell too many have nothing in it.
    Field {
        path: "oneroster-edfi/OneRoster 1.1 Sample Data",
        rows: 61,
        codes: &[Code::ManifestProperty, Code::RowTooWide],
    },
    Field {
        path: "oneroster-gospelnerd/oneroster-school-medium.zip",
        rows: 1_172,
        codes: &[Code::YearForm, Code::StatusInBulk],
    },
    Field {
        path: "oneroster-gospelnerd/oneroster-school-small.STORED.zip",
        rows: 863,
        codes: &[Code::YearForm, Code::StatusInBulk],
    },
];

const WARNING: Severity = Severity::Warning;
const REPAIRED: Severity = Severity::Repaired;
const REJECTED: Severity = Severity::Rejected;

fn trials(root: &Path) -> Vec<Trial> {
    let zip = |name: &str| root.join("oneroster-longsight").join(format!("{name}.zip"));
    let valid = VALID.iter().map(|(name, entities)| {
        let path = zip(name);
        Trial::test(*name, move || valid(&path, *entities))
    });
    let odd = ODD.iter().map(|expected| {
        let path = zip(expected.name);
        Trial::test(expected.name, move || odd(&path, expected))
    });
    let field = FIELD.iter().map(|expected| {
        let path = root.join(expected.path);
        Trial::test(expected.path, move || field(&path, expected))
    });
    valid.chain(odd).chain(field).collect()
}

#[expect(clippy::print_stderr, reason = "an ignored test says why")]
fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let root = std::env::var_os("HOMEROOM_FIXTURES").map(PathBuf::from);
    let mut trials = trials(root.as_deref().unwrap_or(Path::new("")));
    if root.is_none() {
        eprintln!("ignored: HOMEROOM_FIXTURES does not name a folder of sets that others made");
        trials = trials.into_iter().map(|it| it.with_ignored_flag(true)).collect();
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}
