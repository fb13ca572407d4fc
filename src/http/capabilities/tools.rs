//! `GET /api/capabilities/tools` and `…/tools/{id}` (contract 05 §5).

use crate::http::{answer::Json, error::ApiError, gate::Caller, options::HttpOptions, schema::ErrorBody, state::HttpState};
use axum::extract::{Path, State};
use cowork_domain::policy::Ceiling;
use cowork_runtime::native::OfferedTool;
use serde::Serialize;
use utoipa::ToSchema;

/// Who has a tool where the profile names no agents.
const ANY_AGENT: &str = "build";

/// A tool of agents.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CapabilityTool {
    id: &'static str,
    name: String,
    description: &'static str,
    #[schema(example = "built-in")]
    kind: &'static str,
    #[schema(example = "builtin")]
    source: &'static str,
    #[schema(example = "open-cowork")]
    origin: &'static str,
    scope: Option<&'static str>,
    namespace: Option<&'static str>,
    /// What a permission names to mean it.
    patterns: Vec<&'static str>,
    /// The single tools of a server; these are no servers.
    available_tools: Vec<&'static str>,
    agent_names: Vec<String>,
    #[schema(example = "none")]
    auth_mode: &'static str,
}

#[derive(Serialize, ToSchema)]
struct CapabilityToolList {
    tools: Vec<CapabilityTool>,
}

#[derive(Serialize, ToSchema)]
struct CapabilityToolEnvelope {
    tool: CapabilityTool,
}

/// List the tools of agents.
#[utoipa::path(get, path = "/api/capabilities/tools", operation_id = "listCapabilityTools", tag = "workspace",
    responses((status = 200, description = "The tools that the profile and the organization's policy allow", body = CapabilityToolList)))]
pub(super) async fn list(State(state): State<HttpState>, caller: Caller) -> Result<Json, ApiError> {
    Ok(Json::of(&CapabilityToolList { tools: of(&state, &caller).await? }))
}

/// Read one tool of agents.
#[utoipa::path(get, path = "/api/capabilities/tools/{id}", operation_id = "getCapabilityTool", tag = "workspace",
    params(("id" = String, Path, description = "The tool's name")),
    responses(
        (status = 200, description = "The tool", body = CapabilityToolEnvelope),
        (status = 404, description = "There is none of this name, or it is not allowed", body = ErrorBody,
            example = json!({"error": "Capability tool was not found.", "code": "resource.not_found"})),
    ))]
pub(super) async fn get(State(state): State<HttpState>, caller: Caller, Path(id): Path<String>) -> Result<Json, ApiError> {
    let tool = of(&state, &caller).await?.into_iter().find(|tool| tool.id == id);
    let tool = tool.ok_or_else(|| ApiError::not_found("Capability tool was not found."))?;
    Ok(Json::of(&CapabilityToolEnvelope { tool }))
}

/// The tools that the profile and the policy of the caller's organisation allow.
pub(super) async fn of(state: &HttpState, caller: &Caller) -> Result<Vec<CapabilityTool>, ApiError> {
    let policy = state.node.store().managed_policy(&caller.principal().org_id).await?;
    let ceilings = policy.map(|row| row.policy.permission_ceilings).unwrap_or_default();
    let allowed = state.options.tools.iter().filter(|tool| ceilings.of(tool.name) != Ceiling::Deny);
    Ok(allowed.map(|tool| described(tool, &state.options)).collect())
}

fn described(tool: &OfferedTool, options: &HttpOptions) -> CapabilityTool {
    let agents = options.allowed_agents.clone();
    CapabilityTool {
        id: tool.name,
        name: label(tool.name),
        description: tool.description,
        kind: "built-in",
        source: "builtin",
        origin: "open-cowork",
        scope: None,
        namespace: None,
        patterns: vec![tool.name],
        available_tools: Vec::new(),
        agent_names: agents.unwrap_or_else(|| vec![ANY_AGENT.to_owned()]),
        auth_mode: "none",
    }
}

/// The name as people read it.
fn label(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
