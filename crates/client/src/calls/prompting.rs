//! Commands to a session: prompts, answers, abort (contract 01 §1.5, §1.6, §2).

use crate::{Client, ClientError, SessionEnvelope, client::encode};
use cowork_domain::{
    ids::{CommandId, Sequence, SessionId, TenantId, UserId},
    session::CommandStatus,
    timestamp::Timestamp,
};
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A command as enqueued.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct CommandRecord {
    pub command_id: CommandId,
    pub tenant_id: TenantId,
    pub user_id: UserId,
    pub session_id: SessionId,
    pub kind: String,
    pub payload: Value,
    pub created_sequence: u64,
    pub created_at: Timestamp,
    pub status: CommandStatus,
    pub attempt_count: u32,
    pub last_error_code: Option<String>,
    pub error: Option<String>,
}

/// Answer to every command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct CommandReceipt {
    pub command: CommandRecord,
    pub processed: u64,
    pub view: SessionEnvelope,
    pub projection_fence: Option<ProjectionFence>,
}

/// From which sequence on a projection shows the command's effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct ProjectionFence {
    pub session_id: SessionId,
    pub command_id: CommandId,
    pub sequence: Sequence,
    pub projection_version: Sequence,
    pub issued_at: Timestamp,
}

#[derive(Serialize)]
struct PromptBody<'a> {
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<&'a str>,
}

impl Client {
    /// `POST /api/sessions/{id}/prompt`: runs an agent on a text; without a name the default agent.
    pub async fn prompt(&self, id: SessionId, text: &str, agent: Option<&str>) -> Result<CommandReceipt, ClientError> {
        self.post(&format!("/api/sessions/{id}/prompt"), &PromptBody { text, agent }).await
    }

    /// The same, for a caller who only wants to know that it was accepted: the answer holds the whole
    /// projection, which costs more to read than the rest of the call.
    pub async fn submit_prompt(&self, id: SessionId, text: &str) -> Result<(), ClientError> {
        let body = encode(&PromptBody { text, agent: None })?;
        self.call(Method::POST, &format!("/api/sessions/{id}/prompt"), body).await?.success()?;
        Ok(())
    }

    /// [`Client::abort`] for a caller who only wants to know that it was accepted.
    pub async fn submit_abort(&self, id: SessionId) -> Result<(), ClientError> {
        self.call(Method::POST, &format!("/api/sessions/{id}/abort"), encode(&json!({}))?).await?.success()?;
        Ok(())
    }

    /// `POST /api/sessions/{id}/abort`: stops the running prompt.
    pub async fn abort(&self, id: SessionId) -> Result<CommandReceipt, ClientError> {
        self.post(&format!("/api/sessions/{id}/abort"), &json!({})).await
    }

    /// `POST /api/sessions/{id}/permission-respond`: `true`, `"allow"` and `"once"` grant, all else denies.
    pub async fn respond_to_permission(&self, id: SessionId, permission: &str, response: &Value) -> Result<CommandReceipt, ClientError> {
        let body = json!({ "permissionId": permission, "response": response });
        self.post(&format!("/api/sessions/{id}/permission-respond"), &body).await
    }

    /// `POST /api/sessions/{id}/question-reply`: one answer per question, any JSON.
    pub async fn reply_to_question(&self, id: SessionId, request: &str, answers: &[Value]) -> Result<CommandReceipt, ClientError> {
        self.post(&format!("/api/sessions/{id}/question-reply"), &json!({ "requestId": request, "answers": answers })).await
    }

    /// `POST /api/sessions/{id}/question-reject`: no answer will come.
    pub async fn reject_question(&self, id: SessionId, request: &str) -> Result<CommandReceipt, ClientError> {
        self.post(&format!("/api/sessions/{id}/question-reject"), &json!({ "requestId": request })).await
    }
}
