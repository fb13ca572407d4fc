//! `DELETE /api/ops/cluster/nodes/{node}` (architecture §5).

use super::{drain_node::unknown, note::note};
use crate::http::{answer::Json, error::ApiError, gate::Caller, schema::ErrorBody, state::HttpState};
use axum::extract::{Path, State};
use cowork_domain::{audit::AuditAction, codes::Code};
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A node that the cluster does not remember any more.
#[derive(Serialize, ToSchema)]
struct NodeForgotten {
    node: String,
    /// Always true.
    forgotten: bool,
}

/// Forget a node that will not come back, so that it is not listed any more.
///
/// Nothing depends on it: a dead node's sessions were taken over long before.
#[utoipa::path(delete, path = "/api/ops/cluster/nodes/{node}", operation_id = "forgetNode", tag = "operations",
    params(("node" = String, Path, description = "Name of the node")),
    responses(
        (status = 200, description = "It is forgotten", body = NodeForgotten, example = json!({"node": "w1", "forgotten": true})),
        (status = 403, description = "Only operator tokens and the local principal", body = ErrorBody),
        (status = 404, description = "No node has this name", body = ErrorBody,
            example = json!({"error": "No node has this name.", "code": "cluster.node_unknown"})),
        (status = 409, description = "It is alive, or owns shards", body = ErrorBody,
            example = json!({"error": "This node is live and owns 86 shards. Stop it first.", "code": "cluster.node_in_use"})),
        (status = 503, description = "The database can't be reached", body = ErrorBody),
    ))]
pub(super) async fn forget(State(state): State<HttpState>, caller: Caller, Path(node): Path<String>) -> Result<Json, ApiError> {
    if state.node.forget_node(&node).await? {
        note(&state, &caller, AuditAction::ClusterNodeForgotten, "cluster_node", &node).await;
        return Ok(Json::of(&NodeForgotten { node, forgotten: true }));
    }
    let report = serde_json::to_value(state.node.cluster_report().await?).unwrap_or_default();
    Err(refusal(&report, &node))
}

/// Why a node is not forgotten, from the cluster's report.
fn refusal(report: &Value, node: &str) -> ApiError {
    let Some(row) = report["nodes"].as_array().into_iter().flatten().find(|row| row["name"] == node) else { return unknown() };
    let (state, shards) = (row["state"].as_str().unwrap_or("live"), row["shards"].as_u64().unwrap_or(0));
    let message = format!("This node is {state} and owns {shards} shards. Stop it first.");
    ApiError::new(StatusCode::CONFLICT, message).code(Code::NodeInUse)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_refusal_says_what_the_node_still_is() {
        let report = json!({ "nodes": [{ "name": "w1", "state": "live", "shards": 86 }] });
        let refused = refusal(&report, "w1");
        assert_eq!(refused.status(), StatusCode::CONFLICT);
        assert_eq!(refused.body(), r#"{"error":"This node is live and owns 86 shards. Stop it first.","code":"cluster.node_in_use"}"#);
        assert_eq!(refusal(&report, "w2").status(), StatusCode::NOT_FOUND);
    }
}
