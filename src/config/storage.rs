//! Where the truth lives.

use super::problem::Findings;
use super::secret::Secret;
use super::setting::{Kind, Setting};
use super::values::Values;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::time::Duration;

const OBJECT_STORES: &[&str] = &["filesystem", "s3", "gcs", "azure-blob", "digitalocean-spaces", "minio"];

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new("ROOT", Kind::Path, "directory of everything that this node keeps on disk"),
    Setting::new(
        "CONTROL_PLANE_URL",
        Kind::Secret,
        "PostgreSQL to use, postgres://…; without it a private server runs in the data directory",
    ),
    Setting::new("PG_BIN", Kind::Path, "directory with the PostgreSQL programs for the private server"),
    Setting::new("RUN_MIGRATIONS", Kind::Flag, "bring the database up to date at the start").or("true"),
    Setting::new("PG_POOL_MAX", Kind::Count(1), "database connections of the shared pool").or("10"),
    Setting::new("PG_CONNECTION_TIMEOUT_MS", Kind::Millis(1), "how long to wait for a database connection").or("10000"),
    Setting::new("PG_STATEMENT_TIMEOUT_MS", Kind::Millis(1), "how long one statement may take").or("30000"),
    Setting::new("PG_IDLE_TIMEOUT_MS", Kind::Millis(1), "when an unused connection is closed").or("30000").later(),
    Setting::new("PG_IDLE_TX_TIMEOUT_MS", Kind::Millis(1), "how long a transaction may sit idle").or("120000").later(),
    Setting::new("PG_LOCK_TIMEOUT_MS", Kind::Limit, "how long a statement may wait for a lock; 0 waits").or("0").later(),
    Setting::new("PG_APP_NAME", Kind::Text, "how the database shows our connections").or("open-cowork-cloud").later(),
    Setting::new("RUNTIME_DATABASE_ROLE", Kind::Text, "least-privilege role of the running server").later(),
    Setting::new("RUNTIME_DATABASE_PRINCIPAL", Kind::Text, "least-privilege login of the running server").later(),
    Setting::new("CONTROL_PLANE_KIND", Kind::Choice(&["local", "postgres"]), "upstream's choice of store")
        .file_only()
        .file("storage.controlPlane.kind")
        .later(),
    Setting::new("CONTROL_PLANE_URL_REF", Kind::SecretRef, "where upstream reads the database address")
        .file_only()
        .file("storage.controlPlane.urlRef")
        .later(),
    Setting::new("OBJECT_STORE_KIND", Kind::Choice(OBJECT_STORES), "where artifacts go")
        .or("filesystem")
        .file("storage.objectStore.kind")
        .later(),
    Setting::new("OBJECT_STORE_BUCKET", Kind::Text, "bucket or container").file("storage.objectStore.bucket").later(),
    Setting::new("OBJECT_STORE_REGION", Kind::Text, "region of the bucket").file("storage.objectStore.region").later(),
    Setting::new("OBJECT_STORE_ENDPOINT", Kind::Url, "address of the object store").file("storage.objectStore.endpoint").later(),
    Setting::new("OBJECT_STORE_PREFIX", Kind::Text, "first part of every object's name").file("storage.objectStore.prefix").later(),
    Setting::new("OBJECT_STORE_ACCESS_KEY_ID", Kind::Secret, "access key").later(),
    Setting::new("OBJECT_STORE_SECRET_ACCESS_KEY", Kind::Secret, "secret of the access key").later(),
    Setting::new("OBJECT_STORE_SESSION_TOKEN", Kind::Secret, "token of a temporary access key").later(),
    Setting::new("OBJECT_STORE_BEARER_TOKEN", Kind::Secret, "bearer token").later(),
    Setting::new("OBJECT_STORE_SAS_TOKEN", Kind::Secret, "shared access signature").later(),
    Setting::new("OBJECT_STORE_ACCOUNT_NAME", Kind::Text, "storage account").later(),
    Setting::new("OBJECT_STORE_CREDENTIALS", Kind::Secret, "service account credentials").later(),
    Setting::new("ALLOW_EPHEMERAL_STORAGE", Kind::Flag, "don't warn about storage that a restart loses").or("false").later(),
    Setting::new("ARTIFACT_DIRECT_UPLOAD_MODE", Kind::Choice(&["off", "enabled"]), "let clients upload straight to the object store")
        .or("off")
        .later(),
    Setting::new("ARTIFACT_DIRECT_UPLOAD_CLEANUP_BATCH_SIZE", Kind::Count(1), "abandoned uploads removed at once").later(),
    Setting::new("ARTIFACT_DIRECT_UPLOAD_CLEANUP_INTERVAL_MS", Kind::Millis(1), "how often abandoned uploads are looked for").later(),
];

/// The `storage` section.
#[derive(Debug, Clone)]
pub struct StorageConfig {
    /// Everything that this node keeps on disk.
    pub data_dir: PathBuf,
    /// Address of the database; `None` runs a private one in the data directory.
    pub database_url: Option<Secret>,
    /// Where the PostgreSQL programs are.
    pub postgres_programs: Option<PathBuf>,
    /// Whether the start brings the database up to date.
    pub run_migrations: bool,
    /// The shared pool.
    pub pool: PoolConfig,
    /// Kind of the object store.
    pub object_store_kind: String,
    /// Its bucket.
    pub object_store_bucket: Option<String>,
}

/// Database connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolConfig {
    /// Connections of the pool; the journal's lanes come on top.
    pub max_connections: u32,
    /// How long to wait for one.
    pub connect_timeout: Duration,
    /// How long one statement may take.
    pub statement_timeout: Duration,
}

impl StorageConfig {
    /// Makes the data directory. Others may pass through it, because the private PostgreSQL runs under
    /// an account of its own when we are root, but not look into it.
    pub fn make_data_dir(&self) -> std::io::Result<()> {
        std::fs::DirBuilder::new().recursive(true).mode(0o711).create(&self.data_dir)
    }

    /// Where the private PostgreSQL lives.
    pub fn postgres_dir(&self) -> PathBuf {
        self.data_dir.join("postgres")
    }

    /// Where a machine that was told nothing keeps its opening key.
    pub fn opening_key_file(&self) -> PathBuf {
        self.data_dir.join("opening.key")
    }

    /// Where sessions keep their files.
    pub fn workspaces_dir(&self) -> PathBuf {
        self.data_dir.join("workspaces")
    }

    pub(super) fn read(values: &Values, findings: &mut Findings) -> Self {
        let database_url = values.secret("CONTROL_PLANE_URL");
        if let Some(url) = &database_url
            && !["postgres://", "postgresql://"].iter().any(|scheme| url.expose().starts_with(scheme))
        {
            // The address may carry a password: it is not repeated here.
            findings.problem("OPEN_COWORK_CLOUD_CONTROL_PLANE_URL must begin with postgres:// or postgresql://");
        }
        if values.text("CONTROL_PLANE_URL_REF").is_some() && database_url.is_none() {
            findings.problem("cloud.storage.controlPlane.urlRef is set, but this version reads the address from OPEN_COWORK_CLOUD_CONTROL_PLANE_URL only");
        }
        let data_dir = values.path("ROOT").unwrap_or_default();
        Self {
            data_dir: std::path::absolute(&data_dir).unwrap_or(data_dir),
            database_url,
            postgres_programs: values.path("PG_BIN"),
            run_migrations: values.flag("RUN_MIGRATIONS"),
            pool: PoolConfig {
                max_connections: values.count_u32("PG_POOL_MAX"),
                connect_timeout: values.millis("PG_CONNECTION_TIMEOUT_MS"),
                statement_timeout: values.millis("PG_STATEMENT_TIMEOUT_MS"),
            },
            object_store_kind: values.text("OBJECT_STORE_KIND").unwrap_or_default(),
            object_store_bucket: values.text("OBJECT_STORE_BUCKET"),
        }
    }
}
