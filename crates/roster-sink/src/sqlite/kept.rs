//! Files that runs left for review.

use super::failure::{Failure, Outcome};
use crate::{
    KeptFolder, RunId,
    relational::kept::{Parts, append},
};
use roster_core::DistrictId;
use rusqlite::{Connection, params};

const KEPT: &str = "sqlite.kept";

/// Adds the files of a run, in place of those that are there of it.
pub(super) fn insert(
    connection: &Connection,
    district: &DistrictId,
    run: &RunId,
    kept: Option<&KeptFolder>,
) -> Outcome<()> {
    connection.execute("DELETE FROM kept WHERE run_id = ?1", [run.as_str()])?;
    let mut statement = connection.prepare(
        "INSERT INTO kept (run_id, district_id, name, part, data) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (name, path) in kept.map(KeptFolder::files).transpose()?.unwrap_or_default() {
        for part in Parts::open(&path)? {
            let part = part?;
            statement.execute(params![
                run.as_str(),
                district.as_str(),
                name,
                part.number,
                part.data
            ])?;
        }
    }
    Ok(())
}

/// Names of a run's files, in order.
pub(super) fn names(connection: &Connection, run: &RunId) -> Outcome<Vec<String>> {
    let sql = "SELECT name FROM kept WHERE run_id = ?1 AND part = 0 ORDER BY name";
    let mut statement = connection.prepare(sql)?;
    let names = statement.query_map([run.as_str()], |row| row.get(0))?;
    names.map(|it| it.map_err(Failure::from)).collect()
}

/// A file of a run.
pub(super) fn read(connection: &Connection, run: &RunId, name: &str) -> Outcome<Option<Vec<u8>>> {
    let sql = "SELECT part, data FROM kept WHERE run_id = ?1 AND name = ?2 ORDER BY part";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([run.as_str(), name])?;
    let (mut out, mut expected) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let data = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
        append(KEPT, &mut out, expected, row.get(0)?, data)?;
        expected += 1;
    }
    Ok((expected > 0).then_some(out))
}
