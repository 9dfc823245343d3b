//! `homeroom districts discover`: which districts have connected with an application, and what is new since last time.

use super::App;
use crate::{
    cli::DiscoverArgs,
    exit::{Exit, Failure},
    registry::{ConnectorEntry, connector},
};
use roster_core::{ConnectedDistrict, Error, ErrorKind, RunContext};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fs, io, path::Path};

/// A district as it is remembered; one that disconnects is noticed and not forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    connector: String,
    id: String,
    name: Option<String>,
    state: Option<String>,
    shared: Vec<String>,
    status: Status,
}

/// How things stand between a district and us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    /// It has connected; whether it is configured here is for a person to look.
    Pending,
    /// It was connected once and is not any more.
    Disconnected,
}

type Remembered = BTreeMap<String, Seen>;

pub(super) async fn discover(app: &mut App, args: &DiscoverArgs) -> Result<Exit, Failure> {
    let entry = connector(&args.connector).map_err(invalid)?;
    let directory = directory(entry, &args.application)?;
    let ctx = RunContext { cancel: app.cancel.clone(), ..RunContext::detached() };
    let found = directory.districts(&ctx).await?;
    let mut remembered = read(&args.seen)?;
    let news = update(&mut remembered, entry.id(), found);
    write(&args.seen, &remembered)?;
    for seen in remembered.values().filter(|it| it.connector == entry.id()) {
        let is_news = news.contains(&key(&seen.connector, &seen.id));
        app.console.result(seen, |seen, _| line(seen, is_news));
    }
    Ok(Exit::Done)
}

fn directory(
    entry: &ConnectorEntry,
    file: &Path,
) -> Result<std::sync::Arc<dyn roster_core::DistrictDirectory>, Error> {
    let text =
        fs::read_to_string(file).map_err(|err| invalid(format!("{}: {err}", file.display())))?;
    let keys: serde_json::Value = toml::from_str(&text)
        .map_err(|_| invalid(format!("{}: it is not TOML", file.display())))?;
    let base = file.parent().unwrap_or(Path::new(""));
    entry.directory(keys, base).map_err(|problems| {
        let all: Vec<_> =
            problems.into_iter().map(|(key, what)| format!("{key}: {what}")).collect();
        invalid(format!("{}: {}", file.display(), all.join("; ")))
    })
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::ConfigInvalid, "districts.discover", message)
}

fn key(connector: &str, id: &str) -> String {
    format!("{connector}/{id}")
}

/// Takes in what was found; gives the keys of what is new or has gone.
fn update(
    remembered: &mut Remembered,
    connector: &str,
    found: Vec<ConnectedDistrict>,
) -> Vec<String> {
    let mut news = Vec::new();
    let there: Vec<String> = found.iter().map(|it| key(connector, &it.id)).collect();
    for it in found {
        let before = remembered.get(&key(connector, &it.id));
        if before.is_none_or(|it| it.status == Status::Disconnected) {
            news.push(key(connector, &it.id));
        }
        let seen = Seen {
            connector: connector.to_owned(),
            // A district that could not be looked at this time keeps its name.
            name: it.name.or_else(|| before?.name.clone()),
            state: it.state,
            shared: it.shared,
            status: Status::Pending,
            id: it.id,
        };
        remembered.insert(key(connector, &seen.id), seen);
    }
    let own = remembered.iter_mut().filter(|it| it.1.connector == connector);
    for (key, seen) in own.filter(|it| !there.contains(it.0)) {
        if seen.status != Status::Disconnected {
            seen.status = Status::Disconnected;
            news.push(key.clone());
        }
    }
    news
}

fn read(file: &Path) -> Result<Remembered, Error> {
    match fs::read(file) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|_| {
            invalid(format!("{}: it does not hold what was seen before", file.display()))
        }),
        Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(Remembered::new()),
        Err(err) => Err(invalid(format!("{}: {err}", file.display()))),
    }
}

/// Writes beside the file first, so that a crash leaves the one or the other.
fn write(file: &Path, remembered: &Remembered) -> Result<(), Error> {
    let failed = |err: io::Error| invalid(format!("{}: {err}", file.display()));
    let text = serde_json::to_string_pretty(remembered).map_err(|err| failed(err.into()))?;
    let mut name = file.as_os_str().to_owned();
    name.push(".new");
    fs::write(&name, text).and_then(|()| fs::rename(&name, file)).map_err(failed)
}

fn line(seen: &Seen, news: bool) -> String {
    let status = match seen.status {
        Status::Pending => "pending",
        Status::Disconnected => "disconnected",
    };
    let name = seen.name.as_deref().unwrap_or("name not known");
    let mark = if news { "new: " } else { "" };
    format!("{mark}{} {name}, {status}; shares {}\n", seen.id, seen.shared.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn districts_that_come_and_go_are_noticed_and_none_is_forgotten() {
        let district = |id: &str| ConnectedDistrict {
            id: id.to_owned(),
            name: Some("Lakeside".to_owned()),
            state: None,
            shared: Vec::new(),
        };
        let mut remembered = Remembered::new();
        let mut check = |found: &[&str], news: &[&str], gone: &[&str]| {
            let found = found.iter().map(|it| district(it)).collect();
            assert_eq!(update(&mut remembered, "clever", found), news);
            let is_gone = |it: &&Seen| it.status == Status::Disconnected;
            let all: Vec<_> =
                remembered.values().filter(is_gone).map(|it| it.id.as_str()).collect();
            assert_eq!(all, gone);
        };
        check(&["a", "b"], &["clever/a", "clever/b"], &[]);
        check(&["a", "b"], &[], &[]);
        check(&["a"], &["clever/b"], &["b"]);
        check(&["a"], &[], &["b"]);
        check(&["a", "b"], &["clever/b"], &[]);
    }
}
