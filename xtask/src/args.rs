//! Options of a command: `--name VALUE` and `--name`.

use crate::Result;
use std::{fmt::Display, str::FromStr};

/// What is left of the command line.
#[derive(Debug)]
pub(crate) struct Args {
    rest: Vec<String>,
}

impl Args {
    pub(crate) fn new(arguments: impl Iterator<Item = String>) -> Self {
        Self { rest: arguments.collect() }
    }

    /// Takes `--name VALUE` or `--name=VALUE`.
    pub(crate) fn value<T: FromStr<Err: Display>>(&mut self, name: &str) -> Result<Option<T>> {
        let Some(text) = self.take_value(name)? else { return Ok(None) };
        let parsed = text.parse().map_err(|error| format!("{name} {text}: {error}"))?;
        Ok(Some(parsed))
    }

    /// Takes `--name`.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let position = self.rest.iter().position(|it| it == name);
        position.map(|it| self.rest.remove(it)).is_some()
    }

    /// Takes everything that is left.
    pub(crate) fn rest(self) -> Vec<String> {
        self.rest
    }

    /// Refuses what nothing took.
    pub(crate) fn finish(self) -> Result {
        match self.rest.first() {
            None => Ok(()),
            Some(surplus) => Err(format!("`{surplus}` is not an option of this command").into()),
        }
    }

    fn take_value(&mut self, name: &str) -> Result<Option<String>> {
        let joined = format!("{name}=");
        let Some(position) = self.rest.iter().position(|it| it == name || it.starts_with(&joined))
        else {
            return Ok(None);
        };
        let found = self.rest.remove(position);
        if let Some(value) = found.strip_prefix(&joined) {
            return Ok(Some(value.to_owned()));
        }
        if position == self.rest.len() {
            return Err(format!("{name} needs a value").into());
        }
        Ok(Some(self.rest.remove(position)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(text: &str) -> Args {
        Args::new(text.split_whitespace().map(str::to_owned))
    }

    fn check(text: &str, expected: Result<Option<u64>, ()>) {
        assert_eq!(args(text).value("--students").map_err(drop), expected, "{text}");
    }

    #[test]
    fn values_are_found_in_both_forms() {
        check("--students 7", Ok(Some(7)));
        check("--seed 1 --students=7", Ok(Some(7)));
        check("--seed 1", Ok(None));
        check("--students", Err(()));
        check("--students seven", Err(()));
    }

    #[test]
    fn what_nothing_takes_is_refused() {
        let mut args = args("--check --chekc");
        assert!(args.flag("--check"));
        assert!(args.finish().is_err());
    }
}
