//! Reads sets that are the filled example with something changed.

mod document;
mod hostile;
mod people;
mod sets;
mod writing;

use connector_sftp_spec::{Config, SftpSpec, template};
use futures::StreamExt as _;
use roster_core::{
    Batch, Connector as _, Coverage, Diagnostic, EntityKind, Error, ExtractEvent, ExtractRequest,
    Locus, RosterSource, RunContext, Severity,
};
use roster_testkit::FileSet;
use std::{path::Path, sync::Arc};

/// The filled example.
fn example() -> FileSet {
    let mut set = FileSet::default();
    for (name, content) in template::EXAMPLE {
        set.set(name, *content);
    }
    set
}

/// What an extract gave.
#[derive(Debug, Default)]
struct Extract {
    batches: Vec<Batch>,
    done: Vec<(EntityKind, Coverage)>,
    error: Option<Error>,
}

impl Extract {
    /// Code, severity, file, line and field of every finding.
    fn findings(&self) -> Vec<(&'static str, Severity, String, u64, String)> {
        let finding = |it: &Diagnostic| {
            let Locus::File { file, line } = &it.locus else { panic!("not in a file") };
            let field = it.field.as_deref().unwrap_or_default().to_owned();
            (it.code.code(), it.severity, file.to_string(), *line, field)
        };
        self.batches.iter().flat_map(|it| &it.diagnostics).map(finding).collect()
    }

    /// Codes and severities of every finding.
    fn codes(&self) -> Vec<(&'static str, Severity)> {
        self.findings().into_iter().map(|it| (it.0, it.1)).collect()
    }

    /// A field of all records of an entity, in order, after their keys; empty where it has none.
    fn field(&self, entity: EntityKind, field: &str) -> Vec<(String, String)> {
        let index = entity.schema().field(field).expect("the entity has the field");
        let rows = self.batches.iter().filter(|it| it.rows.entity() == entity);
        let rows = rows.flat_map(|it| it.rows.iter());
        rows.map(|it| (it.source_id().to_owned(), it.get(index).unwrap_or_default().to_owned()))
            .collect()
    }

    /// A field of one record.
    fn value(&self, entity: EntityKind, source_id: &str, field: &str) -> Option<String> {
        self.field(entity, field).into_iter().find(|it| it.0 == source_id).map(|it| it.1)
    }

    fn keys(&self, entity: EntityKind) -> Vec<String> {
        self.field(entity, "source_id").into_iter().map(|it| it.0).collect()
    }

    fn coverage(&self, entity: EntityKind) -> Option<Coverage> {
        self.done.iter().find(|it| it.0 == entity).map(|it| it.1)
    }
}

/// Reads what `source` has, also when it ends with an error.
fn extract(source: &Arc<dyn RosterSource>) -> Extract {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let ctx = RunContext::detached();
        let mut extract = Extract::default();
        let request = match source.discover(&ctx).await {
            Ok(catalog) => ExtractRequest::everything(&catalog),
            Err(error) => return Extract { error: Some(error), ..extract },
        };
        let mut events = source.extract(&ctx, request);
        while let Some(event) = events.next().await {
            match event {
                Ok(ExtractEvent::Batch(batch)) => {
                    assert!(
                        batch.adds_up(),
                        "a batch of {:?} does not add up",
                        batch.rows.entity()
                    );
                    extract.batches.push(batch);
                }
                Ok(ExtractEvent::Done(done)) => extract.done.push((done.entity, done.coverage)),
                Err(error) => extract.error = Some(error),
            }
        }
        extract
    })
}

/// Reads a set from a folder, as configured.
fn read_with(set: &FileSet, config: &str) -> Extract {
    let folder = tempfile::tempdir().expect("a folder");
    set.write(folder.path()).unwrap_or_else(|_| panic!("the set can be written"));
    let config: Config = toml::from_str(config).expect("the test's configuration is right");
    let config = Config { path: Some(folder.path().to_owned()), ..config };
    assert_eq!(SftpSpec::validate(&config), []);
    extract(&SftpSpec::build(config, Path::new("")).expect("the configuration is right"))
}

/// Reads a set from a folder.
fn read(set: &FileSet) -> Extract {
    read_with(set, "")
}

const WARNING: Severity = Severity::Warning;
const REPAIRED: Severity = Severity::Repaired;
const REJECTED: Severity = Severity::Rejected;
