//! What agents can do here (contract 05 §5): their tools, as far as the profile and the organisation's policy allow them. Agents have no skills so far.

mod skills;
mod tools;

use super::{
    answer::Json,
    error::ApiError,
    gate::{Caller, Gate},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::policy::Action;
use serde::Serialize;
use tools::CapabilityTool;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this resource.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    OpenApiRouter::new()
        .routes(gate.allow(Action::CapabilitiesRead, routes!(all)))
        .routes(gate.allow(Action::CapabilitiesRead, routes!(tools::list)))
        .routes(gate.allow(Action::CapabilitiesRead, routes!(tools::get)))
        .routes(gate.allow(Action::CapabilitiesRead, routes!(skills::list)))
        .routes(gate.allow(Action::CapabilitiesRead, routes!(skills::get)))
        .routes(gate.allow(Action::CapabilitiesRead, routes!(skills::bundle)))
}

/// Everything that agents can do.
#[derive(Serialize, ToSchema)]
struct Capabilities {
    tools: Vec<CapabilityTool>,
    /// None so far.
    skills: Vec<serde_json::Value>,
}

/// Read what agents can do here.
#[utoipa::path(get, path = "/api/capabilities", operation_id = "listCapabilities", tag = "workspace",
    responses((status = 200, description = "Tools and skills that the profile and the organization's policy allow", body = Capabilities)))]
async fn all(State(state): State<HttpState>, caller: Caller) -> Result<Json, ApiError> {
    Ok(Json::of(&Capabilities { tools: tools::of(&state, &caller).await?, skills: Vec::new() }))
}
