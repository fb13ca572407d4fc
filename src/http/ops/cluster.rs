//! `GET /api/ops/cluster` (architecture §5, §6).

use crate::http::{
    answer::Json,
    error::ApiError,
    gate::Caller,
    schema::{ClusterReport, ErrorBody},
    state::HttpState,
};
use axum::extract::State;

/// Read who is in the cluster: nodes with their leases, shards and links, and what moved last.
#[utoipa::path(get, path = "/api/ops/cluster", operation_id = "readCluster", tag = "operations",
    responses(
        (status = 200, description = "The cluster as the answering node sees it", body = ClusterReport,
            example = json!({
                "generatedAt": "2026-03-04T05:06:07.890Z", "node": "web1", "shardCount": 256, "leaseMs": 5000,
                "nodes": [
                    {"name": "w1", "node": 1, "incarnation": 3, "address": "10.0.0.5:7946", "roles": ["worker"], "state": "live",
                        "leaseMsLeft": 4200, "shards": 256,
                        "link": {"peer": "w1", "state": "up", "reason": null, "roundTripUs": 180, "callsInFlight": 0, "bytesInFlight": 0, "reconnects": 0}},
                    {"name": "web1", "node": 2, "incarnation": 1, "address": "10.0.0.6:7946", "roles": ["web"], "state": "live",
                        "leaseMsLeft": 4700, "shards": 0, "link": null},
                ],
                "shards": {"owned": 256, "unowned": 0},
                "owners": [1, 1, 1],
                "lastMoves": [{"shard": 7, "from": null, "to": "w1", "reason": "claim", "epoch": 12, "at": "2026-03-04T05:06:01.000Z"}],
                "followedLogs": 4, "pushLagUs": 420,
            })),
        (status = 403, description = "Only operator tokens and the local principal", body = ErrorBody),
        (status = 503, description = "The database can't be reached", body = ErrorBody),
    ))]
pub(super) async fn read(State(state): State<HttpState>, _caller: Caller) -> Result<Json, ApiError> {
    Ok(Json::of(&state.node.cluster_report().await?))
}
