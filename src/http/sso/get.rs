//! `GET /api/admin/sso` (contract 02 §8).

use super::view::SsoView;
use crate::http::{answer::Json, error::ApiError, gate::Caller, schema::ErrorBody, state::HttpState};
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
struct SsoEnvelope {
    sso: Option<SsoView>,
}

/// Read the organisation's single sign-on.
#[utoipa::path(get, path = "/api/admin/sso", operation_id = "readSso", tag = "administration",
    responses(
        (status = 200, description = "The configuration, or null", body = SsoEnvelope, example = json!({"sso": null})),
        (status = 403, description = "The caller lacks `sso:manage`", body = ErrorBody),
    ))]
pub(super) async fn get(State(state): State<HttpState>, caller: Caller) -> Result<Json, ApiError> {
    let org = &caller.principal().org_id;
    let sso = state.node.store().sso(org).await?.map(|row| SsoView::of(org, row));
    Ok(Json::of(&SsoEnvelope { sso }))
}
