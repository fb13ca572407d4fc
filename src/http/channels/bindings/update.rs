//! `PATCH /api/channels/bindings/{bindingId}` (contract 04 §3).

use super::{credential_ref, settings};
use crate::http::{
    answer::Json,
    billing,
    body::JsonBody,
    channels::{
        default_source::default_source,
        input,
        management::{binding_not_found, require_admin, too_many_bindings},
    },
    error::ApiError,
    gate::Caller,
    mandate,
    schema::{ChannelBindingSchema, ErrorBody},
    state::HttpState,
};
use axum::extract::{Path, State};
use cowork_domain::billing::{BillingAction, PlanLimit};
use cowork_domain::channel::{
    binding::{BindingChange, BindingStatus},
    ids::ChannelBindingId,
};
use serde_json::json;
use utoipa::ToSchema;

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct ChannelBindingUpdated {
    binding: ChannelBindingSchema,
}

/// Change a channel binding. What the request doesn't name stays as it is.
///
/// `{"status": "disabled"}` disconnects it: gateways can't use it from then on, and what is open through it ends at once.
#[utoipa::path(patch, path = "/api/channels/bindings/{bindingId}", operation_id = "updateChannelBinding", tag = "channels",
    params(("bindingId" = String, Path, description = "The binding's id")),
    request_body(content = serde_json::Value, example = json!({"displayName": "Hook 2", "status": "auth_required"})),
    responses(
        (status = 200, description = "The binding as it is now", body = ChannelBindingUpdated),
        (status = 400, description = "A blank name, or a malformed field", body = ErrorBody),
        (status = 402, description = "The organisation's subscription doesn't cover channels", body = ErrorBody),
        (status = 403, description = "The caller doesn't run the organisation", body = ErrorBody),
        (status = 404, description = "The organisation has no such binding", body = ErrorBody,
            example = json!({"error": "Channel binding was not found.", "code": "resource.not_found"})),
        (status = 429, description = "It was disabled, and the organisation has as many others as it may have", body = ErrorBody),
    ))]
pub(in crate::http::channels) async fn update(
    State(state): State<HttpState>,
    caller: Caller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Json, ApiError> {
    require_admin(&caller)?;
    let fields = &body.fields;
    // What is turned off is nothing to pay for.
    if fields.text("status") != Some("disabled") {
        billing::require(&state, &caller.principal().org_id, BillingAction::ChannelManage).await?;
    }
    let settings = settings(fields)?;
    if let Some(settings) = &settings {
        default_source(&state, caller.principal(), settings).await?;
    }
    let change = BindingChange {
        display_name: input::new_name(fields, "displayName")?.map(str::to_owned),
        status: fields.text("status").and_then(BindingStatus::parse),
        credential_ref: credential_ref(fields)?,
        settings,
    };
    let id: ChannelBindingId = id.parse().map_err(|_| binding_not_found())?;
    let org = &caller.principal().org_id;
    let most = billing::limit(&state, org, PlanLimit::GatewayChannelBindings, state.options.channels.bindings_per_org).await?;
    let changed = state.node.store().change_channel_binding(org, &id, change, most, &mandate::of(&state, &caller)).await?;
    let binding = changed.map_err(|_| too_many_bindings())?.ok_or_else(binding_not_found)?;
    Ok(Json::of(&json!({ "binding": binding.public() })))
}
