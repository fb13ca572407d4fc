//! `GET /api/byok` (contract 03 §1).

use super::{budget::DayBudget, metadata::SecretMetadata};
use crate::http::{answer::Json, error::ApiError, gate::Caller, schema::ErrorBody, state::HttpState};
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ByokList {
    /// The latest record of each provider, disabled ones included.
    secrets: Vec<SecretMetadata>,
    /// The records whose keys are in use. A latest record that isn't validated doesn't take the place of one of these.
    in_use: Vec<SecretMetadata>,
    /// What may be spent with them in a day.
    budget: DayBudget,
}

/// List the organisation's provider keys, by provider.
#[utoipa::path(get, path = "/api/byok", operation_id = "listByokSecrets", tag = "administration",
    responses(
        (status = 200, description = "What may be shown of them", body = ByokList, example = json!({"secrets": [], "inUse": [], "budget": {
            "tokensPerDay": 5_000_000, "costPerDay": 25.0, "tokensSpent": 120_418, "costSpent": 0.731, "resetsAt": "2026-11-22T00:00:00.000Z"}})),
        (status = 403, description = "The caller lacks `policy:manage`, or own keys are off", body = ErrorBody),
    ))]
pub(super) async fn list(State(state): State<HttpState>, caller: Caller) -> Result<Json, ApiError> {
    let rows = state.node.store().byok_shown(&caller.principal().org_id, None).await?;
    let shown = SecretMetadata::shown(rows);
    let budget = DayBudget::of(&state, &caller.principal().org_id).await?;
    Ok(Json::of(&ByokList { secrets: shown.latest, in_use: shown.in_use, budget }))
}
