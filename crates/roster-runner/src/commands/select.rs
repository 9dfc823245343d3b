//! What a command is about: districts, sinks and runs, from flags or from the configuration file.

use crate::{
    Limits, Sharing,
    cli::{Direct, Global},
    config::nearest,
    exit::Failure,
    expectation::Expectation,
    keep::KeepSettings,
    registry::{self, SinkAddress},
    render::Hint,
    settings::{DistrictSettings, NightSettings, Settings},
};
use roster_core::DistrictId;
use roster_sink::{RunId, RunRecord, Sink};
use std::{path::Path, sync::Arc};

/// Name of the configuration file where none is named.
pub(crate) const CONFIG_FILE: &str = "homeroom.toml";

/// Districts and how their nights are run.
#[derive(Debug)]
pub(crate) struct Selection {
    pub(crate) districts: Vec<DistrictSettings>,
    pub(crate) night: NightSettings,
}

/// The districts that a command names: by flags, by their ids, or all.
pub(crate) fn districts(
    global: &Global,
    names: &[String],
    direct: &Direct,
) -> Result<Selection, Failure> {
    if let Direct {
        connector: Some(connector),
        from: Some(from),
        district: Some(id),
        to: Some(to),
    } = direct
    {
        let district = direct_district(global, connector, from, id, to)?;
        return Ok(Selection { districts: vec![district], night: NightSettings::default() });
    }
    refuse_store(global)?;
    let Settings { districts, night, .. } = settings(global)?;
    if districts.is_empty() {
        return Err(Failure::Usage("the configuration has no [[district]]; add one".to_owned()));
    }
    let districts = if names.is_empty() { districts } else { named(names, &districts)? };
    Ok(Selection { districts, night })
}

/// Refuses a `--from` that is not there when nothing was ever published, before a sink is made for it: it is misspelt.
pub(crate) async fn refuse_missing_feed(
    direct: &Direct,
    selection: &Selection,
) -> Result<(), Failure> {
    let (Some(from), Some(district)) = (&direct.from, selection.districts.first()) else {
        return Ok(());
    };
    if from.exists() || district.to.database().exists().await? {
        return Ok(());
    }
    Err(Failure::Usage(format!("--from: there is nothing at {}", from.display())))
}

/// What a command that is told to a person needs to find what this one did: the sink, where it was named.
pub(crate) fn hint(global: &Global, to: Option<&str>) -> Hint {
    let address = to.and_then(|it| sink(global, it).ok());
    let store = address.as_ref().filter(|_| global.store.is_some()).map(SinkAddress::database);
    let store = store.map(|it| format!(" --store {it}")).unwrap_or_default();
    Hint(address.as_ref().map(|it| format!(" --to {it}{store}")).unwrap_or_default())
}

/// The sinks to look for runs in: the one that is named, else all databases of the configuration.
pub(crate) fn sinks(global: &Global, to: Option<&str>) -> Result<Vec<SinkAddress>, Failure> {
    if let Some(to) = to {
        return Ok(vec![sink(global, to)?]);
    }
    refuse_store(global)?;
    let sinks: Vec<_> = settings(global)?.databases().into_iter().cloned().collect();
    if sinks.is_empty() { Err(no_sink()) } else { Ok(sinks) }
}

/// The sink of a district: the one that is named, else the district's own, else the store's.
pub(crate) fn sink_of(
    global: &Global,
    to: Option<&str>,
    district: &DistrictId,
) -> Result<SinkAddress, Failure> {
    if let Some(to) = to {
        return sink(global, to);
    }
    refuse_store(global)?;
    let Settings { districts, store, .. } = settings(global)?;
    let own = districts.into_iter().find(|it| it.id == *district).map(|it| it.to);
    own.or(store).ok_or_else(no_sink)
}

/// A district of the configuration and how its nights are run; `None` when it is not there, or there is no configuration.
pub(crate) fn configured(
    global: &Global,
    district: &DistrictId,
) -> Result<Option<(DistrictSettings, NightSettings)>, Failure> {
    if global.config.is_none() && !Path::new(CONFIG_FILE).exists() {
        return Ok(None);
    }
    let Settings { districts, night, .. } = settings(global)?;
    Ok(districts.into_iter().find(|it| it.id == *district).map(|it| (it, night)))
}

/// The settings of the SFTP drop.
#[cfg(feature = "drop")]
pub(crate) fn drop_config(global: &Global) -> Result<roster_drop::DropConfig, Failure> {
    let message = "the configuration has no [drop]; add one with the folder that uploads go to";
    settings(global)?.drop.ok_or_else(|| Failure::Usage(message.to_owned()))
}

/// A district's id as it was typed.
pub(crate) fn district_id(text: &str) -> Result<DistrictId, Failure> {
    text.parse().map_err(|message| Failure::Usage(format!("{text:?}: {message}")))
}

/// A run, and the sink that remembers it.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) address: SinkAddress,
    pub(crate) sink: Arc<dyn Sink>,
    pub(crate) record: RunRecord,
}

/// Finds a run in the sinks.
pub(crate) async fn run(global: &Global, to: Option<&str>, id: &str) -> Result<Found, Failure> {
    let sinks = sinks(global, to)?;
    for address in &sinks {
        // Of several, those that no night has reached yet are passed over.
        if sinks.len() > 1 && !address.exists().await? {
            continue;
        }
        let sink = address.existing().await?;
        let Some(record) = sink.run(&RunId::from_text(id)).await? else { continue };
        if to.is_some() {
            return Ok(Found { address: address.clone(), sink, record });
        }
        // What remembers the run may be the database of an outlet, which has the rows.
        let own = sink_of(global, None, &record.report.district)?;
        let own = if own.database().is_same(address) { own } else { address.clone() };
        return Ok(Found { sink: own.existing().await?, address: own, record });
    }
    let places: Vec<_> = sinks.iter().map(ToString::to_string).collect();
    let places = places.join(", ");
    Err(Failure::Usage(format!("no run is called {id:?} in {places}; `homeroom runs` lists them")))
}

pub(crate) fn settings(global: &Global) -> Result<Settings, Failure> {
    let file = global.config.as_deref().unwrap_or(Path::new(CONFIG_FILE));
    Ok(Settings::load(file)?)
}

fn sink(global: &Global, text: &str) -> Result<SinkAddress, Failure> {
    let parse = |text: &str, store: Option<&SinkAddress>| {
        SinkAddress::parse(text, Path::new(""), store).map_err(Failure::Usage)
    };
    let Some(store) = global.store.as_deref() else { return parse(text, None) };
    let store = parse(store, None)?;
    if !store.is_database() {
        let message = format!("--store takes a database, as sqlite:FILE, and {store} is none");
        return Err(Failure::Usage(message));
    }
    parse(text, Some(&store))
}

/// A configuration has a store of its own.
fn refuse_store(global: &Global) -> Result<(), Failure> {
    if global.store.is_none() {
        return Ok(());
    }
    let message =
        "--store goes with a sink that is named on the command line; a configuration has [store]";
    Err(Failure::Usage(message.to_owned()))
}

fn no_sink() -> Failure {
    let message = "no sink is known; name one, as sqlite:FILE, or set to in [store]";
    Failure::Usage(message.to_owned())
}

fn direct_district(
    global: &Global,
    connector: &str,
    from: &Path,
    id: &str,
    to: &str,
) -> Result<DistrictSettings, Failure> {
    if global.config.is_some() {
        let message =
            "--connector and --config do not go together; a configuration names its own connectors";
        return Err(Failure::Usage(message.to_owned()));
    }
    let entry = registry::connector(connector).map_err(Failure::Usage)?;
    Ok(DistrictSettings {
        id: district_id(id)?,
        name: None,
        connector: entry.id(),
        source: entry.from_path(from)?,
        to: sink(global, to)?,
        sharing: Sharing::default(),
        limits: Limits::default(),
        keep: KeepSettings::default(),
        expect: Expectation::default(),
    })
}

pub(crate) fn named(
    names: &[String],
    known: &[DistrictSettings],
) -> Result<Vec<DistrictSettings>, Failure> {
    let find = |name: &String| known.iter().find(|it| it.id.as_str() == name);
    let unknown: Vec<_> =
        names.iter().filter(|it| find(it).is_none()).map(|it| unknown(it, known)).collect();
    if !unknown.is_empty() {
        return Err(Failure::Usage(unknown.join("\n")));
    }
    Ok(names.iter().filter_map(find).cloned().collect())
}

fn unknown(name: &str, known: &[DistrictSettings]) -> String {
    match nearest(name, known.iter().map(|it| it.id.as_str())) {
        Some(meant) => {
            format!("the configuration has no district {name:?}; did you mean {meant:?}?")
        }
        None => format!("the configuration has no district {name:?}"),
    }
}
