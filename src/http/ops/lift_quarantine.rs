//! `POST /api/ops/quarantine/{entity}/lift` (architecture §4).

use super::note::note;
use crate::http::{answer::Json, error::ApiError, gate::Caller, schema::ErrorBody, state::HttpState};
use axum::extract::{Path, State};
use cowork_actors::LiftOutcome;
use cowork_domain::audit::AuditAction;
use serde::Serialize;
use utoipa::ToSchema;

/// What lifting did.
#[derive(Serialize, ToSchema)]
struct Lift {
    entity: String,
    /// `lifted`, or `not_quarantined` if there was nothing to lift.
    outcome: &'static str,
}

/// Let an entity work again that failed too often.
#[utoipa::path(post, path = "/api/ops/quarantine/{entity}/lift", operation_id = "liftQuarantine", tag = "operations",
    params(("entity" = String, Path, description = "As the actor tree names it, for example `session:ses_…`")),
    responses(
        (status = 200, description = "Done", body = Lift, example = json!({"entity": "session:ses_0192f0a4c1de7d52b0c3a1f2e4d5c6b7", "outcome": "lifted"})),
        (status = 403, description = "Only operator tokens and the local principal", body = ErrorBody),
        (status = 404, description = "The text names no entity", body = ErrorBody),
    ))]
pub(super) async fn lift(State(state): State<HttpState>, caller: Caller, Path(entity): Path<String>) -> Result<Json, ApiError> {
    let outcome = match state.node.lift_quarantine(&entity).await? {
        LiftOutcome::Lifted => "lifted",
        LiftOutcome::NotQuarantined => "not_quarantined",
        LiftOutcome::Unknown => return Err(ApiError::not_found("Entity was not found.")),
    };
    if outcome == "lifted" {
        note(&state, &caller, AuditAction::QuarantineLifted, "entity", &entity).await;
    }
    Ok(Json::of(&Lift { entity, outcome }))
}
