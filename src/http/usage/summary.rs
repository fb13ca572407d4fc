//! `GET /api/usage/summary` (contract 03 §4).

use super::{
    DEFAULT_LIMIT, MAXIMUM_LIMIT, UsageOptions,
    quota::{self, Quota},
    record::UsageEvent,
};
use crate::http::{
    answer::Json,
    billing,
    error::ApiError,
    gate::Caller,
    query::Query,
    schema::{ErrorBody, UsageSummarySchema},
    state::HttpState,
};
use axum::{extract::State, http::Uri};
use cowork_domain::{audit::UsageRow, billing::PlanLimit, ids::OrgId, timestamp::Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;

/// What an organisation used lately.
pub(in crate::http) struct UsageSummary {
    is_recorded: bool,
    at: Timestamp,
    sample: u32,
    rows: Vec<UsageRow>,
    quotas: [Quota; 6],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    enabled: bool,
    generated_at: Timestamp,
    totals_scope: &'static str,
    event_sample_limit: u32,
    events: Vec<UsageEvent<'a>>,
    totals: Vec<Total<'a>>,
    quotas: &'a [Quota; 6],
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Total<'a> {
    event_type: &'a str,
    unit: &'static str,
    quantity: i64,
}

impl UsageSummary {
    /// Looks at the newest `sample` rows of an organisation, and at its quotas.
    pub(in crate::http) async fn read(state: &HttpState, org: &OrgId, sample: u32) -> Result<Self, ApiError> {
        let (options, store) = (paid_for(state, org).await?, state.node.store());
        let rows = store.usage_page(org, sample).await?;
        let quotas = quota::all(&options, &store.consumed(org).await?);
        Ok(Self { is_recorded: options.is_recorded, at: state.node.clock().now(), sample, rows, quotas })
    }
}

impl Serialize for UsageSummary {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shown = Shown {
            enabled: self.is_recorded,
            generated_at: self.at,
            totals_scope: "recent_events",
            event_sample_limit: self.sample,
            events: self.rows.iter().map(UsageEvent::of).collect(),
            totals: totals(&self.rows),
            quotas: &self.quotas,
        };
        shown.serialize(serializer)
    }
}

/// The limits in force: the plan's, where it has them.
async fn paid_for(state: &HttpState, org: &OrgId) -> Result<UsageOptions, ApiError> {
    let configured = state.options.usage;
    let limit = async |limit, configured| billing::limit(state, org, limit, configured).await;
    Ok(UsageOptions {
        is_recorded: configured.is_recorded,
        prompts_per_hour: limit(PlanLimit::PromptsPerHour, configured.prompts_per_hour).await?,
        gateway_prompts_per_hour: limit(PlanLimit::GatewayPromptsPerHour, configured.gateway_prompts_per_hour).await?,
        gateway_deliveries_per_hour: limit(PlanLimit::GatewayDeliveriesPerHour, configured.gateway_deliveries_per_hour).await?,
        ..configured
    })
}

/// Sums by type and unit, in the order of both.
fn totals(rows: &[UsageRow]) -> Vec<Total<'_>> {
    let mut sums: BTreeMap<(&str, &'static str), i64> = BTreeMap::new();
    for row in rows {
        let sum = sums.entry((&row.event_type, row.unit.as_str())).or_default();
        *sum = sum.saturating_add(row.quantity);
    }
    sums.into_iter().map(|((event_type, unit), quantity)| Total { event_type, unit, quantity }).collect()
}

/// Read what the organisation used lately, and what is left of its quotas.
///
/// Events and their totals are a sample of the newest; quotas are counted whole. A quota that is not `enabled` is shown only:
/// nothing is refused because of it.
#[utoipa::path(get, path = "/api/usage/summary", operation_id = "readUsageSummary", tag = "administration",
    params(("limit" = Option<u32>, Query, description = "Size of the sample, 100 by default and 500 at most")),
    responses(
        (status = 200, description = "Events, totals and quotas", body = UsageSummarySchema, example = json!({
            "enabled": true, "generatedAt": "2026-11-21T17:58:20.670Z", "totalsScope": "recent_events", "eventSampleLimit": 100, "events": [],
            "totals": [{"eventType": "prompt.enqueued", "unit": "count", "quantity": 4}],
            "quotas": [{"quotaKey": "prompts:hour", "label": "Prompts per hour", "unit": "count", "enabled": true, "limit": 600, "used": 4,
                "remaining": 596, "windowMs": 3_600_000, "windowStartedAt": "2026-11-21T17:00:00.000Z",
                "resetAt": "2026-11-21T18:00:00.000Z", "policyCode": "quota.prompts_per_hour_exceeded"}]})),
        (status = 403, description = "The caller has neither operations:view nor billing:manage", body = ErrorBody),
        (status = 503, description = "The database can't be reached", body = ErrorBody),
    ))]
pub(super) async fn read(State(state): State<HttpState>, caller: Caller, uri: Uri) -> Result<Json, ApiError> {
    let sample = Query::of(&uri).limit(DEFAULT_LIMIT, MAXIMUM_LIMIT);
    Ok(Json::of(&UsageSummary::read(&state, &caller.principal().org_id, sample).await?))
}
