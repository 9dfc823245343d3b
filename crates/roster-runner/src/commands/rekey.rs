//! `homeroom rekey`: accepts maps from old keys to new ones, and shows those that holds propose.

mod check;
mod proposal;

use super::{App, holds, select};
use crate::{
    cli::RekeyArgs,
    console::Colour,
    exit::{Exit, Failure},
    identity::{MapFile, MapLine, Problem, read_map},
    render::{self, counted},
};
use proposal::Proposal;
use roster_core::{DistrictId, EntityKind, value::Timestamp};
use roster_sink::{Decision, Hold, HoldId, HoldRule, HoldState, Rekey, Sink};
use serde::Serialize;
use std::{collections::BTreeMap, fmt::Write as _, fs::File, io::BufReader, path::Path, sync::Arc};

/// Problems of a map that are told.
const MOST_PROBLEMS: usize = 50;

/// Records by table.
type ByTable = BTreeMap<&'static str, u64>;

/// The line of `homeroom rekey --accept --json` and `--map --json`.
#[derive(Debug, Serialize)]
struct Accepted<'a> {
    district: &'a DistrictId,
    hold: Option<&'a HoldId>,
    /// Records that get new keys.
    #[serde(rename = "accepted")]
    new_keys: ByTable,
    /// Old keys that the map has no new ones for.
    undecided: ByTable,
}

/// The line of `homeroom rekey --forget --json`.
#[derive(Debug, Serialize)]
struct Forgotten<'a> {
    district: &'a DistrictId,
    /// Records that get no new keys after all.
    forgotten: u64,
}

/// The line of `homeroom rekey --show --json`.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    district: &'a DistrictId,
    hold: &'a HoldId,
    tables: BTreeMap<&'static str, ShownTable<'a>>,
}

#[derive(Debug, Default, Serialize)]
struct ShownTable<'a> {
    pairs: u64,
    ambiguous: u64,
    /// Pairs by what the two records have in common.
    how: BTreeMap<&'a str, u64>,
}

pub(super) async fn run(app: &mut App, args: &RekeyArgs) -> Result<Exit, Failure> {
    let district = select::district_id(&args.district)?;
    match (&args.accept, &args.show, &args.map) {
        (Some(hold), _, _) => accept(app, args, &district, &HoldId::from_text(hold.as_str())).await,
        (_, Some(hold), _) => show(app, args, &district, &HoldId::from_text(hold.as_str())).await,
        (_, _, Some(file)) => accept_file(app, args, &district, file).await,
        _ if args.forget => forget(app, args, &district).await,
        _ => {
            Err(Failure::Usage("name a map with --accept, --map or --show, or --forget".to_owned()))
        }
    }
}

/// Takes back what no night has applied yet.
async fn forget(
    app: &mut App,
    args: &RekeyArgs,
    district: &DistrictId,
) -> Result<Exit, Failure> {
    let decision = decision(args)?;
    let sink = select::sink_of(&app.global, args.to.as_deref(), district)?.existing().await?;
    let forgotten = sink.forget_rekeys(district, &decision).await?;
    app.console.result(&Forgotten { district, forgotten }, |it, _| match it.forgotten {
        0 => format!("no map of keys waits for a night of {district}\n"),
        keys => format!("{} of {district} taken back\n", counted(keys, "new key")),
    });
    Ok(Exit::Done)
}

async fn accept(
    app: &mut App,
    args: &RekeyArgs,
    district: &DistrictId,
    id: &HoldId,
) -> Result<Exit, Failure> {
    let decision = decision(args)?;
    let (sink, hold) = find(app, args, district, id).await?;
    if hold.state != HoldState::Open {
        return Err(Failure::Usage(format!("hold {id} is {} already", hold.state.code())));
    }
    let map = Proposal::load(&sink, &hold).await?.map;
    if map.pairs.is_empty() {
        let message =
            format!("hold {id} proposes no new key; complete its map and accept it with --map");
        return Err(Failure::Usage(message));
    }
    take(app, &sink, district, Some(id), &map, &decision).await
}

async fn accept_file(
    app: &mut App,
    args: &RekeyArgs,
    district: &DistrictId,
    path: &Path,
) -> Result<Exit, Failure> {
    let decision = decision(args)?;
    let unreadable = |err| Failure::Usage(format!("{} cannot be read: {err}", path.display()));
    let file = File::open(path).map_err(unreadable)?;
    let map = read_map(BufReader::new(file)).map_err(|it| refused(path, &it))?;
    let address = select::sink_of(&app.global, args.to.as_deref(), district)?;
    let sink = address.existing().await?;
    let problems = check::problems(&map, &mut sink.published(district).await?);
    if !problems.is_empty() {
        return Err(refused(path, &problems));
    }
    if map.pairs.is_empty() {
        return Err(Failure::Usage(format!("{} has no row with a new key", path.display())));
    }
    take(app, &sink, district, None, &map, &decision).await
}

/// Everything that is wrong with a map, so that it is mended once.
fn refused(path: &Path, problems: &[Problem]) -> Failure {
    let mut message = format!(
        "nothing of {} is accepted: {}",
        path.display(),
        counted(problems.len() as u64, "problem")
    );
    for Problem { line, message: problem } in problems.iter().take(MOST_PROBLEMS) {
        _ = write!(message, "\n  line {line}: {}", render::shown(problem));
    }
    if let Some(more @ 1..) = problems.len().checked_sub(MOST_PROBLEMS) {
        _ = write!(message, "\n  and {more} more");
    }
    Failure::Usage(message)
}

/// Hands a map to the sink, for the next night.
async fn take(
    app: &mut App,
    sink: &Arc<dyn Sink>,
    district: &DistrictId,
    hold: Option<&HoldId>,
    map: &MapFile,
    decision: &Decision,
) -> Result<Exit, Failure> {
    let rekeys: Vec<Rekey> = map.pairs.iter().map(|it: &MapLine| it.rekey.clone()).collect();
    sink.accept_rekeys(district, hold, &rekeys, decision).await?;
    let line = Accepted {
        district,
        hold,
        new_keys: by_table(&map.counts()),
        undecided: by_table(&map.undecided),
    };
    app.console.result(&line, accepted_text);
    app.console.remark(&next_step(&line));
    Ok(Exit::Done)
}

fn by_table(counts: &BTreeMap<EntityKind, u64>) -> ByTable {
    counts.iter().map(|(entity, count)| (entity.table(), *count)).collect()
}

fn accepted_text(accepted: &Accepted<'_>, _: Colour) -> String {
    let line = |(table, count): (&&str, &u64)| {
        let undecided = accepted.undecided.get(table).copied().unwrap_or_default();
        let left = if undecided == 0 { String::new() } else { format!(", {undecided} undecided") };
        format!("  {table}: {}{left}\n", counted(*count, "new key"))
    };
    let tables: String = accepted.new_keys.iter().map(line).collect();
    format!("accepted for {}:\n{tables}", accepted.district)
}

fn next_step(accepted: &Accepted<'_>) -> String {
    let district = accepted.district;
    let mut text = format!(
        "the next night of {district} gives these records their new keys, and they keep their public ids; to do that \
         now: homeroom sync {district}"
    );
    if let (Some(hold), false) = (accepted.hold, accepted.undecided.is_empty()) {
        _ = write!(
            text,
            "\nambiguous records are not in the map; to decide on them before: homeroom rekey {district} --show {hold} \
             --csv FILE, then --map FILE"
        );
    }
    text
}

async fn show(
    app: &mut App,
    args: &RekeyArgs,
    district: &DistrictId,
    id: &HoldId,
) -> Result<Exit, Failure> {
    if let Some(file) = args.csv.as_deref().filter(|it| it.exists()) {
        let message = format!("{} is there already; name a new file", file.display());
        return Err(Failure::Usage(message));
    }
    let (sink, hold) = find(app, args, district, id).await?;
    let proposal = Proposal::load(&sink, &hold).await?;
    let line = Shown { district, hold: id, tables: shown_tables(&proposal.map) };
    app.console.answer(&line, shown_text)?;
    if let Some(file) = &args.csv {
        proposal.write(file)?;
        let file = file.display();
        app.console.remark(&format!(
            "wrote the map to {file}; fill in new keys where they are missing, then: homeroom rekey {district} --map \
             {file} --by WHO --reason WHY"
        ));
    }
    Ok(Exit::Done)
}

fn shown_tables(map: &MapFile) -> BTreeMap<&'static str, ShownTable<'_>> {
    let mut tables: BTreeMap<_, ShownTable<'_>> = BTreeMap::new();
    for (entity, pairs) in map.counts() {
        tables.entry(entity.table()).or_default().pairs = pairs;
    }
    for (entity, ambiguous) in &map.undecided {
        tables.entry(entity.table()).or_default().ambiguous = *ambiguous;
    }
    for (entity, how) in &map.how {
        let how = how.iter().map(|(how, count)| (how.as_str(), *count)).collect();
        tables.entry(entity.table()).or_default().how = how;
    }
    tables
}

fn shown_text(shown: &Shown<'_>, _: Colour) -> String {
    let mut text = format!("{} proposes for {}:\n", shown.hold, shown.district);
    for (table, ShownTable { pairs, ambiguous, how }) in &shown.tables {
        let left = if *ambiguous > 0 { format!(", {ambiguous} ambiguous") } else { String::new() };
        _ = writeln!(text, "  {table}: {}{left}", counted(*pairs, "new key"));
        for (how, count) in how {
            _ = writeln!(text, "    {} by {}", render::number(*count), render::shown(how));
        }
    }
    text
}

fn decision(args: &RekeyArgs) -> Result<Decision, Failure> {
    let filled = |flag: &str, text: &Option<String>| {
        let text = text.as_deref().map(str::trim).unwrap_or_default();
        let message =
            || Failure::Usage(format!("{flag} must not be empty; it stands in the audit log"));
        if text.is_empty() { Err(message()) } else { Ok(text.to_owned()) }
    };
    let (by, reason) = (filled("--by", &args.by)?, filled("--reason", &args.reason)?);
    Ok(Decision { at: Timestamp::now(), by, reason })
}

/// A hold of this district that proposes a map, and the sink that remembers it.
async fn find(
    app: &App,
    args: &RekeyArgs,
    district: &DistrictId,
    id: &HoldId,
) -> Result<(Arc<dyn Sink>, Hold), Failure> {
    let (sink, hold) = holds::find(app, args.to.as_deref(), id).await?;
    if hold.district != *district {
        return Err(Failure::Usage(format!("hold {id} is of district {}", hold.district)));
    }
    if hold.rule != HoldRule::Rekeyed {
        let rule = hold.rule.code();
        let message = format!(
            "hold {id} proposes no map, its rule is {rule}; decide on it with homeroom approve or homeroom discard"
        );
        return Err(Failure::Usage(message));
    }
    Ok((sink, hold))
}
