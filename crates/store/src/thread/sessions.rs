//! Sessions and their tags.

use super::{ThreadRefused, tags::TagRow};
use crate::{Store, StoreError, column::session_status};
use cowork_domain::{
    ids::{SessionId, WorkspaceId},
    principal::Principal,
    thread::{Thread, ThreadTag},
};
use std::collections::HashMap;
use uuid::Uuid;

impl Store {
    /// The sessions of a user, the last changed first: those that carry any of these tags, or all where none is named.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn threads(&self, of: &Principal, tags: &[Uuid], limit: u32) -> Result<Vec<Thread>, StoreError> {
        let (tenant, user) = (&of.tenant_id, &of.user_id);
        let rows = sqlx::query!(
            "select s.session, s.title, s.profile_name, s.status, s.created_at, s.updated_at
               from sessions s
              where s.workspace = $1
                and (cardinality($2::uuid[]) = 0 or exists (
                        select from tagged_sessions u join thread_tags t on t.id = u.tag and t.tenant = $3
                         where u.session = s.session and u.tag = any ($2)))
              order by s.updated_at desc, s.session
              limit $4",
            WorkspaceId::of(tenant, user).as_uuid(),
            tags,
            tenant.as_str(),
            i64::from(limit)
        )
        .fetch_all(&self.pool)
        .await?;
        let sessions: Vec<Uuid> = rows.iter().map(|row| row.session).collect();
        let mut tags = self.tags_of(of, &sessions).await?;
        rows.into_iter()
            .map(|row| {
                Ok(Thread {
                    tenant_id: tenant.clone(),
                    user_id: user.clone(),
                    session_id: SessionId::from_uuid(row.session),
                    status: session_status(row.session, &row.status)?,
                    title: row.title,
                    profile_name: row.profile_name,
                    created_at: row.created_at.into(),
                    updated_at: row.updated_at.into(),
                    tags: tags.remove(&row.session).unwrap_or_default(),
                })
            })
            .collect()
    }

    async fn tags_of(&self, of: &Principal, sessions: &[Uuid]) -> Result<HashMap<Uuid, Vec<ThreadTag>>, StoreError> {
        let rows = sqlx::query!(
            "select u.session, t.id, t.name, t.color, t.created_at, t.updated_at
               from tagged_sessions u join thread_tags t on t.id = u.tag
              where u.session = any ($1) and t.tenant = $2
              order by lower(t.name)",
            sessions,
            of.tenant_id.as_str()
        )
        .fetch_all(&self.pool)
        .await?;
        let mut tags: HashMap<Uuid, Vec<ThreadTag>> = HashMap::new();
        for row in rows {
            let tag = TagRow { id: row.id, name: row.name, color: row.color, created_at: row.created_at, updated_at: row.updated_at };
            tags.entry(row.session).or_default().push(tag.of(&of.tenant_id));
        }
        Ok(tags)
    }

    /// Puts a tag on sessions of a user, or takes it off them: all of them, or none if one of them isn't there.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn tag_sessions(
        &self,
        by: &Principal,
        tag: Uuid,
        sessions: &[SessionId],
        carries: bool,
    ) -> Result<Result<(), ThreadRefused>, StoreError> {
        let mut named: Vec<Uuid> = sessions.iter().map(SessionId::as_uuid).collect();
        named.sort_unstable();
        named.dedup();
        let mut tx = self.pool.begin().await?;
        let known = sqlx::query_scalar!("select id from thread_tags where tenant = $1 and id = $2 for share", by.tenant_id.as_str(), tag)
            .fetch_optional(&mut *tx)
            .await?;
        if known.is_none() {
            return Ok(Err(ThreadRefused::TagUnknown));
        }
        let own = sqlx::query_scalar!(
            r#"select count(*) as "count!" from sessions where session = any ($1) and workspace = $2"#,
            &named,
            WorkspaceId::of(&by.tenant_id, &by.user_id).as_uuid()
        )
        .fetch_one(&mut *tx)
        .await?;
        if usize::try_from(own) != Ok(named.len()) {
            return Ok(Err(ThreadRefused::SessionUnknown));
        }
        if carries {
            sqlx::query!("insert into tagged_sessions (session, tag) select unnest($1::uuid[]), $2 on conflict do nothing", &named, tag)
                .execute(&mut *tx)
                .await?;
        } else {
            sqlx::query!("delete from tagged_sessions where session = any ($1) and tag = $2", &named, tag).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(Ok(()))
    }
}
