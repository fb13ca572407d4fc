//! API tokens (contract 02 §3).

use crate::{Client, ClientError};
use bytes::Bytes;
use cowork_domain::{
    channel::ids::ChannelBindingId,
    ids::{OrgId, TokenId},
    timestamp::Timestamp,
};
use http::Method;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a new token is for.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct NewApiToken {
    pub name: String,
    pub scopes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channel_binding_ids: Vec<ChannelBindingId>,
}

/// A token as lists show it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct ApiTokenRecord {
    pub token_id: TokenId,
    pub org_id: OrgId,
    pub name: String,
    pub scopes: Vec<String>,
    pub last4: String,
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// A token that was just made; the only time that its text is seen. It is never printed by `Debug`.
#[derive(Clone, Deserialize)]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct CreatedApiToken {
    pub token: ApiTokenRecord,
    pub plaintext: String,
}

impl fmt::Debug for CreatedApiToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CreatedApiToken").field("token", &self.token).finish_non_exhaustive()
    }
}

impl Client {
    /// `POST /api/api-tokens`: issues a token that acts as the caller.
    pub async fn create_api_token(&self, new: &NewApiToken) -> Result<CreatedApiToken, ClientError> {
        self.post("/api/api-tokens", new).await
    }

    /// `DELETE /api/api-tokens/{id}`: takes a token back. It may be asked again.
    pub async fn revoke_api_token(&self, id: &TokenId) -> Result<(), ClientError> {
        self.call(Method::DELETE, &format!("/api/api-tokens/{id}"), Bytes::new()).await?.success()?;
        Ok(())
    }
}
