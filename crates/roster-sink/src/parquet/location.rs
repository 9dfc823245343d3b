//! Where the files are: a local folder, or a prefix of a bucket of an S3-compatible object store.

use super::{
    failure::{folder_failed, store_failed},
    manifest::RUNS,
};
use crate::private_folder;
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::{
    Error as StoreError, ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions,
    UpdateVersion, aws::AmazonS3Builder, local::LocalFileSystem, path::Path as ObjectPath,
};
use roster_core::{DistrictId, Error, ErrorKind, Result, Retry};
use std::{
    fmt,
    fs::{self, File, TryLockError},
    io,
    ops::Range,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    thread,
    time::{Duration, Instant, SystemTime},
};

/// Begins the address of an object store.
const S3: &str = "s3://";
/// File of a district that is locked while a program writes its files.
const LOCK: &str = "publish.lock";
/// How long to wait for it, as long as for a district's turn in PostgreSQL.
const LONGEST_WAIT: Duration = Duration::from_mins(10);
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(20);

/// The place of all districts' files.
#[derive(Clone, Debug)]
pub(super) struct Location {
    name: String,
    local: Option<PathBuf>,
    objects: OnceLock<Arc<dyn ObjectStore>>,
    prefix: ObjectPath,
}

impl Location {
    /// A local folder.  Does not touch it.
    pub(super) fn folder(folder: PathBuf) -> Self {
        let name = format!("parquet:{}", folder.display());
        let (objects, prefix) = (OnceLock::new(), ObjectPath::default());
        Self { name, local: Some(folder), objects, prefix }
    }

    /// `s3://BUCKET/PREFIX`, with the rest from the environment.  Does no I/O.
    pub(super) fn s3(address: &str) -> Result<Self> {
        let refused = |message: &str| Error::new(ErrorKind::ConfigInvalid, "parquet.open", message);
        let place = address.strip_prefix(S3).unwrap_or_default();
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        if bucket.is_empty() || bucket.contains(['@', '?', '#']) || prefix.contains(['?', '#']) {
            return Err(refused("an object store is written as s3://BUCKET/PREFIX"));
        }
        let prefix = ObjectPath::parse(prefix.trim_end_matches('/')).map_err(|_| {
            refused("the prefix in the bucket has parts that are empty, or . or ..; leave them out")
        })?;
        // A second time it is there already, which is as good.
        _ = rustls::crypto::ring::default_provider().install_default();
        let store =
            AmazonS3Builder::from_env().with_bucket_name(bucket).build().map_err(|err| {
                refused("the AWS_ variables of the environment do not describe an object store")
                    .source(err)
            })?;
        let name = if prefix.as_ref().is_empty() { bucket } else { place.trim_end_matches('/') };
        Ok(Self::on(Arc::new(store), prefix, format!("parquet:{S3}{name}")))
    }

    /// Any object store.
    pub(super) fn on(objects: Arc<dyn ObjectStore>, prefix: ObjectPath, name: String) -> Self {
        Self { name, local: None, objects: OnceLock::from(objects), prefix }
    }

    /// Name for people.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Makes the folder, if it is one, so that only its owner can look into it.
    pub(super) fn prepare(&self) -> Result<()> {
        let Some(folder) = &self.local else { return Ok(()) };
        private_folder(folder).map_err(|err| folder_failed("parquet.prepare", folder, err))
    }

    /// The files of a district.
    pub(super) fn of(&self, district: &DistrictId) -> Result<Files> {
        Ok(Files {
            district: district.clone(),
            objects: self.objects()?,
            root: self.prefix.clone().join(district.as_str()),
            local: self.local.as_ref().map(|it| it.join(district.as_str())),
        })
    }

    fn objects(&self) -> Result<Arc<dyn ObjectStore>> {
        if let Some(objects) = self.objects.get() {
            return Ok(objects.clone());
        }
        let folder = self.local.as_deref().unwrap_or(Path::new("."));
        let opened = LocalFileSystem::new_with_prefix(folder).map_err(|err| {
            let err = io::Error::new(io::ErrorKind::NotFound, err);
            folder_failed("parquet.open", folder, err)
        })?;
        // What is published outlives a power cut, as what the database remembers of it does.
        let opened: Arc<dyn ObjectStore> =
            Arc::new(opened.with_fsync(true).with_automatic_cleanup(true));
        Ok(self.objects.get_or_init(|| opened).clone())
    }
}

/// The files of one district, by paths that start at its folder.
#[derive(Clone)]
pub(super) struct Files {
    district: DistrictId,
    pub(super) objects: Arc<dyn ObjectStore>,
    root: ObjectPath,
    local: Option<PathBuf>,
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Files").field("root", &self.root).finish_non_exhaustive()
    }
}

/// A small file and the version of it, for a store that can replace just that one.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) bytes: Bytes,
    version: UpdateVersion,
}

impl Files {
    /// Whose files.
    pub(super) fn district(&self) -> &DistrictId {
        &self.district
    }

    /// A path as the store has it.
    pub(super) fn path(&self, path: &str) -> ObjectPath {
        path.split('/').fold(self.root.clone(), ObjectPath::join)
    }

    /// A whole small file; `None` when there is none.
    pub(super) async fn read(&self, operation: &'static str, path: &str) -> Result<Option<Found>> {
        let place = self.path(path);
        let failed = |err| store_failed(operation, &place, err);
        let found = match self.objects.get(&place).await {
            Err(StoreError::NotFound { .. }) => return Ok(None),
            found => found.map_err(failed)?,
        };
        let version =
            UpdateVersion { e_tag: found.meta.e_tag.clone(), version: found.meta.version.clone() };
        Ok(Some(Found { bytes: found.bytes().await.map_err(failed)?, version }))
    }

    /// A part of a file.
    pub(super) async fn range(
        &self,
        operation: &'static str,
        path: &str,
        range: Range<u64>,
    ) -> Result<Bytes> {
        let place = self.path(path);
        let read = self.objects.get_range(&place, range).await;
        read.map_err(|err| store_failed(operation, &place, err))
    }

    /// Writes a small file: all of it or nothing.
    pub(super) async fn write(
        &self,
        operation: &'static str,
        path: &str,
        bytes: Vec<u8>,
    ) -> Result<()> {
        let place = self.path(path);
        let written = self.objects.put(&place, bytes.into()).await;
        written.map(|_| ()).map_err(|err| store_failed(operation, &place, err))
    }

    /// Takes a file's place, unless somebody else has taken it since it was `found`; false then.
    ///
    /// A local folder cannot tell, but has [`Self::lock`].
    pub(super) async fn replace(
        &self,
        operation: &'static str,
        path: &str,
        found: Option<Found>,
        bytes: Vec<u8>,
    ) -> Result<bool> {
        if self.local.is_some() {
            return self.write(operation, path, bytes).await.map(|()| true);
        }
        let place = self.path(path);
        let mode = found.map_or(PutMode::Create, |it| PutMode::Update(it.version));
        let options = PutOptions { mode, ..PutOptions::default() };
        match self.objects.put_opts(&place, bytes.clone().into(), options).await {
            Ok(_) => Ok(true),
            Err(StoreError::Precondition { .. } | StoreError::AlreadyExists { .. }) => Ok(false),
            // A store that has no conditions: the next night mends what this cannot see.
            Err(StoreError::NotImplemented { .. } | StoreError::NotSupported { .. }) => {
                self.write(operation, path, bytes).await.map(|()| true)
            }
            Err(err) => Err(store_failed(operation, &place, err)),
        }
    }

    /// All files of all runs: also those that a killed program left half written in a local folder.
    pub(super) async fn list(&self, operation: &'static str) -> Result<Vec<Listed>> {
        if let Some(folder) = &self.local {
            let folder = folder.join(RUNS);
            return list_local(&folder).map_err(|err| folder_failed(operation, &folder, err));
        }
        let place = self.path(RUNS);
        let found: Vec<ObjectMeta> = self
            .objects
            .list(Some(&place))
            .try_collect()
            .await
            .map_err(|err| store_failed(operation, &place, err))?;
        let inside = self.root.as_ref().len() + 1;
        let listed = |it: ObjectMeta| {
            let path = it.location.as_ref().get(inside..)?.to_owned();
            Some(Listed { path, changed: SystemTime::from(it.last_modified) })
        };
        Ok(found.into_iter().filter_map(listed).collect())
    }

    /// Deletes files; those that are not there are as good as deleted.
    pub(super) async fn delete(&self, operation: &'static str, paths: Vec<String>) -> Result<()> {
        if let Some(folder) = &self.local {
            return delete_local(folder, &paths)
                .map_err(|err| folder_failed(operation, folder, err));
        }
        let places: Vec<_> = paths.iter().map(|it| Ok(self.path(it))).collect();
        let mut deleted = self.objects.delete_stream(futures::stream::iter(places).boxed());
        while let Some(outcome) = deleted.next().await {
            match outcome {
                Ok(_) | Err(StoreError::NotFound { .. }) => {}
                Err(err) => return Err(store_failed(operation, &self.root, err)),
            }
        }
        Ok(())
    }

    /// Waits until no other program writes the district's files, and keeps them away; an object store has no such lock.
    ///
    /// Blocks: not for a thread of the runtime.
    pub(super) fn lock(&self, operation: &'static str) -> Result<Lock> {
        let Some(folder) = &self.local else { return Ok(Lock(None)) };
        let failed = |err| folder_failed(operation, folder, err);
        private_folder(folder).map_err(failed)?;
        let mut options = File::options();
        let file = options.create(true).append(true).open(folder.join(LOCK)).map_err(failed)?;
        let since = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock(Some(file))),
                // A file system without locks: whoever uses it sees to it that one program at a time publishes.
                Err(TryLockError::Error(err)) if err.kind() == io::ErrorKind::Unsupported => {
                    return Ok(Lock(None));
                }
                Err(TryLockError::Error(err)) => return Err(failed(err)),
                Err(TryLockError::WouldBlock) if since.elapsed() < LONGEST_WAIT => {}
                Err(TryLockError::WouldBlock) => return Err(taken(operation, folder)),
            }
            thread::sleep(PAUSE);
        }
    }
}

fn taken(operation: &'static str, folder: &Path) -> Error {
    let message = "another program has been writing the district's files for ten minutes; let it finish or end it, then run \
                   again";
    Error::new(ErrorKind::Unavailable, operation, message)
        .retry(Retry::Backoff)
        .context("folder", folder.display())
}

/// A file that is there.
#[derive(Debug)]
pub(super) struct Listed {
    /// From the district's folder on.
    pub(super) path: String,
    /// When it was written.
    pub(super) changed: SystemTime,
}

fn list_local(runs: &Path) -> io::Result<Vec<Listed>> {
    let mut listed = Vec::new();
    let inside = |folder: &Path| match fs::read_dir(folder) {
        Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        entries => entries?.collect::<io::Result<Vec<_>>>(),
    };
    for run in inside(runs)? {
        if !run.file_type()?.is_dir() {
            continue;
        }
        for file in inside(&run.path())? {
            let (run, name) = (run.file_name(), file.file_name());
            let path = format!("{RUNS}/{}/{}", run.to_string_lossy(), name.to_string_lossy());
            listed.push(Listed { path, changed: file.metadata()?.modified()? });
        }
    }
    Ok(listed)
}

/// Deletes files, and the folders of runs that are empty then.
fn delete_local(folder: &Path, paths: &[String]) -> io::Result<()> {
    for path in paths {
        let path = folder.join(path);
        match fs::remove_file(&path) {
            Err(err) if err.kind() != io::ErrorKind::NotFound => return Err(err),
            _ => {}
        }
        // A folder that still holds something stays.
        _ = path.parent().map(fs::remove_dir);
    }
    Ok(())
}

/// A district's files are locked as long as this lives.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "held until it is dropped")] Option<File>);
