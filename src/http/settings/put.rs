//! `PUT`, `POST` and `PATCH /api/settings` (contract 02 §2): all three replace the value.

use super::record::Setting;
use crate::http::{
    answer::Json,
    body::{self, JsonBody},
    error::ApiError,
    gate::Caller,
    schema::{ErrorBody, SettingRecord, SettingRequest},
    state::HttpState,
};
use axum::extract::State;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// So many settings may one user have, and so long may a key be: a client that misbehaves must not fill the database.
const MOST: u32 = 1_000;
const LONGEST_KEY: usize = 512;

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
pub(super) struct SettingPut {
    setting: SettingRecord,
}

/// Keep a setting. What was there is replaced as a whole.
#[utoipa::path(put, path = "/api/settings", operation_id = "putSetting", tag = "workspace",
    request_body(content = SettingRequest, example = json!({"key": "theme", "value": {"mode": "dark"}})),
    responses(
        (status = 200, description = "The setting as it is now", body = SettingPut, example = json!({"setting":
            {"tenantId": "acme", "userId": "kim", "key": "theme", "value": {"mode": "dark"}, "updatedAt": "2026-11-21T17:54:53.831Z"}})),
        (status = 400, description = "No key, or the value is no object", body = ErrorBody,
            example = json!({"error": "Setting key and object value are required.", "code": "request.invalid_field"})),
        (status = 403, description = "Settings are off", body = ErrorBody),
    ))]
pub(super) async fn put(state: State<HttpState>, caller: Caller, body: JsonBody) -> Result<Json, ApiError> {
    keep(&state, &caller, body.fields.text("key"), &body).await
}

/// Keep a setting, as `PUT` does.
#[utoipa::path(post, path = "/api/settings", operation_id = "postSetting", tag = "workspace",
    request_body(content = SettingRequest, example = json!({"key": "theme", "value": {"mode": "dark"}})),
    responses(
        (status = 200, description = "The setting as it is now", body = SettingPut, example = json!({"setting":
            {"tenantId": "acme", "userId": "kim", "key": "theme", "value": {"mode": "dark"}, "updatedAt": "2026-11-21T17:54:53.831Z"}})),
        (status = 400, description = "No key, or the value is no object", body = ErrorBody,
            example = json!({"error": "Setting key and object value are required.", "code": "request.invalid_field"})),
        (status = 403, description = "Settings are off", body = ErrorBody),
    ))]
pub(super) async fn post(state: State<HttpState>, caller: Caller, body: JsonBody) -> Result<Json, ApiError> {
    keep(&state, &caller, body.fields.text("key"), &body).await
}

/// Keep a setting, as `PUT` does: nothing is merged.
#[utoipa::path(patch, path = "/api/settings", operation_id = "patchSetting", tag = "workspace",
    request_body(content = SettingRequest, example = json!({"key": "theme", "value": {"mode": "dark"}})),
    responses(
        (status = 200, description = "The setting as it is now", body = SettingPut, example = json!({"setting":
            {"tenantId": "acme", "userId": "kim", "key": "theme", "value": {"mode": "dark"}, "updatedAt": "2026-11-21T17:54:53.831Z"}})),
        (status = 400, description = "No key, or the value is no object", body = ErrorBody,
            example = json!({"error": "Setting key and object value are required.", "code": "request.invalid_field"})),
        (status = 403, description = "Settings are off", body = ErrorBody),
    ))]
pub(super) async fn patch(state: State<HttpState>, caller: Caller, body: JsonBody) -> Result<Json, ApiError> {
    keep(&state, &caller, body.fields.text("key"), &body).await
}

pub(super) async fn keep(state: &HttpState, caller: &Caller, key: Option<&str>, body: &JsonBody) -> Result<Json, ApiError> {
    let value = body.fields.value("value").and_then(Value::as_object);
    let Some((key, value)) = key.filter(|key| !key.trim().is_empty()).zip(value) else {
        return Err(ApiError::invalid("Setting key and object value are required."));
    };
    if key.chars().count() > LONGEST_KEY || key.contains('\0') || body.fields.value("value").is_some_and(body::holds_nul) {
        return Err(ApiError::invalid("A setting key has at most 512 characters, and nothing in a setting holds the character U+0000."));
    }
    let owner = caller.principal();
    let row = state.node.store().put_setting(owner, key, value.clone(), MOST).await?;
    let row = row.ok_or_else(|| ApiError::invalid("This user has 1000 settings already. Reuse a key."))?;
    Ok(Json::of(&json!({ "setting": Setting::of(owner, &row) })))
}
