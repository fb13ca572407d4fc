//! `GET /api/settings/{key}` (contract 02 §2).

use super::record::Setting;
use crate::http::{
    answer::Json,
    error::ApiError,
    gate::Caller,
    schema::{ErrorBody, SettingRecord},
    state::HttpState,
};
use axum::extract::{Path, State};
use serde_json::json;
use utoipa::ToSchema;

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct SettingFound {
    setting: Option<SettingRecord>,
}

/// Read one of the caller's settings.
#[utoipa::path(get, path = "/api/settings/{key}", operation_id = "getSetting", tag = "workspace",
    params(("key" = String, Path, description = "Its name, percent-encoded")),
    responses(
        (status = 200, description = "The setting, or null", body = SettingFound, example = json!({"setting": null})),
        (status = 403, description = "Settings are off", body = ErrorBody),
    ))]
pub(super) async fn get(State(state): State<HttpState>, caller: Caller, Path(key): Path<String>) -> Result<Json, ApiError> {
    let owner = caller.principal();
    let row = state.node.store().setting(owner, &key).await?;
    Ok(Json::of(&json!({ "setting": row.as_ref().map(|row| Setting::of(owner, row)) })))
}
