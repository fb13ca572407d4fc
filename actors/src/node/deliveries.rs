//! Deliveries, as the front door sees them: rows in the database, and the binding's owner who wakes and serialises.

use super::{
    NodeHandle,
    requests::{ClaimDeliveries, DeliveriesChanged, await_deliveries},
    route,
};
use crate::{DeliveryLook, session::SessionError};
use cowork_domain::{
    channel::{
        delivery::{ChannelDelivery, ClaimOrder, ClaimRefusal, NewDelivery},
        ids::ChannelBindingId,
    },
    ids::OrgId,
};
use cowork_store::StoreError;
use std::time::Duration;

/// How long word of a change is worth carrying: whoever waits looks by itself after some time.
const NEWS_LIFETIME: Duration = Duration::from_secs(2);

/// What a claim took.
#[derive(Debug)]
pub struct TakenDeliveries {
    /// As they are now, in the order in which they were due.
    pub deliveries: Vec<ChannelDelivery>,
    /// From where on it pays to claim again.
    pub look: DeliveryLook,
    /// Whether the stream's credit is used up: more may be due.
    pub is_limited: bool,
}

/// Why nothing was claimed.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// Nothing may be.
    #[error(transparent)]
    Refused(#[from] ClaimRefusal),
    /// The binding's owner can't be reached, or is in trouble.
    #[error(transparent)]
    Owner(#[from] SessionError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl NodeHandle {
    /// Makes a delivery and wakes whoever waits for one. `attempt_limit`: after so many attempts it is given up.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn create_delivery(&self, org: &OrgId, new: &NewDelivery, attempt_limit: u32) -> Result<ChannelDelivery, StoreError> {
        let made = self.store().create_delivery(org, new, attempt_limit).await?;
        self.deliveries_changed(&made.binding);
        Ok(made)
    }

    /// Has a binding's owner claim what is due, wherever it lives, and reads what that took.
    ///
    /// # Errors
    /// [`ClaimError`].
    pub async fn claim_deliveries(&self, order: ClaimOrder) -> Result<TakenDeliveries, ClaimError> {
        let (org, binding, claim) = (order.org.clone(), order.binding.clone(), order.claim.id);
        let shared = &self.shared;
        let (claimed, look) = route::at_owner(shared, ClaimDeliveries { shared: shared.clone(), order }).await?;
        let claimed = claimed?;
        let deliveries = if claimed.count > 0 { self.store().claimed_deliveries(&org, &binding, claim).await? } else { Vec::new() };
        Ok(TakenDeliveries { deliveries, look, is_limited: claimed.is_limited })
    }

    /// Returns when it pays to claim again, after `wait` at the latest. Dropping it takes nothing back and leaves nothing open.
    pub async fn await_deliveries(&self, binding: ChannelBindingId, seen: DeliveryLook, wait: Duration) {
        await_deliveries(&self.shared, binding, seen, wait).await;
    }

    /// Wakes those who wait for a binding's deliveries. It happens beside whoever says so: what matters stands in the rows.
    pub fn deliveries_changed(&self, binding: &ChannelBindingId) {
        let (shared, binding) = (self.shared.clone(), binding.clone());
        self.shared.tasks.spawn(async move {
            let deadline = shared.clock.instant() + NEWS_LIFETIME;
            let news = DeliveriesChanged { shared: shared.clone(), binding };
            if let Err(error) = route::at_owner_until(&shared, news, deadline).await {
                tracing::debug!(?error, "word of deliveries got lost");
            }
        });
    }
}
