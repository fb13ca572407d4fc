//! What operators ask: projections, supervision, metrics.

use crate::{Client, ClientError, query::percent_encoded};
use bytes::Bytes;
use cowork_domain::{
    ids::{Sequence, SessionId},
    timestamp::Timestamp,
};
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How far a session's projection is behind its log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct ProjectionStatus {
    pub session_id: SessionId,
    pub event_count: u64,
    pub latest_event_sequence: Sequence,
    pub projection_sequence: Sequence,
    pub lag: u64,
    pub projection_updated_at: Option<Timestamp>,
}

/// What folding the log again changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct ProjectionRepair {
    pub repaired: bool,
    pub event_count: u64,
    pub workspace_event_count: u64,
    pub latest_event_sequence: Sequence,
    pub prior_projection_sequence: Sequence,
    pub projection_sequence: Sequence,
    pub lag: u64,
}

/// What lifting a quarantine did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineLift {
    /// As it was named in the request.
    pub entity: String,
    /// `lifted`, or `not_quarantined` if there was nothing to lift.
    pub outcome: String,
}

impl Client {
    /// `GET /api/sessions/{id}/projection-status`.
    pub async fn projection_status(&self, id: SessionId) -> Result<ProjectionStatus, ClientError> {
        self.get(&format!("/api/sessions/{id}/projection-status")).await
    }

    /// `POST /api/sessions/{id}/projection-repair`: folds the log again.
    pub async fn repair_projection(&self, id: SessionId) -> Result<ProjectionRepair, ClientError> {
        self.post(&format!("/api/sessions/{id}/projection-repair"), &json!({})).await
    }

    /// `GET /api/ops/supervision`: the actor trees of all nodes, and who is in quarantine.
    pub async fn supervision(&self) -> Result<Value, ClientError> {
        self.get("/api/ops/supervision").await
    }

    /// `POST /api/ops/quarantine/{entity}/lift`: lets a quarantined entity work again; it is named as in
    /// the supervision tree, for example `session:ses_…`.
    pub async fn lift_quarantine(&self, entity: &str) -> Result<QuarantineLift, ClientError> {
        self.post(&format!("/api/ops/quarantine/{}/lift", percent_encoded(entity)), &json!({})).await
    }

    /// `GET /api/metrics`: Prometheus text.
    pub async fn metrics(&self) -> Result<String, ClientError> {
        let body = self.call(Method::GET, "/api/metrics", Bytes::new()).await?.success()?;
        String::from_utf8(body.into()).map_err(|_| ClientError::Unexpected("the metrics are not utf-8".to_owned()))
    }
}
