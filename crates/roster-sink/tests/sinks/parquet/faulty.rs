//! An object store that is gone from some moment on, as it is for a program that is killed.

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt as _, stream::BoxStream};
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, memory::InMemory,
    path::Path,
};
use std::{
    fmt,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// An object store that answers so many requests that write or delete, and none of any kind after them.
#[derive(Clone, Debug)]
pub(crate) struct Faulty {
    inner: Arc<InMemory>,
    left: Arc<AtomicUsize>,
}

impl Faulty {
    /// On what is in `inner`.
    pub(crate) fn new(inner: Arc<InMemory>, left: usize) -> Self {
        Self { inner, left: Arc::new(AtomicUsize::new(left)) }
    }

    /// Whether it has failed.
    pub(crate) fn is_gone(&self) -> bool {
        self.left.load(Ordering::SeqCst) == 0
    }

    fn write(&self) -> Result<()> {
        let spend = |it: usize| it.checked_sub(1);
        self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, spend).map_err(|_| gone())?;
        self.read()
    }

    fn read(&self) -> Result<()> {
        if self.is_gone() { Err(gone()) } else { Ok(()) }
    }
}

fn gone() -> Error {
    Error::Generic { store: "Faulty", source: "the object store is gone".into() }
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Faulty")
    }
}

#[async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(
        &self,
        to: &Path,
        bytes: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.write()?;
        self.inner.put_opts(to, bytes, options).await
    }

    async fn put_multipart_opts(
        &self,
        to: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.write()?;
        self.inner.put_multipart_opts(to, options).await
    }

    async fn get_opts(&self, from: &Path, options: GetOptions) -> Result<GetResult> {
        self.read()?;
        self.inner.get_opts(from, options).await
    }

    async fn get_ranges(&self, from: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.read()?;
        self.inner.get_ranges(from, ranges).await
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let this = self.clone();
        paths
            .then(move |path| {
                let this = this.clone();
                async move {
                    let path = path?;
                    this.write()?;
                    let one = futures::stream::iter([Ok(path)]).boxed();
                    this.inner.delete_stream(one).next().await.unwrap_or_else(|| Err(gone()))
                }
            })
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.read() {
            Ok(()) => self.inner.list(prefix),
            Err(err) => futures::stream::iter([Err(err)]).boxed(),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.read()?;
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.write()?;
        self.inner.copy_opts(from, to, options).await
    }
}
