//! What a directory reads.

use crate::{Directory, Store, StoreError};
use cowork_domain::timestamp::Timestamp;
use sqlx::PgConnection;

/// A member as a directory sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryUser {
    /// The id that the directory keeps; it never changes.
    pub id: String,
    /// Address, lower case where a directory made the member.
    pub email: String,
    /// How to call the person.
    pub display_name: Option<String>,
    /// Whether the person takes part.
    pub active: bool,
    /// Of the membership.
    pub created_at: Timestamp,
    /// Of the membership.
    pub updated_at: Timestamp,
}

impl Store {
    /// The members of an organisation, oldest first, or the one with an address.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn directory_users(&self, directory: &Directory, email: Option<&str>, limit: u32) -> Result<Vec<DirectoryUser>, StoreError> {
        let rows = sqlx::query_as!(
            Row,
            r#"select coalesce(m.directory_id, m.account) as "id!", a.email, a.display_name, m.status = 'active' as "active!",
                      m.created_at, m.updated_at
                 from memberships m join orgs o on o.org = m.org join accounts a on a.tenant = o.tenant and a.account = m.account
                where m.org = $1 and o.tenant = $2 and ($3::text is null or lower(a.email) = lower($3))
                order by m.created_at, m.account limit $4"#,
            directory.org.as_str(),
            directory.tenant.as_str(),
            email,
            i64::from(limit)
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// One member by the directory's id.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn directory_user(&self, directory: &Directory, id: &str) -> Result<Option<DirectoryUser>, StoreError> {
        let mut connection = self.pool.acquire().await?;
        let Some(account) = account_of(&mut connection, directory, id).await? else { return Ok(None) };
        user_of(&mut connection, directory, &account).await.map(Some)
    }
}

struct Row {
    id: String,
    email: String,
    display_name: Option<String>,
    active: bool,
    created_at: time::OffsetDateTime,
    updated_at: time::OffsetDateTime,
}

impl From<Row> for DirectoryUser {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            email: row.email,
            display_name: row.display_name,
            active: row.active,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        }
    }
}

/// The account behind a directory's id. The id of a membership that a login claimed is no account any more.
pub(super) async fn account_of(connection: &mut PgConnection, directory: &Directory, id: &str) -> Result<Option<String>, StoreError> {
    let account = sqlx::query_scalar!(
        "select account from memberships where org = $1 and (directory_id = $2 or (directory_id is null and account = $2))
          order by created_at, account limit 1",
        directory.org.as_str(),
        id
    )
    .fetch_optional(connection)
    .await?;
    Ok(account)
}

pub(super) async fn user_of(connection: &mut PgConnection, directory: &Directory, account: &str) -> Result<DirectoryUser, StoreError> {
    let row = sqlx::query_as!(
        Row,
        r#"select coalesce(m.directory_id, m.account) as "id!", a.email, a.display_name, m.status = 'active' as "active!",
                  m.created_at, m.updated_at
             from memberships m join accounts a on a.tenant = $2 and a.account = m.account
            where m.org = $1 and m.account = $3"#,
        directory.org.as_str(),
        directory.tenant.as_str(),
        account
    )
    .fetch_one(connection)
    .await?;
    Ok(row.into())
}
