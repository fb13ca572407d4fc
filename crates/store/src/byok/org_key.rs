//! Data keys of organisations. A row without its private half is a key that was shredded.

use crate::{Store, StoreError};
use cowork_domain::ids::OrgId;

/// A data key as the table holds it.
#[derive(Clone, PartialEq, Eq)]
pub struct OrgDataKey {
    /// Counted from 1.
    pub generation: u32,
    /// The public half.
    pub public_key: Vec<u8>,
    /// The private half, sealed to the deployment's key; none when it was shredded.
    pub sealed_private: Option<Vec<u8>>,
    /// The deployment's key that seals it.
    pub key_id: String,
}

impl Store {
    /// One data key of an organisation.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn org_data_key(&self, org: &OrgId, generation: u32) -> Result<Option<OrgDataKey>, StoreError> {
        let row = sqlx::query!(
            "select generation, public_key, sealed_private, key_id from org_data_keys where org = $1 and generation = $2",
            org.as_str(),
            integer(generation)
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| OrgDataKey {
            generation: ordinal(row.generation),
            public_key: row.public_key,
            sealed_private: row.sealed_private,
            key_id: row.key_id,
        }))
    }

    /// The newest data key of an organisation, which may be a shredded one.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn newest_org_data_key(&self, org: &OrgId) -> Result<Option<OrgDataKey>, StoreError> {
        let newest = sqlx::query_scalar!("select max(generation) from org_data_keys where org = $1", org.as_str());
        match newest.fetch_one(&self.pool).await? {
            Some(generation) => self.org_data_key(org, ordinal(generation)).await,
            None => Ok(None),
        }
    }

    /// Keeps a new data key; false when the organisation has one of this generation already, which stays as it is.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn keep_org_data_key(&self, org: &OrgId, key: &OrgDataKey) -> Result<bool, StoreError> {
        let kept = sqlx::query!(
            "insert into org_data_keys (org, generation, public_key, sealed_private, key_id) values ($1, $2, $3, $4, $5)
             on conflict (org, generation) do nothing",
            org.as_str(),
            integer(key.generation),
            key.public_key,
            key.sealed_private,
            key.key_id
        )
        .execute(&self.pool)
        .await?;
        Ok(kept.rows_affected() == 1)
    }
}

/// A counter as `integer`. No counter of ours comes near the limit.
pub(super) fn integer(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// An `integer` that never is negative.
pub(super) fn ordinal(value: i32) -> u32 {
    u32::try_from(value).unwrap_or(0)
}
