//! Sessions as records: create, list, read, import (contract 01 §1, §2).

use crate::{Client, ClientError, query::Query};
use cowork_domain::{
    ids::{Sequence, SessionId, TenantId, UserId},
    session::SessionStatus,
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A session as the list shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct SessionRecord {
    pub tenant_id: TenantId,
    pub user_id: UserId,
    pub session_id: SessionId,
    pub opencode_session_id: String,
    pub profile_name: String,
    pub status: SessionStatus,
    pub title: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub project_source: Option<Value>,
}

/// The projection of a session at a sequence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct ProjectionRecord {
    pub sequence: Sequence,
    pub view: Value,
    pub updated_at: Timestamp,
}

/// The standard envelope, `CloudSessionView` in the contract.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct SessionEnvelope {
    pub session: SessionRecord,
    pub projection: Option<ProjectionRecord>,
}

/// The envelope together with the shape that the browser renders.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct SessionDetail {
    pub session: SessionRecord,
    pub projection: Option<ProjectionRecord>,
    pub view: Value,
}

/// One page of the session list, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct SessionPage {
    pub sessions: Vec<SessionRecord>,
    pub next_cursor: Option<String>,
    pub total_estimate: u64,
}

/// Which sessions to list.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct SessionFilter {
    pub limit: Option<u32>,
    pub cursor: Option<String>,
    pub status: Option<SessionStatus>,
    pub profile_name: Option<String>,
    /// Part of a title or id.
    pub text: Option<String>,
}

/// What a new session starts from.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct NewSession {
    pub profile_name: Option<String>,
    pub project_source: Option<Value>,
}

impl Client {
    /// `GET /api/sessions`: one page of the caller's sessions.
    pub async fn list_sessions(&self, filter: &SessionFilter) -> Result<SessionPage, ClientError> {
        let query = Query::default()
            .add("limit", filter.limit)
            .add("cursor", filter.cursor.as_deref())
            .add("status", filter.status.map(SessionStatus::as_str))
            .add("profileName", filter.profile_name.as_deref())
            .add("q", filter.text.as_deref());
        self.get(&format!("/api/sessions{}", query.as_str())).await
    }

    /// `POST /api/sessions`: a new session.
    pub async fn create_session(&self, new: &NewSession) -> Result<SessionEnvelope, ClientError> {
        self.post("/api/sessions", new).await
    }

    /// `GET /api/sessions/{id}`: record and projection.
    pub async fn session(&self, id: SessionId) -> Result<SessionEnvelope, ClientError> {
        self.get(&format!("/api/sessions/{id}")).await
    }

    /// `GET /api/sessions/{id}/view`: record, projection and the browser's shape of it.
    pub async fn session_view(&self, id: SessionId) -> Result<SessionDetail, ClientError> {
        self.get(&format!("/api/sessions/{id}/view")).await
    }

    /// `POST /api/sessions/{id}/activate`: the same as [`Client::session`], under the name that smoke scripts use.
    pub async fn activate_session(&self, id: SessionId) -> Result<SessionEnvelope, ClientError> {
        self.post(&format!("/api/sessions/{id}/activate"), &json!({})).await
    }

    /// `POST /api/import/sessions`: a copy of a local session; `request` is the contract's `SessionImportRequest`.
    pub async fn import_session(&self, request: &Value) -> Result<SessionEnvelope, ClientError> {
        self.post("/api/import/sessions", request).await
    }
}
