//! Tags.

use super::{MOST, ThreadRefused};
use crate::{Store, StoreError};
use cowork_domain::{ids::TenantId, thread::ThreadTag};
use time::OffsetDateTime;
use uuid::Uuid;

/// `unique_violation` (PostgreSQL, appendix A).
const UNIQUE_VIOLATION: &str = "23505";

pub(super) struct TagRow {
    pub(super) id: Uuid,
    pub(super) name: String,
    pub(super) color: String,
    pub(super) created_at: OffsetDateTime,
    pub(super) updated_at: OffsetDateTime,
}

impl TagRow {
    pub(super) fn of(self, tenant: &TenantId) -> ThreadTag {
        ThreadTag {
            tenant_id: tenant.clone(),
            tag_id: self.id,
            name: self.name,
            color: self.color,
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
        }
    }
}

impl Store {
    /// The tags of a tenant, by name.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn thread_tags(&self, tenant: &TenantId) -> Result<Vec<ThreadTag>, StoreError> {
        let rows = sqlx::query_as!(
            TagRow,
            "select id, name, color, created_at, updated_at from thread_tags where tenant = $1 order by lower(name)",
            tenant.as_str()
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|row| row.of(tenant)).collect())
    }

    /// A new tag.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn create_thread_tag(
        &self,
        tenant: &TenantId,
        id: Uuid,
        name: &str,
        color: &str,
    ) -> Result<Result<ThreadTag, ThreadRefused>, StoreError> {
        let count = sqlx::query_scalar!(r#"select count(*) as "count!" from thread_tags where tenant = $1"#, tenant.as_str())
            .fetch_one(&self.pool)
            .await?;
        if count >= MOST {
            return Ok(Err(ThreadRefused::TooMany));
        }
        let row = sqlx::query_as!(
            TagRow,
            "insert into thread_tags (id, tenant, name, color) values ($1, $2, $3, $4) on conflict do nothing
             returning id, name, color, created_at, updated_at",
            id,
            tenant.as_str(),
            name,
            color
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| row.of(tenant)).ok_or(ThreadRefused::TagExists))
    }

    /// Another name or colour for a tag; what is none stays.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn change_thread_tag(
        &self,
        tenant: &TenantId,
        id: Uuid,
        name: Option<&str>,
        color: Option<&str>,
    ) -> Result<Result<ThreadTag, ThreadRefused>, StoreError> {
        let row = sqlx::query_as!(
            TagRow,
            "update thread_tags set name = coalesce($3, name), color = coalesce($4, color), updated_at = now() where tenant = $1 and id = $2
             returning id, name, color, created_at, updated_at",
            tenant.as_str(),
            id,
            name,
            color
        )
        .fetch_optional(&self.pool)
        .await;
        match row.map_err(StoreError::from) {
            Ok(row) => Ok(row.map(|row| row.of(tenant)).ok_or(ThreadRefused::TagUnknown)),
            Err(error) if error.is_code(UNIQUE_VIOLATION) => Ok(Err(ThreadRefused::TagExists)),
            Err(error) => Err(error),
        }
    }

    /// Takes a tag away, from all sessions. `false`: there is none.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn delete_thread_tag(&self, tenant: &TenantId, id: Uuid) -> Result<bool, StoreError> {
        let deleted =
            sqlx::query!("delete from thread_tags where tenant = $1 and id = $2", tenant.as_str(), id).execute(&self.pool).await?;
        Ok(deleted.rows_affected() == 1)
    }
}
