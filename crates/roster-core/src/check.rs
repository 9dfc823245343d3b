//! The outcome of trying whether an extract could start.

use crate::Result;

/// One step of a check, in order.
#[derive(Debug)]
pub struct CheckStep {
    /// Such as `connect`, `authenticate`, `read orgs`.
    pub name: String,
    /// Its outcome; on success a sentence of what was found, without record values.
    pub outcome: Result<String>,
}

/// The steps that were tried; the first failure ends it.
#[derive(Debug, Default)]
pub struct CheckReport {
    /// Steps.
    pub steps: Vec<CheckStep>,
}

impl CheckReport {
    /// Adds a step and tells whether to go on.
    pub fn step(&mut self, name: impl Into<String>, outcome: Result<String>) -> bool {
        let passed = outcome.is_ok();
        self.steps.push(CheckStep { name: name.into(), outcome });
        passed
    }

    /// True when every step passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.steps.iter().all(|it| it.outcome.is_ok())
    }
}
