//! `POST /api/project-sources/validate` (contract 05 §2).

use crate::http::{answer::Json, body::JsonBody, error::ApiError, gate::Caller, schema::ErrorBody, state::HttpState};
use axum::extract::State;
use cowork_domain::{
    codes::Code,
    project_source::{SourceDenied, read_source},
};
use serde::Serialize;
use serde_json::Value;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Verdict {
    allowed: bool,
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_code: Option<Code>,
}

/// Ask whether sessions may work on a project.
///
/// A source that is denied is no error; the answer says which rule denies it. Whose snapshot it is, is not asked here. The source may
/// be wrapped in `projectSource` or be the body itself.
#[utoipa::path(post, path = "/api/project-sources/validate", operation_id = "validateProjectSource", tag = "sessions",
    request_body(content = serde_json::Value, example = json!({"projectSource": {"kind": "git", "repositoryUrl": "https://github.com/acme/site", "ref": "main"}})),
    responses(
        (status = 200, description = "The verdict", body = serde_json::Value,
            example = json!({"allowed": false, "reason": "Git host \"git.example\" is not allowed.", "policyCode": "project_source.git.host_denied"})),
        (status = 400, description = "The body is not JSON", body = ErrorBody),
    ))]
pub(super) async fn validate(State(state): State<HttpState>, caller: Caller, JsonBody { fields, .. }: JsonBody) -> Result<Json, ApiError> {
    let wrapped = fields.value("projectSource").cloned();
    let source = wrapped.or_else(|| fields.value("kind").is_some().then(|| Value::Object(fields.0.clone())));
    let verdict = match source {
        None => Err(SourceDenied { code: Code::ProjectSourceInvalid, reason: "Cloud project source is required.".to_owned() }),
        Some(source) => read_source(&source).and_then(|source| state.options.project_sources.evaluate(&source, &caller.principal().org_id)),
    };
    Ok(Json::of(&match verdict {
        Ok(()) => Verdict { allowed: true, reason: None, policy_code: None },
        Err(SourceDenied { code, reason }) => Verdict { allowed: false, reason: Some(reason), policy_code: Some(code) },
    }))
}
