//! `PUT`, `POST` and `PATCH /api/settings/{key}` (contract 02 §2): all three replace the value.

use super::put::{self, SettingPut};
use crate::http::{
    answer::Json,
    body::JsonBody,
    error::ApiError,
    gate::Caller,
    schema::{ErrorBody, SettingRequest},
    state::HttpState,
};
use axum::extract::{Path, State};

/// Keep a setting. What was there is replaced as a whole.
#[utoipa::path(put, path = "/api/settings/{key}", operation_id = "putKeyedSetting", tag = "workspace",
    params(("key" = String, Path, description = "Its name, percent-encoded; it wins over one in the body")),
    request_body(content = SettingRequest, example = json!({"value": {"mode": "dark"}})),
    responses(
        (status = 200, description = "The setting as it is now", body = SettingPut, example = json!({"setting":
            {"tenantId": "acme", "userId": "kim", "key": "theme", "value": {"mode": "dark"}, "updatedAt": "2026-11-21T17:54:53.831Z"}})),
        (status = 400, description = "No key, or the value is no object", body = ErrorBody,
            example = json!({"error": "Setting key and object value are required.", "code": "request.invalid_field"})),
        (status = 403, description = "Settings are off", body = ErrorBody),
    ))]
pub(super) async fn put(state: State<HttpState>, caller: Caller, Path(key): Path<String>, body: JsonBody) -> Result<Json, ApiError> {
    put::keep(&state, &caller, Some(&key), &body).await
}

/// Keep a setting, as `PUT` does.
#[utoipa::path(post, path = "/api/settings/{key}", operation_id = "postKeyedSetting", tag = "workspace",
    params(("key" = String, Path, description = "Its name, percent-encoded; it wins over one in the body")),
    request_body(content = SettingRequest, example = json!({"value": {"mode": "dark"}})),
    responses(
        (status = 200, description = "The setting as it is now", body = SettingPut, example = json!({"setting":
            {"tenantId": "acme", "userId": "kim", "key": "theme", "value": {"mode": "dark"}, "updatedAt": "2026-11-21T17:54:53.831Z"}})),
        (status = 400, description = "No key, or the value is no object", body = ErrorBody,
            example = json!({"error": "Setting key and object value are required.", "code": "request.invalid_field"})),
        (status = 403, description = "Settings are off", body = ErrorBody),
    ))]
pub(super) async fn post(state: State<HttpState>, caller: Caller, Path(key): Path<String>, body: JsonBody) -> Result<Json, ApiError> {
    put::keep(&state, &caller, Some(&key), &body).await
}

/// Keep a setting, as `PUT` does: nothing is merged.
#[utoipa::path(patch, path = "/api/settings/{key}", operation_id = "patchKeyedSetting", tag = "workspace",
    params(("key" = String, Path, description = "Its name, percent-encoded; it wins over one in the body")),
    request_body(content = SettingRequest, example = json!({"value": {"mode": "dark"}})),
    responses(
        (status = 200, description = "The setting as it is now", body = SettingPut, example = json!({"setting":
            {"tenantId": "acme", "userId": "kim", "key": "theme", "value": {"mode": "dark"}, "updatedAt": "2026-11-21T17:54:53.831Z"}})),
        (status = 400, description = "No key, or the value is no object", body = ErrorBody,
            example = json!({"error": "Setting key and object value are required.", "code": "request.invalid_field"})),
        (status = 403, description = "Settings are off", body = ErrorBody),
    ))]
pub(super) async fn patch(state: State<HttpState>, caller: Caller, Path(key): Path<String>, body: JsonBody) -> Result<Json, ApiError> {
    put::keep(&state, &caller, Some(&key), &body).await
}
