//! What people keep for themselves: JSON objects by key (contract 02 §2).

use crate::{Store, StoreError};
use cowork_domain::{principal::Principal, timestamp::Timestamp};
use serde_json::{Map, Value};

/// One setting of one user.
#[derive(Debug, Clone, PartialEq)]
pub struct SettingRow {
    /// Its name.
    pub key: String,
    /// An object.
    pub value: Value,
    /// When it was last put.
    pub updated_at: Timestamp,
}

impl Store {
    /// All settings of a user, by key.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn settings(&self, of: &Principal) -> Result<Vec<SettingRow>, StoreError> {
        let rows = sqlx::query!(
            r#"select key, value, updated_at from settings where tenant = $1 and user_id = $2 order by key collate "C""#,
            of.tenant_id.as_str(),
            of.user_id.as_str()
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|row| SettingRow { key: row.key, value: row.value, updated_at: row.updated_at.into() }).collect())
    }

    /// One of them.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn setting(&self, of: &Principal, key: &str) -> Result<Option<SettingRow>, StoreError> {
        let row = sqlx::query!(
            "select value, updated_at from settings where tenant = $1 and user_id = $2 and key = $3",
            of.tenant_id.as_str(),
            of.user_id.as_str(),
            key
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| SettingRow { key: key.to_owned(), value: row.value, updated_at: row.updated_at.into() }))
    }

    /// Puts one in the place of what was there. None: the user has `most` others already.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn put_setting(
        &self,
        of: &Principal,
        key: &str,
        value: Map<String, Value>,
        most: u32,
    ) -> Result<Option<SettingRow>, StoreError> {
        let row = sqlx::query!(
            "insert into settings (tenant, user_id, key, value)
             select $1, $2, $3, $4::jsonb
              where (select count(*) from settings where tenant = $1 and user_id = $2 and key <> $3) < $5
             on conflict (tenant, user_id, key) do update set value = excluded.value, updated_at = now()
             returning value, updated_at",
            of.tenant_id.as_str(),
            of.user_id.as_str(),
            key,
            Value::Object(value),
            i64::from(most)
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| SettingRow { key: key.to_owned(), value: row.value, updated_at: row.updated_at.into() }))
    }
}
