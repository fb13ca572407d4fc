//! `DELETE /api/byok/{provider}` (contract 03 §1).

use super::{metadata::SecretMetadata, provider};
use crate::http::{answer::Json, error::ApiError, gate::Caller, mandate, schema::ErrorBody, state::HttpState};
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
struct ByokDisabled {
    /// The latest of the records that were disabled; null when there was none left.
    secret: Option<SecretMetadata>,
    disabled: bool,
}

/// Take all keys of a provider out of use, for good: what uses one stops, and the sealed keys are deleted.
#[utoipa::path(delete, path = "/api/byok/{provider}", operation_id = "disableByokSecret", tag = "administration",
    params(("provider" = String, Path, description = "The provider, in any case")),
    responses(
        (status = 200, description = "They are out of use", body = ByokDisabled, example = json!({"secret": null, "disabled": false})),
        (status = 400, description = "That is no provider's name", body = ErrorBody),
        (status = 403, description = "The deployment doesn't offer the provider", body = ErrorBody),
    ))]
pub(super) async fn disable(State(state): State<HttpState>, caller: Caller, Path(provider): Path<String>) -> Result<Json, ApiError> {
    let provider = provider::offered(&state, &provider)?;
    let (org, by) = (&caller.principal().org_id, mandate::of(&state, &caller));
    let row = state.node.store().disable_byok(org, &provider, &by, state.node.clock().now()).await?;
    let disabled = row.is_some();
    Ok(Json::of(&ByokDisabled { secret: row.map(SecretMetadata::of), disabled }))
}
