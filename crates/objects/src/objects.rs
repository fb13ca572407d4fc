//! The one way to the object store.

use super::{
    Checksum, ObjectError, ObjectKey, ObjectsOptions, OpenError, Upload, UploadAddress, UploadTerms,
    open::{Opened, open},
    upload::FormIssuer,
};
use bytes::Bytes;
use cowork_domain::timestamp::Timestamp;
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::{
    Attribute, Attributes, ObjectStore, ObjectStoreExt as _, PutOptions, PutPayload,
    path::Path,
    signer::{SignedUrlOptions, Signer},
};
use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

/// A handle to the object store; clones are the same store.
#[derive(Clone)]
pub struct Objects(Arc<Shared>);

struct Shared {
    store: Arc<dyn ObjectStore>,
    signer: Option<Arc<dyn Signer>>,
    forms: Option<FormIssuer>,
    keeps_presentation: bool,
    prefix: String,
    node: String,
    patience: Duration,
}

impl std::fmt::Debug for Objects {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Objects").finish_non_exhaustive()
    }
}

/// How a store shows an object to whoever fetches it by a signed address.
#[derive(Debug, Clone, Default)]
pub struct Presentation {
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Content-Disposition`.
    pub disposition: Option<String>,
}

impl Objects {
    /// Sets a client up. Nothing is asked of the store yet. Must be called after the process has a provider of cryptography.
    pub fn open(options: &ObjectsOptions) -> Result<Self, OpenError> {
        let Opened { store, signer, forms, keeps_presentation } = open(options)?;
        let prefix = options.prefix.trim_matches('/').to_owned();
        Ok(Self(Arc::new(Shared {
            store,
            signer,
            forms,
            keeps_presentation,
            prefix,
            node: options.node.clone(),
            patience: options.patience,
        })))
    }

    /// Writes an object, whole or not at all; what was there is replaced.
    pub async fn put(&self, key: &ObjectKey, content: Bytes, presentation: &Presentation) -> Result<(), ObjectError> {
        let path = self.path(key);
        let size = content.len() as u64;
        self.timed("put", async {
            let options = PutOptions { attributes: self.attributes(presentation), ..PutOptions::default() };
            self.0.store.put_opts(&path, PutPayload::from_bytes(content), options).await?;
            metrics::counter!("cowork_objects_bytes_total", "direction" => "written").increment(size);
            Ok(())
        })
        .await
    }

    /// Reads an object of at most so many bytes, and only if it is what was written.
    pub async fn read(&self, key: &ObjectKey, checksum: Checksum, most: u64) -> Result<Bytes, ObjectError> {
        let content = self.read_unchecked(key, most).await?;
        if Checksum::of(&content) == checksum {
            return Ok(content);
        }
        metrics::counter!("cowork_objects_damaged_total").increment(1);
        tracing::error!(key = key.as_str(), "an object is not what was written");
        Err(ObjectError::Damaged)
    }

    /// Reads an object that nobody vouches for yet.
    pub async fn read_unchecked(&self, key: &ObjectKey, most: u64) -> Result<Bytes, ObjectError> {
        let path = self.path(key);
        self.timed("get", async {
            let found = self.0.store.get(&path).await?;
            if found.meta.size > most {
                return Err(ObjectError::TooLarge(most));
            }
            let content = found.bytes().await?;
            // A store may say one size and send another.
            if content.len() as u64 > most {
                return Err(ObjectError::TooLarge(most));
            }
            metrics::counter!("cowork_objects_bytes_total", "direction" => "read").increment(content.len() as u64);
            Ok(content)
        })
        .await
    }

    /// Removes an object. One that isn't there is as good as removed.
    pub async fn delete(&self, key: &ObjectKey) -> Result<(), ObjectError> {
        let path = self.path(key);
        let deleted = self.timed("delete", async { Ok(self.0.store.delete(&path).await?) }).await;
        match deleted {
            Err(ObjectError::Missing) => Ok(()),
            other => other,
        }
    }

    /// Whether objects can be written, found and removed.
    pub async fn check(&self) -> Result<(), ObjectError> {
        let key = ObjectKey::probe(&self.0.node);
        self.put(&key, Bytes::from_static(b"ready"), &Presentation::default()).await?;
        let path = self.path(&key);
        self.timed("head", async { Ok(self.0.store.head(&path).await?) }).await?;
        self.delete(&key).await
    }

    /// Whether clients can fetch objects, and put some there, by themselves.
    pub fn can_sign(&self) -> bool {
        self.0.signer.is_some()
    }

    /// Whether what they are given to put some there is a form.
    pub fn takes_forms(&self) -> bool {
        self.0.forms.is_some()
    }

    /// An address by which anybody can fetch an object for a while; `None` where the store can't sign.
    pub async fn download_url(
        &self,
        key: &ObjectKey,
        presentation: &Presentation,
        lifetime: Duration,
    ) -> Result<Option<String>, ObjectError> {
        let Some(signer) = &self.0.signer else { return Ok(None) };
        let path = self.path(key);
        let shown = [("response-content-type", &presentation.content_type), ("response-content-disposition", &presentation.disposition)];
        let query = shown.into_iter().filter_map(|(name, value)| Some((name, value.clone()?)));
        let options = SignedUrlOptions::new().with_query(query);
        self.timed("sign", async {
            let signed = match signer.signed_url_opts(http::Method::GET, &path, lifetime, &options).await {
                // Azure takes it from the object, where it was written with the content.
                Err(object_store::Error::NotSupported { .. }) => signer.signed_url(http::Method::GET, &path, lifetime).await,
                signed => signed,
            };
            Ok(Some(signed?.to_string()))
        })
        .await
    }

    /// A way by which anybody who is told it can put one object there for a while: a form where the store takes forms, which bind more;
    /// an address otherwise. `None` where the store signs neither.
    pub async fn upload(&self, key: &ObjectKey, terms: &UploadTerms, now: Timestamp) -> Result<Option<Upload>, ObjectError> {
        let path = self.path(key);
        self.timed("sign", async {
            Ok(match (&self.0.forms, &self.0.signer) {
                (Some(forms), _) => Some(Upload::Form(forms.issue(path.as_ref(), terms, now).await?)),
                (None, Some(signer)) => Some(Upload::Address(UploadAddress::sign(&**signer, &path, terms, now).await?)),
                (None, None) => None,
            })
        })
        .await
    }

    /// Objects whose keys begin like this, for a person or a drill that compares them with the database.
    pub async fn list(&self, beginning: &ObjectKey, most: usize) -> Result<Vec<String>, ObjectError> {
        let folder = self.path(beginning);
        self.timed("list", async {
            let found = self.0.store.list(Some(&folder)).take(most).map_ok(|meta| meta.location.to_string());
            Ok(found.try_collect().await?)
        })
        .await
    }

    fn path(&self, key: &ObjectKey) -> Path {
        if self.0.prefix.is_empty() { Path::from(key.as_str()) } else { Path::from(format!("{}/{}", self.0.prefix, key.as_str())) }
    }

    fn attributes(&self, presentation: &Presentation) -> Attributes {
        let mut attributes = Attributes::new();
        if self.0.keeps_presentation {
            let shown = [(Attribute::ContentType, &presentation.content_type), (Attribute::ContentDisposition, &presentation.disposition)];
            for (attribute, value) in shown {
                if let Some(value) = value {
                    attributes.insert(attribute, value.clone().into());
                }
            }
        }
        attributes
    }

    /// Bounds an operation and counts it.
    async fn timed<T>(&self, operation: &'static str, work: impl Future<Output = Result<T, ObjectError>>) -> Result<T, ObjectError> {
        let started = Instant::now();
        let done = tokio::time::timeout(self.0.patience, work).await.unwrap_or(Err(ObjectError::Slow(self.0.patience)));
        metrics::histogram!("cowork_objects_seconds", "operation" => operation).record(started.elapsed().as_secs_f64());
        if let Err(error) = &done {
            metrics::counter!("cowork_objects_failures_total", "operation" => operation, "reason" => error.label()).increment(1);
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Place;
    use cowork_domain::ids::{OrgId, SessionId};

    fn objects(folder: &std::path::Path) -> Objects {
        let place = Place::Filesystem { folder: folder.to_owned() };
        let patience = Duration::from_secs(20);
        Objects::open(&ObjectsOptions { place, prefix: "cloud/".into(), node: "node 1".into(), patience }).expect("a folder is a store")
    }

    #[tokio::test]
    async fn what_was_written_is_read_back_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a folder");
        let objects = objects(folder.path());
        let session: SessionId = "ses_0190a1b2c3d47e5f8a9b0c1d2e3f4a5b".parse().expect("a session id");
        let key = ObjectKey::artifact(&OrgId::new("acme"), session, "a", "w1");
        let content = Bytes::from_static(b"\0\xff the content");
        let checksum = Checksum::of(&content);
        assert!(matches!(objects.read(&key, checksum, 100).await, Err(ObjectError::Missing)));
        objects.put(&key, content.clone(), &Presentation::default()).await.expect("written");
        assert_eq!(objects.read(&key, checksum, 100).await.expect("read"), content);
        assert!(matches!(objects.read(&key, checksum, 3).await, Err(ObjectError::TooLarge(3))));
        let file = folder.path().join("cloud").join(key.as_str());
        std::fs::write(&file, b"\0\xfe the content").expect("it lies in the folder");
        assert!(matches!(objects.read(&key, checksum, 100).await, Err(ObjectError::Damaged)));
        objects.delete(&key).await.expect("removed");
        objects.delete(&key).await.expect("removed already");
        assert!(!file.exists());
        assert!(!objects.can_sign() && !objects.takes_forms());
    }

    #[tokio::test]
    async fn a_store_that_is_gone_is_noticed_and_a_look_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let objects = objects(&folder.path().join("objects"));
        objects.check().await.expect("it works");
        assert_eq!(objects.list(&ObjectKey::stored("readiness"), 10).await.expect("listed"), Vec::<String>::new());
        std::fs::remove_dir_all(folder.path().join("objects")).expect("removed");
        std::fs::write(folder.path().join("objects"), b"").expect("something else is there now");
        assert!(objects.check().await.is_err());
    }
}
