//! Saved filters.

use super::{MOST, ThreadRefused};
use crate::{Store, StoreError};
use cowork_domain::{ids::TenantId, thread::SmartFilter};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use uuid::Uuid;

struct FilterRow {
    id: Uuid,
    name: String,
    query: Value,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl FilterRow {
    fn of(self, tenant: &TenantId) -> Result<SmartFilter, StoreError> {
        let Value::Object(query) = self.query else {
            return Err(StoreError::inconsistent("smart_filters", self.id, "its query is no object"));
        };
        Ok(SmartFilter {
            tenant_id: tenant.clone(),
            filter_id: self.id,
            name: self.name,
            query,
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
        })
    }
}

impl Store {
    /// The filters of a tenant, in the order in which they were made.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn smart_filters(&self, tenant: &TenantId) -> Result<Vec<SmartFilter>, StoreError> {
        let rows = sqlx::query_as!(
            FilterRow,
            "select id, name, query, created_at, updated_at from smart_filters where tenant = $1 order by created_at, id",
            tenant.as_str()
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(|row| row.of(tenant)).collect()
    }

    /// A new filter.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn create_smart_filter(
        &self,
        tenant: &TenantId,
        id: Uuid,
        name: &str,
        query: Map<String, Value>,
    ) -> Result<Result<SmartFilter, ThreadRefused>, StoreError> {
        let row = sqlx::query_as!(
            FilterRow,
            "insert into smart_filters (id, tenant, name, query)
             select $1, $2, $3, $4 where (select count(*) from smart_filters where tenant = $2) < $5
             returning id, name, query, created_at, updated_at",
            id,
            tenant.as_str(),
            name,
            Value::Object(query),
            MOST
        )
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| row.of(tenant)).transpose().map(|filter| filter.ok_or(ThreadRefused::TooMany))
    }

    /// Another name or query for a filter; what is none stays.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn change_smart_filter(
        &self,
        tenant: &TenantId,
        id: Uuid,
        name: Option<&str>,
        query: Option<Map<String, Value>>,
    ) -> Result<Result<SmartFilter, ThreadRefused>, StoreError> {
        let row = sqlx::query_as!(
            FilterRow,
            "update smart_filters set name = coalesce($3, name), query = coalesce($4, query), updated_at = now()
              where tenant = $1 and id = $2
             returning id, name, query, created_at, updated_at",
            tenant.as_str(),
            id,
            name,
            query.map(Value::Object)
        )
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| row.of(tenant)).transpose().map(|filter| filter.ok_or(ThreadRefused::FilterUnknown))
    }

    /// Takes a filter away. `false`: there is none.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn delete_smart_filter(&self, tenant: &TenantId, id: Uuid) -> Result<bool, StoreError> {
        let deleted =
            sqlx::query!("delete from smart_filters where tenant = $1 and id = $2", tenant.as_str(), id).execute(&self.pool).await?;
        Ok(deleted.rows_affected() == 1)
    }
}
