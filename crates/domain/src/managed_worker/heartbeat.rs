//! What a worker says of itself, again and again.

use super::{LONGEST_NAME, LONGEST_TEXT, WorkerInvalid, count, object, text};
use crate::{
    ids::{OrgId, TenantId},
    redact,
    timestamp::Timestamp,
};
use serde::Serialize;
use serde_json::{Map, Value};

const MOST_WORK: usize = 500;

/// The latest that a worker said.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkerHeartbeat {
    /// Who said it.
    pub worker_id: String,
    /// Whose it is.
    pub org_id: OrgId,
    /// Of the organisation.
    pub tenant_id: TenantId,
    /// Where it belongs.
    pub pool_id: String,
    /// What it runs.
    pub version: Option<String>,
    /// What it can do; an object.
    pub capabilities: Value,
    /// How much it has to do.
    pub current_load: i64,
    /// What it is at work on.
    pub active_work_ids: Vec<String>,
    /// What went wrong last.
    pub last_error_code: Option<String>,
    /// The same for people.
    pub last_error_summary: Option<String>,
    /// Its own count.
    pub heartbeat_sequence: Option<i64>,
    /// When it came.
    pub received_at: Timestamp,
}

/// What a worker says now.
#[derive(Debug, Clone, PartialEq)]
pub struct HeartbeatReport {
    /// What it runs.
    pub version: Option<String>,
    /// What it can do; none leaves what it said before.
    pub capabilities: Option<Value>,
    /// How much it has to do.
    pub current_load: i64,
    /// What it is at work on.
    pub active_work_ids: Vec<String>,
    /// What went wrong last.
    pub last_error_code: Option<String>,
    /// The same for people, without secrets.
    pub last_error_summary: Option<String>,
    /// Its own count; nobody looks at its order.
    pub heartbeat_sequence: Option<i64>,
}

impl HeartbeatReport {
    /// Reads the fields of a request.
    pub fn read(fields: &Map<String, Value>) -> Result<Self, WorkerInvalid> {
        Ok(Self {
            version: text(fields, "version", LONGEST_NAME)?.map(str::to_owned),
            capabilities: object(fields, "capabilities"),
            current_load: count(fields, "currentLoad").unwrap_or(0),
            active_work_ids: work_ids(fields.get("activeWorkIds"))?,
            last_error_code: text(fields, "lastErrorCode", LONGEST_NAME)?.map(str::to_owned),
            last_error_summary: text(fields, "lastErrorSummary", LONGEST_TEXT)?
                .map(|summary| redact::home_paths(&redact::secrets(summary)).into_owned()),
            heartbeat_sequence: fields.get("heartbeatSequence").and_then(Value::as_i64),
        })
    }
}

fn work_ids(value: Option<&Value>) -> Result<Vec<String>, WorkerInvalid> {
    let items = match value {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(value) => value.as_array().filter(|items| items.len() <= MOST_WORK).ok_or(WorkerInvalid::WorkIds)?,
    };
    let id = |item: &Value| item.as_str().filter(|id| id.len() <= 256 && !id.chars().any(char::is_control)).map(str::to_owned);
    items.iter().map(id).collect::<Option<_>>().ok_or(WorkerInvalid::WorkIds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(fields: &Value) -> Result<HeartbeatReport, WorkerInvalid> {
        HeartbeatReport::read(fields.as_object().expect("an object"))
    }

    #[test]
    fn what_is_absent_is_nothing_and_too_much_is_refused() {
        let silent = read(&json!({ "currentLoad": -3 })).expect("valid");
        assert_eq!((silent.current_load, silent.version, silent.capabilities, silent.heartbeat_sequence), (0, None, None, None));
        assert!(silent.active_work_ids.is_empty());
        let ids = |count: usize| json!({ "activeWorkIds": vec!["a"; count] });
        assert_eq!(read(&ids(500)).expect("valid").active_work_ids.len(), 500);
        for wrong in [ids(501), json!({ "activeWorkIds": "a" }), json!({ "activeWorkIds": [1] })] {
            assert_eq!(read(&wrong), Err(WorkerInvalid::WorkIds));
        }
        let report = read(&json!({ "lastErrorSummary": "refused sk-abcdefgh1234" })).expect("valid");
        assert_eq!(report.last_error_summary.as_deref(), Some("refused [redacted]"));
    }
}
