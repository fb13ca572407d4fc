//! One story per promise.

use super::{Story, asks_to, calls, id, prompt, says};
use crate::{
    audit::{UsageRow, WorkPlace},
    event::EventBody,
    ids::{OrgId, Sequence, SessionId, TenantId},
    runtime_event::{Answer, RuntimeEvent, Tokens, ToolStatus},
    session::{CommandKind, CommandStatus, Decision, Effect, SessionInput, SessionStatus},
};
use serde_json::json;

fn payloads(decision: &Decision) -> Vec<(String, serde_json::Value)> {
    let read = |body: &EventBody| serde_json::from_str(&body.payload()).expect("JSON");
    decision.changes.events.iter().map(|(_, body)| (body.event_type().to_string(), read(body))).collect()
}

fn types(decision: &Decision) -> Vec<&'static str> {
    decision.changes.events.iter().map(|(_, body)| body.event_type().as_str()).collect()
}

/// What its work used, as the rows that are told.
fn rows(decision: &Decision) -> Vec<UsageRow> {
    let (org, tenant) = (OrgId::new("acme"), TenantId::new("acme"));
    let of = WorkPlace { org: &org, tenant: &tenant, session: SessionId::from_uuid(uuid::Uuid::from_u128(1)), worker: "w" };
    decision.changes.work.iter().flat_map(|work| work.rows(of)).collect()
}

fn used(decision: &Decision) -> Vec<(String, i64, &'static str)> {
    rows(decision).into_iter().map(|row| (row.event_type, row.quantity, row.unit.as_str())).collect()
}

fn once(event_type: &str) -> (String, i64, &'static str) {
    (event_type.to_owned(), 1, "count")
}

#[test]
fn a_prompt_on_an_idle_session_starts_at_once() {
    let mut story = Story::begin();
    let decision = story.submits(1, prompt(" hello "));
    let cmd = id(1).to_string();
    assert_eq!(
        payloads(&decision),
        [
            ("session.status".to_owned(), json!({"statusType": "running"})),
            (
                "prompt.submitted".to_owned(),
                json!({"commandId": cmd, "messageId": format!("{cmd}:user"), "text": " hello ", "agent": "build"})
            ),
        ]
    );
    let receipt = decision.receipt.as_ref().expect("a submission has a receipt");
    assert_eq!(receipt.fence, Some(Sequence(3)));
    assert_eq!((receipt.command.status, receipt.command.attempt_count, receipt.command.created_sequence), (CommandStatus::Pending, 0, 1));
    assert_eq!(receipt.command.payload, json!({"text": " hello ", "agent": "build"}));
    let [command] = decision.changes.commands.as_slice() else { panic!("one row") };
    assert_eq!((command.status, command.attempt, command.is_new), (CommandStatus::Running, 1, true));
    assert!(matches!(decision.effects.as_slice(), [Effect::StartTurn { attempt: 1, .. }]));
    assert_eq!(used(&decision), ["work.queued", "prompt.enqueued", "work.claimed", "worker.execution_started"].map(once));
    assert_eq!(decision.changes.work.len(), 1, "one fact");
    assert_eq!(decision.changes.audit[0].metadata, json!({"commandId": cmd, "agent": "build"}));
}

#[test]
fn a_second_prompt_waits_and_the_same_prompt_again_changes_nothing() {
    let mut story = Story::begin();
    story.submits(1, prompt("one"));
    let second = story.submits(2, prompt("two"));
    assert!(second.changes.events.is_empty() && second.effects.is_empty());
    assert_eq!(second.receipt.map(|receipt| (receipt.fence, receipt.command.created_sequence)), Some((None, 2)));
    let again = story.submits(2, prompt("two"));
    assert!(again.changes.is_empty() && again.effects.is_empty());
    assert_eq!(again.receipt.map(|receipt| receipt.command.created_sequence), Some(2));

    let done = story.reports(1, 1, vec![says("m", "Hi"), RuntimeEvent::Finished, says("m", "never")]);
    assert_eq!(types(&done), ["assistant.message", "session.idle", "session.status", "prompt.submitted"]);
    assert!(matches!(done.effects.as_slice(), [Effect::StartTurn { command, .. }] if *command == id(2)));
    let expected = [
        once("worker.execution_completed"),
        ("worker.minute".to_owned(), 1, "minute"),
        once("work.claimed"),
        once("worker.execution_started"),
    ];
    assert_eq!(used(&done), expected);
}

#[test]
fn a_call_with_the_organisations_key_is_shown_and_counted() {
    let mut story = Story::begin();
    story.submits(1, prompt("one"));
    let provider = crate::provider::ProviderId::parse("openrouter").expect("it is a name");
    let tokens = Tokens { input: 100, output: 20, reasoning: 5, cache_read: 7, cache_write: 0 };
    let call = RuntimeEvent::ModelCall { provider, model: "a/b".into(), cost: 0.5, tokens };
    let decision = story.reports(1, 1, vec![call.clone(), call]);
    assert_eq!(types(&decision), ["cost.updated", "cost.updated"]);
    let [first, second] = decision.changes.usage.as_slice() else { panic!("one row per call") };
    assert_eq!((first.event_type.as_str(), first.quantity, first.account.is_none()), ("model.tokens", 127, true));
    assert_eq!(
        (&first.metadata["providerId"], &first.metadata["model"], &first.metadata["cost"]),
        (&json!("openrouter"), &json!("a/b"), &json!(0.5))
    );
    assert_ne!(first.id, second.id);
}

#[test]
fn an_abort_closes_what_was_open_and_lets_the_next_prompt_run() {
    let mut story = Story::begin();
    story.submits(1, prompt("one"));
    story.submits(2, prompt("two"));
    story.reports(1, 1, vec![calls("t1", ToolStatus::Running), calls("t2", ToolStatus::Complete), asks_to("p")]);
    let aborted = story.submits(3, CommandKind::Abort {});
    assert_eq!(types(&aborted), ["tool.call", "permission.resolved", "session.aborted", "session.status", "prompt.submitted"]);
    let fence = aborted.receipt.as_ref().and_then(|receipt| receipt.fence).expect("an abort acts at once");
    let at_fence = story.log.iter().find(|event| event.sequence == fence).map(|event| event.body.command_id());
    assert_eq!(at_fence, Some(Some(id(3))));
    assert_eq!(
        used(&aborted),
        [
            once("worker.execution_failed"),
            ("worker.minute".to_owned(), 1, "minute"),
            // The abort is a command that a worker executed, too.
            once("worker.execution_started"),
            once("worker.execution_completed"),
            ("worker.minute".to_owned(), 1, "minute"),
            once("work.claimed"),
            once("worker.execution_started"),
        ]
    );
    let ended = aborted.changes.commands.iter().find(|command| command.id == id(1)).expect("the prompt ends");
    assert_eq!((ended.status, ended.error.as_ref().map(|(code, _)| code.as_str())), (CommandStatus::Failed, Some("aborted")));
    assert!(matches!(aborted.effects.as_slice(), [Effect::StopTurn { .. }, Effect::StartTurn { .. }]));
    assert!(!story.has_open_work());

    story.reports(2, 1, vec![RuntimeEvent::Finished]);
    assert_eq!(types(&story.submits(4, CommandKind::Abort {})), ["session.aborted"]);
}

#[test]
fn an_answer_reaches_the_turn_once() {
    let mut story = Story::begin();
    story.submits(1, prompt("one"));
    story.reports(1, 1, vec![asks_to("p")]);
    let respond = |id: &str| CommandKind::PermissionRespond { permission_id: id.to_owned(), response: json!("once") };
    let answered = story.submits(2, respond("p"));
    let answer = Answer::Permission { id: "p".to_owned(), allowed: true };
    assert_eq!(answered.effects, [Effect::Answer { command: id(1), attempt: 1, answer }]);
    assert_eq!(types(&answered), ["permission.resolved"]);
    let actions: Vec<_> = answered.changes.audit.iter().map(|row| row.action.as_str()).collect();
    assert_eq!(actions, ["command.permission_responded", "cloud_interaction.permission.responded"]);

    let late = story.submits(3, respond("p"));
    assert!(late.changes.events.is_empty() && late.effects.is_empty());
    assert_eq!((late.changes.commands.len(), late.receipt.map(|receipt| receipt.fence)), (1, Some(None)));
    let unknown = story.submits(4, respond("never asked"));
    assert_eq!((types(&unknown), unknown.effects.len()), (vec!["permission.resolved"], 0));
}

#[test]
fn a_lost_turn_is_tried_three_times() {
    let mut story = Story::begin();
    story.submits(1, prompt("one"));
    story.submits(2, prompt("two"));
    story.reports(1, 1, vec![says("m", "half an ans"), calls("t", ToolStatus::Running)]);
    let lost = story.does(SessionInput::TurnLost { command: id(1), attempt: 1 });
    let cmd = id(1).to_string();
    assert_eq!(used(&lost), ["worker.execution_deferred", "work.claimed", "worker.execution_started"].map(once));
    let [tool, text, status] = payloads(&lost).try_into().expect("three events");
    assert_eq!(tool.1["status"], json!("error"));
    assert_eq!(text.1, json!({"messageId": format!("{cmd}:m"), "content": ""}));
    assert_eq!(status.1, json!({"statusType": "running", "reason": "attempt 2 of 3: the previous run was interrupted"}));
    assert!(matches!(lost.effects.as_slice(), [Effect::StartTurn { attempt: 2, .. }]));
    assert!(story.reports(1, 1, vec![says("m", "too late")]).changes.is_empty(), "reports of a dead attempt change nothing");

    assert!(matches!(story.does(SessionInput::Resume).effects.as_slice(), [Effect::StartTurn { attempt: 3, .. }]));
    let given_up = story.does(SessionInput::Resume);
    assert_eq!(types(&given_up), ["runtime.error", "session.status", "prompt.submitted"]);
    assert_eq!(payloads(&given_up)[0].1["code"], json!("runtime.attempts_exhausted"));
    assert_eq!(story.state.running.as_ref().map(|running| running.command.id), Some(id(2)));
}

#[test]
fn a_parked_prompt_goes_on_elsewhere_at_the_same_attempt_and_before_the_others() {
    let mut story = Story::begin();
    story.submits(1, prompt("one"));
    story.submits(2, prompt("two"));
    story.reports(1, 1, vec![says("m", "half")]);
    let parked = story.does(SessionInput::Park);
    assert_eq!(types(&parked), ["assistant.message", "session.status"]);
    assert_eq!(used(&parked), [once("worker.execution_deferred")]);
    assert_eq!(rows(&parked)[0].metadata["errorCode"], json!(null));
    assert!(matches!(parked.effects.as_slice(), [Effect::StopTurn { attempt: 1, .. }]));
    assert_eq!(story.state.projection.status(), SessionStatus::Idle);
    let meanwhile = story.submits(3, prompt("three"));
    assert!(meanwhile.effects.is_empty(), "a parked session starts nothing");

    let resumed = story.does(SessionInput::Resume);
    assert_eq!(types(&resumed), ["session.status"], "the prompt's message is there already");
    assert!(matches!(resumed.effects.as_slice(), [Effect::StartTurn { command, attempt: 1, .. }] if *command == id(1)));
}

#[test]
fn a_failure_is_told_without_secrets() {
    let mut story = Story::begin();
    story.submits(1, prompt("one"));
    let failed = RuntimeEvent::Failed {
        code: "runtime.provider_unauthorized".to_owned(),
        message: "key sk-abcdefgh12345678 was refused\0".to_owned(),
    };
    let decision = story.reports(1, 1, vec![failed]);
    let expected = json!({
        "commandId": id(1).to_string(), "message": "key [redacted] was refused\u{fffd}", "code": "runtime.provider_unauthorized"
    });
    assert_eq!(payloads(&decision), [("runtime.error".to_owned(), expected)]);
    assert_eq!(used(&decision)[0], once("worker.execution_failed"));
    assert_eq!(rows(&decision)[0].metadata["errorCode"], json!("runtime.provider_unauthorized"));
    assert_eq!(story.state.projection.status(), SessionStatus::Errored);
    let row = decision.changes.commands[0].error.clone();
    assert_eq!(row.map(|(_, message)| message.contains("sk-")), Some(false));
}

#[test]
fn a_failure_whose_code_is_none_has_the_code_of_all_others() {
    let mut story = Story::begin();
    for (number, code) in (1..).zip(["", "two words", "drop\u{0}", "x".repeat(101).as_str()]) {
        story.submits(number, prompt("go on"));
        let failed = RuntimeEvent::Failed { code: code.to_owned(), message: "it broke".to_owned() };
        let told = payloads(&story.reports(number, 1, vec![failed]));
        assert_eq!(told[0].1["code"], json!("runtime.failed"), "{code:?}");
    }
}

#[test]
fn an_artifact_shows_no_object_key() {
    let mut story = Story::begin();
    story.submits(1, prompt("one"));
    let artifact = RuntimeEvent::Artifact {
        id: "art_1".to_owned(),
        filename: "q3 report.pdf".to_owned(),
        path: "out/q3 report.pdf".to_owned(),
        mime: "application/pdf".to_owned(),
        size: 7,
        sha256: "ab".to_owned(),
    };
    let (_, payload) = payloads(&story.reports(1, 1, vec![artifact])).remove(0);
    assert_eq!(payload["filePath"], json!("cloud-artifact://art_1/q3%20report.pdf"));
    assert_eq!((&payload["source"], &payload["kind"], &payload["status"]), (&json!("cloud"), &json!("document"), &json!("draft")));
    assert!(payload.get("key").is_none() && payload.get("path").is_none());
}

#[test]
fn a_clock_that_goes_back_does_not_turn_the_log_around() {
    let mut story = Story::begin();
    story.submits(1, prompt("one"));
    story.now = story.now.plus_millis(-60_000);
    story.reports(1, 1, vec![says("m", "Hi")]);
    assert!(story.log.is_sorted_by_key(|event| event.at));
}
