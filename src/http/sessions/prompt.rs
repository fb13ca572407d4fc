//! `POST /api/sessions/{id}/prompt` (contract 01 §2).

use super::{SessionPath, submit_once};
use crate::http::{
    answer::Json,
    body::{Fields, JsonBody},
    error::ApiError,
    gate::Caller,
    idempotency::IdempotencyKey,
    options::HttpOptions,
    schema::{CommandEnvelope, ErrorBody, PromptRequest},
    state::HttpState,
};
use axum::extract::State;
use cowork_domain::{codes::Code, session::CommandKind};

/// The agent that answers when a prompt names none.
const DEFAULT_AGENT: &str = "build";
/// Names of agents and models are labels.
const LONGEST_NAME: usize = 200;

/// Run an agent on a text.
///
/// The prompt is accepted as soon as it is durable; what comes of it is read from the session or its
/// stream. Prompts of a session run one after the other. With an `Idempotency-Key` header, repeating
/// the request has no second effect for 24 hours.
#[utoipa::path(post, path = "/api/sessions/{id}/prompt", operation_id = "promptSession", tag = "sessions",
    params(
        ("id" = String, Path, description = "The session's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible ASCII characters"),
    ),
    request_body(content = PromptRequest, example = json!({"text": "Hello", "agent": "build"})),
    responses(
        (status = 202, description = "Accepted", body = CommandEnvelope),
        (status = 400, description = "The text is missing or blank, or the profile doesn't allow any more what the session works on", body = ErrorBody, example = json!({"error": "Prompt text is required.", "code": "request.invalid_field"})),
        (status = 402, description = "The organisation's subscription doesn't cover it", body = ErrorBody,
            example = json!({"error": "Billing subscription is past_due.", "code": "billing.subscription_inactive",
                "verdict": {"allowed": false, "reason": "Billing subscription is past_due.", "policyCode": "billing.subscription_inactive"}})),
        (status = 403, description = "The profile does not have this agent", body = ErrorBody),
        (status = 404, description = "No such session, or somebody else's", body = ErrorBody),
        (status = 409, description = "The first request with this idempotency key isn't answered yet, and no node could be reached", body = ErrorBody,
            example = json!({"error": "The first request with this Idempotency-Key isn't answered yet. Try again.",
                "code": "idempotency.in_progress", "retryAfterMs": 1000})),
        (status = 422, description = "The idempotency key was used for another request", body = ErrorBody),
        (status = 429, description = "A quota is used up", body = ErrorBody,
            example = json!({"error": "Cloud prompt quota exceeded.", "code": "quota.prompts_per_hour_exceeded", "retryAfterMs": 3_586_190,
                "verdict": {"allowed": false, "reason": "Cloud prompt quota exceeded.", "policyCode": "quota.prompts_per_hour_exceeded"}})),
        (status = 503, description = "The session can't be reached or is quarantined", body = ErrorBody),
    ))]
pub(super) async fn prompt(
    State(state): State<HttpState>,
    caller: Caller,
    session: SessionPath,
    key: IdempotencyKey,
    JsonBody { fields, .. }: JsonBody,
) -> Result<Json, ApiError> {
    let kind = command(&state.options, &fields)?;
    submit_once(&state, &caller, key, session.id()?, kind).await
}

/// Reads the command of a body.
pub(in crate::http) fn command(options: &HttpOptions, fields: &Fields) -> Result<CommandKind, ApiError> {
    let text = fields.text("text").ok_or_else(|| ApiError::invalid("Prompt text is required."))?;
    let agent = fields.text("agent").unwrap_or(DEFAULT_AGENT);
    let model = fields.text("model");
    fields.refuse_nul(&["text", "agent", "model"])?;
    if [Some(agent), model].into_iter().flatten().any(|name| name.len() > LONGEST_NAME) {
        return Err(ApiError::invalid("Names of agents and models have at most 200 bytes."));
    }
    if options.allowed_agents.as_ref().is_some_and(|allowed| !allowed.iter().any(|name| name == agent)) {
        let message = format!("Agent \"{agent}\" is not enabled for cloud profile \"{}\".", options.profile_name);
        return Err(ApiError::forbidden(Code::AgentNotEnabled, message));
    }
    Ok(CommandKind::Prompt { text: text.to_owned(), agent: agent.to_owned(), model: model.map(str::to_owned) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;
    use serde_json::json;

    fn read(options: &HttpOptions, body: serde_json::Value) -> Result<CommandKind, StatusCode> {
        let serde_json::Value::Object(fields) = body else { unreachable!("tests send objects") };
        command(options, &Fields(fields)).map_err(|error| error.status())
    }

    #[test]
    fn the_text_is_required_and_stays_as_it_is() {
        let options = HttpOptions::default();
        let expected = CommandKind::Prompt { text: " hello ".into(), agent: "build".into(), model: None };
        assert_eq!(read(&options, json!({"text": " hello ", "agent": " ", "attachments": []})), Ok(expected));
        for blank in [json!({}), json!({"text": "  "}), json!({"text": 3}), json!({"text": "a\u{0}"})] {
            assert_eq!(read(&options, blank.clone()), Err(StatusCode::BAD_REQUEST), "{blank}");
        }
    }

    #[test]
    fn only_agents_of_the_profile_run() {
        let options = HttpOptions { allowed_agents: Some(vec!["build".into()]), ..HttpOptions::default() };
        assert!(read(&options, json!({"text": "x"})).is_ok());
        assert_eq!(read(&options, json!({"text": "x", "agent": "plan"})), Err(StatusCode::FORBIDDEN));
    }
}
