//! Acknowledging, renewing, retrying and burying deliveries.

use super::{DeliveryPlace, lane, row};
use crate::{Store, StoreError, audit::write_audit, channel::lease, column::instant};
use cowork_domain::{
    audit::AuditRow,
    channel::delivery::{AckRefusal, ChannelDelivery, ClaimProof, ClaimToken, Progress, Settlement},
    ids::OrgId,
    timestamp::Timestamp,
};
use std::time::Duration;

/// What an operator does to a delivery, whatever became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryOperation {
    /// It is sent again.
    Retry {
        /// So many times more, before it is given up.
        attempts: u32,
    },
    /// It is given up.
    Bury {
        /// Why.
        error: String,
    },
    /// It is given up unless it is at rest already.
    BuryOpen {
        /// Why.
        error: String,
    },
}

/// Why a gateway's word about a delivery had no effect.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// It isn't theirs, or no longer.
    #[error(transparent)]
    Refused(#[from] AckRefusal),
    /// Another gateway serves the binding.
    #[error("the lease of the binding is lost")]
    LeaseLost,
    /// The delivery is gone.
    #[error("no such delivery")]
    Gone,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for SettleError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Store {
    /// Ends an attempt. With a lease's epoch it counts only while that lease does.
    ///
    /// # Errors
    /// [`SettleError`].
    pub async fn settle_delivery(
        &self,
        org: &OrgId,
        place: &DeliveryPlace,
        proof: &ClaimProof,
        settlement: Settlement,
        lease_epoch: Option<i64>,
    ) -> Result<ChannelDelivery, SettleError> {
        self.change(org, place, lease_epoch, &[], |progress, now| Ok(progress.settle(proof, settlement, now)?)).await
    }

    /// Keeps an attempt that takes longer than its claim.
    ///
    /// # Errors
    /// [`SettleError`].
    pub async fn renew_delivery(
        &self,
        org: &OrgId,
        place: &DeliveryPlace,
        token: ClaimToken,
        ttl: Duration,
        lease_epoch: Option<i64>,
    ) -> Result<ChannelDelivery, SettleError> {
        let millis = i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX);
        self.change(org, place, lease_epoch, &[], |progress, now| Ok(progress.renew(token, now.plus_millis(millis))?)).await
    }

    /// Does to a delivery what an operator wants. None if it is gone, or if somebody else claimed it last than `last_claimed_by`.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn operate_delivery(
        &self,
        org: &OrgId,
        place: &DeliveryPlace,
        last_claimed_by: Option<&str>,
        operation: DeliveryOperation,
        audit: &[AuditRow],
    ) -> Result<Option<ChannelDelivery>, StoreError> {
        let changed = self.change(org, place, None, audit, |progress, now| {
            let progress = theirs(progress, last_claimed_by)?;
            Ok(match operation {
                DeliveryOperation::Retry { attempts } => progress.retry(attempts, now),
                DeliveryOperation::BuryOpen { .. } if progress.state.is_at_rest() => progress,
                DeliveryOperation::Bury { error } | DeliveryOperation::BuryOpen { error } => progress.bury(error, now),
            })
        });
        match changed.await {
            Ok(delivery) => Ok(Some(delivery)),
            Err(SettleError::Store(error)) => Err(error),
            Err(SettleError::Gone | SettleError::Refused(_) | SettleError::LeaseLost) => Ok(None),
        }
    }

    async fn change(
        &self,
        org: &OrgId,
        place: &DeliveryPlace,
        lease_epoch: Option<i64>,
        audit: &[AuditRow],
        change: impl FnOnce(Progress, Timestamp) -> Result<Progress, SettleError>,
    ) -> Result<ChannelDelivery, SettleError> {
        let mut transaction = self.pool.begin().await?;
        if let Some(epoch) = lease_epoch
            && !lease::is_current(&mut transaction, org, &place.binding, epoch).await?
        {
            return Err(SettleError::LeaseLost);
        }
        let now = lane::lock(&mut transaction, org, &place.binding, place.lane).await?;
        let stored = row::read_one(&mut transaction, place.number).await?.filter(|delivery| delivery.org == *org);
        let stored = stored.ok_or(SettleError::Gone)?;
        let progress = change(stored.progress.clone(), now)?;
        if progress == stored.progress {
            return Ok(stored);
        }
        row::write(&mut transaction, &[(place.number, progress.clone())], None, now).await?;
        lane::correct(&mut transaction, org, &place.binding, &[place.lane.as_uuid()]).await?;
        write_audit(&mut transaction, audit).await?;
        transaction.commit().await?;
        let updated_at = instant(now).into();
        Ok(ChannelDelivery { progress, updated_at, ..stored })
    }
}

/// A gateway token operates only on what it claimed last; to it, nothing else is there.
fn theirs(progress: Progress, last_claimed_by: Option<&str>) -> Result<Progress, SettleError> {
    match last_claimed_by {
        Some(token) if progress.last_claimed_by.as_deref() != Some(token) => Err(SettleError::Gone),
        _ => Ok(progress),
    }
}
