//! `DELETE /api/api-tokens/{tokenId}` (contract 02 §3).

use super::{actor, not_found, record::ApiToken};
use crate::http::{answer::Json, error::ApiError, gate::Caller, schema::ErrorBody, state::HttpState};
use axum::extract::{Path, State};
use cowork_domain::ids::TokenId;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
struct RevokedApiToken {
    token: ApiToken,
    revoked: bool,
}

/// Take an API token back. It holds at once on every node, and ends the streams that the token opened.
#[utoipa::path(delete, path = "/api/api-tokens/{tokenId}", operation_id = "revokeApiToken", tag = "administration",
    params(("tokenId" = String, Path, description = "The token's public part", example = "tok_U1-vi_PFpK8XjLnq")),
    responses(
        (status = 200, description = "It is revoked; a second time changes nothing", body = RevokedApiToken,
            example = json!({"token": {"tokenId": "tok_U1-vi_PFpK8XjLnq", "orgId": "acme", "accountId": "kim", "name": "laptop",
                "scopes": ["desktop"], "last4": "x4Yw", "expiresAt": "2026-06-02T05:06:07.890Z", "revokedAt": "2026-03-05T00:00:00.000Z",
                "lastUsedAt": null, "createdAt": "2026-03-04T05:06:07.890Z", "updatedAt": "2026-03-05T00:00:00.000Z",
                "channelBindingIds": []}, "revoked": true})),
        (status = 403, description = "Only owners, admins, whoever may manage tokens by role, and tokens with the scope admin",
            body = ErrorBody),
        (status = 404, description = "The organisation has no such token", body = ErrorBody,
            example = json!({"error": "API token was not found.", "code": "resource.not_found"})),
    ))]
pub(super) async fn revoke(State(state): State<HttpState>, caller: Caller, Path(token): Path<String>) -> Result<Json, ApiError> {
    if token.contains('\0') {
        return Err(not_found());
    }
    let (org, now) = (&caller.principal().org_id, state.node.clock().now());
    let row = state.node.store().revoke_api_token(org, &TokenId::new(token), &actor(&caller), now).await?.ok_or_else(not_found)?;
    Ok(Json::of(&RevokedApiToken { token: row.into(), revoked: true }))
}
