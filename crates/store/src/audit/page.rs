//! An org's audit log, newest first, page by page (contract 02 §10; 00 §10).

use crate::{Store, StoreError, column::instant};
use cowork_domain::{
    audit::{ActorType, AuditRow},
    ids::{AuditId, OrgId, UserId},
    timestamp::Timestamp,
};
use uuid::Uuid;

/// Which rows; empty fields don't restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Exactly this actor.
    pub actor_id: Option<String>,
    /// Exactly this kind of actor.
    pub actor_type: Option<ActorType>,
    /// The event type begins with this; no character has a special meaning.
    pub action: Option<String>,
    /// Exactly this kind of target.
    pub target_type: Option<String>,
    /// Exactly this target.
    pub target_id: Option<String>,
    /// What the metadata says under `result`.
    pub result: Option<String>,
    /// About this channel binding: it is the target, or the metadata names it.
    pub channel_binding: Option<String>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Not after.
    pub to: Option<Timestamp>,
}

/// A row's place in the order of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditPlace {
    /// When it was written.
    pub at: Timestamp,
    /// Its id.
    pub id: AuditId,
}

impl AuditPlace {
    /// The place of a row.
    pub fn of(row: &AuditRow) -> Self {
        Self { at: row.at, id: row.id }
    }
}

impl Store {
    /// The rows of an org that come after a place, newest first; at most `limit`.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn audit_page(
        &self,
        org: &OrgId,
        filter: &AuditFilter,
        after: Option<AuditPlace>,
        limit: u32,
    ) -> Result<Vec<AuditRow>, StoreError> {
        // Bounds in place of "no bound": a condition that may be missing can't be searched for in an index.
        let before_all = AuditPlace { at: Timestamp::from_millis(i64::MAX), id: AuditId::from_uuid(Uuid::max()) };
        let after = after.unwrap_or(before_all);
        let rows = sqlx::query!(
            "select id, event_type, actor_type, actor_id, account_id, target_type, target_id, metadata, created_at
               from audit_events
              where org = $1
                and (created_at, id) < ($2, $3)
                and created_at >= $4
                and created_at <= $5
                and ($6::text is null or actor_id = $6)
                and ($7::text is null or actor_type = $7)
                and ($8::text is null or starts_with(event_type, $8))
                and ($9::text is null or target_type = $9)
                and ($10::text is null or target_id = $10)
                and ($11::text is null or metadata->>'result' = $11)
                and ($12::text is null or metadata->>'channelBindingId' = $12 or target_type = 'channel_binding' and target_id = $12)
              order by created_at desc, id desc
              limit $13",
            org.as_str(),
            instant(after.at),
            after.id.as_uuid(),
            instant(filter.from.unwrap_or(Timestamp::from_millis(i64::MIN))),
            instant(filter.to.unwrap_or(Timestamp::from_millis(i64::MAX))),
            filter.actor_id,
            filter.actor_type.map(ActorType::as_str),
            filter.action,
            filter.target_type,
            filter.target_id,
            filter.result,
            filter.channel_binding,
            i64::from(limit)
        )
        .fetch_all(&self.pool)
        .await?;
        let read = rows.into_iter().map(|row| {
            let actor_type = ActorType::parse(&row.actor_type);
            Ok(AuditRow {
                id: AuditId::from_uuid(row.id),
                org: org.clone(),
                account: row.account_id.map(UserId::new),
                actor_type: actor_type.ok_or_else(|| StoreError::inconsistent("audit_events", row.id, "unknown actor type"))?,
                actor_id: row.actor_id,
                action: row.event_type,
                target_type: row.target_type,
                target_id: row.target_id,
                metadata: row.metadata,
                at: row.created_at.into(),
            })
        });
        read.collect()
    }
}
