//! Opening a stored key: the one place where a customer's key becomes readable.

use super::references::{ReferenceError, References};
use crate::secrets::{Keyring, RevealError};
use cowork_actors::Clock;
use cowork_domain::{
    audit::{AuditAction, AuditRow, AuditTarget},
    secret::Secret,
};
use cowork_runtime::broker::Purpose;
use cowork_secrets::sealing::{Sealed, Subject};
use cowork_store::{ByokKey, ByokRow, Store, StoreError};
use serde_json::json;

/// One row in the audit log stands for all openings of a key by a node within this time.
const WINDOW_MILLIS: i64 = 5 * 60_000;

/// Opens stored keys on a node that executes. Cheap to clone.
#[derive(Clone)]
pub struct KeyOpener {
    store: Store,
    keyring: Keyring,
    references: References,
    node: String,
    clock: Clock,
}

/// Why a key was not opened.
#[derive(Debug, thiserror::Error)]
pub enum NotOpened {
    /// What is stored does not open as what it should be. It was counted, and is never used.
    #[error("the stored key does not open")]
    Unopenable,
    /// The key manager's reference leads to nothing.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl KeyOpener {
    /// For the node of this name.
    pub const fn new(store: Store, keyring: Keyring, references: References, node: String, clock: Clock) -> Self {
        Self { store, keyring, references, node, clock }
    }

    /// Whether this node can open anything.
    pub const fn can_open(&self) -> bool {
        self.keyring.opener().is_some()
    }

    /// Opens a key. The audit log has it before anybody else does.
    ///
    /// # Errors
    /// See [`NotOpened`].
    pub async fn open(&self, row: &ByokRow, key: &ByokKey, purpose: Purpose) -> Result<Secret<String>, NotOpened> {
        let opened = match key {
            ByokKey::Sealed { bytes, .. } => self.unseal(row, bytes).await?,
            ByokKey::Reference(reference) => self.references.read(reference).await?,
        };
        self.store.record_audit(&[self.revealed(row, purpose)]).await?;
        Ok(opened)
    }

    async fn unseal(&self, row: &ByokRow, bytes: &[u8]) -> Result<Secret<String>, NotOpened> {
        let sealed = Sealed::from_bytes(bytes).map_err(|error| {
            metrics::counter!("cowork_byok_reveal_failures_total", "reason" => "format").increment(1);
            tracing::error!(secret = %row.id, %error, "a stored key has an unknown format");
            NotOpened::Unopenable
        })?;
        let (provider, secret) = (row.provider.as_str(), row.id.to_string());
        let subject = Subject { org: &row.org, provider, secret: &secret, version: row.version };
        self.keyring.reveal(&self.store, &subject, &sealed).await.map_err(|error| match error {
            RevealError::Store(error) => NotOpened::Store(error),
            _ => NotOpened::Unopenable,
        })
    }

    fn revealed(&self, row: &ByokRow, purpose: Purpose) -> AuditRow {
        let now = self.clock.now();
        let cause = format!("{}:{}:{}", self.node, purpose.as_str(), now.as_millis().div_euclid(WINDOW_MILLIS));
        let metadata = json!({ "purpose": purpose.as_str(), "credentialKind": row.kind, "providerId": row.provider, "node": self.node });
        let target = AuditTarget::new("byok_secret", &row.id.to_string());
        AuditRow::by_system(&row.org, "byok.reveal", &cause, AuditAction::ByokSecretRevealed, &target, metadata, now)
    }
}
