//! Who am I, and what does this cloud offer me (contract 02).

use crate::{Client, ClientError};
use cowork_domain::{
    ids::{OrgId, TenantId, UserId},
    principal::Principal,
    timestamp::Timestamp,
};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Answer of `/auth/me`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct AuthMe {
    pub principal: Principal,
    pub csrf_token: Option<String>,
    pub expires_at: Option<Timestamp>,
}

/// Answer of `/api/config`; what is not named here is in `rest`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct DeploymentConfig {
    pub role: String,
    pub profile_name: String,
    #[serde(default)]
    pub features: BTreeMap<String, bool>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// Answer of `/api/workspace`; what is not named here is in `rest`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct Workspace {
    pub tenant_id: TenantId,
    pub org_id: OrgId,
    pub org_name: String,
    pub user_id: UserId,
    pub email: String,
    pub role: String,
    pub profile_name: String,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Client {
    /// `GET /auth/me`: the identity behind the credentials.
    pub async fn auth_me(&self) -> Result<AuthMe, ClientError> {
        self.get("/auth/me").await
    }

    /// `GET /api/config`: features and policy of the deployment.
    pub async fn config(&self) -> Result<DeploymentConfig, ClientError> {
        self.get("/api/config").await
    }

    /// `GET /api/workspace`: the caller's org and rights.
    pub async fn workspace(&self) -> Result<Workspace, ClientError> {
        self.get("/api/workspace").await
    }
}
