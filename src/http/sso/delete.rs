//! `DELETE /api/admin/sso` (contract 02 §8).

use crate::http::{answer::Json, error::ApiError, gate::Caller, schema::ErrorBody, state::HttpState};
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
struct SsoDeleted {
    /// False when there was nothing.
    deleted: bool,
}

/// Forget the organisation's single sign-on. Its directory's token ends with it.
#[utoipa::path(delete, path = "/api/admin/sso", operation_id = "deleteSso", tag = "administration",
    responses(
        (status = 200, description = "It is gone", body = SsoDeleted, example = json!({"deleted": true})),
        (status = 403, description = "The caller lacks `sso:manage`", body = ErrorBody),
    ))]
pub(super) async fn delete(State(state): State<HttpState>, caller: Caller) -> Result<Json, ApiError> {
    let clock = state.node.clock();
    let deleted = state.node.store().delete_sso(caller.principal(), &clock.nonce(), clock.now()).await?;
    Ok(Json::of(&SsoDeleted { deleted }))
}
