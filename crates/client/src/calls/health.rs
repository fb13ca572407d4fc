//! Is it alive, is it ready (contract 00 §8).

use crate::{Client, ClientError};
use bytes::Bytes;
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};

/// Answer of `/livez`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct Health {
    pub ok: bool,
    pub role: String,
    pub profile_name: String,
}

/// Answer of `/readyz`, ready or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct Readiness {
    pub ok: bool,
    pub role: String,
    pub profile_name: String,
    #[serde(default)]
    pub checks: Vec<ReadinessCheck>,
}

/// One thing that must work before the node is ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct ReadinessCheck {
    pub name: String,
    pub status: String,
    pub detail: Option<String>,
}

impl Client {
    /// `GET /livez`: the process answers.
    pub async fn livez(&self) -> Result<Health, ClientError> {
        self.get("/livez").await
    }

    /// `GET /readyz`: what works and what does not. "Not ready" is an answer, not an error.
    pub async fn readyz(&self) -> Result<Readiness, ClientError> {
        let mut answer = self.call(Method::GET, "/readyz", Bytes::new()).await?;
        let not_ready = answer.status == StatusCode::SERVICE_UNAVAILABLE && serde_json::from_slice::<Readiness>(&answer.body).is_ok();
        if not_ready {
            answer.status = StatusCode::OK;
        }
        answer.json()
    }
}
