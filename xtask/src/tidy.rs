//! `cargo xtask tidy`: the project's rules that no compiler checks.

mod dependencies;
mod documents;
mod layout;
mod project;
mod source;

use crate::{Result, args::Args, process};
use project::Project;
use std::fmt;

/// A place that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    path: String,
    /// From 1; 0 where it is about the whole file.
    line: usize,
    message: String,
}

impl Finding {
    fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.message),
            line => write!(f, "{}:{line}: {}", self.path, self.message),
        }
    }
}

/// Finds all places that break a rule.
type Rule = fn(&Project) -> Vec<Finding>;

const RULES: &[Rule] = &[
    source::opens_with_a_sentence,
    source::is_short_enough,
    source::has_no_forbidden_word,
    source::has_no_trailing_space,
    source::gives_a_reason_for_every_allowed_lint,
    source::refuses_unknown_configuration_keys,
    layout::packages_inherit_from_the_workspace,
    layout::connectors_have_one_shape,
    layout::licences_and_changelog_are_there,
    dependencies::connectors_stand_alone,
    dependencies::core_does_no_io,
    documents::commands_exist,
    documents::paths_exist,
    documents::invariants_have_tests,
    documents::contract_and_conformance_cases_agree,
];

pub(crate) fn run(args: Args) -> Result {
    args.finish()?;
    let project = Project::read(process::root())?;
    let findings: Vec<Finding> = RULES.iter().flat_map(|rule| rule(&project)).collect();
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => {
            println!("{} rules hold in {} files", RULES.len(), project.files().count());
            Ok(())
        }
        count => Err(format!("{count} findings").into()),
    }
}
