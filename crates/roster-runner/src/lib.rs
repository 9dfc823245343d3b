//! The night: config, share, check, plan, publish, report; and the program `homeroom` around it.
//!
//! [`night::Night`] is one district's night and knows nothing of configuration or the command line.  [`Settings`] says
//! which nights there are, [`registry`] which connectors and sinks were built in, [`drive`] runs many nights so that one
//! never stops another, and [`commands`] is the command line on top.

pub mod cli;
pub mod commands;
pub mod config;
pub mod console;
pub mod drive;
pub mod exit;
pub mod expectation;
mod explain;
pub mod identity;
pub mod keep;
pub mod limits;
mod look_back;
pub mod night;
mod program;
pub mod progress;
pub mod registry;
pub mod render;
mod report;
mod review;
#[cfg(feature = "serve")]
pub mod serve;
pub mod settings;
pub mod sharing;

pub use crate::{
    config::{Config, ConfigErrors, config_schema},
    limits::Limits,
    program::main,
    settings::Settings,
    sharing::Sharing,
};
