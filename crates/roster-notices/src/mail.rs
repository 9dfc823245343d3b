//! Sending e-mail.

use crate::{
    Message,
    config::{MailConfig, MailSecurity},
};
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
    },
};
use roster_core::{Error, ErrorKind, Result, Retry};
use std::time::Duration;

/// Longest time that sending one mail may take.
const TIMEOUT: Duration = Duration::from_secs(30);

fn invalid(message: &str) -> Error {
    Error::new(ErrorKind::ConfigInvalid, "notices.mail", message)
}

/// Sends a message; the connection is made anew, since there are a few messages a night.
pub(crate) async fn send(config: &MailConfig, to: &str, message: &Message) -> Result<()> {
    let mailbox = |it: &str| it.parse::<Mailbox>().map_err(|_| invalid("an address is none"));
    let mail = lettre::Message::builder()
        .from(mailbox(&config.from)?)
        .to(mailbox(to)?)
        .subject(&message.subject)
        // Programs that answer mail by themselves leave those alone that say so (RFC 3834).
        .header(AutoSubmitted)
        .header(ContentType::TEXT_PLAIN)
        .body(message.text.clone())
        .map_err(|err| invalid("the mail cannot be put together").source(err))?;
    // The transport's own limit is for each connection alone: a server that stops answering would be waited for.
    match tokio::time::timeout(TIMEOUT, transport(config)?.send(mail)).await {
        Ok(sent) => sent.map(drop).map_err(|it| refused(&it)),
        Err(_) => Err(unanswered()),
    }
}

fn unanswered() -> Error {
    Error::new(ErrorKind::Unavailable, "notices.mail", "the mail server does not answer")
        .context("seconds", TIMEOUT.as_secs())
        .retry(Retry::Backoff)
}

/// The server's own words may quote an address or a credential, so only its kind of answer is passed on.
fn refused(error: &lettre::transport::smtp::Error) -> Error {
    let (kind, message) = match error.status() {
        Some(status)
            if error.is_permanent() && matches!(u16::from(status), 530 | 534 | 535 | 538) =>
        {
            (ErrorKind::AuthFailed, "the mail server refused user or password")
        }
        Some(_) if error.is_permanent() => {
            (ErrorKind::ConfigInvalid, "the mail server refused the mail for good")
        }
        Some(_) => (ErrorKind::Unavailable, "the mail server refused the mail for now"),
        None if error.is_tls() => {
            (ErrorKind::ConfigInvalid, "the mail server's certificate or TLS is not accepted")
        }
        None => (ErrorKind::Unavailable, "the mail server cannot be reached or broke off"),
    };
    let code = error.status().map_or_else(|| "none".to_owned(), |it| it.to_string());
    Error::new(kind, "notices.mail", message).context("status", code).retry(Retry::Backoff)
}

fn transport(config: &MailConfig) -> Result<AsyncSmtpTransport<Tokio1Executor>> {
    let (tls, port) = match config.security {
        MailSecurity::Tls => (Tls::Wrapper(parameters(config)?), 465),
        MailSecurity::Starttls => (Tls::Required(parameters(config)?), 587),
        MailSecurity::None => (Tls::None, 25),
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.host)
        .port(config.port.unwrap_or(port))
        .timeout(Some(TIMEOUT))
        .tls(tls);
    if let (Some(user), Some(password)) = (&config.user, &config.password) {
        let password = password.read()?.expose().clone();
        builder = builder.credentials(Credentials::new(user.clone(), password));
    }
    Ok(builder.build())
}

fn parameters(config: &MailConfig) -> Result<TlsParameters> {
    let mut builder = TlsParameters::builder(config.host.clone());
    if let Some(file) = &config.certificate_authority {
        let unusable = || {
            invalid("the certificate authority's file holds no certificate")
                .context("file", file.display())
        };
        let pem = std::fs::read(file).map_err(|err| unusable().source(err))?;
        let certificate = Certificate::from_pem(&pem).map_err(|err| unusable().source(err))?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build_rustls().map_err(|err| invalid("TLS cannot be set up").source(err))
}

/// `Auto-Submitted: auto-generated`.
#[derive(Clone, Debug)]
struct AutoSubmitted;

impl lettre::message::header::Header for AutoSubmitted {
    fn name() -> lettre::message::header::HeaderName {
        lettre::message::header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> lettre::message::header::HeaderValue {
        lettre::message::header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}
