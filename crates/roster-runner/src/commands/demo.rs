//! `homeroom demo`: made-up districts through two nights, with nothing but this program.

mod feed;

use super::{App, select::CONFIG_FILE};
use crate::{
    cli::DemoArgs,
    drive::Drive,
    exit::{Exit, Failure},
    registry::CONNECTORS,
    render,
    settings::Settings,
};
use feed::{Feed, Night};
use futures::StreamExt as _;
use roster_synth::{Options, Version};
use std::{fs, io, path::Path, pin::pin};

/// First line of a demo's configuration; a folder without it is not the demo's to replace.
const MARK: &str = "# Written by `homeroom demo`; the next demo replaces this folder.";

/// A made-up district.
struct Stage {
    id: &'static str,
    name: &'static str,
    connector: &'static str,
    feed: Feed,
}

/// Districts for each connector.
const STAGES: &[Stage] = &[
    Stage {
        id: "lakeside",
        name: "Lakeside Unified School District",
        connector: "oneroster",
        feed: Feed::Synthetic(Options { students: 1_200, seed: 1, version: Version::V1_1 }),
    },
    Stage {
        id: "hillcrest",
        name: "Hillcrest Public Schools",
        connector: "oneroster",
        feed: Feed::Synthetic(Options { students: 400, seed: 2, version: Version::V1_2 }),
    },
    Stage {
        id: "riverbend",
        name: "Riverbend School District",
        connector: "oneroster",
        feed: Feed::Riverbend,
    },
];

pub(super) async fn run(app: &mut App, args: &DemoArgs) -> Result<Exit, Failure> {
    let built_in = |it: &&Stage| CONNECTORS.iter().any(|entry| entry.id() == it.connector);
    let stages: Vec<&Stage> = STAGES.iter().filter(built_in).collect();
    if stages.is_empty() {
        let message = "no connector was built into this program, so there is nothing to show";
        return Err(Failure::Usage(message.to_owned()));
    }
    let folder = &args.folder;
    start_over(folder, &configuration(&stages)).map_err(|err| refusal(folder, &err))?;
    let mut exit = Exit::Done;
    for night in [Night::First, Night::Second] {
        app.console.remark(night.title());
        for stage in &stages {
            stage
                .feed
                .write(night, &folder.join(feed_of(stage)))
                .map_err(|err| refusal(folder, &err))?;
        }
        exit = exit.worse(synchronize(app, folder).await?);
    }
    app.console.remark(&hints(folder));
    Ok(exit)
}

/// Synchronizes every district of the demo's configuration.
async fn synchronize(app: &mut App, folder: &Path) -> Result<Exit, Failure> {
    let Settings { districts, night, .. } = Settings::load(&folder.join(CONFIG_FILE))?;
    let drive = Drive::new(night, app.cancel.clone(), app.progress.clone());
    let mut nights = pin!(drive.nights(districts).await);
    let mut exit = Exit::Done;
    while let Some(record) = nights.next().await {
        exit = exit.worse(record.report.outcome.into());
        app.console.result(&record.report, |_, colour| {
            render::night(&record, &render::Hint::default(), colour)
        });
    }
    Ok(exit)
}

/// Name of a district's feed in the demo's folder.
fn feed_of(stage: &Stage) -> String {
    format!("{}{}", stage.id, stage.feed.suffix())
}

fn configuration(stages: &[&Stage]) -> String {
    let top = format!("{MARK}\n\n[store]\nto = \"sqlite:roster.db\"\n");
    let districts = stages.iter().map(|stage| {
        let Stage { id, name, connector, .. } = stage;
        let feed = feed_of(stage);
        let source = format!("{{ connector = \"{connector}\", path = \"{feed}\" }}");
        format!("\n[[district]]\nid = \"{id}\"\nname = \"{name}\"\nsource = {source}\n")
    });
    std::iter::once(top).chain(districts).collect()
}

/// Makes the folder with nothing but a configuration.  Only what an earlier demo left there is removed.
fn start_over(folder: &Path, configuration: &str) -> io::Result<()> {
    let config = folder.join(CONFIG_FILE);
    let used = folder.read_dir().is_ok_and(|mut it| it.next().is_some());
    if used && !fs::read_to_string(&config).unwrap_or_default().starts_with(MARK) {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "it holds something else than an earlier demo; name another with --folder",
        ));
    }
    if used {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    fs::write(&config, configuration)
}

fn refusal(folder: &Path, error: &io::Error) -> Failure {
    Failure::Usage(format!("{} cannot be used: {error}", folder.display()))
}

fn hints(folder: &Path) -> String {
    let config = folder.join(CONFIG_FILE);
    let (folder, config) = (folder.display(), config.display());
    format!(
        "The rosters are in {folder}/roster.db, which any SQLite program opens.  Look further with:\n  \
         homeroom runs --config {config}\n  \
         homeroom report RUN --config {config}\n  \
         homeroom export lakeside --format jsonl --to {folder}/lakeside --config {config}"
    )
}
