//! The inbox of channels, as the front door sees it.

use super::{NodeHandle, requests::InboxFilled, route};
use cowork_domain::channel::ids::ChannelBindingId;
use std::time::Duration;

/// Whoever handed a message over has its answer soon, whatever the owner does.
const PATIENCE: Duration = Duration::from_millis(500);

impl NodeHandle {
    /// Tells a binding's owner, wherever it is, that there is a message to make a prompt of. The message stands in its row:
    /// an owner that can't be told now finds it by itself a moment later.
    pub async fn inbox_filled(&self, binding: &ChannelBindingId) {
        let shared = &self.shared;
        let request = InboxFilled { shared: shared.clone(), binding: binding.clone() };
        let deadline = shared.clock.instant() + PATIENCE;
        if let Err(error) = route::at_owner_until(shared, request, deadline).await {
            tracing::debug!(%binding, ?error, "the owner of a binding finds its message by itself");
        }
    }
}
