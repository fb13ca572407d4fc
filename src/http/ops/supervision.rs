//! `GET /api/ops/supervision` (architecture §4).

use crate::http::{
    answer::Json,
    gate::Caller,
    schema::{ErrorBody, Supervision},
    state::HttpState,
};
use axum::extract::State;
use serde_json::{Value, json};

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
                "nodes": [{"name": "web1", "reachable": true, "report": {}}, {"name": "w1", "reachable": true, "report": {}}, {"name": "w2", "reachable": false, "report": null}],
                "quarantined": [{"node": "w1", "entity": "session:ses_0192f0a4c1de7d52b0c3a1f2e4d5c6b7", "kind": "session", "shard": 7,
                    "since": "2026-03-04T05:05:00.000Z", "failures": 6, "code": "store.corrupt"}],
            })),
        (status = 403, description = "Only operator tokens and the local principal", body = ErrorBody),
    ))]
pub(super) async fn read(State(state): State<HttpState>, _caller: Caller) -> Json {
    let mut trees = serde_json::to_value(state.node.cluster_supervision().await).unwrap_or_default();
    trees["quarantined"] = quarantined_anywhere(&trees["nodes"]);
    Json::of(&trees)
}

/// Who is put aside on any node, with the node's name: an operator looks for the entity, not for where it lives.
fn quarantined_anywhere(nodes: &Value) -> Value {
    let mut all = Vec::new();
    for node in nodes.as_array().into_iter().flatten() {
        for entity in node["report"]["quarantined"].as_array().into_iter().flatten() {
            let mut entity = entity.clone();
            entity["node"] = node["name"].clone();
            all.push(entity);
        }
    }
    json!(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_aside_is_named_with_its_node() {
        let nodes = json!([
            { "name": "w1", "reachable": true, "report": { "quarantined": [{ "entity": "org:acme" }] } },
            { "name": "w2", "reachable": false, "report": null },
            { "name": "w3", "reachable": true, "report": { "quarantined": [] } },
        ]);
        assert_eq!(quarantined_anywhere(&nodes), json!([{ "entity": "org:acme", "node": "w1" }]));
    }
}
