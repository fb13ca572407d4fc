//! The deployment's public key, for web nodes that weren't told it.

use crate::{Store, StoreError};

impl Store {
    /// The sealing key that workers published, as text. Whoever can write to the database can write another one.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn published_sealing_key(&self) -> Result<Option<String>, StoreError> {
        Ok(sqlx::query_scalar!("select value from deployment_facts where name = 'sealing_key'").fetch_optional(&self.pool).await?)
    }

    /// Publishes a sealing key where there is none yet, or one of those that it replaces; gives back the one that stands then.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn publish_sealing_key(&self, key: &str, replaces: &[String]) -> Result<String, StoreError> {
        let mut tx = self.pool.begin().await?;
        sqlx::query!(
            "insert into deployment_facts (name, value) values ('sealing_key', $1)
             on conflict (name) do update set value = $1, updated_at = now() where deployment_facts.value = any($2)",
            key,
            replaces
        )
        .execute(&mut *tx)
        .await?;
        let stands = sqlx::query_scalar!("select value from deployment_facts where name = 'sealing_key'").fetch_one(&mut *tx).await?;
        tx.commit().await?;
        Ok(stands)
    }
}
