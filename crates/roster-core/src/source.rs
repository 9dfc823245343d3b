//! The boundary.

use crate::{
    Catalog, CheckReport, EntityKind, Error, ErrorKind, ExtractRequest, ExtractStream, Result,
    RunContext,
};
use async_trait::async_trait;
use std::fmt;

/// Who a source is.  Holds no capability: the catalog is the only truth about those.
#[derive(Clone, Copy, Debug)]
pub struct SourceDescriptor {
    /// Stable id, as in configuration and cursors.
    pub id: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// The source's own name for a field of the model, for findings about it; `None` where it has none.
    pub field_name: fn(EntityKind, &str) -> Option<&'static str>,
}

/// A place rosters come from.
///
/// No method has a default, so that a wrapper cannot forget one.
#[async_trait]
pub trait RosterSource: fmt::Debug + Send + Sync + 'static {
    /// Identity.
    fn descriptor(&self) -> &SourceDescriptor;

    /// Tries, with the run's own calls and rights, whether an extract could start.
    async fn check(&self, ctx: &RunContext) -> CheckReport;

    /// Tells what this configured instance offers.
    async fn discover(&self, ctx: &RunContext) -> Result<Catalog>;

    /// Makes the stream.  Does no I/O itself.
    ///
    /// Entities come in load order, one after the other, each ended by its own [`crate::Completion`]; two entities
    /// that come from the same records may alternate.  An entity the feed says nothing about has neither batch nor
    /// completion.  A stream that fails ends with its error and announces nothing more.
    fn extract(&self, ctx: &RunContext, request: ExtractRequest) -> ExtractStream;

    /// Tells the source that what the last finished extract read is now published, so that it can put it away.
    ///
    /// Called at most once an extract, after the publish; a source that keeps nothing does nothing.
    async fn published(&self, ctx: &RunContext) -> Result<()>;
}

/// The runner's guard, so that no connector has to write it: refuses what the catalog does not offer.
///
/// # Errors
///
/// [`ErrorKind::Unsupported`].
pub fn validate_request(catalog: &Catalog, request: &ExtractRequest) -> Result<()> {
    for wanted in &request.entities {
        let offered = catalog
            .entities
            .iter()
            .any(|it| it.entity == wanted.entity && it.modes.contains(&wanted.mode));
        if !offered {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "extract",
                "the source does not offer this mode",
            )
            .context("entity", wanted.entity.table())
            .context("mode", format_args!("{:?}", wanted.mode)));
        }
    }
    Ok(())
}
