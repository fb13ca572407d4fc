//! `POST /api/channels/sessions/prompt` (contract 04 §5).

use super::{owned, refused, view};
use crate::http::{
    answer::Json,
    billing,
    body::JsonBody,
    channels::{
        actor::{ActorFields, actor},
        authority::{self, Target},
        input,
    },
    error::ApiError,
    gate::Caller,
    schema::{ChannelSessionSchema, CommandEnvelope, ErrorBody},
    sessions,
    state::HttpState,
};
use axum::extract::State;
use cowork_actors::Submitted;
use cowork_domain::{
    billing::{BillingAction, PlanLimit},
    channel::{
        identity::Purpose,
        session::{ChannelSession, channel_command},
    },
    codes::Code,
    ids::{CommandId, OrgId},
    session::{CommandKind, CommandRecord, CommandSource, CommandStatus, CommandWrite},
};
use cowork_store::Counted;
use http::StatusCode;
use std::time::Duration;
use utoipa::ToSchema;

/// The agent that answers when a prompt names none.
const DEFAULT_AGENT: &str = "build";
/// Names of agents are labels.
const LONGEST_AGENT: usize = 200;
const AN_HOUR: Duration = Duration::from_hours(1);

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes; nothing constructs it")]
struct ChannelPromptAccepted {
    binding: ChannelSessionSchema,
    #[schema(inline)]
    #[serde(flatten)]
    envelope: CommandEnvelope,
}

/// Run the session's agent on what somebody wrote in the thread.
///
/// With an `idempotencyKey` (a gateway sends the id of the chat system's event) the same message becomes one prompt, however often
/// it is sent.
#[utoipa::path(post, path = "/api/channels/sessions/prompt", operation_id = "promptChannelSession", tag = "channels",
    request_body(content = serde_json::Value, example = json!({"bindingId": "00000000-0000-4000-8000-000000000009", "text": "hello",
        "provider": "telegram", "externalUserId": "u-1", "idempotencyKey": "msg-1"})),
    responses(
        (status = 202, description = "Accepted", body = ChannelPromptAccepted),
        (status = 400, description = "The thread or the text is missing", body = ErrorBody,
            example = json!({"error": "Channel prompt requires bindingId and text.", "code": "request.invalid_field"})),
        (status = 402, description = "The organisation's subscription doesn't cover it", body = ErrorBody),
        (status = 403, description = "The token doesn't reach the thread, or the person may not prompt", body = ErrorBody),
        (status = 409, description = "The key was used for another prompt, or its prompt has failed", body = ErrorBody,
            example = json!({"error": "Channel prompt cannot replay a failed idempotent command.", "code": "channels.prompt_conflict"})),
        (status = 429, description = "A quota is used up", body = ErrorBody,
            example = json!({"error": "Gateway prompt quota exceeded.", "code": "quota.gateway_prompts_per_hour_exceeded", "retryAfterMs": 2_858_764,
                "verdict": {"allowed": false, "reason": "Gateway prompt quota exceeded.", "policyCode": "quota.gateway_prompts_per_hour_exceeded"}})),
        (status = 503, description = "The session can't be reached or is quarantined", body = ErrorBody),
    ))]
pub(in crate::http::channels) async fn prompt(State(state): State<HttpState>, caller: Caller, body: JsonBody) -> Result<Json, ApiError> {
    let fields = &body.fields;
    let target = match (fields.text("channelBindingId"), fields.text("bindingId")) {
        (Some(binding), _) => Target::Binding(binding),
        (None, Some(thread)) => Target::SessionBinding(thread),
        (None, None) => Target::None,
    };
    let by = authority::prove(&state, caller.member(), target).await?;
    fields.refuse_nul(&["text", "agent"])?;
    let (Some(thread), Some(text)) = (fields.text("bindingId"), fields.text("text")) else {
        return Err(ApiError::invalid("Channel prompt requires bindingId and text."));
    };
    let agent = fields.text("agent").unwrap_or(DEFAULT_AGENT);
    if agent.len() > LONGEST_AGENT {
        return Err(ApiError::invalid("Names of agents have at most 200 bytes."));
    }
    let key = input::name(fields, "idempotencyKey")?;
    let org = &caller.principal().org_id;
    let (thread, binding) = authority::session_binding(&state, &by, org, thread).await?;
    let person = actor(&state, org, &binding, ActorFields::of(fields), Purpose::Prompt).await?;
    let identity = owned(&state, &caller, thread.session).await?;
    billing::require(&state, org, BillingAction::PromptEnqueue(&identity.profile_name)).await?;
    let kind = CommandKind::Prompt { text: text.to_owned(), agent: agent.to_owned(), model: None };
    let command = key.map(|key| channel_command(org, &thread.id, key));
    if let Some(known) = known(&state, &thread, command).await? {
        repeats(&known, &kind)?;
        let record = CommandRecord { status: known.status, attempt_count: known.attempt, ..CommandRecord::as_enqueued(&identity, &known) };
        let view = view(&state, &caller, thread.session).await?;
        return Ok(accepted(&state, &thread, &Submitted { command: record, processed: false, fence: None, view }));
    }
    count(&state, org).await?;
    let command = command.unwrap_or_else(|| state.node.clock().mint_command_id());
    let source = CommandSource::Channel { thread: thread.id.clone(), identity: person.id };
    let submitted = state.node.submit_from(source, caller.principal(), thread.session, command, kind).await.map_err(refused)?;
    Ok(accepted(&state, &thread, &submitted))
}

/// The prompt of the same key, if it came before.
async fn known(state: &HttpState, thread: &ChannelSession, command: Option<CommandId>) -> Result<Option<CommandWrite>, ApiError> {
    let Some(command) = command else { return Ok(None) };
    let found = state.node.store().find_command(command).await?;
    Ok(found.filter(|(session, _)| *session == thread.session).map(|(_, command)| command))
}

/// Whether a prompt is the one of before, which may still be told again.
fn repeats(known: &CommandWrite, kind: &CommandKind) -> Result<(), ApiError> {
    let text = if known.kind != *kind {
        "Channel prompt idempotency key was used for a different prompt."
    } else if known.status == CommandStatus::Failed {
        "Channel prompt cannot replay a failed idempotent command."
    } else {
        return Ok(());
    };
    Err(ApiError::new(StatusCode::CONFLICT, text).code(Code::ChannelPromptConflict))
}

/// One more of the hour's prompts from channels.
pub(in crate::http::channels) async fn count(state: &HttpState, org: &OrgId) -> Result<(), ApiError> {
    let most = billing::limit(state, org, PlanLimit::GatewayPromptsPerHour, state.options.channels.prompts_per_hour).await?;
    let Some(most) = most else { return Ok(()) };
    match state.node.store().count_in_window("gateway_prompt", org.as_str(), AN_HOUR, most).await? {
        Counted::Admitted => Ok(()),
        Counted::Refused { retry_after } => {
            let error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, "Gateway prompt quota exceeded.");
            Err(error.verdict(Code::GatewayPromptsPerHourExceeded.as_str()).retry_after(retry_after))
        }
    }
}

/// The envelope of every command, with the thread in front.
fn accepted(state: &HttpState, thread: &ChannelSession, submitted: &Submitted) -> Json {
    let envelope = sessions::envelope(submitted, state.node.clock().now());
    let thread = serde_json::to_string(thread).expect("a thread has text keys");
    let fields = envelope.strip_prefix('{').expect("an envelope is an object");
    Json::text(["{\"binding\":", &thread, ",", fields].concat()).with_status(StatusCode::ACCEPTED)
}
