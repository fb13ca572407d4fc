//! Messages of chats that were taken over, until they are prompts.

mod row;

use crate::{Store, StoreError, column::instant};
use cowork_domain::{
    channel::{
        ids::ChannelBindingId,
        inbox::{InboxMessage, InboxState, NewInboxMessage},
    },
    ids::{OrgId, ShardId, derived_uuid},
    principal::Principal,
    timestamp::Timestamp,
};
use row::Columns;
use std::time::Duration;

/// What came of handing a message over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedMessage {
    /// As it is kept.
    pub message: InboxMessage,
    /// It was handed over before, and nothing is changed about it.
    pub duplicate: bool,
}

impl Store {
    /// Takes a message over, unless it is ours already.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn accept_inbox_message(&self, told: NewInboxMessage, by: &Principal, now: Timestamp) -> Result<AcceptedMessage, StoreError> {
        let (id, shard_key) = (told.id(), derived_uuid(&["channel_binding", told.binding.as_str()]));
        let by_columns = serde_json::to_value(by).map_err(|_| StoreError::inconsistent("channel_inbox", &id, "no principal"))?;
        let project_source = told.project_source.as_ref().map(serde_json::to_value).transpose();
        let project_source = project_source.map_err(|_| StoreError::inconsistent("channel_inbox", &id, "no project source"))?;
        let mut transaction = self.pool.begin().await?;
        let count = sqlx::query_scalar!("select shard_count from cluster").fetch_one(&mut *transaction).await?;
        let inserted = sqlx::query!(
            "insert into channel_inbox (org, id, binding, provider, instance, event, workspace, chat, thread, external_user, username,
                                        display_name, content, agent, title, project_source, accepted_by, status, due_at, shard, created_at,
                                        updated_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 'received', $18, $19, $18, $18)
             on conflict (org, id) do nothing",
            told.org.as_str(),
            id,
            told.binding.as_str(),
            told.provider.as_str(),
            told.instance,
            told.event,
            told.workspace,
            told.chat,
            told.thread,
            told.user,
            told.username,
            told.display_name,
            told.text,
            told.agent,
            told.title,
            project_source,
            by_columns,
            instant(now),
            ShardId::of(shard_key, count).0
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        if inserted.rows_affected() == 1 {
            let (by, state) = (by.clone(), InboxState::Received);
            let message = InboxMessage { id, told, by, state, attempts: 0, created_at: now, updated_at: now };
            return Ok(AcceptedMessage { message, duplicate: false });
        }
        match self.inbox_message(&told.org, &id).await? {
            Some(message) => Ok(AcceptedMessage { message, duplicate: true }),
            None => Err(StoreError::inconsistent("channel_inbox", id, "it went while it was looked at")),
        }
    }

    /// A message of an organisation.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn inbox_message(&self, org: &OrgId, id: &str) -> Result<Option<InboxMessage>, StoreError> {
        let row = sqlx::query_as!(
            Columns,
            "select org, id, binding, provider, instance, event, workspace, chat, thread, external_user, username, display_name, content,
                    agent, title, project_source, accepted_by, status, session_binding, session, command, refusal_code, refusal, attempts, created_at,
                    updated_at
               from channel_inbox where org = $1 and id = $2",
            org.as_str(),
            id
        )
        .fetch_optional(&self.pool)
        .await?;
        row.map(Columns::read).transpose()
    }

    /// The bindings of these shards that have messages to try now.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn bindings_with_inbox(&self, shards: &[ShardId], now: Timestamp, limit: u32) -> Result<Vec<ChannelBindingId>, StoreError> {
        let shards: Vec<i32> = shards.iter().map(|shard| shard.0).collect();
        let bindings = sqlx::query_scalar!(
            "select binding from channel_inbox where shard = any($1) and status = 'received' and due_at <= $2
              group by binding order by min(due_at) limit $3",
            &shards,
            instant(now),
            i64::from(limit)
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(bindings.into_iter().map(ChannelBindingId::new).collect())
    }

    /// The first message of each of a binding's threads, where it may be tried now: the ones behind it wait for it.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn first_inbox_messages(
        &self,
        binding: &ChannelBindingId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<InboxMessage>, StoreError> {
        let rows = sqlx::query_as!(
            Columns,
            r#"select org as "org!", id as "id!", binding as "binding!", provider as "provider!", instance as "instance!",
                      event as "event!", workspace, chat as "chat!", thread, external_user as "external_user!", username, display_name,
                      content as "content!", agent, title, project_source, accepted_by as "accepted_by!", status as "status!", session_binding, session,
                      command, refusal_code, refusal, attempts as "attempts!", created_at as "created_at!", updated_at as "updated_at!"
                 from (select distinct on (coalesce(workspace, ''), chat, coalesce(thread, chat)) *
                         from channel_inbox where binding = $1 and status = 'received'
                        order by coalesce(workspace, ''), chat, coalesce(thread, chat), place) first
                where due_at <= $2 order by place limit $3"#,
            binding.as_str(),
            instant(now),
            i64::from(limit)
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(Columns::read).collect()
    }

    /// The message that is first in a message's thread now.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn first_inbox_message_beside(&self, beside: &InboxMessage, now: Timestamp) -> Result<Option<InboxMessage>, StoreError> {
        let thread = beside.told.thread();
        let row = sqlx::query_as!(
            Columns,
            r#"select org as "org!", id as "id!", binding as "binding!", provider as "provider!", instance as "instance!",
                      event as "event!", workspace, chat as "chat!", thread, external_user as "external_user!", username, display_name,
                      content as "content!", agent, title, project_source, accepted_by as "accepted_by!", status as "status!", session_binding, session,
                      command, refusal_code, refusal, attempts as "attempts!", created_at as "created_at!", updated_at as "updated_at!"
                 from (select * from channel_inbox
                        where binding = $1 and coalesce(workspace, '') = $2 and chat = $3 and coalesce(thread, chat) = $4
                          and status = 'received'
                        order by place limit 1) first
                where due_at <= $5"#,
            beside.told.binding.as_str(),
            thread.workspace.as_deref().unwrap_or_default(),
            thread.chat,
            thread.thread,
            instant(now)
        )
        .fetch_optional(&self.pool)
        .await?;
        row.map(Columns::read).transpose()
    }

    /// Writes what became of a message; without effect if something became of it already.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn settle_inbox_message(&self, message: &InboxMessage, state: &InboxState, now: Timestamp) -> Result<(), StoreError> {
        let (session_binding, session, command) = match state {
            InboxState::Done { session_binding, session, command } => {
                (Some(session_binding.as_str()), Some(session.as_uuid()), Some(command.as_uuid()))
            }
            InboxState::Received | InboxState::Refused { .. } => (None, None, None),
        };
        let (code, text) = match state {
            InboxState::Refused { code, text } => (Some(code.as_str()), Some(text.as_str())),
            InboxState::Received | InboxState::Done { .. } => (None, None),
        };
        sqlx::query!(
            "update channel_inbox
                set status = $3, session_binding = $4, session = $5, command = $6, refusal_code = $7, refusal = $8, updated_at = $9
              where org = $1 and id = $2 and status = 'received'",
            message.told.org.as_str(),
            message.id,
            state.as_str(),
            session_binding,
            session,
            command,
            code,
            text,
            instant(now)
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Leaves a message, and those behind it in its thread, alone until this time.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn postpone_inbox_message(&self, message: &InboxMessage, until: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query!(
            "update channel_inbox set due_at = $3, attempts = attempts + 1, updated_at = $4
              where org = $1 and id = $2 and status = 'received'",
            message.told.org.as_str(),
            message.id,
            instant(until),
            instant(now)
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Forgets messages that something became of and that are older than this. Returns how many; at most `limit`.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn sweep_inbox(&self, age: Duration, limit: u32) -> Result<u64, StoreError> {
        let swept = sqlx::query!(
            "delete from channel_inbox i
              using (select org, id from channel_inbox where created_at < now() - make_interval(secs => $1) and status <> 'received'
                      order by created_at limit $2 for update skip locked) old
              where i.org = old.org and i.id = old.id",
            age.as_secs_f64(),
            i64::from(limit)
        )
        .execute(&self.pool)
        .await?;
        Ok(swept.rows_affected())
    }
}
