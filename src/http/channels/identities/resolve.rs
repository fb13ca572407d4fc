//! `POST /api/channels/identities/resolve` (contract 04 §4).

use crate::http::{
    answer::Json,
    body::{Fields, JsonBody},
    channels::{
        actor::workspace,
        authority::{self, ChannelCaller, Target},
        input,
    },
    error::ApiError,
    gate::Caller,
    mandate,
    schema::{ChannelIdentitySchema, ErrorBody},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::channel::{
    binding::ChannelBinding,
    identity::{ChannelRole, ExternalPerson, IdentityFacts, IdentityStatus},
    ids::IdentityId,
    provider::ChannelProvider,
};
use cowork_domain::ids::{OrgId, UserId};
use http::StatusCode;
use serde_json::{Value, json};
use utoipa::ToSchema;

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
    let (workspace, facts) = match &by {
        ChannelCaller::Gateway { .. } => {
            let workspace = of_gateway(&state, &by, org, &provider, fields).await?;
            (workspace, IdentityFacts::default())
        }
        ChannelCaller::Admin | ChannelCaller::Local => (of_admin(&state, &by, org, &provider, fields).await?, told(fields)?),
    };
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

/// The workspace that a gateway speaks for: that of the binding that it names, or of the only one that it was granted there.
async fn of_gateway(
    state: &HttpState,
    by: &ChannelCaller,
    org: &OrgId,
    provider: &ChannelProvider,
    fields: &Fields,
) -> Result<Option<String>, ApiError> {
    let said = workspace(fields);
    if let Some(id) = fields.text("channelBindingId") {
        return within(&authority::binding(state, by, org, id).await?, provider, said);
    }
    let ChannelCaller::Gateway { bindings, .. } = by else { return Err(authority::not_authorized()) };
    let mut matching = bindings
        .iter()
        .filter(|binding| binding.provider == *provider && said.as_ref().is_none_or(|workspace| *workspace == binding.external_workspace));
    match (matching.next(), matching.next()) {
        (Some(only), None) => Ok(only.external_workspace.clone()),
        (Some(_), Some(_)) => {
            let text = "Channel identity resolution requires channelBindingId when multiple channel bindings match.";
            Err(ApiError::invalid(text))
        }
        (None, _) => Err(authority::not_authorized()),
    }
}

async fn of_admin(
    state: &HttpState,
    by: &ChannelCaller,
    org: &OrgId,
    provider: &ChannelProvider,
    fields: &Fields,
) -> Result<Option<String>, ApiError> {
    match fields.text("channelBindingId") {
        Some(id) => within(&authority::binding(state, by, org, id).await?, provider, workspace(fields)),
        None => Ok(workspace(fields).flatten()),
    }
}

/// The workspace of a binding; another provider or workspace than the binding's is a mistake of the caller.
#[expect(clippy::option_option, reason = "unsaid, none and a workspace are three different things")]
fn within(binding: &ChannelBinding, provider: &ChannelProvider, said: Option<Option<String>>) -> Result<Option<String>, ApiError> {
    if binding.provider != *provider {
        return Err(ApiError::invalid("Channel provider does not match binding."));
    }
    match said {
        Some(workspace) if workspace != binding.external_workspace => {
            let text = "Channel binding is not authorized for this provider workspace.";
            Err(ApiError::new(StatusCode::FORBIDDEN, text))
        }
        _ => Ok(binding.external_workspace.clone()),
    }
}
