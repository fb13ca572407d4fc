//! Projects that sessions work on: uploads on their way into the object store and out of it again, and repositories on their way
//! into a workspace.
//!
//! What is allowed is decided in `cowork_domain::project_source`; here it is done. An upload goes through the same steps as an
//! artifact: a row reserves its place and takes its bytes from the day's quota, then the object is written, then the row says so.
//! It is kept for thirty days, and for good once a session refers to it.

mod credentials;
mod fetch;
mod store;
mod sweep;

pub use credentials::Credentials;
pub use fetch::Projects;
pub(crate) use store::{NewSnapshot, StoreSnapshotError};

use cowork_domain::ids::TenantId;
use cowork_objects::Objects;
use cowork_store::{ProjectSnapshot, Store, StoreError};
use std::{sync::Arc, time::Duration};

/// How long a session may take to refer to a snapshot that it was just allowed to use.
const HOLD: Duration = Duration::from_secs(24 * 3600);

/// How uploads are kept.
#[derive(Debug, Clone, Copy)]
pub struct SnapshotOptions {
    /// Bytes of an organisation per day, together with its artifacts; `None` is unlimited.
    pub bytes_per_day: Option<u64>,
    /// Whether what is uploaded is recorded as usage.
    pub records_usage: bool,
    /// How many leftovers are removed at once.
    pub cleanup_batch: u32,
    /// How often they are looked for.
    pub cleanup_interval: Duration,
}

/// Uploaded projects; clones are the same.
#[derive(Debug, Clone)]
pub struct Snapshots(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    store: Store,
    objects: Objects,
    options: SnapshotOptions,
}

impl Snapshots {
    /// Over a database and an object store.
    pub fn new(store: Store, objects: Objects, options: SnapshotOptions) -> Self {
        Self(Arc::new(Shared { store, objects, options }))
    }

    /// Finds a snapshot of a tenant, and keeps it until whoever asks refers to it.
    pub(crate) async fn hold(&self, tenant: &TenantId, object_key: &str) -> Result<Option<ProjectSnapshot>, StoreError> {
        self.0.store.hold_project_snapshot(tenant, object_key, HOLD).await
    }
}
