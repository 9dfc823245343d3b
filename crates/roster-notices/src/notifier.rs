//! Who is told, and the sending of it.

use crate::{
    Message,
    config::{MailConfig, RecipientConfig, WebhookConfig},
    mail,
    message::Kind,
    webhook,
};
use roster_core::{Error, ErrorKind, Result, RunContext};
use roster_http::{Client, ClientConfig};

/// How somebody is told.
#[derive(Clone, Debug)]
pub enum Channel {
    /// By e-mail, to an address.
    Mail(String),
    /// By a webhook.
    Webhook(WebhookConfig),
}

impl PartialEq for Channel {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Mail(one), Self::Mail(other)) => one == other,
            (Self::Webhook(one), Self::Webhook(other)) => one.url == other.url,
            _ => false,
        }
    }
}

impl Channel {
    /// A name for logs and for what is remembered; never an address of a webhook.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Mail(address) => format!("mail {address}"),
            Self::Webhook(webhook) => {
                let place = &webhook.url;
                let file = place.file.as_ref().map(|it| it.display().to_string());
                let name = place.env.clone().or(place.vault.clone()).or(file);
                format!("webhook {}", name.unwrap_or_default())
            }
        }
    }
}

/// Somebody who is told.
#[derive(Clone, Debug)]
pub struct Recipient {
    /// How.
    pub channel: Channel,
    /// What about.
    pub about: Vec<Kind>,
}

impl Recipient {
    /// Resolves a configuration; `None` for one that has a problem.
    #[must_use]
    pub fn new(config: &RecipientConfig) -> Option<Self> {
        let channel = match (&config.mail, &config.webhook) {
            (Some(mail), None) => Channel::Mail(mail.clone()),
            (None, Some(webhook)) => Channel::Webhook(webhook.clone()),
            _ => return None,
        };
        let all = || Kind::ALL.into_iter().filter(|it| *it != Kind::Digest).collect();
        Some(Self { channel, about: config.about.clone().unwrap_or_else(all) })
    }
}

/// Sends messages.
#[derive(Clone, Debug)]
pub struct Notifier {
    mail: Option<MailConfig>,
    client: Client,
}

impl Notifier {
    /// Sends e-mail through a server, and to webhooks by the system's trust.
    #[must_use]
    pub fn new(mail: Option<MailConfig>) -> Self {
        Self { mail, client: Client::new(ClientConfig::default()) }
    }

    /// The same with another way to webhooks.
    #[must_use]
    pub fn with_client(self, config: ClientConfig) -> Self {
        Self { client: Client::new(config), ..self }
    }

    /// Sends one message.
    ///
    /// # Errors
    ///
    /// When it was not taken; the verdict says whether to try again.
    pub async fn send(&self, channel: &Channel, message: &Message, ctx: &RunContext) -> Result<()> {
        match (channel, &self.mail) {
            (Channel::Mail(address), Some(server)) => mail::send(server, address, message).await,
            (Channel::Mail(_), None) => {
                let text = "there is no server for e-mail; set [notices.mail]";
                Err(Error::new(ErrorKind::ConfigInvalid, "notices.mail", text))
            }
            (Channel::Webhook(webhook), _) => {
                webhook::post(&self.client, webhook, message, ctx).await
            }
        }
    }
}
