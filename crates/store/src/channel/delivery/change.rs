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

    /// Sends a delivery again, whatever became of it. None if it is gone.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn retry_delivery(
        &self,
        org: &OrgId,
        place: &DeliveryPlace,
        last_claimed_by: Option<&str>,
        cap: u32,
        audit: &[AuditRow],
    ) -> Result<Option<ChannelDelivery>, StoreError> {
        operated(self.change(org, place, None, audit, |progress, now| Ok(theirs(progress, last_claimed_by)?.retry(cap, now))).await)
    }

    /// Gives a delivery up, whatever became of it. None if it is gone.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn bury_delivery(
        &self,
        org: &OrgId,
        place: &DeliveryPlace,
        last_claimed_by: Option<&str>,
        error: String,
        audit: &[AuditRow],
    ) -> Result<Option<ChannelDelivery>, StoreError> {
        operated(self.change(org, place, None, audit, |progress, now| Ok(theirs(progress, last_claimed_by)?.bury(error, now))).await)
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

fn operated(changed: Result<ChannelDelivery, SettleError>) -> Result<Option<ChannelDelivery>, StoreError> {
    match changed {
        Ok(delivery) => Ok(Some(delivery)),
        Err(SettleError::Store(error)) => Err(error),
        Err(SettleError::Gone | SettleError::Refused(_) | SettleError::LeaseLost) => Ok(None),
    }
}
