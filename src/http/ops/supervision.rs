//! `GET /api/ops/supervision` (architecture §4).

use crate::http::{
    answer::Json,
    gate::Caller,
    schema::{ErrorBody, Supervision},
    state::HttpState,
};
use axum::extract::State;
use serde::Serialize;
use serde_json::{Map, Value};

/// Read the actor trees of all nodes: what is alive, what restarted, what is quarantined.
///
/// The fields at the top are those of the answering node, except `quarantined`, which names the entities of all nodes.
#[utoipa::path(get, path = "/api/ops/supervision", operation_id = "readSupervision", tag = "operations",
    responses(
        (status = 200, description = "The actor trees", body = Supervision,
            example = json!({
                "generatedAt": "2026-03-04T05:06:07.890Z",
                "node": {"name": "web1", "node": 2, "incarnation": 1, "ownedShards": 0, "draining": false, "followedSessions": 3, "followedWorkspaces": 1},
                "kinds": [], "shards": [],
                "nodes": [{"name": "web1", "reachable": true}, {"name": "w1", "reachable": true}, {"name": "w2", "reachable": false}],
                "quarantined": [{"node": "w1", "entity": "session:ses_0192f0a4c1de7d52b0c3a1f2e4d5c6b7", "kind": "session", "shard": 7,
                    "since": "2026-03-04T05:05:00.000Z", "failures": 6, "code": "store.corrupt"}],
            })),
        (status = 403, description = "Only operator tokens and the local principal", body = ErrorBody),
    ))]
pub(super) async fn read(State(state): State<HttpState>, _caller: Caller) -> Json {
    let (own, cluster) = tokio::join!(state.node.supervision(), state.node.cluster_supervision());
    let mut all = fields(&own);
    all.extend(fields(&cluster));
    Json::of(&all)
}

fn fields<T: Serialize>(report: &T) -> Map<String, Value> {
    match serde_json::to_value(report) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}
