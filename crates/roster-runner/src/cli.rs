//! The command line as it is typed.

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Brings school districts' rosters every night into one model, and loses nobody on the way.
#[derive(Debug, Parser)]
#[command(name = "homeroom", version, arg_required_else_help = true, propagate_version = true)]
#[command(
    after_help = "Exit codes: 0 done (published or nothing to do), 2 bad usage or configuration, \
                        10 something is held, 11 a district failed, 1 a defect of Homeroom."
)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// Configuration file [default: homeroom.toml]
    #[arg(long, global = true, value_name = "FILE", display_order = 100)]
    pub config: Option<PathBuf>,
    /// Database that remembers the nights of a sink that is none, beside a sink named here [default: an SQLite file
    /// beside that sink]
    #[arg(long, global = true, value_name = "SINK", display_order = 101)]
    pub store: Option<String>,
    /// Print results as JSON, one object per line
    #[arg(long, global = true, display_order = 102)]
    pub json: bool,
    /// What to tell on standard error while working [default: warn on a terminal, info elsewhere]
    #[arg(long, global = true, value_enum, value_name = "LEVEL", display_order = 103)]
    pub log: Option<LogLevel>,
    /// Write the log as JSON, one object per line
    #[arg(long, global = true, display_order = 104)]
    pub log_json: bool,
}

/// How much is told while working.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// What failed.
    Error,
    /// Also what needs attention.
    Warn,
    /// Also what is being done.
    Info,
    /// Also details.
    Debug,
    /// Everything.
    Trace,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Synchronize districts: read, check, compare and publish
    Sync(SyncArgs),
    /// Try, step by step, whether districts could be synchronized
    Check(CheckArgs),
    /// Write down what a night would change, and publish nothing
    Plan(PlanArgs),
    /// Publish a plan that `homeroom plan` wrote
    Apply(ApplyArgs),
    /// List the last runs
    Runs(RunsArgs),
    /// Show what a run did
    Show(RunArgs),
    /// Show what was wrong in a run, why, and how to mend it
    Report(ReportArgs),
    /// Check again what a run left out, and publish what passes now
    Recheck(RecheckArgs),
    /// List what waits for a person, or show one hold
    Holds(HoldsArgs),
    /// Let the next night publish what a hold holds back
    Approve(ApproveArgs),
    /// Go on holding back what a hold holds back, without asking
    Discard(DecideArgs),
    /// Accept that records have new keys at the source, so that they keep their public ids
    Rekey(RekeyArgs),
    /// List who has decided what
    Audit(AuditArgs),
    /// Tell where a record came from, what was decided on it and why
    Explain(ExplainArgs),
    /// Write a district's published roster as files
    Export(ExportArgs),
    /// The file specification: as a document, as files to start from, or against a district's files
    #[cfg(feature = "connector-sftp-spec")]
    #[command(subcommand)]
    Spec(SpecCommand),
    /// Districts that connected with an application at a service
    Districts {
        /// What to do with them.
        #[command(subcommand)]
        command: DistrictsCommand,
    },
    /// Write a commented configuration file
    Init,
    /// Run made-up districts through two nights, into homeroom-demo/
    Demo(DemoArgs),
    /// Tell whose files are late, missing, refused or always the same
    Due(DueArgs),
    /// Manage the logins of the SFTP drop
    #[cfg(feature = "drop")]
    Drop(DropArgs),
    /// Run every district's night at its hour, and answer on HTTP
    #[cfg(feature = "serve")]
    Serve,
    /// Make a one-time link by which a district gives its credentials
    #[cfg(feature = "serve")]
    Invite(InviteArgs),
    /// Put credentials into the vault, and change its key
    #[cfg(feature = "vault")]
    Vault(VaultArgs),
}

/// `homeroom due`.
#[derive(Clone, Debug, Args)]
pub struct DueArgs {
    /// Districts of the configuration file [default: all]
    #[arg(value_name = "DISTRICT")]
    pub districts: Vec<String>,
}

/// `homeroom drop`.
#[cfg(feature = "drop")]
#[derive(Clone, Debug, Args)]
pub struct DropArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: DropAction,
}

/// What `homeroom drop` does.
#[cfg(feature = "drop")]
#[derive(Clone, Debug, Subcommand)]
pub enum DropAction {
    /// Give a district a login, and print its password, which is shown this once
    Add {
        /// The district's id, which is the name of the login and of its folder
        #[arg(value_name = "DISTRICT")]
        district: String,
        /// File with a public key that may log in; several times for several keys
        #[arg(long, value_name = "FILE")]
        key: Vec<PathBuf>,
        /// Let it log in with its keys only
        #[arg(long, requires = "key")]
        no_password: bool,
        /// Let it log in where older algorithms are spoken, too
        #[arg(long)]
        legacy: bool,
    },
    /// Give a login a new password, and print it; the old one is void
    Password {
        /// The district's id
        #[arg(value_name = "DISTRICT")]
        district: String,
    },
    /// Take a district's login away; its files stay
    Remove {
        /// The district's id
        #[arg(value_name = "DISTRICT")]
        district: String,
    },
    /// List the logins
    List,
    /// Print the fingerprints of the server's host keys, for districts to compare
    Fingerprints,
}

/// `homeroom districts`.
#[derive(Debug, Subcommand)]
pub enum DistrictsCommand {
    /// List districts that connected with an application, and what is new since the last time
    Discover(DiscoverArgs),
}

/// `homeroom districts discover`.
#[derive(Clone, Debug, Args)]
pub struct DiscoverArgs {
    /// Connector of the service
    #[arg(long, value_name = "CONNECTOR")]
    pub connector: String,
    /// File with the application's keys of the connector, such as `client_id` and `client_secret`
    #[arg(long, value_name = "FILE", default_value = "application.toml")]
    pub application: PathBuf,
    /// File that remembers which districts were seen
    #[arg(long, value_name = "FILE", default_value = "homeroom-districts.json")]
    pub seen: PathBuf,
}

/// A district without a configuration file.
#[derive(Clone, Debug, Default, Args)]
pub struct Direct {
    /// Connector to read with, instead of a configuration file
    #[arg(long, value_name = "CONNECTOR", requires_all = ["from", "district", "to"])]
    pub connector: Option<String>,
    /// File or folder to read
    #[arg(long, value_name = "FILE", requires = "connector")]
    pub from: Option<PathBuf>,
    /// Id of the district
    #[arg(long, value_name = "ID", requires = "connector")]
    pub district: Option<String>,
    /// Sink to publish to, such as `sqlite:roster.db`, `postgres://host/database` or `oneroster-1.2:out.zip`
    #[arg(long, value_name = "SINK", requires = "connector")]
    pub to: Option<String>,
}

/// `homeroom sync`.
#[derive(Clone, Debug, Args)]
pub struct SyncArgs {
    /// Districts of the configuration file [default: all]
    #[arg(value_name = "DISTRICT", conflicts_with = "connector")]
    pub districts: Vec<String>,
    /// The form without a configuration file.
    #[command(flatten)]
    pub direct: Direct,
}

/// `homeroom check`.
#[derive(Clone, Debug, Args)]
pub struct CheckArgs {
    /// Districts of the configuration file [default: all]
    #[arg(value_name = "DISTRICT", conflicts_with = "connector")]
    pub districts: Vec<String>,
    /// The form without a configuration file.
    #[command(flatten)]
    pub direct: Direct,
}

/// `homeroom plan`.
#[derive(Clone, Debug, Args)]
pub struct PlanArgs {
    /// District of the configuration file
    #[arg(
        value_name = "DISTRICT",
        conflicts_with = "connector",
        required_unless_present = "connector"
    )]
    pub name: Option<String>,
    /// The form without a configuration file.
    #[command(flatten)]
    pub direct: Direct,
    /// New folder for the plan; it will hold personal data [default: plan-DISTRICT]
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
}

/// `homeroom apply`.
#[derive(Clone, Debug, Args)]
pub struct ApplyArgs {
    /// Folder that `homeroom plan` wrote
    #[arg(value_name = "PLAN")]
    pub plan: PathBuf,
    /// Sink to publish to [default: the configuration's]
    #[arg(long, value_name = "SINK")]
    pub to: Option<String>,
    /// Do not look whether the district's source has another feed by now; it is looked at where the configuration file
    /// has the district
    #[arg(long)]
    pub ignore_feed: bool,
}

/// `homeroom runs`.
#[derive(Clone, Debug, Args)]
pub struct RunsArgs {
    /// Only runs of this district
    #[arg(long, value_name = "ID")]
    pub district: Option<String>,
    /// Number of runs at most
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    pub most: usize,
    /// Sink to look in [default: the configuration's]
    #[arg(long, value_name = "SINK")]
    pub to: Option<String>,
}

/// `homeroom show`.
#[derive(Clone, Debug, Args)]
pub struct RunArgs {
    /// Id of the run, as `homeroom runs` lists it
    #[arg(value_name = "RUN")]
    pub run: String,
    /// Sink to look in [default: the configuration's]
    #[arg(long, value_name = "SINK")]
    pub to: Option<String>,
}

/// `homeroom holds`.
#[derive(Clone, Debug, Args)]
pub struct HoldsArgs {
    /// Id of one hold to show [default: list all that are open]
    #[arg(value_name = "HOLD", conflicts_with_all = ["district", "all"])]
    pub hold: Option<String>,
    /// Write the changes of the hold to this new file; it will hold personal data
    #[arg(long, value_name = "FILE", requires = "hold")]
    pub csv: Option<PathBuf>,
    /// Only holds of this district
    #[arg(long, value_name = "ID")]
    pub district: Option<String>,
    /// Also those that are decided or no longer wait
    #[arg(long)]
    pub all: bool,
    /// Sink to look in [default: the configuration's]
    #[arg(long, value_name = "SINK")]
    pub to: Option<String>,
}

/// `homeroom approve`.
#[derive(Clone, Debug, Args)]
pub struct ApproveArgs {
    /// What both decisions need.
    #[command(flatten)]
    pub decide: DecideArgs,
    /// What the source sends now is the new normal; needed after five nights in a row
    #[arg(long)]
    pub rebaseline: bool,
}

/// `homeroom discard`, and what `homeroom approve` shares with it.
#[derive(Clone, Debug, Args)]
pub struct DecideArgs {
    /// Id of the hold, as `homeroom holds` lists it
    #[arg(value_name = "HOLD")]
    pub hold: String,
    /// Who decides
    #[arg(long, value_name = "WHO")]
    pub by: String,
    /// Why
    #[arg(long, value_name = "WHY")]
    pub reason: String,
    /// Hours until the decision expires [default: 24]; an approval also ends with the next night
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=8760))]
    pub hours: Option<u32>,
    /// Sink to look in [default: the configuration's]
    #[arg(long, value_name = "SINK")]
    pub to: Option<String>,
}

/// `homeroom rekey`.
#[derive(Clone, Debug, Args)]
#[command(group(ArgGroup::new("map").args(["accept", "file", "show", "forget"]).required(true)))]
#[command(
    after_help = "A student information system that gives everybody new keys, or a district that moves from one \
                        connector to another, looks as if everybody had left and others had come.  The night holds \
                        that and proposes a map from old keys to new ones.  To move a district: change its connector \
                        in the configuration, run its night, look at the map with --show, complete it where it is \
                        ambiguous, and accept it.  The next night applies what was accepted: records keep their \
                        public ids under their new keys.  Keys of the map that do not come with the others are \
                        dropped; a map that was accepted in error is taken back with --forget.\n\n\
                        A map is a CSV file with the columns entity (the table, such as users), old_source_id and \
                        new_source_id; how and candidates may stand beside them.  Rows without a new key are left \
                        out.  Nothing of a file is accepted unless all of it is right."
)]
pub struct RekeyArgs {
    /// District whose records have new keys
    #[arg(value_name = "DISTRICT")]
    pub district: String,
    /// Accept the map that this hold proposes, but for what is ambiguous in it
    #[arg(long, value_name = "HOLD")]
    pub accept: Option<String>,
    /// Accept the map in this CSV file
    #[arg(id = "file", long = "map", value_name = "FILE")]
    pub map: Option<PathBuf>,
    /// Show the map that this hold proposes, and accept nothing
    #[arg(long, value_name = "HOLD")]
    pub show: Option<String>,
    /// Take back what was accepted and no night has applied yet
    #[arg(long)]
    pub forget: bool,
    /// Write the shown map, with what is ambiguous in it, to this new file
    #[arg(long, value_name = "FILE", requires = "show")]
    pub csv: Option<PathBuf>,
    /// Who decides
    #[arg(long, value_name = "WHO", required_unless_present = "show", conflicts_with = "show")]
    pub by: Option<String>,
    /// Why
    #[arg(long, value_name = "WHY", required_unless_present = "show", conflicts_with = "show")]
    pub reason: Option<String>,
    /// Sink to look in [default: the configuration's]
    #[arg(long, value_name = "SINK")]
    pub to: Option<String>,
}

/// `homeroom audit`.
#[derive(Clone, Debug, Args)]
pub struct AuditArgs {
    /// Only entries of this district
    #[arg(long, value_name = "ID")]
    pub district: Option<String>,
    /// Number of entries at most
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    pub most: usize,
    /// Sink to look in [default: the configuration's]
    #[arg(long, value_name = "SINK")]
    pub to: Option<String>,
}

/// `homeroom explain`.
#[derive(Clone, Debug, Args)]
pub struct ExplainArgs {
    /// District of the record
    #[arg(value_name = "DISTRICT")]
    pub district: String,
    /// Its table, such as `users`, or one record of it, such as `user`
    #[arg(value_name = "ENTITY")]
    pub entity: String,
    /// Its key at the source
    #[arg(value_name = "SOURCE_ID")]
    pub source_id: String,
    /// Run to look into [default: the last that ended well]
    #[arg(long, value_name = "RUN")]
    pub run: Option<String>,
    /// Do not look into the feed as it is now
    #[arg(long)]
    pub no_feed: bool,
    /// Show values also where the output is no terminal; they are personal data
    #[arg(long)]
    pub values: bool,
    /// Sink to look in [default: the configuration's]
    #[arg(long, value_name = "SINK")]
    pub to: Option<String>,
}

/// `homeroom report`.
#[derive(Clone, Debug, Args)]
pub struct ReportArgs {
    /// Id of the run, as `homeroom runs` lists it
    #[arg(value_name = "RUN")]
    pub run: String,
    /// Write the report for the district's data manager to this new file, by its name as .html, .csv or .json; it will
    /// hold personal data
    #[arg(long, value_name = "FILE")]
    pub for_district: Option<PathBuf>,
    /// Sink to look in [default: the configuration's]
    #[arg(long, value_name = "SINK")]
    pub to: Option<String>,
}

/// `homeroom recheck`.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "What the checks left out is checked again with today's settings, against what is published \
                        now.  What passes is published, in a run of its own; nothing is deleted."
)]
pub struct RecheckArgs {
    /// Id of the run, as `homeroom runs` lists it
    #[arg(value_name = "RUN")]
    pub run: String,
    /// Sink to look in [default: the configuration's]
    #[arg(long, value_name = "SINK")]
    pub to: Option<String>,
}

/// `homeroom export`.
#[derive(Clone, Debug, Args)]
pub struct ExportArgs {
    /// District to export
    #[arg(value_name = "DISTRICT")]
    pub district: String,
    /// Form of the files
    #[arg(long, value_enum)]
    pub format: ExportFormat,
    /// New file (OneRoster zip) or folder (JSON lines) to write; it will hold personal data
    #[arg(long = "to", value_name = "PATH")]
    pub target: PathBuf,
    /// Sink to read from [default: the configuration's]
    #[arg(long = "from", value_name = "SINK")]
    pub sink: Option<String>,
}

/// What `homeroom export` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// A OneRoster 1.1 zip
    #[value(name = "oneroster-1.1")]
    OneRoster11,
    /// A OneRoster 1.2 zip
    #[value(name = "oneroster-1.2")]
    OneRoster12,
    /// A folder with one file of JSON lines for each table
    #[value(name = "jsonl")]
    Jsonl,
    /// A folder with one Parquet file for each table
    #[cfg(feature = "sink-parquet")]
    #[value(name = "parquet")]
    Parquet,
}

/// `homeroom spec`.
#[cfg(feature = "connector-sftp-spec")]
#[derive(Clone, Debug, Subcommand)]
pub enum SpecCommand {
    /// Write the specification as a document for districts
    Render(RenderArgs),
    /// Write files to start from: empty ones with their headers, and a filled example
    Template(TemplateArgs),
    /// Check a district's files as they would be checked after sending; sends nothing
    Validate(ValidateArgs),
}

/// `homeroom spec render`.
#[cfg(feature = "connector-sftp-spec")]
#[derive(Clone, Debug, Args)]
pub struct RenderArgs {
    /// Form of the document
    #[arg(long, value_enum, default_value_t = SpecFormat::Markdown)]
    pub format: SpecFormat,
    /// New file to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
}

/// The form of the file specification.
#[cfg(feature = "connector-sftp-spec")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SpecFormat {
    /// Markdown
    Markdown,
    /// One page of HTML that needs nothing else
    Html,
    /// JSON Schema of the rows of each file
    JsonSchema,
}

/// `homeroom spec template`.
#[cfg(feature = "connector-sftp-spec")]
#[derive(Clone, Debug, Args)]
pub struct TemplateArgs {
    /// New folder to write to
    #[arg(long, value_name = "FOLDER")]
    pub to: PathBuf,
}

/// `homeroom spec validate`.
#[cfg(feature = "connector-sftp-spec")]
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Ends with exit code 0 if everything would be taken, and with 11 if something would be left out, or \
                  the set refused."
)]
pub struct ValidateArgs {
    /// Folder or zip archive to check
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
    /// File with the district's names for files and columns, as they stand below [district.source]
    #[arg(long, value_name = "FILE")]
    pub names: Option<PathBuf>,
    /// Show values also where the output is no terminal; they are personal data
    #[arg(long, conflicts_with = "json")]
    pub values: bool,
}

/// `homeroom invite`.
#[cfg(feature = "serve")]
#[derive(Clone, Debug, Args)]
pub struct InviteArgs {
    /// District of the configuration file
    #[arg(value_name = "DISTRICT")]
    pub district: String,
    /// Who invites
    #[arg(long, value_name = "WHO")]
    pub by: String,
    /// Hours until the link expires
    #[arg(long, value_name = "NUMBER", default_value_t = 72, value_parser = clap::value_parser!(u32).range(1..=720))]
    pub hours: u32,
}

/// `homeroom vault`.
#[cfg(feature = "vault")]
#[derive(Clone, Debug, Args)]
pub struct VaultArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: VaultAction,
}

/// What `homeroom vault` does.
#[cfg(feature = "vault")]
#[derive(Clone, Debug, Subcommand)]
pub enum VaultAction {
    /// Make a new key and write it to a new file
    Key {
        /// New file for the key; keep it apart from the vault and from all backups of data
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// List the names of all credentials
    List,
    /// Put a credential in, read from standard input
    Put {
        /// Its name, such as lakeside.odbc
        #[arg(value_name = "NAME")]
        name: String,
        /// Who puts it in
        #[arg(long, value_name = "WHO")]
        by: String,
    },
    /// Take a credential out for good
    Remove {
        /// Its name
        #[arg(value_name = "NAME")]
        name: String,
        /// Who takes it out
        #[arg(long, value_name = "WHO")]
        by: String,
    },
    /// Seal every credential anew, with the first identity of the key
    Rotate {
        /// Who changes the key
        #[arg(long, value_name = "WHO")]
        by: String,
    },
    /// List who used or changed which credential
    Audit {
        /// Number of entries at most
        #[arg(long, value_name = "NUMBER", default_value_t = 50)]
        most: usize,
    },
}

/// `homeroom demo`.
#[derive(Clone, Debug, Args)]
pub struct DemoArgs {
    /// Folder to work in; what an earlier demo left there is replaced
    #[arg(long, value_name = "FOLDER", default_value = "homeroom-demo")]
    pub folder: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory as _, error::ErrorKind};

    #[test]
    fn command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[track_caller]
    fn check(line: &str, expected: Option<ErrorKind>) {
        let words = std::iter::once("homeroom").chain(line.split_whitespace());
        let outcome = Cli::try_parse_from(words).err().map(|it| it.kind());
        assert_eq!(outcome, expected, "{line}");
    }

    #[test]
    fn forms_of_the_design_are_accepted_and_mixtures_refused() {
        let direct = "--connector oneroster --from z --district d --to sqlite:f";
        for command in ["sync", "check", "plan"] {
            check(&format!("{command} {direct} --json"), None);
            check(&format!("{command} {direct} lakeside"), Some(ErrorKind::ArgumentConflict));
            check(
                &format!("{command} --connector oneroster --from z"),
                Some(ErrorKind::MissingRequiredArgument),
            );
            check(&format!("{command} --to sqlite:f"), Some(ErrorKind::MissingRequiredArgument));
        }
        check("sync", None);
        check("sync a b --config c.toml --log debug", None);
        check("plan", Some(ErrorKind::MissingRequiredArgument));
        check("plan a --out p", None);
        check("apply p --to sqlite:f", None);
        check("apply p --ignore-feed", None);
        check(
            "sync --store sqlite:s --connector oneroster --from z --district d --to parquet:p",
            None,
        );
        check("runs --most 3 --to sqlite:f", None);
        check("report r --json", None);
        check("report r --for-district r.html --to sqlite:f", None);
        check("recheck r --to sqlite:f --json", None);
        check("rekey d --accept r.1 --by me --reason new --to sqlite:f", None);
        check("rekey d --map m.csv --by me --reason new", None);
        check("rekey d --show r.1 --csv m.csv --json", None);
        check("rekey d --by me --reason new", Some(ErrorKind::MissingRequiredArgument));
        check("rekey d --accept r.1 --by me", Some(ErrorKind::MissingRequiredArgument));
        check("rekey d --accept r.1 --show r.1", Some(ErrorKind::ArgumentConflict));
        check("rekey d --show r.1 --by me", Some(ErrorKind::ArgumentConflict));
        check("export d --format jsonl --to p --from sqlite:f", None);
        check("export d --format csv --to p", Some(ErrorKind::InvalidValue));
        check("demo --folder x", None);
        check("", Some(ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand));
        check("sink", Some(ErrorKind::InvalidSubcommand));
    }
}
