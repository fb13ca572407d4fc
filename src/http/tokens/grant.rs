//! `POST /api/api-tokens/{tokenId}/channel-bindings` (contract 02 §3): which channels a gateway's token may serve.

use super::{actor, binding_not_found, not_found, record::ApiToken};
use crate::http::{answer::Json, body::JsonBody, error::ApiError, gate::Caller, schema::ErrorBody, state::HttpState};
use axum::extract::{Path, State};
use cowork_domain::{
    ids::{OrgId, TokenId},
    timestamp::Timestamp,
    token::may_be_bound,
};
use serde::Serialize;
use utoipa::ToSchema;

/// What to grant.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct GrantChannelBindingRequest {
    channel_binding_id: String,
}

#[derive(Serialize, ToSchema)]
struct GrantedChannelBinding {
    grant: ChannelBindingGrant,
    token: ApiToken,
}

/// A channel binding that a token may serve.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ChannelBindingGrant {
    #[schema(value_type = String)]
    org_id: OrgId,
    #[schema(value_type = String)]
    token_id: TokenId,
    channel_binding_id: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// Let a gateway's token serve a channel binding.
#[utoipa::path(post, path = "/api/api-tokens/{tokenId}/channel-bindings", operation_id = "grantChannelBinding", tag = "administration",
    params(("tokenId" = String, Path, description = "The token's public part", example = "tok_U1-vi_PFpK8XjLnq")),
    request_body(content = GrantChannelBindingRequest),
    responses(
        (status = 200, description = "It is granted; a second time changes nothing", body = GrantedChannelBinding,
            example = json!({"grant": {"orgId": "acme", "tokenId": "tok_U1-vi_PFpK8XjLnq",
                "channelBindingId": "cc3fe130-6125-4191-b89b-bdcc3989b422", "createdAt": "2026-03-04T05:06:07.890Z"},
                "token": {"tokenId": "tok_U1-vi_PFpK8XjLnq", "orgId": "acme", "accountId": "kim", "name": "gateway", "scopes": ["gateway"],
                "last4": "x4Yw", "expiresAt": "2026-06-02T05:06:07.890Z", "revokedAt": null, "lastUsedAt": null,
                "createdAt": "2026-03-04T05:06:07.890Z", "updatedAt": "2026-03-04T05:06:07.890Z",
                "channelBindingIds": ["cc3fe130-6125-4191-b89b-bdcc3989b422"]}})),
        (status = 400, description = "No binding is named, or the token is no gateway's", body = ErrorBody,
            example = json!({"error": "Channel binding grants require a gateway-scoped API token.", "code": "request.invalid_field"})),
        (status = 403, description = "Only owners, admins, whoever may manage tokens by role, and tokens with the scope admin",
            body = ErrorBody),
        (status = 404, description = "The organisation has no such token or no such binding", body = ErrorBody,
            example = json!({"error": "Channel binding was not found.", "code": "resource.not_found"})),
    ))]
pub(super) async fn grant(
    State(state): State<HttpState>,
    caller: Caller,
    Path(token): Path<String>,
    body: JsonBody,
) -> Result<Json, ApiError> {
    body.fields.refuse_nul(&["channelBindingId"])?;
    let binding = body.fields.text("channelBindingId").ok_or_else(|| ApiError::invalid("Channel binding id is required."))?;
    if token.contains('\0') {
        return Err(not_found());
    }
    let (store, org, token) = (state.node.store(), &caller.principal().org_id, TokenId::new(token));
    let stored = store.api_token(org, &token).await?.ok_or_else(not_found)?;
    may_be_bound(stored.scopes)?;
    let granted = store.grant_channel_binding(org, &token, binding, &actor(&caller), state.node.clock().now()).await?;
    let granted = granted.ok_or_else(binding_not_found)?;
    let grant = ChannelBindingGrant {
        org_id: org.clone(),
        token_id: token,
        channel_binding_id: binding.to_owned(),
        created_at: granted.created_at,
    };
    Ok(Json::of(&GrantedChannelBinding { grant, token: granted.token.into() }))
}
