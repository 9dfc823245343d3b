//! The text of a configuration file as a tree whose every key knows its line.

use std::{error, fmt, ops::Range};
use toml::de::{DeTable, DeValue};

/// A step from a value to one inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The value of a key.
    Key(String),
    /// An item of a list.
    Index(usize),
}

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// One thing that is wrong with a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file's name, as it was given.
    pub file: String,
    /// One-based line.
    pub line: usize,
    /// What was found, what was expected and what to do.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

/// Everything that is wrong with a configuration file, in the order of its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<Problem>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.0.iter().enumerate() {
            write!(f, "{}{problem}", if number == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl error::Error for ConfigErrors {}

/// A parsed configuration file.
#[derive(Debug)]
pub(crate) struct Document<'t> {
    file: &'t str,
    text: &'t str,
    tree: DeTable<'t>,
}

impl<'t> Document<'t> {
    /// Parses; on a mistake in the TOML itself, all that were found.
    pub(crate) fn parse(file: &'t str, text: &'t str) -> Result<Self, ConfigErrors> {
        let (tree, errors) = DeTable::parse_recoverable(text);
        let document = Self { file, text, tree: tree.into_inner() };
        if errors.is_empty() {
            return Ok(document);
        }
        let problem = |err: toml::de::Error| {
            let message = err.message().lines().collect::<Vec<_>>().join(", ");
            document.problem_at(err.span().unwrap_or(0..0), message)
        };
        let mut problems: Vec<_> = errors.into_iter().map(problem).collect();
        problems.sort_by_key(|it| it.line);
        Err(ConfigErrors(problems))
    }

    /// The top of the tree.
    pub(crate) fn tree(&self) -> &DeTable<'t> {
        &self.tree
    }

    /// Whether anything stands at `path`.
    pub(crate) fn has(&self, path: &[Step]) -> bool {
        self.walk(path).1 == path.len()
    }

    /// A problem with what stands at `path`, or with the nearest thing above that is there.
    pub(crate) fn problem(&self, path: &[Step], message: impl Into<String>) -> Problem {
        self.problem_at(self.span(path), message)
    }

    /// A problem with what stands at these bytes.
    pub(crate) fn problem_at(&self, span: Range<usize>, message: impl Into<String>) -> Problem {
        let before = self.text.as_bytes().iter().take(span.start);
        let line = 1 + before.filter(|it| **it == b'\n').count();
        Problem { file: self.file.to_owned(), line, message: message.into() }
    }

    fn span(&self, path: &[Step]) -> Range<usize> {
        self.walk(path).0
    }

    /// The bytes of the deepest thing on the path that is there, and how many steps down that is.
    fn walk(&self, path: &[Step]) -> (Range<usize>, usize) {
        let top = (0..0, 0);
        let Some((Step::Key(first), rest)) = path.split_first() else { return top };
        let Some((key, mut value)) = self.tree.get_key_value(first.as_str()) else { return top };
        let (mut span, mut depth) = (key.span(), 1);
        for step in rest {
            let inside = match (step, value.get_ref()) {
                (Step::Key(key), DeValue::Table(table)) => {
                    table.get_key_value(key.as_str()).map(|(key, value)| (key.span(), value))
                }
                (Step::Index(index), DeValue::Array(items)) => {
                    items.get(*index).map(|it| (it.span(), it))
                }
                _ => None,
            };
            let Some((found, next)) = inside else { break };
            (span, value) = (found, next);
            depth += 1;
        }
        (span, depth)
    }
}
