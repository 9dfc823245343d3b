//! A plan that is looked at before it is published: a folder with the plan, the record of the run that made it, and what
//! it was made on.

use super::{Ending, write_record};
use roster_core::{DistrictId, Error, ErrorKind, Result, RosterSource, RunContext};
use roster_sink::{Erasure, Plan, PublishedState, RunRecord, Sketch, private_file};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::Path,
    sync::Arc,
    time::Instant,
};
use xxhash_rust::xxh3::Xxh3;

/// File beside a plan that holds the record of the run that made it.
const RECORD_FILE: &str = "run.json";
/// File beside a plan that says what it was made on.
const BASIS_FILE: &str = "basis.json";

/// What a plan was made on.  That the published state is still the same is told by the plan's own header.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Basis {
    /// Id of the database that remembers what is published.
    store: String,
    /// What the source offered, where it can tell.
    feed: Option<String>,
    /// Digests of the folder's other files, by their paths in it.
    files: BTreeMap<String, String>,
    /// [`roster_sink::Hold::seen`] of the record's holds, in order.
    seen: Vec<BTreeMap<String, Sketch>>,
    /// What is to be emptied once the plan is published.
    erasures: Vec<Erasure>,
}

/// Writes the record beside the plan in `folder`, and what both were made on.
pub(super) fn write(
    folder: &Path,
    record: &RunRecord,
    state: PublishedState,
    feed: Option<String>,
    erasures: Vec<Erasure>,
) -> Result<()> {
    write_json(&folder.join(RECORD_FILE), record)?;
    let files = digests(folder).map_err(|err| unreadable(folder).source(err))?;
    let seen = record.report.holds.iter().map(|it| it.seen.clone()).collect();
    let basis = Basis { store: state.store, feed, files, seen, erasures };
    write_json(&folder.join(BASIS_FILE), &basis)
}

/// Publishes a plan that [`super::Night::plan`] wrote, and ends the night as any other.
///
/// # Errors
///
/// [`ErrorKind::Conflict`] when the published state moved since or the plan is for another database,
/// [`ErrorKind::NotFound`] and [`ErrorKind::Damaged`] when the plan is not there, cannot be read or was changed, and the
/// sink's.
pub async fn apply(ending: &Ending<'_>, ctx: &RunContext, folder: &Path) -> Result<RunRecord> {
    let sink = ending.sink;
    let clock = Instant::now();
    let plan = Plan::open(folder)?;
    let basis = read_unchanged(folder)?;
    let mut record: RunRecord = read_json(&folder.join(RECORD_FILE))?;
    for (hold, seen) in record.report.holds.iter_mut().zip(&basis.seen) {
        hold.seen.clone_from(seen);
    }
    let district = &plan.header().district;
    refuse_moved(&basis, &plan, &sink.state(district).await?)?;
    let published = sink.published(district).await?;
    let record = write_record(sink, &plan, published, record, clock).await?;
    ending.run(ctx, &basis.erasures, record.report.outcome).await;
    Ok(record)
}

/// Refuses a plan whose source offers something else by now than what the plan was made from.
///
/// # Errors
///
/// [`ErrorKind::Conflict`] then, and when the source cannot be asked; [`ErrorKind::NotFound`] and
/// [`ErrorKind::Damaged`] when the plan is not there or cannot be read.
pub async fn refuse_newer_feed(
    source: &Arc<dyn RosterSource>,
    ctx: &RunContext,
    folder: &Path,
) -> Result<()> {
    let district = Plan::open(folder)?.header().district.clone();
    let Some(planned) = read_json::<Basis>(&folder.join(BASIS_FILE))?.feed else { return Ok(()) };
    let offered = source.discover(ctx).await.map(|it| it.feed.fingerprint);
    let message = match offered {
        Ok(offered) if offered.as_ref() == Some(&planned) => return Ok(()),
        Ok(_) => "the source has another feed than the plan was made from; make the plan again",
        Err(error) => {
            let message = "whether the source has a newer feed than the plan was made from cannot be told; try again, \
                           or leave that out with --ignore-feed";
            return Err(conflict(message, &district).source(error));
        }
    };
    Err(conflict(message, &district))
}

fn refuse_moved(basis: &Basis, plan: &Plan, found: &PublishedState) -> Result<()> {
    let header = plan.header();
    if basis.store != found.store {
        let message = "the plan was made for another database; apply it to that one, or make a plan for this one";
        return Err(conflict(message, &header.district));
    }
    if header.basis != found.basis {
        let message = "what is published moved since the plan was made; make the plan again";
        return Err(conflict(message, &header.district)
            .context("planned_on", header.basis)
            .context("found", found.basis));
    }
    Ok(())
}

/// Reads what the plan was made on, and refuses a folder whose files are not those that were written.
fn read_unchanged(folder: &Path) -> Result<Basis> {
    let basis: Basis = read_json(&folder.join(BASIS_FILE))?;
    let found = digests(folder).map_err(|err| unreadable(folder).source(err))?;
    let names = basis.files.keys().chain(found.keys());
    let Some(changed) = names.into_iter().find(|it| basis.files.get(*it) != found.get(*it)) else {
        return Ok(basis);
    };
    let message = match (basis.files.contains_key(changed), found.contains_key(changed)) {
        (true, true) => "a file of the plan was changed since it was made; make the plan again",
        (true, false) => "a file of the plan is missing; make the plan again",
        _ => "a file that is not the plan's is in its folder; take it out, or make the plan again",
    };
    Err(Error::new(ErrorKind::Damaged, "plan.open", message)
        .context("path", folder.join(changed).display()))
}

/// Digests of all files in the folder and below but the one that holds them, by path.
fn digests(folder: &Path) -> io::Result<BTreeMap<String, String>> {
    let mut digests = BTreeMap::new();
    add_digests(folder, "", &mut digests)?;
    digests.remove(BASIS_FILE);
    Ok(digests)
}

fn add_digests(
    folder: &Path,
    prefix: &str,
    digests: &mut BTreeMap<String, String>,
) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            add_digests(&entry.path(), &format!("{name}/"), digests)?;
        } else {
            digests.insert(name, digest(&entry.path())?);
        }
    }
    Ok(())
}

fn digest(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let (mut digest, mut buffer) = (Xxh3::new(), vec![0; 1 << 18]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(format!("{:032x}", digest.digest128())),
            read => digest.update(&buffer[..read]),
        }
    }
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let write = || {
        let text = serde_json::to_vec_pretty(value)?;
        private_file(path)?.write_all(&text)
    };
    write().map_err(|err: io::Error| {
        Error::new(ErrorKind::Unavailable, "plan.write", "a file of the plan cannot be written")
            .context("path", path.display())
            .source(err)
    })
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = fs::read(path).map_err(|err| unreadable(path).source(err))?;
    serde_json::from_slice(&text).map_err(|err| unreadable(path).source(err))
}

fn unreadable(path: &Path) -> Error {
    let message = "a file of the plan is not there or cannot be read; make the plan again";
    Error::new(ErrorKind::Damaged, "plan.open", message).context("path", path.display())
}

fn conflict(message: &str, district: &DistrictId) -> Error {
    Error::new(ErrorKind::Conflict, "plan.apply", message.to_owned()).context("district", district)
}
