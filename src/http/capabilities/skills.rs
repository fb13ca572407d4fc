//! `GET /api/capabilities/skills`, `…/skills/{name}` and its bundle (contract 05 §5). Neither runtime has skills, so every name is
//! unknown.

use crate::http::{answer::Json, error::ApiError, schema::ErrorBody};
use serde_json::json;

/// List the skills of agents.
#[utoipa::path(get, path = "/api/capabilities/skills", operation_id = "listCapabilitySkills", tag = "workspace",
    responses((status = 200, description = "The skills that the profile allows: none so far", body = serde_json::Value,
        example = json!({"skills": []}))))]
pub(super) async fn list() -> Json {
    Json::of(&json!({ "skills": [] }))
}

/// Read one skill of agents.
#[utoipa::path(get, path = "/api/capabilities/skills/{name}", operation_id = "getCapabilitySkill", tag = "workspace",
    params(("name" = String, Path, description = "The skill's name")),
    responses((status = 404, description = "There is none of this name", body = ErrorBody,
        example = json!({"error": "Capability skill was not found.", "code": "resource.not_found"}))))]
pub(super) async fn get() -> ApiError {
    unknown()
}

/// Read the files of one skill of agents.
#[utoipa::path(get, path = "/api/capabilities/skills/{name}/bundle", operation_id = "getCapabilitySkillBundle", tag = "workspace",
    params(("name" = String, Path, description = "The skill's name")),
    responses((status = 404, description = "There is none of this name", body = ErrorBody,
        example = json!({"error": "Capability skill was not found.", "code": "resource.not_found"}))))]
pub(super) async fn bundle() -> ApiError {
    unknown()
}

fn unknown() -> ApiError {
    ApiError::not_found("Capability skill was not found.")
}
