//! From options to a client of a store.

use super::{
    error::OpenError,
    options::{AzureCredential, GoogleCredential, ObjectsOptions, Place},
    upload::{FormIssuer, GoogleForms, S3Forms},
};
use object_store::{
    BackoffConfig, ClientOptions, ObjectStore, RetryConfig, aws::AmazonS3Builder, azure::MicrosoftAzureBuilder,
    gcp::GoogleCloudStorageBuilder, local::LocalFileSystem, signer::Signer,
};
use std::{sync::Arc, time::Duration};

const CONNECT: Duration = Duration::from_secs(5);

/// A client, and what it can sign.
pub(crate) struct Opened {
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) signer: Option<Arc<dyn Signer>>,
    pub(crate) forms: Option<FormIssuer>,
    /// Whether objects carry a type and a disposition; a folder's files don't.
    pub(crate) keeps_presentation: bool,
}

pub(crate) fn open(options: &ObjectsOptions) -> Result<Opened, OpenError> {
    match &options.place {
        Place::Filesystem { folder } => {
            std::fs::create_dir_all(folder).map_err(OpenError::Folder)?;
            // What was acknowledged must survive a power cut here as it does in the database.
            let store = LocalFileSystem::new_with_prefix(folder).map_err(OpenError::Store)?.with_fsync(true);
            Ok(Opened { store: Arc::new(store), signer: None, forms: None, keeps_presentation: false })
        }
        Place::S3 { bucket, region, endpoint, credential } => {
            let mut builder = AmazonS3Builder::new()
                .with_bucket_name(bucket)
                .with_region(region)
                .with_retry(retries(options.patience))
                .with_client_options(client(options, endpoint.as_deref()));
            if let Some(endpoint) = endpoint {
                builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
            }
            if let Some(key) = credential {
                builder = builder.with_access_key_id(key.key_id.expose()).with_secret_access_key(key.secret.expose());
                if let Some(token) = &key.session_token {
                    builder = builder.with_token(token.expose());
                }
            }
            let store = Arc::new(builder.build().map_err(OpenError::Store)?);
            let at = endpoint.clone().unwrap_or_else(|| format!("https://s3.{region}.amazonaws.com"));
            let url = format!("{}/{bucket}", at.trim_end_matches('/'));
            let forms = FormIssuer::S3(S3Forms { store: store.clone(), bucket: bucket.clone(), region: region.clone(), url });
            Ok(Opened { signer: Some(store.clone()), store, forms: Some(forms), keeps_presentation: true })
        }
        Place::Google { bucket, endpoint, credential } => {
            let mut builder = GoogleCloudStorageBuilder::new()
                .with_bucket_name(bucket)
                .with_retry(retries(options.patience))
                .with_client_options(client(options, endpoint.as_deref()));
            if let Some(endpoint) = endpoint {
                builder = builder.with_base_url(endpoint);
            }
            // A bearer token opens the store and signs nothing.
            let can_sign = !matches!(credential, Some(GoogleCredential::Bearer(_)));
            let forms = match credential {
                Some(GoogleCredential::ServiceAccount(key)) => {
                    GoogleForms::of(key, bucket, endpoint.as_deref()).map(Box::new).map(FormIssuer::Google)
                }
                Some(GoogleCredential::Bearer(_)) | None => None,
            };
            builder = match credential {
                Some(GoogleCredential::ServiceAccount(key)) => builder.with_service_account_key(key.expose()),
                Some(GoogleCredential::Bearer(token)) => builder.with_bearer_token(token.expose()),
                None => builder,
            };
            let store = Arc::new(builder.build().map_err(OpenError::Store)?);
            let signer = can_sign.then(|| store.clone() as Arc<dyn Signer>);
            Ok(Opened { store, signer, forms, keeps_presentation: true })
        }
        Place::Azure { container, account, endpoint, credential } => {
            let mut builder = MicrosoftAzureBuilder::new()
                .with_container_name(container)
                .with_account(account)
                .with_retry(retries(options.patience))
                .with_client_options(client(options, endpoint.as_deref()));
            if let Some(endpoint) = endpoint {
                builder = builder.with_endpoint(endpoint.clone()).with_allow_http(endpoint.starts_with("http://"));
            }
            // Without the account's key there is nothing to sign with.
            let can_sign = matches!(credential, Some(AzureCredential::AccountKey(_)));
            builder = match credential {
                Some(AzureCredential::AccountKey(key)) => builder.with_access_key(key.expose()),
                Some(AzureCredential::SharedAccess(query)) => builder.with_sas_authorization(pairs(query.expose())),
                Some(AzureCredential::Bearer(token)) => builder.with_bearer_token_authorization(token.expose()),
                None => builder,
            };
            let store = Arc::new(builder.build().map_err(OpenError::Store)?);
            let signer = can_sign.then(|| store.clone() as Arc<dyn Signer>);
            Ok(Opened { store, signer, forms: None, keeps_presentation: true })
        }
    }
}

fn client(options: &ObjectsOptions, endpoint: Option<&str>) -> ClientOptions {
    ClientOptions::new()
        .with_connect_timeout(CONNECT.min(options.patience))
        .with_timeout(options.patience)
        .with_allow_http(endpoint.is_some_and(|endpoint| endpoint.starts_with("http://")))
}

fn retries(patience: Duration) -> RetryConfig {
    let backoff = BackoffConfig { init_backoff: Duration::from_millis(100), max_backoff: Duration::from_secs(2), base: 2.0 };
    RetryConfig { backoff, max_retries: 4, retry_timeout: patience }
}

/// The parameters of a shared access signature, which is a query string with or without its question mark.
fn pairs(query: &str) -> Vec<(String, String)> {
    let decoded = |text: &str| {
        // `+` stays as it is: signatures are base64.
        let bytes = text.as_bytes();
        let mut plain = Vec::with_capacity(bytes.len());
        let mut rest = bytes;
        while let Some((&first, tail)) = rest.split_first() {
            let code = (first == b'%').then(|| tail.get(..2)).flatten().and_then(|hex| std::str::from_utf8(hex).ok());
            if let Some(byte) = code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                plain.push(byte);
                rest = &tail[2..];
            } else {
                plain.push(first);
                rest = tail;
            }
        }
        String::from_utf8_lossy(&plain).into_owned()
    };
    query
        .trim_start_matches('?')
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_access_signature_is_read_as_it_was_issued() {
        let read = pairs("?sv=2024-11-04&sig=a%2Bb%2F+c%3D&bad%zz=1&alone");
        let expected = [("sv", "2024-11-04"), ("sig", "a+b/+c="), ("bad%zz", "1")];
        assert_eq!(read, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
