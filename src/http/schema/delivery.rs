//! Deliveries to chats, and leases of gateways (contract 04 §8).

use serde_json::Value;
use utoipa::ToSchema;

/// A message for a chat.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct ChannelDelivery {
    /// Unique within its binding.
    delivery_id: String,
    org_id: String,
    agent_id: String,
    channel_binding_id: String,
    session_binding_id: Option<String>,
    provider: String,
    /// Where to: `externalChatId` and `externalThreadId` name the place of the chat.
    target: Value,
    event_type: String,
    /// What to send: `text`, or `message`, or the whole object.
    payload: Value,
    /// `pending`, `claimed`, `sent`, `failed` or `dead`.
    status: String,
    /// Claims so far.
    attempt_count: u32,
    claimed_by: Option<String>,
    /// The gateway token that claimed last, or the claimant's name.
    last_claimed_by: Option<String>,
    #[schema(format = DateTime)]
    claim_expires_at: Option<String>,
    #[schema(format = DateTime)]
    next_attempt_at: String,
    last_error: Option<String>,
    /// Why it was given up: `attempts_exhausted`, `gateway` or `operator`.
    dead_reason: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    /// Only for whoever claimed it: names this attempt.
    #[schema(required = false)]
    claim_token: Option<String>,
}

/// One delivery.
#[derive(ToSchema)]
pub(in crate::http) struct ChannelDeliveryEnvelope {
    delivery: ChannelDelivery,
}

/// Deliveries, redacted.
#[derive(ToSchema)]
pub(in crate::http) struct ChannelDeliveryList {
    deliveries: Vec<ChannelDelivery>,
}

/// Deliveries to be sent, as they are, each with its claim token.
#[derive(ToSchema)]
pub(in crate::http) struct ClaimedDeliveries {
    deliveries: Vec<ChannelDelivery>,
}

/// A delivery to be made.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct CreateDeliveryRequest {
    agent_id: String,
    channel_binding_id: String,
    provider: String,
    event_type: String,
    /// At most 16 384 bytes of JSON.
    target: Value,
    /// At most 16 384 bytes of JSON.
    payload: Value,
    /// The thread that it comes from.
    #[schema(required = false)]
    session_binding_id: Option<String>,
    /// The same id on the same binding is the same delivery.
    #[schema(required = false)]
    delivery_id: Option<String>,
    #[schema(required = false)]
    status: Option<String>,
    /// When it is due, if not at once.
    #[schema(required = false, format = DateTime)]
    next_attempt_at: Option<String>,
}

/// What became of a delivery.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct AckDeliveryRequest {
    /// `sent`, `failed` or `dead`.
    status: String,
    #[schema(required = false)]
    channel_binding_id: Option<String>,
    /// The token of the attempt; without it `claimedBy` must be the name that claimed.
    #[schema(required = false)]
    claim_token: Option<String>,
    #[schema(required = false)]
    claimed_by: Option<String>,
    #[schema(required = false)]
    last_error: Option<String>,
    /// When to try again; at once unless said otherwise.
    #[schema(required = false, format = DateTime)]
    next_attempt_at: Option<String>,
    /// The epoch of the lease under which it was sent.
    #[schema(required = false)]
    lease_epoch: Option<i64>,
}

/// A delivery that takes longer.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct RenewDeliveryRequest {
    claim_token: String,
    #[schema(required = false)]
    channel_binding_id: Option<String>,
    /// From now on; 30 s unless said otherwise, never more than an hour.
    #[schema(required = false)]
    ttl_ms: Option<u64>,
    /// The epoch of the lease under which it is sent.
    #[schema(required = false)]
    lease_epoch: Option<i64>,
}

/// Which delivery of this name, and why.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct NameDeliveryRequest {
    /// Needed where two bindings have a delivery of this name.
    #[schema(required = false)]
    channel_binding_id: Option<String>,
    /// For `dead-letter`.
    #[schema(required = false)]
    last_error: Option<String>,
}

/// Which deliveries of a channel, and why.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct DeadLetterDeliveriesRequest {
    /// The channel.
    channel_binding_id: String,
    /// Only those made then or later.
    #[schema(required = false)]
    created_from: Option<String>,
    /// Only those made before.
    #[schema(required = false)]
    created_before: Option<String>,
    /// Kept with each.
    #[schema(required = false)]
    last_error: Option<String>,
}

/// How many were given up.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct DeadLetteredDeliveries {
    /// By this request.
    dead_lettered: u32,
    /// There are further ones: ask again.
    more: bool,
}

/// What to claim.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct ClaimDeliveriesRequest {
    /// All that were granted unless said otherwise.
    #[schema(required = false)]
    channel_binding_ids: Option<Vec<String>>,
    /// At most so many: 16 unless said otherwise, never more than 64.
    #[schema(required = false)]
    max: Option<u32>,
    /// How long to wait for one if none is due: not at all unless said otherwise, never more than 30 s.
    #[schema(required = false)]
    wait_ms: Option<u64>,
    /// How long each may take: 30 s unless said otherwise, never more than an hour.
    #[schema(required = false)]
    ttl_ms: Option<u64>,
    /// The claimant's name; the token's id unless said otherwise.
    #[schema(required = false)]
    claimed_by: Option<String>,
}

/// A lease to hold or renew.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct HoldLeaseRequest {
    channel_binding_id: String,
    /// Names the replica and its life.
    holder: String,
    /// 15 s unless said otherwise; from a second to five minutes.
    #[schema(required = false)]
    ttl_ms: Option<u64>,
}

/// Who serves a binding.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct ChannelLease {
    channel_binding_id: String,
    holder: String,
    /// Grows with every change of holders.
    epoch: i64,
    #[schema(format = DateTime)]
    expires_at: String,
}

/// A lease.
#[derive(ToSchema)]
pub(in crate::http) struct ChannelLeaseEnvelope {
    lease: ChannelLease,
}

/// Another gateway holds the lease.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct ChannelLeaseTaken {
    error: String,
    code: String,
    /// Until it ends, unless its holder renews it.
    retry_after_ms: u64,
    lease: ChannelLease,
}

/// What waits for gateways, by binding.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct DeliveryBacklogs {
    /// Those with the oldest delivery first.
    bindings: Vec<DeliveryBacklog>,
}

/// What waits for the gateways of one binding.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct DeliveryBacklog {
    org_id: String,
    channel_binding_id: String,
    provider: String,
    /// Only within one's own organisation.
    display_name: Option<String>,
    /// Whether it is served: `active`, `disabled`, `auth_required` or `error`.
    binding_status: String,
    pending: u64,
    claimed: u64,
    failed: u64,
    dead: u64,
    /// When the oldest delivery that is neither sent nor dead was made.
    #[schema(format = DateTime)]
    oldest_created_at: Option<String>,
    oldest_age_ms: Option<u64>,
    /// Who holds the lease.
    lease_holder: Option<String>,
    #[schema(format = DateTime)]
    lease_expires_at: Option<String>,
}
