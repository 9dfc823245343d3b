//! What a runner asks of a source and what streams back.

use crate::{Batch, Catalog, Cursor, EntityKind, Result, SyncMode};
use futures::{StreamExt, future::ready, stream::BoxStream};
use std::num::NonZeroUsize;

/// Whichever is reached first ends a batch.
#[derive(Clone, Copy, Debug)]
pub struct BatchLimits {
    /// Rows.
    pub max_rows: NonZeroUsize,
    /// Bytes of row data, roughly.
    pub max_bytes: NonZeroUsize,
}

impl Default for BatchLimits {
    /// 2,048 rows or 1 MiB.
    fn default() -> Self {
        const ROWS: NonZeroUsize = NonZeroUsize::new(2048).expect("2048 is not zero");
        const BYTES: NonZeroUsize = NonZeroUsize::new(1 << 20).expect("1 MiB is not zero");
        Self { max_rows: ROWS, max_bytes: BYTES }
    }
}

/// What is wanted for one entity.
#[derive(Clone, Debug)]
pub struct EntityRequest {
    /// Which.
    pub entity: EntityKind,
    /// One of the catalog's modes.
    pub mode: SyncMode,
    /// Where the last run got to.
    pub resume: Option<Cursor>,
}

/// What is wanted.
#[derive(Clone, Debug)]
pub struct ExtractRequest {
    /// In load order.
    pub entities: Vec<EntityRequest>,
    /// Batch sizes.
    pub limits: BatchLimits,
}

impl ExtractRequest {
    /// Everything a catalog offers, each in its preferred mode, from the start.
    #[must_use]
    pub fn everything(catalog: &Catalog) -> Self {
        let wanted = |mode: &SyncMode, entity| EntityRequest { entity, mode: *mode, resume: None };
        Self {
            entities: catalog
                .entities
                .iter()
                .filter_map(|it| Some(wanted(it.modes.first()?, it.entity)))
                .collect(),
            limits: BatchLimits::default(),
        }
    }

    /// True when the entity is asked for.
    #[must_use]
    pub fn wants(&self, entity: EntityKind) -> bool {
        self.entities.iter().any(|it| it.entity == entity)
    }
}

/// How an entity ended.
#[derive(Clone, Debug)]
pub struct Completion {
    /// Which.
    pub entity: EntityKind,
    /// Only `Complete` lets absence count as deletion.
    pub coverage: Coverage,
    /// Start of the next delta.
    pub next: Option<Cursor>,
}

/// Did the stream give all there was?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// The whole entity.
    Complete,
    /// Only what changed.
    Changes,
}

/// An item of the stream.  Exhaustive on purpose.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "an event stands for thousands of rows")]
pub enum ExtractEvent {
    /// Rows.
    Batch(Batch),
    /// No more batches of this entity.
    Done(Completion),
}

/// Lazy, owned, pull-based; nothing happens before the first poll and dropping it stops the work.
pub type ExtractStream = BoxStream<'static, Result<ExtractEvent>>;

/// Ends a stream at its first error.
///
/// `try_unfold(..).chain(done)` does not: it would go on to announce completion after a failure.
#[must_use]
pub fn fuse_on_error(events: ExtractStream) -> ExtractStream {
    events
        .scan(false, |failed, event| {
            if *failed {
                return ready(None);
            }
            *failed = event.is_err();
            ready(Some(event))
        })
        .boxed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EntityKind, Error, ErrorKind};
    use futures::stream;

    #[tokio::test]
    async fn nothing_comes_after_an_error() {
        let done = || {
            let (entity, coverage) = (EntityKind::Org, Coverage::Complete);
            Ok(ExtractEvent::Done(Completion { entity, coverage, next: None }))
        };
        let error = || Err(Error::new(ErrorKind::Damaged, "test", "damaged"));
        let check = async |events: Vec<Result<ExtractEvent>>, expected: &[bool]| {
            let events = fuse_on_error(stream::iter(events).boxed());
            let found: Vec<_> = events.map(|it| it.is_ok()).collect().await;
            assert_eq!(found, expected);
        };
        check(vec![], &[]).await;
        check(vec![done(), done()], &[true, true]).await;
        check(vec![done(), error(), done(), error()], &[true, false]).await;
    }
}
