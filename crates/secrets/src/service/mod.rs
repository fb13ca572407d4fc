//! Key services: what guards the opening key where it doesn't lie open in a configuration.
//!
//! A service wraps and unwraps a few bytes with a key that never leaves it. Every call has a deadline, is tried again where
//! trying again can help, and fails with words that hold no secret.
#![cfg_attr(
    not(all(feature = "vault", feature = "aws-kms", feature = "gcp-kms", feature = "azure-key-vault")),
    allow(dead_code, unused_variables, reason = "what the clients share is not used by each of them")
)]

#[cfg(feature = "aws-kms")]
mod aws_credentials;
#[cfg(feature = "aws-kms")]
mod aws_kms;
#[cfg(feature = "azure-key-vault")]
mod azure_key_vault;
#[cfg(feature = "azure-key-vault")]
mod azure_token;
#[cfg(feature = "gcp-kms")]
mod gcp_kms;
#[cfg(feature = "gcp-kms")]
mod google_token;
mod local;
mod reference;
mod secret_manager;
mod secret_reference;
mod surroundings;
#[cfg(feature = "vault")]
mod vault;
mod wire;
mod wrapped;

pub use reference::{KeyReference, KeyReferenceError};
pub use secret_manager::read_secret;
pub use secret_reference::{SecretReference, SecretReferenceError};
pub use surroundings::Surroundings;
pub use wrapped::{WrappedKey, WrappedKeyError};

use crate::sealing::{KeyId, OpeningKey};
use cowork_domain::secret::Secret;
use std::{pin::Pin, time::Duration};

/// One wrap or unwrap, the fetching of credentials and all tries included.
const DEADLINE: Duration = Duration::from_secs(20);

/// Set into what a service wraps where it can authenticate more than the bytes: a ciphertext of another purpose doesn't unwrap.
#[cfg(any(feature = "aws-kms", feature = "gcp-kms"))]
const PURPOSE: &str = "open-cowork-cloud/opening-key";

/// What a call gives back, later.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, ServiceError>> + Send + 'a>>;

/// A key that never leaves its service.
pub trait KeyService: Send + Sync {
    /// Wraps a short text.
    fn wrap<'a>(&'a self, plaintext: &'a Secret<String>) -> Answer<'a, Vec<u8>>;

    /// Unwraps what [`wrap`](Self::wrap) made.
    fn unwrap<'a>(&'a self, ciphertext: &'a [u8]) -> Answer<'a, Secret<String>>;
}

/// Why a key service didn't do what it was asked for. No text of these holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServiceError {
    /// The cargo feature is off.
    #[error("this program was built without {0}")]
    NotBuilt(&'static str),
    /// There is nothing to prove who asks.
    #[error("no credentials for {service}: {what}")]
    Credentials {
        /// The service.
        service: &'static str,
        /// What was looked for.
        what: String,
    },
    /// It understood, and won't.
    #[error("{service} refused with {status}: {what}")]
    Refused {
        /// The service.
        service: &'static str,
        /// The HTTP status.
        status: u16,
        /// The code that it gave.
        what: String,
    },
    /// It couldn't be asked, or had trouble of its own, each time.
    #[error("{service} is not available: {what}")]
    Unavailable {
        /// The service.
        service: &'static str,
        /// The last trouble.
        what: String,
    },
    /// The secret is there, and its time is over.
    #[error("{0} says that the secret's time is over")]
    Expired(&'static str),
    /// It said something else than its documentation says.
    #[error("{0} gave an answer that is none")]
    Answer(&'static str),
    /// It unwrapped something else.
    #[error("{service} unwrapped something that is not the opening key {id}")]
    OtherKey {
        /// The service.
        service: &'static str,
        /// The key that was expected.
        id: KeyId,
    },
}

/// Wraps an opening key, so that it can stand in a configuration.
pub async fn wrap(key: &OpeningKey, reference: KeyReference, surroundings: &Surroundings) -> Result<WrappedKey, ServiceError> {
    let service = connect(&reference, surroundings)?;
    let text = key.to_text();
    let ciphertext = within(&reference, service.wrap(&text)).await?;
    Ok(WrappedKey { id: *key.id(), reference, ciphertext })
}

/// Unwraps an opening key, and holds it against the id that stands beside it.
pub async fn unwrap(wrapped: &WrappedKey, surroundings: &Surroundings) -> Result<OpeningKey, ServiceError> {
    let reference = &wrapped.reference;
    let service = connect(reference, surroundings)?;
    let text = within(reference, service.unwrap(&wrapped.ciphertext)).await?;
    wrapped.accept(&text).ok_or(ServiceError::OtherKey { service: reference.service(), id: wrapped.id })
}

/// The client of a key's service.
pub fn connect(reference: &KeyReference, surroundings: &Surroundings) -> Result<Box<dyn KeyService>, ServiceError> {
    Ok(match reference {
        KeyReference::File { path } => Box::new(local::FileKey::new(path)),
        #[cfg(feature = "vault")]
        KeyReference::VaultTransit { address, mount, key } => Box::new(vault::Transit::new(address, mount, key, surroundings)?),
        #[cfg(feature = "aws-kms")]
        KeyReference::AwsKms { key, region, endpoint } => Box::new(aws_kms::Kms::new(key, region, endpoint.as_deref(), surroundings)?),
        #[cfg(feature = "gcp-kms")]
        KeyReference::GcpKms { name, endpoint } => Box::new(gcp_kms::Kms::new(name, endpoint.as_deref(), surroundings)?),
        #[cfg(feature = "azure-key-vault")]
        KeyReference::AzureKey { address, name, version } => {
            Box::new(azure_key_vault::VaultKey::new(address, name, version.as_deref(), surroundings)?)
        }
        #[cfg(not(all(feature = "vault", feature = "aws-kms", feature = "gcp-kms", feature = "azure-key-vault")))]
        other => return Err(ServiceError::NotBuilt(other.service())),
    })
}

async fn within<T>(reference: &KeyReference, answer: Answer<'_, T>) -> Result<T, ServiceError> {
    let late = ServiceError::Unavailable { service: reference.service(), what: format!("no answer within {} seconds", DEADLINE.as_secs()) };
    tokio::time::timeout(DEADLINE, answer).await.unwrap_or(Err(late))
}
