//! A folder that files land in: picks the newest set, waits for what is still being uploaded, puts away what was read.

mod candidate;
mod last;
mod taken;

use crate::{
    bundle::{Bundle, BundleLimits},
    overdue::overdue,
};
use candidate::{Candidate, Listing};
use last::Rank;
use roster_core::{Error, ErrorKind, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    path::{Path, PathBuf},
    thread,
    time::{Duration, SystemTime},
};
use taken::Taken;

/// By so much the clocks of two machines may differ; a time that is further ahead tells nothing.
const CLOCKS_DIFFER: Duration = Duration::from_secs(5);

/// For no longer is a set watched whose time of modification tells nothing.
const LONGEST_WATCH: Duration = Duration::from_secs(5);

/// A folder into which sets are delivered: zip archives, folders, or CSV files at the top.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LandingConfig {
    /// The folder; sets that were taken are moved to `taken` in it.
    pub path: PathBuf,
    /// For how many seconds a set must not have changed before it is taken; default 30.  A set whose time of
    /// modification lies in the future is watched for that long instead, for 5 seconds at most.
    #[serde(default = "default_stable_secs")]
    pub stable_secs: u64,
    /// How many of the sets that were taken to keep; older ones are deleted; default 14.
    #[serde(default = "default_keep")]
    pub keep: usize,
}

fn default_stable_secs() -> u64 {
    30
}

fn default_keep() -> usize {
    14
}

/// A set that landed.
#[derive(Clone, Debug)]
pub struct Landed {
    /// Its files.
    pub bundle: Bundle,
    /// Where it is: the archive, or the folder that holds the files.
    pub path: PathBuf,
}

/// Takes sets from a folder.
#[derive(Clone, Debug)]
pub struct LandingFolder {
    config: LandingConfig,
    limits: BundleLimits,
}

impl LandingFolder {
    /// A landing folder; does not look into it yet.
    #[must_use]
    pub fn new(config: LandingConfig, limits: BundleLimits) -> Self {
        Self { config, limits }
    }

    /// Opens the newest set, by time of modification and then by name.  Changes nothing in the folder.
    ///
    /// A set is an archive whose name ends in `.zip`, a sub-folder, or the CSV files at the top of the folder itself.
    /// Hidden files, names that upload programs use while they write (`.part`, `.tmp`, `.filepart` and the like), and
    /// sets that were taken are left alone.  `complete` looks into the set, for instance whether the files that its
    /// manifest names are there; its error is returned.  A set that is older than the last one taken is never taken.
    ///
    /// Whether a set is still being written is judged by its time of modification.  Where that lies more than 5 seconds
    /// in the future, as with a server whose clock is ahead or in another time zone, this looks at the set twice,
    /// [`LandingConfig::stable_secs`] but at most 5 seconds apart, and the set must be the same.  So this may block.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotReady`] if the newest set is still being written, or is half there (an older one is not taken
    /// instead, since that would undo what came in between), or if nothing came since the last set was taken;
    /// [`ErrorKind::NotFound`] if nothing ever came or the folder is not there; otherwise as [`Bundle::open`].
    pub fn newest(&self, complete: &dyn Fn(&Bundle) -> Result<()>) -> Result<Landed> {
        self.next(complete, &|_| Ok(true))
    }

    /// Opens the set that comes next: the newest one if it holds everything, as `is_whole` says, and else the oldest that
    /// was not taken since the last one that does.  Sets of changes are taken one after the other and none is passed over:
    /// one that was not put away, because a person has to decide about it, comes again.  Otherwise as [`Self::newest`].
    ///
    /// # Errors
    ///
    /// Those of [`Self::newest`], and of `is_whole`.
    pub fn next(
        &self,
        complete: &dyn Fn(&Bundle) -> Result<()>,
        is_whole: &dyn Fn(&Bundle) -> Result<bool>,
    ) -> Result<Landed> {
        self.next_with(complete, is_whole, &thread::sleep)
    }

    #[cfg(test)]
    fn newest_with(
        &self,
        complete: &dyn Fn(&Bundle) -> Result<()>,
        pause: &dyn Fn(Duration),
    ) -> Result<Landed> {
        self.next_with(complete, &|_| Ok(true), pause)
    }

    fn next_with(
        &self,
        complete: &dyn Fn(&Bundle) -> Result<()>,
        is_whole: &dyn Fn(&Bundle) -> Result<bool>,
        pause: &dyn Fn(Duration),
    ) -> Result<Landed> {
        let taken = self.taken();
        let listing = Listing::read(&self.config.path, &self.limits, taken.interrupted_at())?;
        let pending = listing.pending(taken.last_rank()?.as_ref());
        let Some(newest) = pending.first() else { return Err(self.nothing(&listing, &taken)) };
        let mut next = self.open_complete(newest, complete, pause)?;
        for older in &pending[1..] {
            if is_whole(&next.bundle)? {
                break;
            }
            next = self.open_complete(older, complete, pause)?;
        }
        Ok(next)
    }

    fn open_complete(
        &self,
        candidate: &Candidate,
        complete: &dyn Fn(&Bundle) -> Result<()>,
        pause: &dyn Fn(Duration),
    ) -> Result<Landed> {
        let watch = self.check_stable(candidate)?;
        let bundle = candidate.open(&self.limits)?;
        if bundle.entries().is_empty() {
            let message = "the newest set has no files yet; wait for its upload or remove it";
            return Err(not_ready(message, &candidate.path));
        }
        complete(&bundle).map_err(|it| overdue(it, candidate.modified))?;
        if !watch.is_zero() {
            pause(watch);
        }
        if candidate.open(&self.limits)?.stamp() != bundle.stamp() {
            let message =
                "the newest set changed while it was looked at; it is still being written";
            return Err(not_ready(message, &candidate.path));
        }
        Ok(Landed { bundle, path: candidate.path.clone() })
    }

    /// Moves a set that was read and published to `taken`, and deletes all there but the newest
    /// [`LandingConfig::keep`].
    ///
    /// A set that was replaced since it was opened stays, for it is the next one.  Older sets that were passed over
    /// stay, too, and are not taken any more.
    ///
    /// # Errors
    ///
    /// Those of the file system; [`ErrorKind::PermissionDenied`] is the common one.
    pub fn put_away(&self, landed: &Landed) -> Result<()> {
        let taken = self.taken();
        taken.finish_interrupted(&self.config.path)?;
        taken.mark(&self.rank_of(landed))?;
        if landed.path == self.config.path {
            taken.put_away_files(&landed.bundle, &self.config.path)?;
        } else if self.is_unchanged(landed) {
            taken.put_away(&landed.path)?;
        }
        taken.prune(self.config.keep)
    }

    fn taken(&self) -> Taken {
        Taken::of(&self.config.path)
    }

    fn rank_of(&self, landed: &Landed) -> Rank {
        let own = landed.path != self.config.path;
        let name = landed.path.file_name().filter(|_| own).unwrap_or_default();
        Rank::of_taken(landed.bundle.stamp().modified, &name.to_string_lossy())
    }

    fn is_unchanged(&self, landed: &Landed) -> bool {
        let now = Bundle::open(&landed.path, &self.limits);
        now.is_ok_and(|it| it.stamp() == landed.bundle.stamp())
    }

    /// Refuses a set that was changed just now; gives the time for which it has to be watched instead, where its own
    /// clock says nothing.
    fn check_stable(&self, candidate: &Candidate) -> Result<Duration> {
        let stable = Duration::from_secs(self.config.stable_secs);
        let age = match SystemTime::now().duration_since(candidate.modified) {
            Ok(age) => age,
            Err(ahead) if ahead.duration() > CLOCKS_DIFFER => return Ok(stable.min(LONGEST_WATCH)),
            Err(_) => Duration::ZERO,
        };
        if age >= stable {
            return Ok(Duration::ZERO);
        }
        let message = "the newest set was changed just now; it may still be being written";
        Err(not_ready(message, &candidate.path)
            .context("changed_secs_ago", age.as_secs())
            .context("stable_secs", self.config.stable_secs))
    }

    fn nothing(&self, listing: &Listing, taken: &Taken) -> Error {
        let path = &self.config.path;
        if let Some(name) = listing.uploading() {
            let message = "a set is being uploaded under a temporary name; wait for it";
            return not_ready(message, path).context("file", name);
        }
        if let Some(passed_over) = listing.newest() {
            let message = "only sets that are older than the last one taken are here; send a new one, or touch the \
                           one that is to be taken after all";
            return not_ready(message, &passed_over.path);
        }
        if let Some(last) = taken.last() {
            return not_ready("nothing came since the last set was taken", path)
                .context("last", last);
        }
        let message =
            "nothing came yet; a zip archive, a folder of CSV files or CSV files are expected";
        Error::new(ErrorKind::NotFound, "landing.newest", message)
            .context("path", path.display())
            .context("other_files", listing.others())
    }
}

fn not_ready(message: &'static str, path: &Path) -> Error {
    Error::new(ErrorKind::NotReady, "landing.newest", message).context("path", path.display())
}

#[cfg(test)]
mod tests;
