//! Walks over everything that is sealed, in the order of its key, so that a rotation can be interrupted and taken up again.

use super::org_key::{OrgDataKey, integer, ordinal};
use crate::{Store, StoreError, column::count};
use cowork_domain::ids::{OrgId, SecretId};

/// A data key and whose it is.
#[derive(Clone, PartialEq, Eq)]
pub struct OwnedDataKey {
    /// The organisation.
    pub org: OrgId,
    /// Its key.
    pub key: OrgDataKey,
}

/// A sealed secret with what it belongs to.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSecret {
    /// Its id.
    pub secret: SecretId,
    /// Whose it is.
    pub org: OrgId,
    /// What it is for.
    pub provider: String,
    /// Which content of the provider's key it is.
    pub version: u32,
    /// The generation of the organisation's data key that its inner layer needs.
    pub org_key: u32,
    /// The sealed value.
    pub sealed: Vec<u8>,
}

/// How much is sealed to one deployment key.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UnderKey {
    /// The key's id.
    pub key_id: String,
    /// Data keys of organisations.
    pub data_keys: u64,
    /// Provider keys.
    pub secrets: u64,
}

impl Store {
    /// How much is sealed to each deployment key.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn sealed_under_keys(&self) -> Result<Vec<UnderKey>, StoreError> {
        let rows = sqlx::query!(
            r#"select key_id as "key_id!", count(*) filter (where kind = 'data key') as "data_keys!", count(*) filter (where kind = 'secret') as "secrets!"
                 from (select key_id, 'data key' as kind from org_data_keys where shredded_at is null
                       union all select key_id, 'secret' from byok_secrets where key_id is not null) as everything
                group by key_id order by key_id"#
        )
        .fetch_all(&self.pool)
        .await?;
        let read =
            rows.into_iter().map(|row| UnderKey { key_id: row.key_id, data_keys: count(row.data_keys), secrets: count(row.secrets) });
        Ok(read.collect())
    }

    /// Data keys from behind one on; with `except`, only those that are sealed to another deployment key.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn sealed_data_keys(
        &self,
        except: Option<&str>,
        after: Option<(&OrgId, u32)>,
        limit: u32,
    ) -> Result<Vec<OwnedDataKey>, StoreError> {
        let (org, generation) = after.map_or((None, 0), |(org, generation)| (Some(org.as_str()), integer(generation)));
        let rows = sqlx::query!(
            r#"select org, generation, public_key, sealed_private, key_id from org_data_keys
                where shredded_at is null and ($1::text is null or key_id <> $1) and ($2::text is null or (org, generation) > ($2, $3))
                order by org, generation limit $4"#,
            except,
            org,
            generation,
            i64::from(limit)
        )
        .fetch_all(&self.pool)
        .await?;
        let read = rows.into_iter().map(|row| OwnedDataKey {
            org: OrgId::new(row.org),
            key: OrgDataKey {
                generation: ordinal(row.generation),
                public_key: row.public_key,
                sealed_private: row.sealed_private,
                key_id: row.key_id,
            },
        });
        Ok(read.collect())
    }

    /// Puts the same data key, sealed to another deployment key, where the old one still stands; false where it doesn't.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn renew_data_key(&self, old: &OwnedDataKey, sealed_private: &[u8], key_id: &str) -> Result<bool, StoreError> {
        let renewed = sqlx::query!(
            "update org_data_keys set sealed_private = $4, key_id = $5 where org = $1 and generation = $2 and sealed_private = $3",
            old.org.as_str(),
            integer(old.key.generation),
            old.key.sealed_private,
            sealed_private,
            key_id
        )
        .execute(&self.pool)
        .await?;
        Ok(renewed.rows_affected() == 1)
    }

    /// Sealed secrets from behind one on; with `except`, only those that are sealed to another deployment key.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn sealed_secrets(&self, except: Option<&str>, after: Option<SecretId>, limit: u32) -> Result<Vec<SealedSecret>, StoreError> {
        let rows = sqlx::query!(
            r#"select secret, org, provider, version, org_key as "org_key!", sealed as "sealed!" from byok_secrets
                where sealed is not null and ($1::text is null or key_id <> $1) and ($2::uuid is null or secret > $2)
                order by secret limit $3"#,
            except,
            after.map(|secret| secret.as_uuid()),
            i64::from(limit)
        )
        .fetch_all(&self.pool)
        .await?;
        let read = rows.into_iter().map(|row| SealedSecret {
            secret: SecretId::from_uuid(row.secret),
            org: OrgId::new(row.org),
            provider: row.provider,
            version: ordinal(row.version),
            org_key: ordinal(row.org_key),
            sealed: row.sealed,
        });
        Ok(read.collect())
    }

    /// Puts the same secret, sealed to another deployment key, where the old one still stands; false where it doesn't. The record
    /// didn't change for anybody who looks at it, so its time stays.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn renew_sealed_secret(&self, old: &SealedSecret, sealed: &[u8], key_id: &str) -> Result<bool, StoreError> {
        let renewed = sqlx::query!(
            "update byok_secrets set sealed = $3, key_id = $4 where secret = $1 and sealed = $2",
            old.secret.as_uuid(),
            old.sealed,
            sealed,
            key_id
        )
        .execute(&self.pool)
        .await?;
        Ok(renewed.rows_affected() == 1)
    }
}
