//! `/livez`: the process answers.

use crate::http::{answer::Json, schema::Livez as LivezSchema, state::HttpState};
use axum::extract::State;
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Livez<'a> {
    ok: bool,
    role: &'a str,
    profile_name: &'a str,
}

/// Whether the process is alive.
#[utoipa::path(get, path = "/livez", operation_id = "livez", tag = "health",
    responses((status = 200, description = "It is", body = LivezSchema, example = json!({"ok": true, "role": "all-in-one", "profileName": "full"}))))]
pub(super) async fn livez(State(state): State<HttpState>) -> Json {
    Json::of(&Livez { ok: true, role: state.options.role.as_str(), profile_name: &state.options.profile_name })
}
