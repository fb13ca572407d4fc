//! Answers, and the commands that follow from them.

use super::row::read;
use crate::{Store, StoreError, audit::write_audit, column::instant};
use cowork_domain::{
    audit::AuditRow,
    channel::interaction::{Interaction, NotPending},
    ids::{CommandId, OrgId, ShardId},
    principal::Principal,
    session::CommandKind,
    timestamp::Timestamp,
};

/// A command that follows from an answer.
#[derive(Debug, Clone)]
pub struct InteractionCommand {
    /// Which interaction it answers.
    pub interaction: Interaction,
    /// Its id.
    pub command: CommandId,
    /// What the session is told.
    pub kind: CommandKind,
    /// On whose behalf.
    pub by: Principal,
}

impl Store {
    /// Uses an interaction, together with the command that follows and what the audit log says. Whoever comes second finds it
    /// used.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn use_channel_interaction(
        &self,
        order: &InteractionCommand,
        audit: &[AuditRow],
        now: Timestamp,
    ) -> Result<Result<Interaction, NotPending>, StoreError> {
        let Ok(used) = order.interaction.clone().used(now) else { return Ok(Err(NotPending)) };
        let mut transaction = self.pool.begin().await?;
        let changed = sqlx::query!(
            "update channel_interactions
                set status = 'used', used_at = $3, updated_at = $3, command = $4, command_payload = $5, command_by = $6
              where org = $1 and id = $2 and status = 'pending' and expires_at > $3",
            used.org.as_str(),
            used.id,
            instant(now),
            order.kind.as_str(),
            order.kind.payload(),
            serde_json::to_value(&order.by).map_err(|_| StoreError::inconsistent("channel_interactions", &used.id, "no principal"))?
        )
        .execute(&mut *transaction)
        .await?;
        if changed.rows_affected() == 0 {
            return Ok(Err(NotPending));
        }
        write_audit(&mut transaction, audit).await?;
        transaction.commit().await?;
        Ok(Ok(used))
    }

    /// The session has the command that follows from an interaction, or will never take it.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn channel_interaction_told(&self, org: &OrgId, id: &str, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query!(
            "update channel_interactions set told_at = $3 where org = $1 and id = $2 and told_at is null",
            org.as_str(),
            id,
            instant(now)
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Commands of these shards that no session has although their interactions were used before this time, oldest first.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn untold_channel_interactions(
        &self,
        shards: &[ShardId],
        used_before: Timestamp,
        limit: u32,
    ) -> Result<Vec<InteractionCommand>, StoreError> {
        let shards: Vec<i32> = shards.iter().map(|shard| shard.0).collect();
        let mut connection = self.pool.acquire().await?;
        let rows = sqlx::query!(
            r#"select org, id, command as "command!", command_payload as "payload!", command_by as "by!" from channel_interactions
                where shard = any($1) and status = 'used' and told_at is null and used_at < $2 order by used_at limit $3"#,
            &shards,
            instant(used_before),
            i64::from(limit)
        )
        .fetch_all(&mut *connection)
        .await?;
        let mut orders = Vec::with_capacity(rows.len());
        for row in rows {
            let unreadable = |what| StoreError::inconsistent("channel_interactions", &row.id, what);
            let Some(kept) = read(&mut connection, &OrgId::new(row.org.as_str()), &row.id).await? else { continue };
            let kind = CommandKind::from_row(&row.command, row.payload).ok_or_else(|| unreadable("unknown command"))?;
            let by = serde_json::from_value(row.by).map_err(|_| unreadable("unknown principal"))?;
            orders.push(InteractionCommand { command: kept.interaction.command_id(), interaction: kept.interaction, kind, by });
        }
        Ok(orders)
    }
}
