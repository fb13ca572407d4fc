//! `GET /api/byok/{provider}` (contract 03 §1).

use super::{metadata::SecretMetadata, provider};
use crate::http::{answer::Json, error::ApiError, gate::Caller, schema::ErrorBody, state::HttpState};
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ByokFound {
    /// The latest record, disabled or not.
    secret: Option<SecretMetadata>,
    /// The record whose key is in use, which may be an older one.
    in_use: Option<SecretMetadata>,
}

/// Read what may be shown of a provider's key.
#[utoipa::path(get, path = "/api/byok/{provider}", operation_id = "getByokSecret", tag = "administration",
    params(("provider" = String, Path, description = "The provider, in any case")),
    responses(
        (status = 200, description = "The record, or null", body = ByokFound, example = json!({"secret": null, "inUse": null})),
        (status = 400, description = "That is no provider's name", body = ErrorBody,
            example = json!({"error": "Unsupported BYOK provider id no/such.", "code": "request.invalid_field"})),
        (status = 403, description = "The deployment doesn't offer the provider", body = ErrorBody),
    ))]
pub(super) async fn get(State(state): State<HttpState>, caller: Caller, Path(provider): Path<String>) -> Result<Json, ApiError> {
    let provider = provider::offered(&state, &provider)?;
    let rows = state.node.store().byok_shown(&caller.principal().org_id, Some(&provider)).await?;
    let shown = SecretMetadata::shown(rows);
    Ok(Json::of(&ByokFound { secret: shown.latest.into_iter().next(), in_use: shown.in_use.into_iter().next() }))
}
