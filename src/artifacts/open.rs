//! The object store that the configuration names.

use crate::config::{
    Config,
    objects::{ObjectStoreKind, ObjectsConfig},
    secret::Secret as Configured,
};
use cowork_domain::secret::Secret;
use cowork_objects::{AzureCredential, GoogleCredential, Objects, ObjectsOptions, OpenError, Place, S3Credential};

/// The region of stores that have none.
const REGION: &str = "us-east-1";

/// Sets a client up; the store itself isn't asked anything yet.
pub(crate) fn open(config: &Config) -> Result<Objects, OpenError> {
    let objects = &config.objects;
    let options = ObjectsOptions {
        place: place(objects)?,
        prefix: objects.prefix.clone(),
        node: config.cluster.node_id.clone(),
        patience: objects.timeout,
    };
    Objects::open(&options)
}

fn place(config: &ObjectsConfig) -> Result<Place, OpenError> {
    let bucket = |kind| config.bucket.clone().ok_or(OpenError::Missing { kind, what: "OPEN_COWORK_CLOUD_OBJECT_STORE_BUCKET" });
    let endpoint = config.endpoint.clone();
    Ok(match config.kind {
        ObjectStoreKind::Filesystem => Place::Filesystem { folder: config.dir.clone() },
        ObjectStoreKind::S3 => {
            let credential = config.access_key_id.as_ref().zip(config.secret_access_key.as_ref()).map(|(key_id, secret)| S3Credential {
                key_id: taken(key_id),
                secret: taken(secret),
                session_token: config.session_token.as_ref().map(taken),
            });
            let region = config.region.clone().unwrap_or_else(|| REGION.to_owned());
            Place::S3 { bucket: bucket("s3")?, region, endpoint, credential }
        }
        ObjectStoreKind::Google => {
            let account = config.credentials.as_ref().map(|key| GoogleCredential::ServiceAccount(taken(key)));
            let credential = account.or_else(|| config.bearer_token.as_ref().map(|token| GoogleCredential::Bearer(taken(token))));
            Place::Google { bucket: bucket("gcs")?, endpoint, credential }
        }
        ObjectStoreKind::Azure => {
            let needed = OpenError::Missing { kind: "azure-blob", what: "OPEN_COWORK_CLOUD_OBJECT_STORE_ACCOUNT_NAME" };
            let account = config.account_name.clone().ok_or(needed)?;
            let key = config.secret_access_key.as_ref().map(|key| AzureCredential::AccountKey(taken(key)));
            let credential = key
                .or_else(|| config.sas_token.as_ref().map(|query| AzureCredential::SharedAccess(taken(query))))
                .or_else(|| config.bearer_token.as_ref().map(|token| AzureCredential::Bearer(taken(token))));
            Place::Azure { container: bucket("azure-blob")?, account, endpoint, credential }
        }
    })
}

fn taken(secret: &Configured) -> Secret<String> {
    Secret::new(secret.expose().clone())
}
