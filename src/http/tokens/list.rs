//! `GET /api/api-tokens` (contract 02 §3).

use super::record::ApiToken;
use crate::http::{answer::Json, error::ApiError, gate::Caller, query::Query, schema::ErrorBody, state::HttpState};
use axum::{extract::State, http::Uri};
use serde::Serialize;
use utoipa::ToSchema;

const DEFAULT_LIMIT: u32 = 100;
const MAXIMUM_LIMIT: u32 = 500;

#[derive(Serialize, ToSchema)]
struct ApiTokenList {
    tokens: Vec<ApiToken>,
}

/// List the organisation's API tokens, newest first, revoked and expired ones included.
#[utoipa::path(get, path = "/api/api-tokens", operation_id = "listApiTokens", tag = "administration",
    params(("limit" = Option<u32>, Query, description = "At most so many, 100 by default and 500 at most")),
    responses(
        (status = 200, description = "The tokens, without their secrets", body = ApiTokenList,
            example = json!({"tokens": [{"tokenId": "tok_U1-vi_PFpK8XjLnq", "orgId": "acme", "accountId": "kim", "name": "laptop",
                "scopes": ["desktop"], "last4": "x4Yw", "expiresAt": "2026-06-02T05:06:07.890Z", "revokedAt": null, "lastUsedAt": null,
                "createdAt": "2026-03-04T05:06:07.890Z", "updatedAt": "2026-03-04T05:06:07.890Z", "channelBindingIds": []}]})),
        (status = 403, description = "Only owners, admins, whoever may read tokens by role, and tokens with the scope admin",
            body = ErrorBody),
    ))]
pub(super) async fn list(State(state): State<HttpState>, caller: Caller, uri: Uri) -> Result<Json, ApiError> {
    let limit = Query::of(&uri).limit(DEFAULT_LIMIT, MAXIMUM_LIMIT);
    let rows = state.node.store().api_tokens(&caller.principal().org_id, limit).await?;
    Ok(Json::of(&ApiTokenList { tokens: rows.into_iter().map(ApiToken::from).collect() }))
}
