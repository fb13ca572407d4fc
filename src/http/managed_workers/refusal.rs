//! What is answered when something of a worker can't be done.

use crate::http::{answer::Json, error::ApiError};
use cowork_domain::{codes::Code, managed_worker::WorkerInvalid};
use http::StatusCode;
use serde_json::{Map, Value};
use std::time::Duration;

impl From<WorkerInvalid> for ApiError {
    fn from(invalid: WorkerInvalid) -> Self {
        Self::invalid(invalid.to_string())
    }
}

/// 404 as the contract has it here: the record that isn't there, as null. The sentence is ours.
pub(super) fn nothing(name: &str, text: &'static str) -> Json {
    let body = Map::from_iter([(name.to_owned(), Value::Null), ("error".to_owned(), text.into())]);
    Json::of(&body).with_status(StatusCode::NOT_FOUND)
}

/// 429: a pool is full.
pub(super) fn full(text: &'static str, after: Duration) -> ApiError {
    ApiError::new(StatusCode::TOO_MANY_REQUESTS, text).verdict(Code::CapacityUnavailable.as_str()).retry_after(after)
}

/// 409: nothing more can come of a worker or a credential.
pub(super) fn over(text: &'static str) -> ApiError {
    ApiError::new(StatusCode::CONFLICT, text).code(Code::WorkerOver)
}
