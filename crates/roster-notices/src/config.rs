//! Notices as they are written in `homeroom.toml`.

use crate::message::Kind;
use roster_credentials::CredentialPlace;
use schemars::JsonSchema;
use serde::Deserialize;
use std::path::PathBuf;

/// One thing that is wrong with the notices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    /// The key.
    pub key: &'static str,
    /// What was found, what is expected and what to do.
    pub message: String,
}

/// Who is told what happened.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NoticesConfig {
    /// The server that takes e-mail.
    pub mail: Option<MailConfig>,
    /// Who is told about every district.
    pub recipient: Vec<RecipientConfig>,
    /// Minutes that a notice waits for others, so that one message tells of all.  Default: 10.  Example: `30`
    #[schemars(range(max = 1_440))]
    pub group_minutes: Option<u32>,
    /// Hours after its planned time from which a night that has not ended well is late.  Default: 6.  Example: `3`
    #[schemars(range(min = 1, max = 168))]
    pub late_after_hours: Option<u32>,
}

/// The server that takes e-mail (SMTP submission, RFC 6409).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MailConfig {
    /// Its name.  Example: `"smtp.example.com"`
    pub host: String,
    /// Its port.  Default: 465 for `tls`, 587 for `starttls`, 25 for `none`.  Example: `2525`
    pub port: Option<u16>,
    /// How the connection is protected.  Default: `tls`.  Example: `"starttls"`
    #[serde(default)]
    pub security: MailSecurity,
    /// User name, where the server wants one.  Example: `"homeroom"`
    pub user: Option<String>,
    /// The user's password.  Example: `{ vault = "smtp" }`
    pub password: Option<CredentialPlace>,
    /// Sender.  Example: `"Homeroom <homeroom@example.com>"`
    pub from: String,
    /// File with certificates (PEM) of authorities that are trusted beside the system's.  Example: `"our-ca.pem"`
    pub certificate_authority: Option<PathBuf>,
}

/// How the connection to a mail server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailSecurity {
    /// TLS from the first byte (RFC 8314).
    #[default]
    Tls,
    /// STARTTLS, which must succeed (RFC 3207).
    Starttls,
    /// None; only for a server on the same machine.
    None,
}

/// Somebody who is told: by e-mail or by a webhook.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RecipientConfig {
    /// E-mail address.  Example: `"Data team <data@example.com>"`
    pub mail: Option<String>,
    /// Webhook.
    pub webhook: Option<WebhookConfig>,
    /// What it is told about.  Default: all but the digest.  Example: `["held", "failed"]`
    pub about: Option<Vec<Kind>>,
}

/// An address that a notice is posted to, as JSON whose `text` Slack and its like show.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookConfig {
    /// Where the address is kept; those of Slack are credentials.  Example: `{ env = "SLACK_WEBHOOK" }`
    pub url: CredentialPlace,
    /// Where the secret is kept with which messages are signed (HMAC-SHA256).  Default: they are not signed.
    /// Example: `{ vault = "webhook" }`
    pub secret: Option<CredentialPlace>,
}

impl NoticesConfig {
    /// Everything that is wrong.
    #[must_use]
    pub fn problems(&self) -> Vec<ConfigProblem> {
        let mut problems = self.mail.iter().flat_map(MailConfig::problems).collect::<Vec<_>>();
        problems.extend(self.recipient.iter().filter_map(|it| it.problem(self.mail.is_some())));
        problems
    }
}

impl MailConfig {
    fn problems(&self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        let mut tell = |key, message: &str| {
            problems.push(ConfigProblem { key, message: message.to_owned() });
        };
        if self.from.parse::<lettre::message::Mailbox>().is_err() {
            tell("from", "from is not an address; write it as \"Homeroom <homeroom@example.com>\"");
        }
        if self.user.is_some() != self.password.is_some() {
            tell("user", "user and password go together; give both or none");
        }
        let local = matches!(self.host.as_str(), "localhost" | "127.0.0.1" | "::1");
        if self.security == MailSecurity::None && !local {
            tell(
                "security",
                "without TLS only a server on the same machine may be used; set security to tls or starttls",
            );
        }
        problems.extend(self.password.iter().filter_map(|it| {
            let problem = it.problem("password")?;
            Some(ConfigProblem { key: "password", message: problem.message })
        }));
        problems
    }
}

impl RecipientConfig {
    /// What is wrong; `has_server` is whether e-mail can be sent.
    #[must_use]
    pub fn problem(&self, has_server: bool) -> Option<ConfigProblem> {
        let tell = |key, message: &str| Some(ConfigProblem { key, message: message.to_owned() });
        match (&self.mail, &self.webhook) {
            (None, None) | (Some(_), Some(_)) => {
                tell("recipient", "a recipient has either mail or webhook; give one of them")
            }
            (Some(mail), None) if mail.parse::<lettre::message::Mailbox>().is_err() => {
                tell("mail", "mail is not an address; write it as \"Ann <ann@example.com>\"")
            }
            (Some(_), None) if !has_server => {
                tell("mail", "there is no server for e-mail; set [notices.mail]")
            }
            (None, Some(webhook)) => {
                let mut places = std::iter::once(&webhook.url).chain(&webhook.secret);
                let problem = places.find_map(|it| it.problem("webhook"))?;
                Some(ConfigProblem { key: "webhook", message: problem.message })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let config: NoticesConfig = toml::from_str(text).unwrap();
        let keys: Vec<_> = config.problems().into_iter().map(|it| it.key).collect();
        assert_eq!(keys, expected, "{text}");
    }

    #[test]
    fn problems_are_told_by_their_keys() {
        let server = "[mail]\nhost = 'smtp.example.com'\nfrom = 'Homeroom <h@example.com>'\n";
        check(server, &[]);
        check(&format!("{server}security = 'none'"), &["security"]);
        check(&format!("{server}user = 'h'"), &["user"]);
        check("[mail]\nhost = 'h'\nfrom = 'nobody'", &["from"]);
        check("[[recipient]]\nmail = 'a@example.com'", &["mail"]);
        check(&format!("{server}[[recipient]]\nmail = 'a@example.com'"), &[]);
        check(&format!("{server}[[recipient]]\nmail = 'a'"), &["mail"]);
        check("[[recipient]]", &["recipient"]);
        check("[[recipient]]\nwebhook = { url = { env = 'U' } }\nabout = ['held']", &[]);
        check("[[recipient]]\nwebhook = { url = {} }", &["webhook"]);
    }
}
