//! `POST /api/sessions/{id}/projection-repair`: for operators (contract 01 §2).

use super::SessionPath;
use crate::http::{answer::Json, error::ApiError, gate::Caller, schema::ErrorBody, state::HttpState};
use axum::extract::State;
use cowork_domain::ids::Sequence;
use serde::Serialize;
use utoipa::ToSchema;

/// What a repair found and did.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ProjectionRepair)]
struct Repair {
    repaired: bool,
    event_count: u64,
    workspace_event_count: u64,
    #[schema(value_type = u64)]
    latest_event_sequence: Sequence,
    #[schema(value_type = u64)]
    prior_projection_sequence: Sequence,
    #[schema(value_type = u64)]
    projection_sequence: Sequence,
    lag: u64,
}

/// Rebuild a session's projection from its log.
#[utoipa::path(post, path = "/api/sessions/{id}/projection-repair", operation_id = "repairProjection", tag = "operations",
    params(("id" = String, Path, description = "The session's id")),
    responses(
        (status = 200, description = "What was found and done", body = Repair),
        (status = 403, description = "Only operator tokens and the local principal", body = ErrorBody),
        (status = 404, description = "No such session, or somebody else's", body = ErrorBody),
    ))]
pub(super) async fn repair(State(state): State<HttpState>, caller: Caller, session: SessionPath) -> Result<Json, ApiError> {
    let repair = state.node.projection_repair(caller.principal(), session.id()?).await?;
    Ok(Json::of(&Repair {
        repaired: repair.projection_sequence > repair.prior_projection_sequence,
        event_count: repair.event_count,
        workspace_event_count: repair.workspace_event_count,
        latest_event_sequence: repair.latest_event_sequence,
        prior_projection_sequence: repair.prior_projection_sequence,
        projection_sequence: repair.projection_sequence,
        lag: repair.latest_event_sequence.0.saturating_sub(repair.projection_sequence.0),
    }))
}
