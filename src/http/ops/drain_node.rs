//! `POST /api/ops/cluster/nodes/{node}/drain` and `…/undrain` (architecture §5).

use super::note::note;
use crate::http::{answer::Json, error::ApiError, gate::Caller, schema::ErrorBody, state::HttpState};
use axum::extract::{Path, State};
use cowork_domain::{audit::AuditAction, codes::Code};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// What a node is told to do from now on. How far it is, the cluster's report says.
#[derive(Serialize, ToSchema)]
struct NodeDrain {
    node: String,
    draining: bool,
}

/// Ask a node to hand its sessions to others; it goes on serving clients.
///
/// Its shards move within seconds, and `GET /api/ops/cluster` shows how many are left. A restart of the node ends it.
#[utoipa::path(post, path = "/api/ops/cluster/nodes/{node}/drain", operation_id = "drainNode", tag = "operations",
    params(("node" = String, Path, description = "Name of the node")),
    responses(
        (status = 200, description = "It is told", body = NodeDrain, example = json!({"node": "w1", "draining": true})),
        (status = 403, description = "Only operator tokens and the local principal", body = ErrorBody),
        (status = 404, description = "No node has this name", body = ErrorBody,
            example = json!({"error": "No node has this name.", "code": "cluster.node_unknown"})),
        (status = 503, description = "The database can't be reached", body = ErrorBody),
    ))]
pub(super) async fn drain(state: State<HttpState>, caller: Caller, node: Path<String>) -> Result<Json, ApiError> {
    set(&state, &caller, node.0, true).await
}

/// Let a drained node own sessions again.
#[utoipa::path(post, path = "/api/ops/cluster/nodes/{node}/undrain", operation_id = "undrainNode", tag = "operations",
    params(("node" = String, Path, description = "Name of the node")),
    responses(
        (status = 200, description = "It is told", body = NodeDrain, example = json!({"node": "w1", "draining": false})),
        (status = 403, description = "Only operator tokens and the local principal", body = ErrorBody),
        (status = 404, description = "No node has this name", body = ErrorBody,
            example = json!({"error": "No node has this name.", "code": "cluster.node_unknown"})),
        (status = 503, description = "The database can't be reached", body = ErrorBody),
    ))]
pub(super) async fn undrain(state: State<HttpState>, caller: Caller, node: Path<String>) -> Result<Json, ApiError> {
    set(&state, &caller, node.0, false).await
}

async fn set(state: &HttpState, caller: &Caller, node: String, draining: bool) -> Result<Json, ApiError> {
    if !state.node.drain_node(&node, draining).await? {
        return Err(unknown());
    }
    let action = if draining { AuditAction::ClusterNodeDrained } else { AuditAction::ClusterNodeUndrained };
    note(state, caller, action, "cluster_node", &node).await;
    Ok(Json::of(&NodeDrain { node, draining }))
}

/// 404 of a name that no node has.
pub(super) fn unknown() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "No node has this name.").code(Code::NodeUnknown)
}
