//! A key in a file: for machines where a volume of its own, or a hardware-backed file system, is the key service.

use super::{Answer, KeyService, ServiceError, surroundings::read_file};
use crate::sealing::{GuardError, OpeningKey};
use cowork_domain::secret::Secret;

const SERVICE: &str = "the key file";

/// An opening key in a file that seals and opens another one.
pub(super) struct FileKey {
    path: String,
}

impl FileKey {
    pub(super) fn new(path: &str) -> Self {
        Self { path: path.to_owned() }
    }

    fn read(&self) -> Result<OpeningKey, ServiceError> {
        let text = read_file(SERVICE, &self.path)?;
        OpeningKey::parse(&text)
            .map_err(|why| ServiceError::Credentials { service: SERVICE, what: format!("{} can't be used: {why}", self.path) })
    }
}

impl KeyService for FileKey {
    fn wrap<'a>(&'a self, plaintext: &'a Secret<String>) -> Answer<'a, Vec<u8>> {
        Box::pin(async move { Ok(self.read()?.sealing_key().guard(plaintext)) })
    }

    fn unwrap<'a>(&'a self, ciphertext: &'a [u8]) -> Answer<'a, Secret<String>> {
        Box::pin(async move {
            self.read()?.unguard(ciphertext).map_err(|GuardError| ServiceError::Refused {
                service: SERVICE,
                status: 400,
                what: "it was not wrapped with this key".to_owned(),
            })
        })
    }
}
