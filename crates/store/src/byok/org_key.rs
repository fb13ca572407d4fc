//! Organisations' data keys: public halves, and private halves that are sealed to the deployment.

use crate::{Store, StoreError};
use cowork_domain::ids::OrgId;
use sqlx::PgConnection;

/// A data key as stored. Its bytes mean something to the crate that seals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrgDataKey {
    /// Counts the organisation's keys, from 1.
    pub generation: u32,
    /// What secrets are sealed to.
    pub public: Vec<u8>,
    /// The private half, sealed to the deployment's key; none once it was shredded.
    pub sealed_private: Option<Vec<u8>>,
    /// The deployment's key that seals the private half.
    pub key_id: String,
}

impl Store {
    /// One data key of an organisation, shredded or not.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn org_data_key(&self, org: &OrgId, generation: u32) -> Result<Option<OrgDataKey>, StoreError> {
        let row = sqlx::query!(
            "select public_key, sealed_private, key_id from org_data_keys where org = $1 and generation = $2",
            org.as_str(),
            i32::try_from(generation).unwrap_or(i32::MAX)
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| OrgDataKey { generation, public: row.public_key, sealed_private: row.sealed_private, key_id: row.key_id }))
    }
}

/// The organisation's latest data key, and how many it ever had. Whoever holds the organisation's row may rely on it.
pub(super) async fn latest(connection: &mut PgConnection, org: &OrgId) -> Result<Option<OrgDataKey>, StoreError> {
    let row = sqlx::query!(
        "select generation, public_key, sealed_private, key_id from org_data_keys where org = $1 order by generation desc limit 1",
        org.as_str()
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| OrgDataKey {
        generation: u32::try_from(row.generation).unwrap_or(0),
        public: row.public_key,
        sealed_private: row.sealed_private,
        key_id: row.key_id,
    }))
}

pub(super) async fn insert(connection: &mut PgConnection, org: &OrgId, key: &OrgDataKey) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into org_data_keys (org, generation, public_key, sealed_private, key_id) values ($1, $2, $3, $4, $5)",
        org.as_str(),
        i32::try_from(key.generation).unwrap_or(i32::MAX),
        key.public,
        key.sealed_private,
        key.key_id
    )
    .execute(connection)
    .await?;
    Ok(())
}
