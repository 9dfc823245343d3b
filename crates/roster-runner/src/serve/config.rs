//! `[serve]` and what else `homeroom serve` needs, as written and as resolved.

use super::access::Role;
use crate::config::{Config, DistrictConfig, Step};
use jiff::Timestamp;
use roster_core::DistrictId;
use roster_credentials::CredentialPlace;
use roster_notices::{MailConfig, Recipient, RecipientConfig};
use roster_schedule::{Caps, Delivery, Schedule};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{
    collections::{BTreeMap, HashMap},
    net::{Ipv4Addr, SocketAddr},
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

/// Where it listens where nothing else is said.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8340);
/// Minutes that a notice waits for others where nothing else is said.
const GROUP_MINUTES: u32 = 10;
/// Hours from which a night is late where nothing else is said.
const LATE_AFTER_HOURS: u32 = 6;

/// `homeroom serve`: where it listens, and who gets in.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ServeConfig {
    /// Address and port to listen on.  Default: `"127.0.0.1:8340"`.  Example: `"0.0.0.0:443"`
    pub listen: Option<String>,
    /// The address that people know it by, for links.  Default: where it listens.
    /// Example: `"https://homeroom.example.com"`
    pub public_url: Option<String>,
    /// File with the server's certificate and those up to its authority (PEM); with `private_key`, connections are
    /// TLS.  Example: `"/etc/homeroom/fullchain.pem"`
    pub certificate: Option<PathBuf>,
    /// File with the certificate's private key (PEM).  Example: `"/etc/homeroom/privkey.pem"`
    pub private_key: Option<PathBuf>,
    /// Whether a proxy before it does TLS; without it and without a certificate, only this machine is listened to.
    /// Example: `true`
    pub behind_proxy: Option<bool>,
    /// File that remembers schedule, invitations and notices; it holds no record.  Default: `"homeroom-serve.db"`.
    /// Example: `"/var/lib/homeroom/serve.db"`
    pub state: Option<PathBuf>,
    /// Number of nights that run at the same time.  Default: `districts_at_once` of `[night]`.  Example: `8`
    pub nights_at_once: Option<NonZeroUsize>,
    /// Number of nights at the same time by connector, so that no service is asked too much at once.
    /// Example: `{ clever = 4, odbc = 10 }`
    pub upstreams: BTreeMap<String, NonZeroUsize>,
    /// Who gets in with a token: programs, and people before they have an account.
    pub access: Vec<AccessConfig>,
}

/// Somebody who gets in with a token.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessConfig {
    /// Who, for the audit log.  Example: `"grafana"`
    pub name: String,
    /// Where the token is kept: 32 characters or more that nobody guesses.  Example: `{ env = "GRAFANA_TOKEN" }`
    pub token: CredentialPlace,
    /// What it may do.  Example: `"viewer"`
    pub role: Role,
    /// Districts it is for.  Default: all.  Example: `["lakeside"]`
    pub districts: Option<Vec<String>>,
    /// When it ends.  Default: never.  Example: `"2027-06-30T00:00:00Z"`
    pub expires: Option<String>,
}

/// What `homeroom serve` needs beside the districts.
#[derive(Debug)]
pub struct ServeSettings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Start of every link, without a slash at its end.
    pub public_url: String,
    /// Certificate and private key.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// The file that remembers.
    pub state: PathBuf,
    /// How many nights run at once.
    pub caps: Option<NonZeroUsize>,
    /// The same by connector.
    pub upstreams: BTreeMap<String, NonZeroUsize>,
    /// Who gets in with a token.
    pub access: Vec<AccessConfig>,
    /// When the nights of each district run.
    pub schedules: HashMap<DistrictId, Schedule>,
    /// The server for e-mail.
    pub mail: Option<MailConfig>,
    /// Who is told about every district.
    pub recipients: Vec<Recipient>,
    /// Who is told about one.
    pub district_recipients: HashMap<DistrictId, Vec<Recipient>>,
    /// Minutes that a notice waits for others.
    pub group_minutes: u32,
    /// Hours after its slot from which a night is late.
    pub late_after_hours: u32,
}

impl ServeSettings {
    /// Resolves what stands in a configuration, with everything that is wrong with it and where.
    pub(crate) fn resolve(config: &Config, base: &Path) -> (Self, Vec<(Vec<Step>, String)>) {
        let mut resolve = Resolve { problems: Vec::new() };
        let settings = resolve.settings(config, base);
        (settings, resolve.problems)
    }

    /// How many nights run at once, `districts_at_once` where nothing else is said.
    #[must_use]
    pub fn caps(&self, districts_at_once: NonZeroUsize) -> Caps {
        let upstreams = self.upstreams.iter().map(|(name, cap)| (name.clone(), cap.get()));
        Caps {
            total: self.caps.unwrap_or(districts_at_once).get(),
            upstream: usize::MAX,
            upstreams: upstreams.collect(),
        }
    }
}

/// How a connector's rosters come in.
fn delivery(connector: &str) -> Delivery {
    match connector {
        "oneroster" | "sftp-spec" => Delivery::Drop,
        _ => Delivery::Pull,
    }
}

struct Resolve {
    problems: Vec<(Vec<Step>, String)>,
}

impl Resolve {
    fn tell(&mut self, path: &[&str], message: impl Into<String>) {
        let path = path.iter().map(|it| Step::from(*it)).collect();
        self.problems.push((path, message.into()));
    }

    fn settings(&mut self, config: &Config, base: &Path) -> ServeSettings {
        let Config { serve, notices, .. } = config;
        let listen = self.listen(serve);
        let scheme = if serve.certificate.is_some() { "https" } else { "http" };
        let public_url = serve.public_url.clone().unwrap_or_else(|| format!("{scheme}://{listen}"));
        self.access(&serve.access);
        for problem in notices.problems() {
            let section = if problem.key == "recipient" { "recipient" } else { "mail" };
            self.tell(&["notices", section], format!("{}: {}", problem.key, problem.message));
        }
        let mut mail = notices.mail.clone();
        if let Some(mail) = &mut mail {
            mail.certificate_authority = mail.certificate_authority.take().map(|it| base.join(it));
            mail.password = mail.password.take().map(|it| it.at(base));
        }
        let recipient = |it: &RecipientConfig| Recipient::new(&located(it, base));
        ServeSettings {
            listen,
            public_url: public_url.trim_end_matches('/').to_owned(),
            tls: self.tls(serve, base),
            state: base.join(serve.state.as_deref().unwrap_or(Path::new("homeroom-serve.db"))),
            caps: serve.nights_at_once,
            upstreams: serve.upstreams.clone(),
            access: serve.access.iter().map(|it| at(it, base)).collect(),
            schedules: self.schedules(config),
            mail,
            recipients: notices.recipient.iter().filter_map(recipient).collect(),
            district_recipients: self.district_recipients(config, base),
            group_minutes: notices.group_minutes.unwrap_or(GROUP_MINUTES),
            late_after_hours: notices.late_after_hours.unwrap_or(LATE_AFTER_HOURS),
        }
    }

    fn listen(&mut self, serve: &ServeConfig) -> SocketAddr {
        let Some(text) = &serve.listen else { return LISTEN };
        let Ok(address) = text.parse::<SocketAddr>() else {
            let message = "listen is not an address with a port; write it as \"127.0.0.1:8340\"";
            self.tell(&["serve", "listen"], message);
            return LISTEN;
        };
        let protected = serve.certificate.is_some() || serve.behind_proxy == Some(true);
        if !address.ip().is_loopback() && !protected {
            let message = "without TLS only this machine may be listened to; give certificate and private_key, or \
                           set behind_proxy when a proxy does TLS";
            self.tell(&["serve", "listen"], message);
        }
        address
    }

    fn tls(&mut self, serve: &ServeConfig, base: &Path) -> Option<(PathBuf, PathBuf)> {
        match (&serve.certificate, &serve.private_key) {
            (Some(certificate), Some(key)) => Some((base.join(certificate), base.join(key))),
            (None, None) => None,
            _ => {
                let message = "certificate and private_key go together; give both or none";
                self.tell(&["serve"], message);
                None
            }
        }
    }

    fn access(&mut self, access: &[AccessConfig]) {
        for (number, access) in access.iter().enumerate() {
            let path = |key: &str| {
                vec!["serve".into(), "access".into(), Step::from(number), Step::from(key)]
            };
            let expires = access.expires.as_deref().map(str::parse::<Timestamp>);
            if expires.is_some_and(|it| it.is_err()) {
                let message = "expires is not a time; write it as \"2027-06-30T00:00:00Z\"";
                self.problems.push((path("expires"), message.to_owned()));
            }
            if let Some(problem) = access.token.problem("token") {
                self.problems.push((path("token"), problem.message));
            }
        }
    }

    fn schedules(&mut self, config: &Config) -> HashMap<DistrictId, Schedule> {
        for problem in config.schedule.problems() {
            self.tell(&["schedule", problem.key], problem.message);
        }
        let mut schedules = HashMap::new();
        for (number, district) in config.district.iter().enumerate() {
            for problem in district.schedule.problems() {
                let path = ["schedule".into(), problem.key.into()];
                self.problems.push((inside(number, path), problem.message));
            }
            let Some((id, connector)) = known(district) else { continue };
            let both = district.schedule.clone().or(&config.schedule);
            if let Ok(schedule) = Schedule::new(&both, delivery(connector)) {
                schedules.insert(id, schedule);
            }
        }
        schedules
    }

    fn district_recipients(
        &mut self,
        config: &Config,
        base: &Path,
    ) -> HashMap<DistrictId, Vec<Recipient>> {
        let mut all = HashMap::new();
        for (number, district) in config.district.iter().enumerate() {
            for (place, recipient) in district.notices.iter().enumerate() {
                if let Some(problem) = recipient.problem(config.notices.mail.is_some()) {
                    let path = ["notices".into(), Step::from(place)];
                    self.problems.push((inside(number, path), problem.message));
                }
            }
            let Some((id, _)) = known(district) else { continue };
            let recipients = district.notices.iter();
            let recipients = recipients.filter_map(|it| Recipient::new(&located(it, base)));
            all.insert(id, recipients.collect());
        }
        all
    }
}

fn known(district: &DistrictConfig) -> Option<(DistrictId, &str)> {
    let id = district.id.as_deref()?.parse().ok()?;
    Some((id, &district.source.as_ref()?.connector))
}

fn inside(number: usize, path: [Step; 2]) -> Vec<Step> {
    [Step::from("district"), Step::from(number)].into_iter().chain(path).collect()
}

fn at(access: &AccessConfig, base: &Path) -> AccessConfig {
    AccessConfig { token: access.token.clone().at(base), ..access.clone() }
}

/// A recipient whose credentials lie where the configuration says.
fn located(recipient: &RecipientConfig, base: &Path) -> RecipientConfig {
    let mut recipient = recipient.clone();
    if let Some(webhook) = &mut recipient.webhook {
        webhook.url = std::mem::take(&mut webhook.url).at(base);
        webhook.secret = webhook.secret.take().map(|it| it.at(base));
    }
    recipient
}
