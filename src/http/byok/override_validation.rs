//! `POST /api/byok/{provider}/override` (contract 03 §1).

use super::{metadata::SecretMetadata, provider};
use crate::http::{answer::Json, body::JsonBody, error::ApiError, gate::Caller, mandate, schema::ErrorBody, state::HttpState};
use axum::extract::{Path, State};
use cowork_store::Overridden;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct ByokOverrideRequest {
    /// Kept in the audit log, without what looks like a secret.
    reason: String,
}

#[derive(Serialize, ToSchema)]
struct ByokOverridden {
    /// The record as it is now; null when there is none that isn't disabled.
    secret: Option<SecretMetadata>,
    /// Whether its key may be used now.
    overridden: bool,
}

/// Put the latest key of a provider in use without a check, on somebody's word.
///
/// Of a provider that the deployment doesn't know, no key is ever used: its record becomes `unsupported`.
#[utoipa::path(post, path = "/api/byok/{provider}/override", operation_id = "overrideByokValidation", tag = "administration",
    params(("provider" = String, Path, description = "The provider, in any case")),
    request_body(content = ByokOverrideRequest, example = json!({"reason": "ticket 12: the provider's list of models is closed to this key"})),
    responses(
        (status = 200, description = "The record as it is now", body = ByokOverridden, example = json!({"secret": {
            "secretId": "byok_018f2f5c3b1e7c008a1b2c3d4e5f6071", "providerId": "openai", "status": "active",
            "credentialKind": "plaintext", "last4": "9xyz", "keyFingerprint": "2f1d6c0b5a4e39281706f5e4",
            "lastValidatedAt": "2026-11-21T17:58:20.430Z", "validationError": "Operator override: ticket 12", "validationCode": null,
            "validationSource": "override", "health": "healthy", "createdAt": "2026-11-21T17:58:20.406Z",
            "updatedAt": "2026-11-21T17:58:20.430Z"}, "overridden": true})),
        (status = 400, description = "No reason", body = ErrorBody,
            example = json!({"error": "A reason is required to override BYOK validation.", "code": "request.invalid_field"})),
        (status = 403, description = "The provider is not allowed", body = ErrorBody),
    ))]
pub(super) async fn override_validation(
    State(state): State<HttpState>,
    caller: Caller,
    Path(provider): Path<String>,
    body: JsonBody,
) -> Result<Json, ApiError> {
    let provider = provider::usable(&state, &caller, &provider).await?;
    let reason = body.fields.text("reason").ok_or_else(|| ApiError::invalid("A reason is required to override BYOK validation."))?;
    let is_supported = provider::is_supported(&state, &provider);
    let (org, by) = (&caller.principal().org_id, mandate::of(&state, &caller));
    let now = state.node.clock().now();
    let outcome = state.node.store().override_byok(org, &provider, is_supported, reason, &by, now).await?;
    let (row, overridden) = match outcome {
        Overridden::Nothing => (None, false),
        Overridden::Unsupported(row) => (Some(row), false),
        Overridden::InUse(row) => (Some(row), true),
    };
    Ok(Json::of(&ByokOverridden { secret: row.map(SecretMetadata::of), overridden }))
}
