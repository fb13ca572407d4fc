//! `GET /api/channels/providers` (contract 04 §3).

use crate::http::{
    answer::Json,
    channels::management::require_admin,
    error::ApiError,
    gate::Caller,
    query::Query,
    schema::{ChannelProviderSchema, ErrorBody},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::channel::provider::{KINDS, ProviderKind};
use cowork_store::BindingCount;
use http::Uri;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct ChannelProviderList {
    providers: Vec<ChannelProviderSchema>,
}

#[derive(Serialize)]
struct Answer {
    providers: Vec<Provider>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Provider {
    id: &'static str,
    provider: &'static str,
    label: &'static str,
    available: bool,
    connected: bool,
    binding_count: u64,
    active_binding_count: u64,
    status: &'static str,
}

/// List the kinds of chat systems, and how many bindings each has. All kinds, always in the same order.
#[utoipa::path(get, path = "/api/channels/providers", operation_id = "listChannelProviders", tag = "channels",
    params(("limit" = Option<u32>, Query, description = "500 by default and at most")),
    responses(
        (status = 200, description = "The kinds", body = ChannelProviderList, example = json!({"providers": [{"id": "telegram",
            "provider": "telegram", "label": "Telegram", "available": true, "connected": true, "bindingCount": 4,
            "activeBindingCount": 4, "status": "connected"}]})),
        (status = 403, description = "The caller doesn't run the organisation", body = ErrorBody),
    ))]
pub(in crate::http::channels) async fn list(State(state): State<HttpState>, caller: Caller, uri: Uri) -> Result<Json, ApiError> {
    require_admin(&caller)?;
    let counts = state.node.store().channel_binding_counts(&caller.principal().org_id).await?;
    let most = usize::try_from(Query::of(&uri).limit(500, 500)).unwrap_or(usize::MAX);
    Ok(Json::of(&Answer { providers: KINDS.iter().take(most).map(|kind| provider(*kind, &counts)).collect() }))
}

fn provider(kind: ProviderKind, counts: &[BindingCount]) -> Provider {
    let own = || counts.iter().filter(|count| count.provider.is_of(kind));
    let active_binding_count = own().map(|count| count.active).sum();
    let connected = active_binding_count > 0;
    Provider {
        id: kind.name,
        provider: kind.name,
        label: kind.label,
        available: true,
        connected,
        binding_count: own().map(|count| count.all).sum(),
        active_binding_count,
        status: if connected { "connected" } else { "available" },
    }
}
