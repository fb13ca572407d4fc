//! Workers, and what they show.

use super::{LONGEST_NAME, WorkerInvalid, WorkerStatus, id, named, object, text};
use crate::{
    ids::{OrgId, TenantId},
    timestamp::Timestamp,
};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// A worker.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ManagedWorker {
    /// Its id.
    pub worker_id: String,
    /// Whose it is.
    pub org_id: OrgId,
    /// Of the organisation.
    pub tenant_id: TenantId,
    /// Where it belongs.
    pub pool_id: String,
    /// For people.
    pub display_name: String,
    /// Where it is in its life.
    pub status: WorkerStatus,
    /// As it says.
    pub version: Option<String>,
    /// What it can do; an object.
    pub capabilities: Value,
    /// When it last said something.
    pub last_heartbeat_at: Option<Timestamp>,
    /// What went wrong last.
    pub last_error_code: Option<String>,
    /// The same for people.
    pub last_error_summary: Option<String>,
    /// How much it has to do.
    pub current_load: i64,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it was no longer trusted.
    pub revoked_at: Option<Timestamp>,
}

/// What makes a worker.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkerRequest {
    /// As chosen by the caller.
    pub worker_id: Option<String>,
    /// Where it belongs.
    pub pool_id: String,
    /// For people.
    pub display_name: String,
    /// Where it begins.
    pub status: WorkerStatus,
    /// What it runs.
    pub version: Option<String>,
    /// What it can do; an object.
    pub capabilities: Value,
}

impl WorkerRequest {
    /// Reads the fields of a request.
    pub fn read(fields: &Map<String, Value>) -> Result<Self, WorkerInvalid> {
        let required = |value: Option<&str>| value.map(str::to_owned).ok_or(WorkerInvalid::WorkerIncomplete);
        Ok(Self {
            worker_id: id(fields, "workerId")?.map(str::to_owned),
            pool_id: required(text(fields, "poolId", LONGEST_NAME)?)?,
            display_name: required(text(fields, "displayName", LONGEST_NAME)?)?,
            status: named(fields, "status", WorkerStatus::parse)?.unwrap_or(WorkerStatus::Pending),
            version: text(fields, "version", LONGEST_NAME)?.map(str::to_owned),
            capabilities: object(fields, "capabilities").unwrap_or_else(|| json!({})),
        })
    }
}

/// What a worker shows, without the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkerCredentialRecord {
    /// Its public part.
    pub credential_id: String,
    /// Whose it is.
    pub org_id: OrgId,
    /// Who shows it.
    pub worker_id: String,
    /// Where the worker belongs.
    pub pool_id: String,
    /// What it is for.
    pub scopes: [&'static str; 1],
    /// The end of what is shown.
    pub last4: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
    /// When it was last shown.
    pub last_used_at: Option<Timestamp>,
    /// Which one it replaced.
    pub rotated_from_credential_id: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}
