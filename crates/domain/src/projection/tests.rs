//! Snapshots, payloads and recordings fold alike.

use super::*;
use crate::{
    event::{ArtifactRecord, Attachment, EventType, ItemCounts, MessageMode, QuestionTool, TaskRunEvent, ToolCallEvent},
    ids::CommandId,
    runtime_event::{Question, QuestionOption, TaskStatus, ToolStatus},
    view::SessionView,
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Map, Value, json};
use uuid::Uuid;

fn name() -> impl Strategy<Value = String> {
    select(vec!["a", "b", "c", "ü d", ""]).prop_map(str::to_owned)
}

fn known_name() -> impl Strategy<Value = String> {
    select(vec!["a", "b", "c"]).prop_map(str::to_owned)
}

fn text() -> impl Strategy<Value = String> {
    "(\\PC|\u{0}|\n){0,12}"
}

fn cost() -> impl Strategy<Value = f64> {
    prop_oneof![4 => 0.0..10.0, 1 => any::<f64>()]
}

fn tokens() -> impl Strategy<Value = Tokens> {
    (any::<u64>(), [0..100_u64, 0..100, 0..100, 0..100]).prop_map(|(input, [output, reasoning, cache_read, cache_write])| Tokens {
        input,
        output,
        reasoning,
        cache_read,
        cache_write,
    })
}

fn input() -> impl Strategy<Value = Map<String, Value>> {
    vec(
        (known_name(), prop_oneof![text().prop_map(Value::from), any::<f64>().prop_map(Value::from), any::<u64>().prop_map(Value::from)]),
        0..3,
    )
    .prop_map(|fields| fields.into_iter().collect())
}

fn attachments() -> impl Strategy<Value = Option<Vec<Attachment>>> {
    option::of(vec(
        known_name().prop_map(|data| Attachment { mime: "image/png".into(), url: format!("data:image/png;base64,{data}"), filename: None }),
        0..2,
    ))
}

fn command() -> impl Strategy<Value = Option<CommandId>> {
    option::of((0..4_u128).prop_map(|number| CommandId::from_uuid(Uuid::from_u128(number))))
}

fn question() -> impl Strategy<Value = Question> {
    (text(), text(), vec(text(), 0..2), any::<bool>(), any::<bool>()).prop_map(|(header, question, labels, multiple, custom)| Question {
        header,
        question,
        options: labels.into_iter().map(|label| QuestionOption { label, description: String::new() }).collect(),
        multiple,
        custom,
    })
}

fn tool_call() -> impl Strategy<Value = EventBody> {
    let status = select(vec![ToolStatus::Running, ToolStatus::Complete, ToolStatus::Error]);
    let ids = (option::of(name()), option::of(name()), option::of(name()), option::of(name()));
    (ids, input(), status, option::of(text()), attachments()).prop_map(
        |((id, name, agent, task_run_id), input, status, output, attachments)| {
            let (output_paths, source_session_id) = (None, None);
            EventBody::ToolCall(ToolCallEvent {
                id,
                name,
                input,
                status,
                output,
                output_paths,
                attachments,
                agent,
                source_session_id,
                task_run_id,
            })
        },
    )
}

fn task_run() -> impl Strategy<Value = EventBody> {
    let status = select(vec![TaskStatus::Queued, TaskStatus::Running, TaskStatus::Complete, TaskStatus::Error]);
    let names = (option::of(name()), option::of(name()), option::of(name()));
    (names, status, text(), option::of(text()), cost(), tokens()).prop_map(
        |((id, title, agent), status, content, error, session_cost, session_tokens)| {
            EventBody::TaskRun(TaskRunEvent {
                id,
                title,
                agent,
                status,
                source_session_id: None,
                parent_session_id: None,
                content,
                error,
                session_cost,
                session_tokens,
                started_at: None,
                finished_at: None,
            })
        },
    )
}

fn conversation() -> impl Strategy<Value = EventBody> {
    let mode = select(vec![MessageMode::Append, MessageMode::Replace]);
    prop_oneof![
        (command(), option::of(name()), text(), option::of(text()), attachments(), any::<bool>()).prop_map(
            |(command_id, message_id, text, agent, attachments, imported)| EventBody::PromptSubmitted {
                command_id,
                message_id,
                text,
                agent,
                attachments,
                imported
            }
        ),
        (option::of(name()), text(), mode, attachments(), any::<bool>()).prop_map(|(message_id, content, mode, attachments, imported)| {
            EventBody::AssistantMessage { message_id, content, mode, attachments, imported }
        }),
    ]
}

fn interaction() -> impl Strategy<Value = EventBody> {
    prop_oneof![
        (known_name(), option::of(text()), input(), option::of(text()), option::of(name())).prop_map(
            |(permission_id, tool, input, description, task_run_id)| EventBody::PermissionRequested {
                permission_id,
                tool,
                input,
                description,
                task_run_id,
                source_session_id: None
            }
        ),
        (command(), known_name(), any::<bool>(), option::of(text())).prop_map(|(command_id, permission_id, allowed, tool)| {
            EventBody::PermissionResolved { command_id, permission_id, allowed, tool, description: None }
        }),
        (known_name(), vec(question(), 0..3), any::<bool>()).prop_map(|(request_id, questions, by_tool)| EventBody::QuestionAsked {
            request_id,
            questions,
            tool: by_tool.then(|| QuestionTool { message_id: "m".into(), call_id: "c".into() }),
            source_session_id: None
        }),
        (command(), known_name(), option::of(vec(text().prop_map(Value::from), 0..2)), any::<bool>()).prop_map(
            |(command_id, request_id, answers, rejected)| EventBody::QuestionResolved { command_id, request_id, answers, rejected }
        ),
    ]
}

fn lifecycle() -> impl Strategy<Value = EventBody> {
    let reported = select(vec!["running", "busy", "idle", "odd"]).prop_map(str::to_owned);
    prop_oneof![
        option::of(text()).prop_map(|title| EventBody::SessionCreated { title, runtime_pending: true }),
        text().prop_map(|source_fingerprint| EventBody::SessionImported {
            source_fingerprint,
            imported_at: None,
            item_counts: ItemCounts { messages: 3, ..ItemCounts::default() }
        }),
        (reported, option::of(text())).prop_map(|(status_type, reason)| EventBody::SessionStatus {
            status_type,
            reason,
            preserve_error: false
        }),
        any::<bool>().prop_map(|imported| EventBody::SessionIdle { imported, preserve_error: false }),
        command().prop_map(|command_id| EventBody::SessionAborted { command_id }),
        (option::of(name()), command(), option::of(text())).prop_map(|(id, command_id, message)| EventBody::RuntimeError {
            id,
            command_id,
            message,
            code: None
        }),
    ]
}

fn result() -> impl Strategy<Value = EventBody> {
    let todo = (text(), name()).prop_map(|(content, status)| Todo { content, status, priority: "high".into(), id: None });
    prop_oneof![
        vec(todo, 0..3).prop_map(|todos| EventBody::TodosUpdated { todos }),
        (cost(), tokens()).prop_map(|(cost, tokens)| EventBody::CostUpdated { cost, tokens, imported: false }),
        (known_name(), known_name(), option::of(0..9_u64)).prop_map(|(artifact_id, filename, size)| {
            EventBody::ArtifactCreated(ArtifactRecord {
                artifact_id,
                filename,
                size,
                mime: Some("text/plain".into()),
                ..Default::default()
            })
        }),
    ]
}

fn body() -> impl Strategy<Value = EventBody> {
    prop_oneof![tool_call(), task_run(), conversation(), interaction(), lifecycle(), result()].prop_map(EventBody::sanitised)
}

fn empty() -> Projection {
    Projection::new(SessionId::from_uuid(Uuid::from_u128(7)), "full", Timestamp::from_millis(0))
}

fn at(sequence: u64, body: EventBody) -> SessionEvent {
    SessionEvent { sequence: Sequence(sequence), at: Timestamp::from_millis(i64::try_from(sequence).unwrap_or(0) * 1000), body }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_snapshot_at_any_cut_and_the_stored_tail_equal_the_full_fold(bodies in vec(body(), 0..24)) {
        let events: Vec<_> = bodies.into_iter().zip(1..).map(|(body, sequence)| at(sequence, body)).collect();
        let mut full = empty();
        let mut snapshots = vec![serde_json::to_string(&full).expect("serialises")];
        for event in &events {
            full.apply(event);
            snapshots.push(serde_json::to_string(&full).expect("serialises"));
            let view = SessionView::of(&full, event.sequence);
            prop_assert!(serde_json::to_string(&view).is_ok());
            prop_assert!(!(view.is_generating && (view.is_awaiting_permission || view.is_awaiting_question)));
        }
        for (cut, snapshot) in snapshots.iter().enumerate() {
            let mut restored: Projection = serde_json::from_str(snapshot).expect("a snapshot reads back");
            for event in &events[cut..] {
                let body = EventBody::read(event.body.event_type(), &event.body.payload()).expect("a payload reads back");
                prop_assert_eq!(&body, &event.body);
                restored.apply(&SessionEvent { body, ..event.clone() });
            }
            prop_assert_eq!(&restored, &full);
        }
    }
}

fn fold(events: &[(u64, &str, Value)]) -> Projection {
    let mut projection = empty();
    for (sequence, event_type, payload) in events {
        let event_type = EventType::parse(event_type).expect("a stored type");
        projection.apply(&at(*sequence, EventBody::read(event_type, &payload.to_string()).expect("readable")));
    }
    projection
}

/// The turn of the recorded session stream, with shorter ids.
fn recorded_turn() -> Vec<(u64, &'static str, Value)> {
    vec![
        (1, "session.created", json!({"title": "New session", "runtimePending": true})),
        (15, "session.status", json!({"statusType": "running"})),
        (16, "prompt.submitted", json!({"text": "go", "agent": "build", "commandId": "x", "messageId": "c:user"})),
        (18, "task.run", json!({"id": "s:task:d1", "agent": "build", "title": "Analyze", "status": "running", "sessionId": "r"})),
        (
            19,
            "tool.call",
            json!({"id": "t", "name": "read", "input": {"path": "README.md"}, "status": "running", "taskRunId": "s:task:d1"}),
        ),
        (
            20,
            "tool.call",
            json!({"id": "t", "name": "read", "input": {}, "output": "read ok", "status": "complete", "taskRunId": "s:task:d1"}),
        ),
        (
            22,
            "artifact.created",
            json!({"size": 42, "filename": "r 1.json", "taskRunId": "s:task:d1", "artifactId": "s:a", "contentType": "application/json"}),
        ),
        (
            25,
            "permission.requested",
            json!({"tool": "shell", "input": {"command": "npm test"}, "description": "Allow?", "permissionId": "p"}),
        ),
        (
            26,
            "question.asked",
            json!({"requestId": "q", "questions": [{"question": "Go on?", "options": [{"label": "Yes"}]}, {"header": "dropped"}]}),
        ),
        (27, "session.idle", json!({})),
    ]
}

#[test]
fn the_recorded_turn_folds_to_the_recorded_view() {
    let projection = fold(&recorded_turn());
    let view = serde_json::to_value(&projection).expect("serialises");
    let session = projection.session_id.to_string();
    assert_eq!(
        view["taskRuns"][0],
        json!({
            "id": "s:task:d1", "agent": "build", "error": null, "order": 18, "title": "Analyze", "todos": [], "status": "running",
            "content": "", "startedAt": null, "finishedAt": null, "transcript": [], "compactions": [], "sessionCost": 0.0,
            "sessionTokens": {"input": 0, "output": 0, "reasoning": 0, "cacheRead": 0, "cacheWrite": 0},
            "parentSessionId": null, "sourceSessionId": null,
            "toolCalls": [{
                "id": "t", "name": "read", "agent": null, "input": {"path": "README.md"}, "order": 19, "output": "read ok",
                "status": "complete", "sourceSessionId": null
            }]
        })
    );
    assert_eq!(
        view["artifacts"][0],
        json!({
            "id": "s:a", "mime": "application/json", "size": 42, "order": 22, "source": "cloud", "taskId": null, "toolId": "cloud-artifact",
            "filePath": "cloud-artifact://s%3Aa/r%201.json", "filename": "r 1.json", "toolName": "cloud.artifact", "projectId": null,
            "taskRunId": "s:task:d1", "authorAgentId": null, "cloudArtifactId": "s:a", "statusUpdatedAt": null, "statusUpdatedBy": null
        })
    );
    assert_eq!(
        view["pendingApprovals"][0],
        json!({
            "id": "p", "tool": "shell", "input": {"command": "npm test"}, "order": 25, "sessionId": session, "taskRunId": null,
            "description": "Allow?", "sourceSessionId": null
        })
    );
    assert_eq!(
        view["pendingQuestions"][0]["questions"],
        json!([{"custom": true, "header": "", "options": [{"label": "Yes", "description": ""}], "multiple": false, "question": "Go on?"}])
    );
    assert_eq!((&view["status"], &view["isGenerating"], &view["toolCalls"]), (&json!("idle"), &json!(false), &json!([])));
}

#[test]
fn answers_move_to_the_resolved_lists_and_unknown_ones_are_added_with_defaults() {
    let mut events = recorded_turn();
    events.push((28, "permission.resolved", json!({"allowed": false, "permissionId": "p"})));
    events.push((29, "permission.resolved", json!({"allowed": true, "permissionId": "perm-unknown"})));
    events.push((30, "question.resolved", json!({"answers": [["Yes"]], "requestId": "q"})));
    let projection = fold(&events);
    assert!(projection.pending_approvals.is_empty() && projection.pending_questions.is_empty());
    let [asked, unknown] = projection.resolved_approvals.as_slice() else { panic!("two answers") };
    assert_eq!((asked.tool.as_str(), asked.description.as_str(), asked.allowed, asked.order), ("shell", "Allow?", false, Sequence(28)));
    assert_eq!((unknown.tool.as_str(), unknown.description.as_str(), unknown.allowed), ("permission", "Permission resolved", true));
    assert_eq!(
        (projection.resolved_questions[0].answers.as_slice(), projection.resolved_questions[0].questions.len()),
        ([json!(["Yes"])].as_slice(), 1)
    );
}

#[test]
fn streamed_text_is_appended_and_then_replaced_in_place() {
    let projection = fold(&[
        (1, "prompt.submitted", json!({"text": "stream me", "messageId": "c:user"})),
        (2, "assistant.message", json!({"mode": "append", "content": "tok0 ", "messageId": "m"})),
        (3, "assistant.message", json!({"mode": "append", "content": "tok1", "messageId": "m"})),
        (4, "prompt.submitted", json!({"text": "next"})),
        (5, "assistant.message", json!({"content": "tok0 tok1 done", "messageId": "m"})),
    ]);
    let contents: Vec<_> = projection.messages.iter().map(|message| (message.content.as_str(), message.created_at.as_millis())).collect();
    assert_eq!(contents, [("stream me", 1000), ("tok0 tok1 done", 5000), ("next", 4000)]);
    assert!(projection.messages[2].id.ends_with(":4:user"));
}

#[test]
fn an_error_stays_until_a_prompt_or_an_abort() {
    let failed = (1, "runtime.error", json!({"message": "no key", "id": "e"}));
    let status_after = |next: (u64, &'static str, Value)| fold(&[failed.clone(), next]).status;
    assert_eq!(status_after((2, "session.idle", json!({}))), SessionStatus::Errored);
    assert_eq!(status_after((2, "session.status", json!({"statusType": "idle"}))), SessionStatus::Errored);
    assert_eq!(status_after((2, "session.aborted", json!({}))), SessionStatus::Idle);
    assert_eq!(status_after((2, "prompt.submitted", json!({"text": "again"}))), SessionStatus::Running);
    let view = fold(&[failed]);
    assert_eq!(SessionView::of(&view, Sequence(1)).errors[0].message, "no key");
}
