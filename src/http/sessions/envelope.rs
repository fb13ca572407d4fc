//! The 202 of a command (contract 01 §1.6): the command as enqueued, the session after it, and where
//! in the log its first event stands.

use crate::http::{
    answer::Json,
    billing,
    error::ApiError,
    gate::Caller,
    idempotency::{self, Claimed, IdempotencyKey},
    state::HttpState,
};
use cowork_actors::Submitted;
use cowork_domain::{
    billing::BillingAction,
    ids::{CommandId, Sequence, SessionId, TenantId},
    session::CommandKind,
    timestamp::Timestamp,
};
use http::StatusCode;
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProjectionFence<'a> {
    version: u8,
    scope: &'static str,
    tenant_id: &'a TenantId,
    session_id: SessionId,
    command_id: CommandId,
    sequence: Sequence,
    projection_version: Sequence,
    issued_at: Timestamp,
}

/// Hands a command to the session and answers as the contract wants it. Only prompts are something that an organisation pays
/// for: stopping and answering always work.
async fn submit(state: &HttpState, caller: &Caller, session: SessionId, id: CommandId, kind: CommandKind) -> Result<Json, ApiError> {
    if matches!(kind, CommandKind::Prompt { .. }) && state.billing.is_on() {
        let identity = state.node.session_identity(caller.principal(), session).await?;
        billing::require(state, &caller.principal().org_id, BillingAction::PromptEnqueue(&identity.profile_name)).await?;
    }
    let submitted = state.node.submit(caller.principal(), session, id, kind).await?;
    Ok(Json::text(text(&submitted, state.node.clock().now())).with_status(StatusCode::ACCEPTED))
}

/// As [`submit`], with one effect and one answer for all requests that come with the same key, by whichever way they come: over
/// a socket or by a route.
pub(in crate::http) async fn submit_once(
    state: &HttpState,
    caller: &Caller,
    key: IdempotencyKey,
    session: SessionId,
    kind: CommandKind,
) -> Result<Json, ApiError> {
    let minted = state.node.clock().mint_command_id().as_uuid();
    let (named, asked) = (session.as_uuid(), serde_json::to_vec(&kind).expect("a command has text keys"));
    let claim = match idempotency::claim(state, caller, key, "session.command", &[named.as_bytes(), &asked], minted).await? {
        Claimed::Answered(answer) => return Ok(answer),
        Claimed::Mine(claim) => claim,
    };
    let submitted = submit(state, caller, session, CommandId::from_uuid(claim.id), kind).await;
    let answer = submitted.map_err(|error| claim.explain(error))?;
    claim.keep(state, &answer).await;
    Ok(answer)
}

/// The answer to a command. The view is JSON text already and may be long: it is taken over as it is.
pub(in crate::http) fn text(submitted: &Submitted, now: Timestamp) -> String {
    let Submitted { command, processed, fence, view } = submitted;
    let fence = fence.map(|sequence| ProjectionFence {
        version: 1,
        scope: "session",
        tenant_id: &command.tenant_id,
        session_id: command.session_id,
        command_id: command.command_id,
        sequence,
        projection_version: sequence,
        issued_at: now,
    });
    let command = serde_json::to_string(command).expect("a command record has text keys");
    let fence = serde_json::to_string(&fence).expect("a fence has text keys");
    let processed = if *processed { "1" } else { "0" };
    ["{\"command\":", &command, ",\"processed\":", processed, ",\"view\":", view, ",\"projectionFence\":", &fence, "}"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cowork_domain::{
        ids::UserId,
        session::{CommandRecord, CommandStatus},
    };
    use uuid::Uuid;

    #[test]
    fn the_envelope_has_the_contracts_four_fields() {
        let command = CommandRecord {
            command_id: CommandId::from_uuid(Uuid::from_u128(2)),
            tenant_id: TenantId::new("acme"),
            user_id: UserId::new("kim"),
            session_id: SessionId::from_uuid(Uuid::from_u128(1)),
            kind: "abort",
            payload: serde_json::json!({}),
            target_lease_token: None,
            created_sequence: 3,
            created_at: Timestamp::from_millis(0),
            status: CommandStatus::Pending,
            claimed_by: None,
            claimed_lease_token: None,
            attempt_count: 0,
            available_at: None,
            last_error_code: None,
            last_error_summary: None,
            acked_at: None,
            error: None,
        };
        let mut submitted =
            Submitted { command, processed: true, fence: Some(Sequence(14)), view: r#"{"session":{},"projection":null}"#.into() };
        let read = |submitted: &Submitted| -> serde_json::Value {
            serde_json::from_str(&text(submitted, Timestamp::from_millis(0))).expect("JSON")
        };
        let body = read(&submitted);
        assert_eq!(body["processed"], 1);
        assert_eq!(body["view"]["projection"], serde_json::Value::Null);
        assert_eq!(body["command"]["status"], "pending");
        assert_eq!(body["projectionFence"]["sequence"], 14);
        assert_eq!(body["projectionFence"]["projectionVersion"], 14);
        assert_eq!(body["projectionFence"]["commandId"], "cmd_00000000000000000000000000000002");
        submitted.processed = false;
        submitted.fence = None;
        let body = read(&submitted);
        assert_eq!((body["processed"].clone(), body["projectionFence"].clone()), (0.into(), serde_json::Value::Null));
    }
}
