//! Letting `current.json` name what the store says is published.

use super::{
    ParquetSink,
    location::Files,
    manifest::{CURRENT, Manifest, Pointer, parse, path_of},
    no_manifest,
};
use roster_core::{Error, ErrorKind, Result, Retry};

/// How often somebody else may move the pointer at the same moment.
const ATTEMPTS: usize = 8;

impl ParquetSink {
    /// Moves the pointer if it is behind what is published, because the night that should have moved it was cut short.
    pub(super) async fn point(&self, operation: &'static str, files: &Files) -> Result<()> {
        if self.pointed(operation, files).await?.is_some() {
            return Ok(());
        }
        // Somebody may be about to move it.
        let _turn = self.turn(operation, files).await?;
        self.move_pointer(operation, files).await
    }

    /// Moves the pointer to what is published.  Wants the district's turn.
    pub(super) async fn move_pointer(&self, operation: &'static str, files: &Files) -> Result<()> {
        for _ in 0..ATTEMPTS {
            let found = files.read(operation, CURRENT).await?;
            let pointer = found.as_ref().map(|it| parse(operation, CURRENT, &it.bytes));
            let pointer: Option<Pointer> = pointer.transpose()?;
            // Read after the pointer: so the pointer is never moved back to what was published before.
            let Some(manifest) = self.published_manifest(operation, files).await? else {
                return Ok(());
            };
            if pointer.as_ref().is_some_and(|it| it.names(&manifest)) {
                return Ok(());
            }
            let next = Pointer::to(&manifest, pointer.as_ref());
            if files.replace(operation, CURRENT, found, next.json(operation)?).await? {
                return Ok(());
            }
        }
        let message =
            "others keep moving the pointer to what is published; the next run tries again";
        Err(Error::new(ErrorKind::Unavailable, operation, message)
            .retry(Retry::Backoff)
            .context("district", files.district()))
    }

    /// The manifest of what the store says is published; `None` of a district that never was.
    pub(super) async fn published_manifest(
        &self,
        operation: &'static str,
        files: &Files,
    ) -> Result<Option<Manifest>> {
        let state = self.store.state(files.district()).await?;
        let Some(run) = state.run.filter(|_| state.basis > 0) else { return Ok(None) };
        let manifest = Manifest::read(operation, files, &path_of(&run)).await?;
        let fits = manifest.filter(|it| it.basis == state.basis);
        fits.map(Some).ok_or_else(|| no_manifest(operation, files, &run))
    }

    /// The pointer, when it names what the store says is published.
    async fn pointed(&self, operation: &'static str, files: &Files) -> Result<Option<Pointer>> {
        let pointer = current(operation, files).await?;
        let state = self.store.state(files.district()).await?;
        let fits = |it: &Pointer| it.basis == state.basis && Some(&it.run) == state.run.as_ref();
        Ok(pointer.filter(fits))
    }
}

/// What `current.json` says.
pub(super) async fn current(operation: &'static str, files: &Files) -> Result<Option<Pointer>> {
    let found = files.read(operation, CURRENT).await?;
    found.map(|it| parse(operation, CURRENT, &it.bytes)).transpose()
}

/// The manifest that `current.json` names.
pub(super) async fn current_manifest(
    operation: &'static str,
    files: &Files,
) -> Result<Option<Manifest>> {
    let Some(pointer) = current(operation, files).await? else { return Ok(None) };
    let manifest = Manifest::read(operation, files, &pointer.manifest).await?;
    manifest.map(Some).ok_or_else(|| no_manifest(operation, files, &pointer.run))
}

/// A night that is committed and could not tell its readers.
pub(super) fn not_pointed(error: Error) -> Error {
    let message = "the night is published, but readers are not yet told: current.json could not be moved; the next run \
                   does it";
    Error::new(error.kind(), super::PUBLISH, message).retry(Retry::Backoff).source(error)
}
