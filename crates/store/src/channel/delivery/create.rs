//! Making deliveries.

use super::{lane, row};
use crate::{Store, StoreError, column::instant};
use cowork_domain::{
    channel::{
        delivery::{ChannelDelivery, DeliveryState, NewDelivery, Progress, lane::Lane},
        ids::ChannelSessionId,
    },
    ids::OrgId,
};

impl Store {
    /// Makes a delivery; a second one of the same name on the same binding is the first one, as it is now. `attempt_limit`:
    /// after so many attempts it is given up.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn create_delivery(&self, org: &OrgId, new: &NewDelivery, attempt_limit: u32) -> Result<ChannelDelivery, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let lane = Lane::of(&new.binding, &new.target);
        let now = lane::lock(&mut transaction, org, &new.binding, lane).await?;
        let progress = Progress::begin(new.status, new.next_attempt_at, attempt_limit, now);
        let dead_reason = match progress.state {
            DeliveryState::Dead(reason) => Some(reason.as_str()),
            _ => None,
        };
        let made = sqlx::query_scalar!(
            "insert into channel_deliveries (org, binding, delivery_id, lane, agent, session_binding, provider, target, event_type, payload,
                                             status, dead_reason, attempt_limit, next_attempt_at, place, created_at, updated_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16)
             on conflict (org, delivery_id, binding) do nothing returning number",
            org.as_str(),
            new.binding.as_str(),
            new.id,
            lane.as_uuid(),
            new.agent.as_str(),
            new.session_binding.as_ref().map(ChannelSessionId::as_str),
            new.provider.as_str(),
            new.target,
            new.event_type,
            new.payload,
            progress.state.status().as_str(),
            dead_reason,
            i32::try_from(progress.attempt_limit).unwrap_or(i32::MAX),
            instant(progress.next_attempt_at),
            instant(progress.place),
            instant(now)
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let number = match made {
            Some(number) => {
                lane::correct(&mut transaction, org, &new.binding, &[lane.as_uuid()]).await?;
                number
            }
            None => {
                sqlx::query_scalar!(
                    "select number from channel_deliveries where org = $1 and delivery_id = $2 and binding = $3",
                    org.as_str(),
                    new.id,
                    new.binding.as_str()
                )
                .fetch_one(&mut *transaction)
                .await?
            }
        };
        let stored = row::read_one(&mut transaction, number).await?;
        transaction.commit().await?;
        stored.ok_or_else(|| StoreError::inconsistent("channel_deliveries", number, "it vanished while it was made"))
    }
}
