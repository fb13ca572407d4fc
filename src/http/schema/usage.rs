//! What was used (contract 03 §4).

use serde_json::Value;
use utoipa::ToSchema;

/// The newest usage events.
#[derive(ToSchema)]
pub(in crate::http) struct UsageEventList {
    events: Vec<UsageEventRecord>,
}

/// One thing that was used.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct UsageEventRecord {
    event_id: String,
    org_id: String,
    /// Who caused it; null for the server itself.
    account_id: Option<String>,
    /// For example prompt.enqueued.
    event_type: String,
    quantity: i64,
    /// count, byte or minute.
    unit: String,
    /// Ids, never content.
    #[schema(value_type = Object)]
    metadata: Value,
    #[schema(format = DateTime)]
    created_at: String,
}

/// What was used lately, and what is left.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct UsageSummarySchema {
    /// Whether usage is recorded and quotas are enforced.
    enabled: bool,
    #[schema(format = DateTime)]
    generated_at: String,
    /// Always recent_events: totals are those of the sample.
    totals_scope: String,
    event_sample_limit: u32,
    events: Vec<UsageEventRecord>,
    totals: Vec<UsageTotal>,
    quotas: Vec<UsageQuota>,
}

/// How much of one type is in the sample.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct UsageTotal {
    event_type: String,
    unit: String,
    quantity: i64,
}

/// How much may be used in a window, and how much was.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in crate::http) struct UsageQuota {
    quota_key: String,
    label: String,
    /// count, byte or minute.
    unit: String,
    /// Whether what goes beyond the limit is refused.
    enabled: bool,
    /// Null is unlimited.
    limit: Option<u64>,
    used: u64,
    /// Null is unlimited.
    remaining: Option<u64>,
    window_ms: u64,
    #[schema(format = DateTime)]
    window_started_at: String,
    #[schema(format = DateTime)]
    reset_at: String,
    /// Which code a refusal has.
    policy_code: String,
}
