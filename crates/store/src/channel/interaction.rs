//! Questions that somebody in a chat may answer once.

mod answer;
mod row;

pub use answer::InteractionCommand;

use crate::{Store, StoreError, column::instant};
use cowork_domain::{
    channel::{ids::ChannelBindingId, interaction::Interaction, provider::ChannelProvider},
    ids::{OrgId, ShardId, derived_uuid},
    timestamp::Timestamp,
};
use row::read;
use std::time::Duration;

/// An interaction with what is kept of its token. It has no `Debug`.
#[derive(Clone)]
pub struct KeptInteraction {
    /// The interaction.
    pub interaction: Interaction,
    /// SHA-256 of the token's secret part.
    pub token_hash: [u8; 32],
}

impl Store {
    /// Keeps a new interaction. False: its id, its token's or its gateway's id is in use.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn add_channel_interaction(&self, new: &Interaction, token_id: &str, token_hash: &[u8; 32]) -> Result<bool, StoreError> {
        let shard_key = derived_uuid(&["channel_binding", new.binding.as_str()]);
        let mut transaction = self.pool.begin().await?;
        let count = sqlx::query_scalar!("select shard_count from cluster").fetch_one(&mut *transaction).await?;
        let added = sqlx::query!(
            "insert into channel_interactions (org, id, agent, binding, session_binding, session, provider, external_id, kind, target,
                                               token_id, token_hash, status, expires_at, shard, created_at, updated_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'pending', $13, $14, $15, $15)
             on conflict do nothing",
            new.org.as_str(),
            new.id,
            new.agent.as_str(),
            new.binding.as_str(),
            new.session_binding.as_str(),
            new.session.as_uuid(),
            new.provider.as_str(),
            new.external_id,
            new.kind.as_str(),
            new.target,
            token_id,
            &token_hash[..],
            instant(new.expires_at),
            ShardId::of(shard_key, count).0,
            instant(new.created_at)
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(added.rows_affected() == 1)
    }

    /// The interaction whose token has this public part. One that nobody answered in time is marked so.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn channel_interaction_by_token(
        &self,
        org: &OrgId,
        token_id: &str,
        now: Timestamp,
    ) -> Result<Option<KeptInteraction>, StoreError> {
        let id = sqlx::query_scalar!("select id from channel_interactions where token_id = $1 and org = $2", token_id, org.as_str())
            .fetch_optional(&self.pool)
            .await?;
        let Some(id) = id else { return Ok(None) };
        self.look_at_interaction(org, &id, now).await
    }

    /// The interactions that gateways call so, within these bindings, or in all of the organisation.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn channel_interactions_by_external_id(
        &self,
        org: &OrgId,
        bindings: Option<&[ChannelBindingId]>,
        provider: &ChannelProvider,
        external_id: &str,
        now: Timestamp,
    ) -> Result<Vec<Interaction>, StoreError> {
        let bindings: Option<Vec<&str>> = bindings.map(|bindings| bindings.iter().map(ChannelBindingId::as_str).collect());
        let ids = sqlx::query_scalar!(
            "select id from channel_interactions where org = $1 and ($2::text[] is null or binding = any($2)) and provider = $3 and external_id = $4",
            org.as_str(),
            bindings.as_deref() as Option<&[&str]>,
            provider.as_str(),
            external_id
        )
        .fetch_all(&self.pool)
        .await?;
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            found.extend(self.look_at_interaction(org, &id, now).await?.map(|kept| kept.interaction));
        }
        Ok(found)
    }

    async fn look_at_interaction(&self, org: &OrgId, id: &str, now: Timestamp) -> Result<Option<KeptInteraction>, StoreError> {
        let mut connection = self.pool.acquire().await?;
        let Some(kept) = read(&mut connection, org, id).await? else { return Ok(None) };
        let seen = kept.interaction.clone().seen(now);
        if seen != kept.interaction {
            sqlx::query!(
                "update channel_interactions set status = 'expired', updated_at = $3 where org = $1 and id = $2 and status = 'pending'",
                org.as_str(),
                id,
                instant(now)
            )
            .execute(&mut *connection)
            .await?;
        }
        Ok(Some(KeptInteraction { interaction: seen, ..kept }))
    }

    /// Forgets interactions that are older than this. Returns how many; at most `limit`.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn sweep_channel_interactions(&self, age: Duration, limit: u32) -> Result<u64, StoreError> {
        let swept = sqlx::query!(
            "delete from channel_interactions i
              using (select org, id from channel_interactions where created_at < now() - make_interval(secs => $1)
                        and (status <> 'used' or told_at is not null) and (status <> 'pending' or expires_at < now())
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
