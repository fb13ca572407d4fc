//! Workers that an organisation runs for itself, or has run for it (contract 02 §11): pools, workers, what they show and say.

mod heartbeat;
mod pool;
mod status;
mod worker;

pub use heartbeat::{HeartbeatReport, WorkerHeartbeat};
pub use pool::{PoolEdit, PoolMode, PoolRequest, PoolStatus, WorkerPool};
pub use status::{InvalidTransition, WorkerStatus};
pub use worker::{ManagedWorker, WorkerCredentialRecord, WorkerRequest};

use serde_json::{Map, Value};

/// The longest name, in characters.
const LONGEST_NAME: usize = 200;
/// The longest id that a caller may choose.
const LONGEST_ID: usize = 128;
/// The longest explanation, in characters.
const LONGEST_TEXT: usize = 2000;

/// A request that can't be carried out as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkerInvalid {
    /// A pool needs both.
    #[error("Managed worker pool name and mode are required.")]
    PoolIncomplete,
    /// A worker needs both.
    #[error("Managed worker poolId and displayName are required.")]
    WorkerIncomplete,
    /// A value that there isn't.
    #[error("\"{0}\" has an unknown value.")]
    Unknown(&'static str),
    /// Ids stand in paths.
    #[error("\"{0}\" must be at most 128 letters, digits, '.', '_' or '-'.")]
    Id(&'static str),
    /// Too long, or with control characters.
    #[error("\"{0}\" must be plain text of at most {1} characters.")]
    Text(&'static str, usize),
    /// A list of another type, or one that is too long.
    #[error("\"activeWorkIds\" must be an array of at most 500 ids.")]
    WorkIds,
}

/// A text that isn't blank; anything else counts as absent.
fn text<'a>(fields: &'a Map<String, Value>, name: &'static str, longest: usize) -> Result<Option<&'a str>, WorkerInvalid> {
    let Some(text) = fields.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    let is_plain = text.chars().all(|character| !character.is_control() || matches!(character, '\n' | '\t'));
    if text.chars().count() > longest || !is_plain {
        return Err(WorkerInvalid::Text(name, longest));
    }
    Ok(Some(text))
}

fn id<'a>(fields: &'a Map<String, Value>, name: &'static str) -> Result<Option<&'a str>, WorkerInvalid> {
    let Some(id) = text(fields, name, LONGEST_ID).map_err(|_| WorkerInvalid::Id(name))? else { return Ok(None) };
    let is_id = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
    if is_id { Ok(Some(id)) } else { Err(WorkerInvalid::Id(name)) }
}

/// A name of an enum; a field that is absent or no text counts as absent.
fn named<T>(fields: &Map<String, Value>, name: &'static str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, WorkerInvalid> {
    match fields.get(name).and_then(Value::as_str) {
        None => Ok(None),
        Some(text) => parse(text).map(Some).ok_or(WorkerInvalid::Unknown(name)),
    }
}

fn object(fields: &Map<String, Value>, name: &str) -> Option<Value> {
    fields.get(name).filter(|value| value.is_object()).cloned()
}

/// Anything but a non-negative integer counts as none.
fn count(fields: &Map<String, Value>, name: &str) -> Option<i64> {
    fields.get(name).and_then(Value::as_i64).filter(|count| *count >= 0)
}
