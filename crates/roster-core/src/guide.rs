//! How the pieces fit; documentation only.
//!
//! # Life of a record
//!
//! 1. A connector reads it, turns its values into canonical text ([`crate::value`]) and appends it to [`crate::Rows`].
//!    What cannot be read becomes a [`crate::Diagnostic`]; what cannot be used is *rejected* with its key, so that
//!    "rejected" is never taken for "missing".
//! 2. The batch crosses the boundary with its [`crate::Origin`], so that every later finding still has a place.
//! 3. The runner applies the district's sharing settings, checks keys and references, and compares the row's hash with
//!    what was published.
//! 4. Changed rows wait in a plan; one transaction publishes them.
//!
//! # What a connector may assume
//!
//! - `extract` is called at most once at a time on one source.
//! - Dropping the stream stops the work; cancelling the token in [`crate::RunContext`] stops it soon.
//! - Nothing is read before the stream is first polled.
//!
//! # What a runner may assume
//!
//! - Batches are within the request's limits, but for a single record that is larger.
//! - [`crate::Batch::adds_up`] holds for every batch.
//! - Entities come in load order.  An entity whose rows come from the same records as another's may alternate with it;
//!   both completions follow.
//! - [`crate::Coverage::Complete`] means that the source has said all it has of the entity.  Absence counts as deletion
//!   only then.
//! - After an error nothing more comes, and no entity that was under way is announced as complete.
//!
//! # Deletions
//!
//! A snapshot deletes by absence.  A delta deletes by [`crate::Tombstone`], and, for entities made from another's
//! records, through [`crate::Batch::replaced_owners`].  An entity without batch and completion is not spoken of: what
//! was published of it stays.
