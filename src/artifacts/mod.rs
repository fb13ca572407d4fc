//! Contents of artifacts: how they come into the object store, how they get out of it, and what becomes of those that nobody
//! published.
//!
//! What an artifact *is* stands in its session's log; this is about its bytes. Each content goes through the same steps: a row
//! reserves its name and takes its bytes from the day's quota, then the object is written, then the row says so, then the
//! session's log publishes it. Whatever stops in between is found by its row and removed.

mod direct;
mod disposition;
mod keeper;
mod open;
mod read;
mod store;
mod sweep;

pub(crate) use direct::{DirectError, DirectUpload, Finalized, UploadState};
pub(crate) use disposition::{content_disposition, shown_type};
pub(crate) use open::open;
pub(crate) use read::ReadError;
pub(crate) use store::{NewContent, StoreContentError};

use cowork_objects::{ObjectError, Objects};
use cowork_store::Store;
use std::{sync::Arc, time::Duration};

/// How artifacts are kept.
#[derive(Debug, Clone, Copy)]
pub struct ArtifactOptions {
    /// Bytes of an organisation per day; `None` is unlimited.
    pub bytes_per_day: Option<u64>,
    /// Whether browsers may put contents straight into the store, where it can take them.
    pub direct_upload: bool,
    /// How many leftovers are removed at once.
    pub cleanup_batch: u32,
    /// How often they are looked for.
    pub cleanup_interval: Duration,
}

/// Contents of artifacts; clones are the same.
#[derive(Debug, Clone)]
pub struct Artifacts(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    store: Store,
    objects: Objects,
    options: ArtifactOptions,
}

impl Artifacts {
    /// Over a database and an object store.
    pub fn new(store: Store, objects: Objects, options: ArtifactOptions) -> Self {
        Self(Arc::new(Shared { store, objects, options }))
    }

    /// Whether clients can put contents straight into the store.
    pub(crate) fn takes_direct_uploads(&self) -> bool {
        self.0.options.direct_upload && self.0.objects.can_sign()
    }

    /// Whether they do it with a form.
    pub(crate) fn takes_forms(&self) -> bool {
        self.0.objects.takes_forms()
    }

    /// Whether the store works.
    pub(crate) async fn check(&self) -> Result<(), ObjectError> {
        self.0.objects.check().await
    }
}
