//! `POST /api/channels/identities/resolve` (contract 04 §4).

use crate::http::{
    answer::Json,
    body::{Fields, JsonBody},
    channels::{
        actor::workspace,
        authority::{self, ChannelCaller, Target},
        input, origin,
    },
    error::ApiError,
    gate::Caller,
    mandate,
    schema::{ChannelIdentitySchema, ErrorBody},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::channel::{
    identity::{ChannelRole, ExternalPerson, IdentityFacts, IdentityStatus},
    ids::IdentityId,
    provider::ChannelProvider,
};
use cowork_domain::ids::UserId;
use serde_json::{Value, json};
use utoipa::ToSchema;

const SEVERAL: &str = "Channel identity resolution requires channelBindingId when multiple channel bindings match.";

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct ResolvedIdentity {
    identity: ChannelIdentitySchema,
}

/// Say who somebody in a chat is; who was unknown is known from then on, as a viewer who waits.
///
/// Who runs the organisation may say what the person may do, and whose account it is. What a gateway says about that is ignored.
#[utoipa::path(post, path = "/api/channels/identities/resolve", operation_id = "resolveChannelIdentity", tag = "channels",
    request_body(content = Value, example = json!({"provider": "telegram", "externalUserId": "u-1", "role": "member",
        "status": "active", "metadata": {"displayName": "Kim"}})),
    responses(
        (status = 200, description = "The person as they are known now", body = ResolvedIdentity,
            example = json!({"identity": {"identityId": "00000000-0000-4000-8000-000000000007", "orgId": "acme",
                "provider": "telegram", "externalWorkspaceId": null, "externalUserId": "u-1", "accountId": null, "role": "member",
                "status": "active", "metadata": {"displayName": "Kim"}, "createdAt": "2026-11-21T17:52:42.629Z",
                "updatedAt": "2026-11-21T17:52:43.101Z"}})),
        (status = 400, description = "A field is missing or malformed, or belongs to another chat system than the binding", body = ErrorBody,
            example = json!({"error": "Channel provider does not match binding.", "code": "request.invalid_field"})),
        (status = 403, description = "The token was not granted the binding", body = ErrorBody,
            example = json!({"error": "Channel binding scope is required for this action.", "code": "channels.binding_scope_required",
                "verdict": {"allowed": false, "reason": "Channel binding scope is required for this action.",
                    "policyCode": "channels.binding_scope_required"}})),
    ))]
pub(in crate::http::channels) async fn resolve(State(state): State<HttpState>, caller: Caller, body: JsonBody) -> Result<Json, ApiError> {
    let fields = &body.fields;
    let target = fields.text("channelBindingId").map_or(Target::None, Target::Binding);
    let by = authority::prove_or_admin(&state, caller.member(), target).await?;
    let provider = fields.text("provider").and_then(ChannelProvider::parse);
    let (Some(provider), Some(user)) = (provider, input::name(fields, "externalUserId")?) else {
        return Err(ApiError::invalid("Channel identity requires provider and externalUserId."));
    };
    input::name(fields, "externalWorkspaceId")?;
    let org = &caller.principal().org_id;
    let (is_gateway, names_binding) = (matches!(by, ChannelCaller::Gateway { .. }), fields.text("channelBindingId").is_some());
    let workspace = if is_gateway || names_binding {
        origin::binding(&state, &by, org, fields, &provider, SEVERAL).await?.external_workspace
    } else {
        workspace(fields).flatten()
    };
    let facts = if is_gateway { IdentityFacts::default() } else { told(fields)? };
    let facts = IdentityFacts { metadata: input::object(fields, "metadata")?.unwrap_or_else(|| json!({})), ..facts };
    let person = ExternalPerson { provider, workspace, user: user.to_owned() };
    let (store, minted) = (state.node.store(), IdentityId::new(state.node.clock().mint_channel_id()));
    let identity = store.resolve_channel_identity(org, &person, &facts, &minted, &mandate::of(&state, &caller)).await?;
    let identity = identity.map_err(|_| ApiError::invalid("The organization has no account with this accountId."))?;
    Ok(Json::of(&json!({ "identity": identity.public() })))
}

/// What only who runs the organisation may say.
fn told(fields: &Fields) -> Result<IdentityFacts, ApiError> {
    Ok(IdentityFacts {
        account: input::name(fields, "accountId")?.map(UserId::new),
        role: fields.text("role").and_then(ChannelRole::parse),
        status: fields.text("status").and_then(IdentityStatus::parse),
        metadata: Value::Null,
    })
}
