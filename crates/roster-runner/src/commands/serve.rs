//! `homeroom serve`: the SFTP drop, and the nights that finished uploads start.

use super::{App, select};
use crate::{
    cli::Direct,
    drive::Drive,
    exit::{Exit, Failure},
    render,
};
use futures::StreamExt as _;
use roster_core::ErrorKind;
use roster_drop::{DropConfig, Server, Start, Uploads};
use serde::Serialize;
use std::{collections::HashMap, net::SocketAddr, pin::pin, time::Duration};
use tokio::sync::mpsc;

/// How often a night is tried again that found its files not ready yet.
const MOST_TRIES: u32 = 3;

/// Hands finished uploads on.
#[derive(Debug)]
struct Finished(mpsc::UnboundedSender<String>);

impl Uploads for Finished {
    fn finished(&self, district: &str) {
        // Nobody listens any more when the program ends.
        _ = self.0.send(district.to_owned());
    }
}

/// Where the drop listens.
#[derive(Debug, Serialize)]
struct Listening {
    listening: SocketAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    legacy: Option<SocketAddr>,
}

pub(super) async fn run(app: &mut App) -> Result<Exit, Failure> {
    let config = select::drop_config(&app.global)?;
    let (sender, finished) = mpsc::unbounded_channel();
    let server =
        Server::start(config.clone(), std::sync::Arc::new(Finished(sender.clone()))).await?;
    let listening = Listening { listening: server.address(), legacy: server.legacy_address() };
    app.console.result(&listening, |it, _| format!("the drop listens on {}\n", it.listening));
    let exit = uploads(app, &config, finished, &sender).await;
    server.stop().await;
    exit
}

/// Takes finished uploads one after another until the program is to stop.
async fn uploads(
    app: &mut App,
    config: &DropConfig,
    mut finished: mpsc::UnboundedReceiver<String>,
    again: &mpsc::UnboundedSender<String>,
) -> Result<Exit, Failure> {
    let mut tries: HashMap<String, u32> = HashMap::new();
    loop {
        let district = tokio::select! {
            () = app.cancel.cancelled() => return Ok(Exit::Done),
            district = finished.recv() => district,
        };
        let Some(district) = district else { return Ok(Exit::Done) };
        if config.start == Start::Schedule {
            continue;
        }
        let ready = night(app, &district).await;
        let vain = tries.entry(district.clone()).or_default();
        *vain = if ready { 0 } else { *vain + 1 };
        if *vain > 0 && *vain < MOST_TRIES {
            let (again, wait) = (again.clone(), Duration::from_secs(config.quiet_secs.max(1)));
            tokio::spawn(async move {
                tokio::time::sleep(wait).await;
                again.send(district)
            });
        }
    }
}

/// Runs the night of a district; `false` if its files were not ready yet.
async fn night(app: &mut App, district: &str) -> bool {
    let names = [district.to_owned()];
    let selection = match select::districts(&app.global, &names, &Direct::default()) {
        Ok(selection) => selection,
        Err(error) => {
            tracing::warn!(district, %error, "an upload has finished, and no night can be run for it");
            return true;
        }
    };
    let drive = Drive::new(selection.night, app.cancel.clone(), app.progress.clone());
    let mut nights = pin!(drive.nights(selection.districts).await);
    let mut ready = true;
    while let Some(record) = nights.next().await {
        ready = record.report.error.as_ref().is_none_or(|it| it.kind != ErrorKind::NotReady.code());
        app.console.result(&record.report, |_, colour| {
            render::night(&record, &render::Hint::default(), colour)
        });
    }
    ready
}
