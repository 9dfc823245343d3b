//! What an extract gave, in one piece.

use crate::{District, Failed};
use futures::StreamExt;
use roster_core::{
    Batch, BatchLimits, Catalog, Completion, EntityKind, Error, ExtractEvent, ExtractRequest,
    ExtractStream, RosterSource, RunContext,
};
use std::{collections::BTreeSet, num::NonZeroUsize, sync::Arc};

/// Everything of a catalog, in batches of at most `max_rows` rows and `max_bytes` bytes.
#[must_use]
pub fn request(catalog: &Catalog, max_rows: usize, max_bytes: usize) -> ExtractRequest {
    let at_least_one = |it| NonZeroUsize::new(it).unwrap_or(NonZeroUsize::MIN);
    let limits =
        BatchLimits { max_rows: at_least_one(max_rows), max_bytes: at_least_one(max_bytes) };
    ExtractRequest { limits, ..ExtractRequest::everything(catalog) }
}

/// The events of a stream, to its end.
#[derive(Debug, Default)]
pub struct Extracted {
    /// Events in order, errors included.
    pub events: Vec<Result<ExtractEvent, Error>>,
}

impl Extracted {
    /// Drains a stream.
    pub async fn drain(stream: ExtractStream) -> Self {
        Self { events: stream.collect().await }
    }

    /// Asks the source for everything it offers and drains it.
    ///
    /// # Errors
    ///
    /// When the source cannot tell what it offers.
    pub async fn everything(source: &Arc<dyn RosterSource>) -> Result<Self, Failed> {
        let ctx = RunContext::detached();
        let catalog = source.discover(&ctx).await?;
        Ok(Self::drain(source.extract(&ctx, ExtractRequest::everything(&catalog))).await)
    }

    /// The batches, in order.
    pub fn batches(&self) -> impl Iterator<Item = &Batch> {
        self.events.iter().filter_map(|it| match it {
            Ok(ExtractEvent::Batch(batch)) => Some(batch),
            _ => None,
        })
    }

    /// The completions, in order.
    pub fn completions(&self) -> impl Iterator<Item = &Completion> {
        self.events.iter().filter_map(|it| match it {
            Ok(ExtractEvent::Done(completion)) => Some(completion),
            _ => None,
        })
    }

    /// The first error.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        self.events.iter().find_map(|it| it.as_ref().err())
    }

    /// All rows.
    #[must_use]
    pub fn district(&self) -> District {
        let mut district = District::default();
        self.batches().for_each(|it| district.push_rows(&it.rows));
        district
    }

    /// Entities that had a batch or a completion.
    #[must_use]
    pub fn entities(&self) -> BTreeSet<EntityKind> {
        let batches = self.batches().map(|it| it.rows.entity());
        batches.chain(self.completions().map(|it| it.entity)).collect()
    }

    /// The same, unless it ended with an error.
    ///
    /// # Errors
    ///
    /// The stream's error.
    pub fn without_error(self) -> Result<Self, Failed> {
        match self.error() {
            Some(error) => Err(format!("the extract failed: {error:?}").into()),
            None => Ok(self),
        }
    }
}
