//! Which gateway replica serves a binding.

use crate::{Store, StoreError};
use cowork_domain::{
    channel::{ids::ChannelBindingId, lease::ChannelLease},
    ids::{OrgId, TokenId},
};
use sqlx::PgConnection;
use std::time::Duration;

/// What became of the wish for a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaseAnswer {
    /// It is theirs.
    Held(ChannelLease),
    /// It is somebody else's for so long, unless they renew it.
    Taken(ChannelLease, Duration),
}

impl Store {
    /// Gives a lease to a holder, or renews it. A lease that ran out or was given back goes to whoever asks, with the next
    /// epoch: also to its former holder, who may have been away while its work was another's.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn hold_channel_lease(
        &self,
        org: &OrgId,
        binding: &ChannelBindingId,
        holder: &str,
        token: Option<&TokenId>,
        ttl: Duration,
    ) -> Result<LeaseAnswer, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let held = sqlx::query!(
            "insert into channel_leases as l (org, binding, holder, token, epoch, expires_at)
             values ($1, $2, $3, $4, 1, clock_timestamp() + make_interval(secs => $5))
             on conflict (org, binding) do update
                set epoch = l.epoch + case when l.expires_at <= clock_timestamp() then 1 else 0 end, holder = excluded.holder,
                    token = excluded.token, expires_at = excluded.expires_at
              where l.expires_at <= clock_timestamp() or (l.holder = excluded.holder and l.token is not distinct from excluded.token)
             returning epoch, expires_at",
            org.as_str(),
            binding.as_str(),
            holder,
            token.map(TokenId::as_str),
            ttl.as_secs_f64()
        )
        .fetch_optional(&mut *transaction)
        .await?;
        if let Some(held) = held {
            transaction.commit().await?;
            let (binding, holder) = (binding.clone(), holder.to_owned());
            return Ok(LeaseAnswer::Held(ChannelLease { binding, holder, epoch: held.epoch, expires_at: held.expires_at.into() }));
        }
        // The conflicting row is locked by now, so it is there and stays as it is.
        let taken = sqlx::query!(
            r#"select holder, epoch, expires_at, extract(epoch from expires_at - clock_timestamp())::float8 as "left!" from channel_leases where org = $1 and binding = $2"#,
            org.as_str(),
            binding.as_str()
        )
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        let left = Duration::try_from_secs_f64(taken.left).unwrap_or_default();
        let lease =
            ChannelLease { binding: binding.clone(), holder: taken.holder, epoch: taken.epoch, expires_at: taken.expires_at.into() };
        Ok(LeaseAnswer::Taken(lease, left))
    }

    /// Gives a lease back, so that the next holder needn't wait for its end. `false`: it wasn't theirs.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn release_channel_lease(
        &self,
        org: &OrgId,
        binding: &ChannelBindingId,
        holder: &str,
        token: Option<&TokenId>,
    ) -> Result<bool, StoreError> {
        let released = sqlx::query!(
            "update channel_leases set expires_at = clock_timestamp()
              where org = $1 and binding = $2 and holder = $3 and token is not distinct from $4 and expires_at > clock_timestamp()",
            org.as_str(),
            binding.as_str(),
            holder,
            token.map(TokenId::as_str)
        )
        .execute(&self.pool)
        .await?;
        Ok(released.rows_affected() > 0)
    }

    /// Whether nobody took the binding over since it was leased with this epoch.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn is_channel_lease_current(&self, org: &OrgId, binding: &ChannelBindingId, epoch: i64) -> Result<bool, StoreError> {
        is_current(&mut *self.pool.acquire().await?, org, binding, epoch).await
    }
}

/// As [`Store::is_channel_lease_current`], and nobody takes it over before the caller's transaction ends.
pub(super) async fn is_current(
    connection: &mut PgConnection,
    org: &OrgId,
    binding: &ChannelBindingId,
    epoch: i64,
) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar!(
        r#"select 1 as "one!" from channel_leases where org = $1 and binding = $2 and epoch = $3 for share"#,
        org.as_str(),
        binding.as_str(),
        epoch
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.is_some())
}
