//! Leases of gateway replicas: which of several gateways serves a binding.
//!
//! A lease says who is meant to serve; its epoch says who no longer is. It grows whenever another holder takes over, so a
//! replica that was frozen and wakes up is refused by number, whatever it believes.

use super::ids::ChannelBindingId;
use crate::timestamp::Timestamp;
use serde::Serialize;

/// Who serves a binding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelLease {
    /// Which binding.
    #[serde(rename = "channelBindingId")]
    pub binding: ChannelBindingId,
    /// Who, as it calls itself.
    pub holder: String,
    /// Grows with every change of holders.
    pub epoch: i64,
    /// By the database's clock.
    pub expires_at: Timestamp,
}
