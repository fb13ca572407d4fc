//! The data key of an organisation: made when it saves its first secret.

use cowork_domain::ids::OrgId;
use cowork_secrets::sealing::{OrgKey, SealedFormatError, Sealer};
use cowork_store::{OrgDataKey, Store, StoreError};

/// Why an organisation has no usable data key.
#[derive(Debug, thiserror::Error)]
pub enum OrgKeyError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was just made can't be read: a bug.
    #[error(transparent)]
    Format(#[from] SealedFormatError),
}

/// A data key from its row.
pub fn stored(row: OrgDataKey) -> OrgKey {
    OrgKey { generation: row.generation, public: row.public_key, sealed_private: row.sealed_private.unwrap_or_default() }
}

/// The key that new secrets of an organisation are sealed to. Requests that meet agree on the one that the database took first.
pub(super) async fn current(store: &Store, sealer: &Sealer, org: &OrgId) -> Result<OrgKey, OrgKeyError> {
    loop {
        let newest = store.newest_org_data_key(org).await?.map(stored);
        let generation = match newest {
            Some(key) if !key.is_shredded() => return Ok(key),
            Some(shredded) => shredded.generation + 1,
            None => 1,
        };
        let made = sealer.new_org_key(org, generation);
        let row = OrgDataKey {
            generation,
            public_key: made.public.clone(),
            sealed_private: Some(made.sealed_private.clone()),
            key_id: made.key_id()?.to_string(),
        };
        if store.keep_org_data_key(org, &row).await? {
            return Ok(made);
        }
    }
}
