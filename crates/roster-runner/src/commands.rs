//! The commands, one file each, and what they share.

mod apply;
mod audit;
mod check;
pub(crate) mod decide;
mod demo;
mod districts;
#[cfg(feature = "drop")]
mod drop;
mod due;
pub(crate) mod explain;
mod export;
mod holds;
mod init;
#[cfg(feature = "serve")]
mod invite;
mod plan;
mod recheck;
mod rekey;
mod report;
mod runs;
mod select;
#[cfg(feature = "serve")]
mod serve;
mod show;
#[cfg(feature = "connector-sftp-spec")]
mod spec;
mod sync;
#[cfg(feature = "vault")]
mod vault;

use crate::{
    cli::{Command, DistrictsCommand, Global},
    console::Console,
    exit::{Exit, Failure},
    progress::Progress,
};
use roster_core::value::Timestamp;
use roster_sink::{Cause, RunRecord, RunReport};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

/// What every command works with.
#[derive(Debug)]
pub struct App {
    /// Options of every command.
    pub global: Global,
    /// Where results go.
    pub console: Console,
    /// Where progress goes.
    pub progress: Progress,
    /// Cancelled when the program is to stop soon.
    pub cancel: CancellationToken,
}

impl App {
    /// Runs a command.
    ///
    /// # Errors
    ///
    /// What stopped it before it had a result.
    pub async fn run(&mut self, command: &Command) -> Result<Exit, Failure> {
        match command {
            Command::Sync(args) => sync::run(self, args).await,
            Command::Check(args) => check::run(self, args).await,
            Command::Plan(args) => plan::run(self, args).await,
            Command::Apply(args) => apply::run(self, args).await,
            Command::Runs(args) => runs::run(self, args).await,
            Command::Show(args) => show::run(self, args).await,
            Command::Report(args) => report::run(self, args).await,
            Command::Recheck(args) => recheck::run(self, args).await,
            Command::Holds(args) => holds::run(self, args).await,
            Command::Approve(args) => decide::approve(self, &args.decide, args.rebaseline).await,
            Command::Discard(args) => decide::discard(self, args).await,
            Command::Rekey(args) => rekey::run(self, args).await,
            Command::Audit(args) => audit::run(self, args).await,
            Command::Explain(args) => explain::run(self, args).await,
            Command::Export(args) => export::run(self, args).await,
            #[cfg(feature = "connector-sftp-spec")]
            Command::Spec(command) => spec::run(self, command).await,
            Command::Districts { command: DistrictsCommand::Discover(args) } => {
                districts::discover(self, args).await
            }
            Command::Init => init::run(self),
            Command::Demo(args) => demo::run(self, args).await,
            Command::Due(args) => due::run(self, args).await,
            #[cfg(feature = "drop")]
            Command::Drop(args) => drop::run(self, args),
            #[cfg(feature = "serve")]
            Command::Serve => serve::run(self).await,
            #[cfg(feature = "serve")]
            Command::Invite(args) => invite::run(self, args),
            #[cfg(feature = "vault")]
            Command::Vault(args) => vault::run(self, args),
        }
    }
}

/// A run as one line of JSON: the report of `sync`, and what is known beside it.
#[derive(Debug, Serialize)]
struct RecordLine<'r> {
    #[serde(flatten)]
    report: &'r RunReport,
    started_at: Timestamp,
    finished_at: Timestamp,
    causes: &'r [Cause],
}

impl<'r> From<&'r RunRecord> for RecordLine<'r> {
    fn from(record: &'r RunRecord) -> Self {
        Self {
            report: &record.report,
            started_at: record.started_at,
            finished_at: record.finished_at,
            causes: &record.causes,
        }
    }
}
