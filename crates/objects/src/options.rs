//! Which store, and how patient we are with it.

use cowork_domain::secret::Secret;
use std::{path::PathBuf, time::Duration};

/// How to reach the object store.
pub struct ObjectsOptions {
    /// Where objects lie.
    pub place: Place,
    /// First part of every object's name; empty for none.
    pub prefix: String,
    /// Names this node in what it writes to see whether the store works.
    pub node: String,
    /// How long one operation may take, with its retries.
    pub patience: Duration,
}

/// A kind of store with what it needs.
pub enum Place {
    /// A folder. Only nodes that share it can share sessions.
    Filesystem {
        /// The folder.
        folder: PathBuf,
    },
    /// S3 and what speaks its protocol.
    S3 {
        /// The bucket.
        bucket: String,
        /// Its region.
        region: String,
        /// Another store than that of the region.
        endpoint: Option<String>,
        /// Without, the machine's own role is asked for.
        credential: Option<S3Credential>,
    },
    /// Google Cloud Storage.
    Google {
        /// The bucket.
        bucket: String,
        /// Another address than Google's.
        endpoint: Option<String>,
        /// Without, the machine's own account is asked for.
        credential: Option<GoogleCredential>,
    },
    /// Azure Blob Storage.
    Azure {
        /// The container.
        container: String,
        /// The storage account.
        account: String,
        /// Another address than Azure's.
        endpoint: Option<String>,
        /// Without, the machine's own identity is asked for.
        credential: Option<AzureCredential>,
    },
}

/// A key of S3.
#[derive(Clone)]
pub struct S3Credential {
    /// The public half.
    pub key_id: Secret<String>,
    /// The secret half.
    pub secret: Secret<String>,
    /// Of a temporary key.
    pub session_token: Option<Secret<String>>,
}

/// How Google knows us.
pub enum GoogleCredential {
    /// A service account's key, as JSON.
    ServiceAccount(Secret<String>),
    /// A bearer token; it is not renewed.
    Bearer(Secret<String>),
}

/// How Azure knows us.
pub enum AzureCredential {
    /// The account's key.
    AccountKey(Secret<String>),
    /// A shared access signature, as a query.
    SharedAccess(Secret<String>),
    /// A bearer token; it is not renewed.
    Bearer(Secret<String>),
}
