//! Files outside the database: artifacts and checkpoints of workspaces.

use super::problem::Findings;
use super::secret::Secret;
use super::setting::{Kind, Setting};
use super::values::Values;
use std::path::PathBuf;
use std::time::Duration;

const KINDS: &[&str] = &["filesystem", "s3", "gcs", "azure-blob", "digitalocean-spaces", "minio"];

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new("OBJECT_STORE_KIND", Kind::Choice(KINDS), "where artifacts and workspaces go")
        .or("filesystem")
        .file("storage.objectStore.kind"),
    Setting::new(
        "OBJECT_STORE_DIR",
        Kind::Path,
        "folder of a filesystem store; default `objects` in the data directory. Nodes that share sessions must share it",
    ),
    Setting::new("OBJECT_STORE_BUCKET", Kind::Text, "bucket or container").file("storage.objectStore.bucket"),
    Setting::new("OBJECT_STORE_REGION", Kind::Text, "region of the bucket; default us-east-1").file("storage.objectStore.region"),
    Setting::new("OBJECT_STORE_ENDPOINT", Kind::Url, "address of the object store, where it isn't its provider's own")
        .file("storage.objectStore.endpoint"),
    Setting::new("OBJECT_STORE_PREFIX", Kind::Text, "first part of every object's name").file("storage.objectStore.prefix"),
    Setting::new("OBJECT_STORE_ACCESS_KEY_ID", Kind::Secret, "access key of S3; without it the machine's own role is used"),
    Setting::new("OBJECT_STORE_SECRET_ACCESS_KEY", Kind::Secret, "secret of that access key; the account's key in Azure"),
    Setting::new("OBJECT_STORE_SESSION_TOKEN", Kind::Secret, "token of a temporary access key"),
    Setting::new("OBJECT_STORE_BEARER_TOKEN", Kind::Secret, "bearer token of GCS or Azure; it is not renewed"),
    Setting::new("OBJECT_STORE_SAS_TOKEN", Kind::Secret, "shared access signature of Azure"),
    Setting::new("OBJECT_STORE_ACCOUNT_NAME", Kind::Text, "storage account of Azure"),
    Setting::new("OBJECT_STORE_CREDENTIALS", Kind::Secret, "key of a GCS service account, as JSON"),
    Setting::new("OBJECT_STORE_TIMEOUT_MS", Kind::Millis(100), "how long one operation on an object may take, with its retries")
        .or("20000"),
    Setting::new("CHECKPOINTS_ENABLED", Kind::Flag, "keep workspaces in the object store, so that they follow their sessions").or("true"),
    Setting::new(
        "ARTIFACT_DIRECT_UPLOAD_MODE",
        Kind::Choice(&["off", "enabled"]),
        "let clients upload straight to the object store, where that can sign uploads",
    )
    .or("off"),
    Setting::new(
        "ARTIFACT_DIRECT_UPLOAD_CLEANUP_BATCH_SIZE",
        Kind::Count(1),
        "abandoned uploads and discarded objects removed at once, at most 100",
    )
    .or("100"),
    Setting::new("ARTIFACT_DIRECT_UPLOAD_CLEANUP_INTERVAL_MS", Kind::Millis(100), "how often these are looked for").or("60000"),
];

/// Kinds of stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectStoreKind {
    /// A folder.
    Filesystem,
    /// S3 and what speaks its protocol.
    S3,
    /// Google Cloud Storage.
    Google,
    /// Azure Blob Storage.
    Azure,
}

/// The `objects` section.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is described by its setting")]
pub struct ObjectsConfig {
    pub kind: ObjectStoreKind,
    pub dir: PathBuf,
    pub bucket: Option<String>,
    pub region: Option<String>,
    pub endpoint: Option<String>,
    pub prefix: String,
    pub access_key_id: Option<Secret>,
    pub secret_access_key: Option<Secret>,
    pub session_token: Option<Secret>,
    pub bearer_token: Option<Secret>,
    pub sas_token: Option<Secret>,
    pub account_name: Option<String>,
    pub credentials: Option<Secret>,
    pub timeout: Duration,
    /// Whether workspaces are kept there.
    pub checkpoints: bool,
    pub direct_upload: bool,
    pub cleanup_batch: u32,
    pub cleanup_interval: Duration,
}

/// The largest batch that one round of cleaning takes on (facts of the reference).
const LARGEST_BATCH: u32 = 100;

impl ObjectsConfig {
    pub(super) fn read(values: &Values, findings: &mut Findings) -> Self {
        let kind = match values.text("OBJECT_STORE_KIND").unwrap_or_default().as_str() {
            "s3" | "digitalocean-spaces" | "minio" => ObjectStoreKind::S3,
            "gcs" => ObjectStoreKind::Google,
            "azure-blob" => ObjectStoreKind::Azure,
            _ => ObjectStoreKind::Filesystem,
        };
        let dir = values.path("OBJECT_STORE_DIR").or_else(|| Some(values.path("ROOT")?.join("objects"))).unwrap_or_default();
        let config = Self {
            kind,
            dir: std::path::absolute(&dir).unwrap_or(dir),
            bucket: values.text("OBJECT_STORE_BUCKET"),
            region: values.text("OBJECT_STORE_REGION"),
            endpoint: values.text("OBJECT_STORE_ENDPOINT"),
            prefix: values.text("OBJECT_STORE_PREFIX").unwrap_or_default(),
            access_key_id: values.secret("OBJECT_STORE_ACCESS_KEY_ID"),
            secret_access_key: values.secret("OBJECT_STORE_SECRET_ACCESS_KEY"),
            session_token: values.secret("OBJECT_STORE_SESSION_TOKEN"),
            bearer_token: values.secret("OBJECT_STORE_BEARER_TOKEN"),
            sas_token: values.secret("OBJECT_STORE_SAS_TOKEN"),
            account_name: values.text("OBJECT_STORE_ACCOUNT_NAME"),
            credentials: values.secret("OBJECT_STORE_CREDENTIALS"),
            timeout: values.millis("OBJECT_STORE_TIMEOUT_MS"),
            checkpoints: values.flag("CHECKPOINTS_ENABLED"),
            direct_upload: values.text("ARTIFACT_DIRECT_UPLOAD_MODE").as_deref() == Some("enabled"),
            cleanup_batch: values.count_u32("ARTIFACT_DIRECT_UPLOAD_CLEANUP_BATCH_SIZE").clamp(1, LARGEST_BATCH),
            cleanup_interval: values.millis("ARTIFACT_DIRECT_UPLOAD_CLEANUP_INTERVAL_MS"),
        };
        config.check(values, findings);
        config
    }

    fn check(&self, values: &Values, findings: &mut Findings) {
        let kind = values.text("OBJECT_STORE_KIND").unwrap_or_default();
        // The production rules say it in their own words, and may be waived.
        if self.kind == ObjectStoreKind::Azure && self.account_name.is_none() {
            findings.problem("OPEN_COWORK_CLOUD_OBJECT_STORE_KIND=azure-blob needs OPEN_COWORK_CLOUD_OBJECT_STORE_ACCOUNT_NAME");
        }
        if matches!(kind.as_str(), "minio" | "digitalocean-spaces") && self.endpoint.is_none() {
            findings.problem(format!("OPEN_COWORK_CLOUD_OBJECT_STORE_KIND={kind} needs OPEN_COWORK_CLOUD_OBJECT_STORE_ENDPOINT"));
        }
        if self.kind == ObjectStoreKind::S3 && self.access_key_id.is_some() != self.secret_access_key.is_some() {
            findings.problem(
                "OPEN_COWORK_CLOUD_OBJECT_STORE_ACCESS_KEY_ID and OPEN_COWORK_CLOUD_OBJECT_STORE_SECRET_ACCESS_KEY belong together",
            );
        }
        let can_sign = match self.kind {
            ObjectStoreKind::Filesystem => false,
            ObjectStoreKind::S3 => true,
            // In the order in which credentials are chosen; the machine's own account signs, too.
            ObjectStoreKind::Google => self.credentials.is_some() || self.bearer_token.is_none(),
            ObjectStoreKind::Azure => self.secret_access_key.is_some(),
        };
        if self.direct_upload && !can_sign {
            findings.warning(
                "ARTIFACT_DIRECT_UPLOAD_MODE is enabled, but this object store signs no uploads (S3 does, GCS without a bearer token, and \
                 Azure with the account's key); they go through this server",
            );
        }
        if self.kind == ObjectStoreKind::Filesystem && values.is_configured("OBJECT_STORE_BUCKET") {
            findings.warning("OBJECT_STORE_BUCKET has no effect with a filesystem store; use OBJECT_STORE_DIR to choose its folder");
        }
    }
}
