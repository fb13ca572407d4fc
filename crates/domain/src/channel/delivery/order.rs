//! What is asked of a binding's owner, and what it answers. Both travel between nodes.

use super::claim::NewClaim;
use crate::{
    channel::ids::ChannelBindingId,
    ids::{OrgId, UserId},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A claim of what a binding has to deliver now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClaimOrder {
    /// Whose binding.
    pub org: OrgId,
    /// Which binding.
    pub binding: ChannelBindingId,
    /// For whom.
    pub claim: NewClaim,
    /// Whose usage it is.
    pub account: Option<UserId>,
    /// How long each may take, in milliseconds.
    pub ttl_millis: i64,
    /// At most so many.
    pub max: u32,
    /// What bounds the stream that claims, if one does.
    pub stream: Option<StreamCredit>,
    /// How many the organisation may claim within an hour.
    pub hourly: Option<u64>,
    /// Whether what is claimed is recorded as usage.
    #[serde(default)]
    pub is_used: bool,
    /// Whether it was asked before and the answer got lost: what it took then is the answer.
    pub again: bool,
}

/// What one stream may have claimed and not acknowledged, over all of its bindings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamCredit {
    /// Names the stream.
    pub stream: Uuid,
    /// At most so many.
    pub credit: u32,
}

/// What a claim took. The deliveries themselves are read by their claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Claimed {
    /// How many deliveries.
    pub count: u32,
    /// Whether the stream's credit is used up: more may be due.
    pub is_limited: bool,
    /// When the next one is due, in milliseconds from now, as far as that is known already.
    pub next_due_millis: Option<u64>,
}

/// Why nothing may be claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
pub enum ClaimRefusal {
    /// The token or its grant was taken back, or the binding is not served.
    #[error("the binding may not be served with this token now")]
    NotAuthorised,
    /// The organisation used up its deliveries of this hour.
    #[error("the deliveries of this hour are used up")]
    QuotaExceeded {
        /// Until the hour ends.
        retry_after_millis: u64,
    },
}
