//! `GET /api/settings` (contract 02 §2).

use super::record::Setting;
use crate::http::{
    answer::Json,
    error::ApiError,
    gate::Caller,
    schema::{ErrorBody, SettingRecord},
    state::HttpState,
};
use axum::extract::State;
use serde_json::json;
use utoipa::ToSchema;

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct SettingList {
    settings: Vec<SettingRecord>,
}

/// List the caller's settings, by key.
#[utoipa::path(get, path = "/api/settings", operation_id = "listSettings", tag = "workspace",
    responses(
        (status = 200, description = "All of them", body = SettingList, example = json!({"settings": [
            {"tenantId": "acme", "userId": "kim", "key": "theme", "value": {"mode": "dark"}, "updatedAt": "2026-11-21T17:54:53.831Z"}]})),
        (status = 403, description = "Settings are off", body = ErrorBody),
    ))]
pub(super) async fn list(State(state): State<HttpState>, caller: Caller) -> Result<Json, ApiError> {
    let owner = caller.principal();
    let rows = state.node.store().settings(owner).await?;
    let settings: Vec<_> = rows.iter().map(|row| Setting::of(owner, row)).collect();
    Ok(Json::of(&json!({ "settings": settings })))
}
