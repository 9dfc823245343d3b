//! Who is told what happened: e-mail and webhooks.
//!
//! A [`Notice`] is one thing that a person should know of one district: something is held, a night failed, nothing came,
//! a feed changed its shape, a new district was found, or the digest of a week.  It has counts, tables, codes and places,
//! and never a record's value.
//!
//! [`group`] makes one message for each recipient of all that waits; [`Notifier`] sends it.  That nothing is told twice
//! is the caller's: a notice has a [`Notice::key`] that stays the same night after night while nothing new happens.

mod config;
mod mail;
mod message;
mod notifier;
mod webhook;

pub use config::{
    ConfigProblem, MailConfig, MailSecurity, NoticesConfig, RecipientConfig, WebhookConfig,
};
pub use message::{Kind, Message, Notice, group};
pub use notifier::{Channel, Notifier, Recipient};
pub use webhook::{SIGNATURE_HEADER, TIMESTAMP_HEADER, signature};
