//! Where sets of files come from, as every connector of files is told it: one archive or folder, or a landing folder.

use crate::{Bundle, BundleLimits, Landed, LandingConfig, LandingFolder, overdue};
use roster_core::{ConfigProblem, Error, ErrorKind, Result};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

/// The keys `path`, `landing` and `limits` of a connector's configuration.
///
/// They stand beside the connector's own keys, and unknown keys are refused only in a struct that has all of its keys
/// itself: so connectors declare the three with these types, and hand them on here.
#[derive(Clone, Debug, Default)]
pub struct PlaceConfig {
    /// A zip archive or a folder that is one set, read anew every night.
    pub path: Option<PathBuf>,
    /// A folder that sets land in: the newest one that is complete is read, and put away once it is published.
    pub landing: Option<LandingConfig>,
    /// How much an archive may hold.
    pub limits: BundleLimits,
}

impl PlaceConfig {
    /// Everything that is wrong: exactly one place has to be given.
    #[must_use]
    pub fn problems(&self) -> Vec<ConfigProblem> {
        let problem = |key, message: &str| ConfigProblem { key, message: message.to_owned() };
        match (&self.path, &self.landing) {
            (None, None) => {
                vec![problem("path", "neither path nor landing is given; give one of them")]
            }
            (Some(_), Some(_)) => {
                vec![problem("landing", "both path and landing are given; remove one of them")]
            }
            (Some(path), None) if path.as_os_str().is_empty() => {
                vec![problem("path", "the path is empty; give an archive or a folder")]
            }
            (None, Some(landing)) if landing.path.as_os_str().is_empty() => {
                vec![problem("landing.path", "the path is empty; give a folder")]
            }
            _ => Vec::new(),
        }
    }

    /// The sets at this place; relative paths start at `base`.  Does no I/O.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ConfigInvalid`] with the first of [`Self::problems`].
    pub fn resolve(self, base: &Path) -> Result<Sets> {
        if let Some(problem) = self.problems().into_iter().next() {
            let error = Error::new(ErrorKind::ConfigInvalid, "place.config", problem.message);
            return Err(error.context("key", problem.key));
        }
        let Self { path, landing, limits } = self;
        let place = match (path, landing) {
            (Some(path), _) => Place::Path(base.join(path)),
            (None, Some(mut landing)) => {
                landing.path = base.join(landing.path);
                Place::Landing(LandingFolder::new(landing, limits.clone()))
            }
            (None, None) => Place::Path(base.to_owned()),
        };
        Ok(Sets { place, limits, found: Mutex::new(None) })
    }
}

/// Where sets are.
#[derive(Debug)]
enum Place {
    Path(PathBuf),
    Landing(LandingFolder),
}

/// What a format tells about a set of it.
#[derive(Clone, Copy, Debug)]
pub struct SetRules {
    /// Refuses a set of which not everything has come.
    pub complete: fn(&Bundle) -> Result<()>,
    /// Whether a set holds all records of every file: only then may older sets be passed over.
    pub is_whole: fn(&Bundle) -> Result<bool>,
}

/// The sets at a place.  Remembers the one that was discovered, so that no other is extracted and put away.
#[derive(Debug)]
pub struct Sets {
    place: Place,
    limits: BundleLimits,
    found: Mutex<Option<Found>>,
}

/// A set that was found.
#[derive(Clone, Debug)]
struct Found {
    bundle: Bundle,
    /// Where it landed, if it did.
    landed: Option<Landed>,
}

impl Sets {
    /// Finds the set to read and remembers nothing.
    ///
    /// # Errors
    ///
    /// Those of [`Bundle::open`], of [`LandingFolder::next`] and of the rules.
    pub fn find(&self, rules: SetRules) -> Result<Bundle> {
        self.look(rules).map(|it| it.bundle)
    }

    /// The set that was discovered, else the one that is found now.
    ///
    /// # Errors
    ///
    /// As [`Self::find`].
    pub fn current(&self, rules: SetRules) -> Result<Bundle> {
        if let Some(found) = self.remembered() {
            return Ok(found.bundle);
        }
        let found = self.look(rules)?;
        self.remember(Some(found.clone()));
        Ok(found.bundle)
    }

    /// What an error of reading the set that was discovered means: see [`overdue()`].
    #[must_use]
    pub fn overdue(&self, error: Error) -> Error {
        match self.remembered() {
            Some(found) => overdue(error, found.bundle.stamp().modified),
            None => error,
        }
    }

    /// Forgets the set that was discovered.
    pub fn forget(&self) {
        self.remember(None);
    }

    /// Puts the set that was discovered away, where sets land, since it is published.
    ///
    /// # Errors
    ///
    /// As [`LandingFolder::put_away`].
    pub fn put_away(&self) -> Result<()> {
        let landed = self.remembered().and_then(|it| it.landed);
        if let (Some(landed), Place::Landing(folder)) = (landed, &self.place) {
            folder.put_away(&landed)?;
        }
        self.forget();
        Ok(())
    }

    fn look(&self, rules: SetRules) -> Result<Found> {
        match &self.place {
            Place::Path(path) => {
                let bundle = Bundle::open(path, &self.limits);
                let bundle = bundle.map_err(|it| overdue(it, modified(path)))?;
                let complete = (rules.complete)(&bundle);
                complete.map_err(|it| overdue(it, bundle.stamp().modified))?;
                Ok(Found { bundle, landed: None })
            }
            Place::Landing(folder) => {
                let landed = folder.next(&rules.complete, &rules.is_whole)?;
                Ok(Found { bundle: landed.bundle.clone(), landed: Some(landed) })
            }
        }
    }

    fn remembered(&self) -> Option<Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember(&self, found: Option<Found>) {
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = found;
    }
}

/// When a file was last written to; now where that cannot be told.
fn modified(path: &Path) -> SystemTime {
    let modified = fs::metadata(path).and_then(|it| it.modified());
    modified.unwrap_or_else(|_| SystemTime::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn landing(path: &str) -> LandingConfig {
        LandingConfig { path: path.into(), stable_secs: 0, keep: 1 }
    }

    #[test]
    fn exactly_one_place_is_asked_for() {
        let check = |path: Option<&str>, drop: Option<&str>, expected: &[&str]| {
            let path = path.map(PathBuf::from);
            let config = PlaceConfig { path, landing: drop.map(landing), ..Default::default() };
            let keys: Vec<_> = config.problems().into_iter().map(|it| it.key).collect();
            assert_eq!(keys, expected);
            assert_eq!(config.resolve(Path::new("")).is_ok(), expected.is_empty());
        };
        check(Some("a.zip"), None, &[]);
        check(None, Some("drop"), &[]);
        check(None, None, &["path"]);
        check(Some(""), None, &["path"]);
        check(None, Some(""), &["landing.path"]);
        check(Some("a.zip"), Some("drop"), &["landing"]);
    }

    #[test]
    fn relative_paths_start_at_the_configuration_file() {
        let config = PlaceConfig { path: Some("a.zip".into()), ..Default::default() };
        let sets = config.resolve(Path::new("/etc/homeroom")).unwrap();
        assert!(matches!(sets.place, Place::Path(it) if it == Path::new("/etc/homeroom/a.zip")));
    }
}
