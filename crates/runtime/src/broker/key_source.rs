//! Where active keys come from.

use cowork_domain::{
    ids::{OrgId, SecretId},
    policy::ManagedPolicy,
    provider::ProviderId,
    secret::Secret,
};
use futures_util::future::BoxFuture;
use tokio::sync::broadcast;

/// A key that may be used: active, and validated or overridden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveKey {
    /// Whose key it is.
    pub provider: ProviderId,
    /// The record.
    pub secret: SecretId,
    /// Which of the provider's keys it is, counted from 1.
    pub version: u32,
}

/// What turns of an organisation may use.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrgAccess {
    /// Active and validated keys, oldest activation first.
    pub keys: Vec<ActiveKey>,
    /// What its owner allows.
    pub policy: ManagedPolicy,
}

/// What a key is opened for, as the audit log has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A turn calls its model.
    Runtime,
    /// A check asks the provider about it.
    Validation,
}

impl Purpose {
    /// The word in the audit log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Runtime => "runtime",
            Self::Validation => "validation",
        }
    }
}

/// Why a key can't be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeySourceError {
    /// There is none, or it was disabled meanwhile.
    #[error("the key is not there any more")]
    Missing,
    /// The deployment or the organisation's policy doesn't allow the provider.
    #[error("the provider is turned off")]
    ProviderDisabled,
    /// The organisation is paused, suspended or closed.
    #[error("the organisation is not active")]
    OrgStopped,
    /// What is stored doesn't open. It is never used, and counted.
    #[error("the stored key can't be opened")]
    Unopenable,
    /// Nobody can be asked at the moment.
    #[error("the keys can't be read: {0}")]
    Unavailable(String),
}

/// Active keys: sealed rows and the opener, behind one door.
pub trait KeySource: Send + Sync + 'static {
    /// What turns of the organisation may use. The answer is kept until [`changes`](Self::changes) names the organisation, so
    /// this is not a question per turn.
    fn access<'a>(&'a self, org: &'a OrgId) -> BoxFuture<'a, Result<OrgAccess, KeySourceError>>;

    /// Whether the deployment and the organisation's policy allow keys of this provider. Asked only to say why there is none.
    fn admits<'a>(&'a self, org: &'a OrgId, provider: &'a ProviderId) -> BoxFuture<'a, Result<bool, KeySourceError>>;

    /// Opens one key. Writes audit `byok_secret.revealed`, at most once per secret and node within some minutes.
    fn reveal<'a>(&'a self, org: &'a OrgId, key: &'a ActiveKey, purpose: Purpose) -> BoxFuture<'a, Result<Secret<String>, KeySourceError>>;

    /// A provider refused the key in use (401 or 403): asks for a re-validation, bounded. Must not block.
    fn refused(&self, org: &OrgId, key: &ActiveKey);

    /// Organisations whose keys or policy changed (saved, validated, disabled, paused, resumed). `None`: anything may have changed.
    fn changes(&self) -> broadcast::Receiver<Option<OrgId>>;
}

/// No keys at all: a deployment that can't store any.
#[derive(Debug)]
pub struct NoKeys(broadcast::Sender<Option<OrgId>>);

impl Default for NoKeys {
    fn default() -> Self {
        Self(broadcast::channel(1).0)
    }
}

impl KeySource for NoKeys {
    fn access<'a>(&'a self, _: &'a OrgId) -> BoxFuture<'a, Result<OrgAccess, KeySourceError>> {
        Box::pin(std::future::ready(Ok(OrgAccess::default())))
    }

    fn admits<'a>(&'a self, _: &'a OrgId, _: &'a ProviderId) -> BoxFuture<'a, Result<bool, KeySourceError>> {
        Box::pin(std::future::ready(Ok(true)))
    }

    fn reveal<'a>(&'a self, _: &'a OrgId, _: &'a ActiveKey, _: Purpose) -> BoxFuture<'a, Result<Secret<String>, KeySourceError>> {
        Box::pin(std::future::ready(Err(KeySourceError::Missing)))
    }

    fn refused(&self, _: &OrgId, _: &ActiveKey) {}

    fn changes(&self) -> broadcast::Receiver<Option<OrgId>> {
        self.0.subscribe()
    }
}
