//! Turns as OpenCode 1.18 told them, and what they mean.

use super::*;
use crate::opencode::frames::{Statuses, WholeMessage};
use cowork_domain::runtime_event::TaskStatus;
use serde_json::json;

/// The session of the recordings.
const SESSION: &str = "ses_dfe3023d8ffeP6q6fundmv7EWb";

fn recorded(lines: &str) -> Vec<Event> {
    lines.lines().map(|line| Event::read(line.as_bytes()).expect("an event")).collect()
}

#[expect(clippy::needless_pass_by_value, reason = "the values are written where they are passed")]
fn event(kind: &str, properties: Value) -> Event {
    Event::read(json!({ "type": kind, "properties": properties }).to_string().as_bytes()).expect("an event")
}

fn take_all(mapping: &mut Mapping, events: Vec<Event>) -> Vec<Step> {
    events.into_iter().flat_map(|event| mapping.take(event)).collect()
}

/// Steps in short.
fn told(steps: &[Step]) -> Vec<String> {
    let status = |status: ToolStatus| format!("{status:?}").to_lowercase();
    let tell = |step: &Step| match step {
        Step::Text { message, delta } => format!("{message} + {delta}"),
        Step::TextDone { message } => format!("{message} done"),
        Step::TextAgain { message } => format!("{message} again"),
        Step::Report(RuntimeEvent::Tool(tool)) => format!("{} {}", tool.name, status(tool.status)),
        Step::Report(RuntimeEvent::Task(task)) => format!("task {:?} {} by {:?}", task.status, task.content, task.agent),
        Step::Report(RuntimeEvent::Cost { tokens, .. }) => format!("cost {}", tokens.output),
        Step::Report(other) => format!("{other:?}"),
        Step::Permission { report: RuntimeEvent::PermissionRequested { tool, description, input, .. }, .. } => {
            format!("may {tool}? {description} {}", input.len())
        }
        Step::Question { report: RuntimeEvent::QuestionAsked { questions, tool_call, .. }, .. } => {
            format!("{} {} {}", questions[0].question, questions[0].options.len(), tool_call.is_some())
        }
        Step::Retry { failures, reason } => format!("retry {failures} {reason}"),
        Step::Idle => "idle".to_owned(),
        other => panic!("not a step of a recording: {other:?}"),
    };
    let mut told: Vec<String> = steps.iter().map(tell).collect();
    told.dedup_by(|next, first| next == "idle" && first == "idle");
    told
}

#[test]
fn recorded_turns_are_told_in_our_words() {
    let tell = |lines| told(&take_all(&mut Mapping::new(SESSION), recorded(lines)));
    assert_eq!(
        tell(include_str!("recorded/write.jsonl")),
        ["write running", "may write? change the file a/b.txt 2", "write complete", "cost 0", "m1 + echo: ", "m1 done", "cost 1", "idle"]
    );
    let question = tell(include_str!("recorded/question.jsonl"));
    assert_eq!(question[..4], ["Which? 2 true", "question running", "question complete", "cost 0"]);
    // The person's own message and the agent's reasoning are no part of the answer, though both come as text.
    let reasoning = tell(include_str!("recorded/reasoning.jsonl"));
    assert_eq!(reasoning, ["m1 + echo: ", "m1 + one ", "m1 + two", "m1 done", "cost 3", "idle"]);
    let task = tell(include_str!("recorded/task.jsonl"));
    let about: Vec<&String> = task.iter().filter(|line| line.starts_with("task ")).collect();
    assert_eq!(
        about,
        ["task running", "task Running  by Some(\"general\")", "task complete", "task Complete echo: Sub thing by Some(\"general\")"]
    );
    assert!(!task.iter().any(|line| line.contains("+ echo: Sub")), "a sub-agent's words are its task's: {task:?}");

    let mut mapping = Mapping::new(SESSION);
    assert_eq!(told(&take_all(&mut mapping, recorded(include_str!("recorded/refused_key.jsonl")))), ["idle"]);
    let failure = mapping.failure().expect("a refused key is a failure");
    assert_eq!(
        (failure.code, failure.message.as_str()),
        ("runtime.provider_unauthorized", "the model provider refused the configured key")
    );
}

#[test]
fn what_was_told_already_is_not_told_again() {
    for lines in [include_str!("recorded/write.jsonl"), include_str!("recorded/question.jsonl"), include_str!("recorded/task.jsonl")] {
        let mut mapping = Mapping::new(SESSION);
        take_all(&mut mapping, recorded(lines));
        let again = recorded(lines).into_iter().filter(|event| !matches!(event, Event::Todos(_))).collect();
        assert_eq!(told(&take_all(&mut mapping, again)), ["idle"]);
    }
    let mut other = Mapping::new("ses_other");
    assert_eq!(take_all(&mut other, recorded(include_str!("recorded/write.jsonl"))), [], "another session's turn");
}

fn text_part(text: &str, end: Option<u64>) -> Event {
    let part =
        json!({ "id": "prt_1", "sessionID": "s", "messageID": "msg_1", "type": "text", "text": text, "time": { "start": 1, "end": end } });
    event("message.part.updated", json!({ "part": part }))
}

fn begun() -> Mapping {
    let mut mapping = Mapping::new("s");
    let idle = |mapping: &mut Mapping| mapping.take(event("session.idle", json!({ "sessionID": "s" })));
    assert_eq!(idle(&mut mapping), [], "a rest before any work is not the end");
    mapping.take(event("session.status", json!({ "sessionID": "s", "status": { "type": "busy" } })));
    mapping.take(event("message.updated", json!({ "info": { "id": "msg_1", "sessionID": "s", "role": "assistant" } })));
    assert_eq!(mapping.take(text_part("", None)), []);
    mapping
}

fn delta(text: &str) -> Event {
    event("message.part.delta", json!({ "sessionID": "s", "messageID": "msg_1", "partID": "prt_1", "field": "text", "delta": text }))
}

#[test]
fn text_that_was_missed_or_came_twice_is_set_right_at_the_latest_at_its_end() {
    let mut mapping = begun();
    assert_eq!(told(&mapping.take(delta("one "))), ["m1 + one "]);
    // The stream breaks and "two " is missed; the state that is read then tells it.
    let state = |text: &str, statuses: Value| State {
        statuses: serde_json::from_value::<Statuses>(statuses).unwrap(),
        messages: vec![
            serde_json::from_value::<WholeMessage>(json!({
                "info": { "id": "msg_1", "sessionID": "s", "role": "assistant" },
                "parts": [{ "id": "prt_1", "sessionID": "s", "messageID": "msg_1", "type": "text", "text": text }],
            }))
            .unwrap(),
        ],
        permissions: Vec::new(),
        questions: Vec::new(),
        children: Vec::new(),
    };
    assert_eq!(told(&mapping.reconcile(state("one two ", json!({ "s": { "type": "busy" } })))), ["m1 + two "]);
    // It came with the new stream, too.
    assert_eq!(told(&mapping.take(delta("two "))), ["m1 + two "]);
    assert_eq!(told(&mapping.take(text_part("one two three", Some(2)))), ["m1 again", "m1 + one two three", "m1 done"]);
    assert_eq!(told(&mapping.reconcile(state("one two three", json!({})))), ["idle"]);
}

#[test]
fn a_failed_try_is_replaced_by_the_next_one() {
    let mut mapping = begun();
    mapping.take(delta("half an ans"));
    let retry = json!({ "sessionID": "s", "status": { "type": "retry", "attempt": 1, "message": "too\nmany", "next": 5 } });
    assert_eq!(told(&mapping.take(event("session.status", retry))), ["m1 again", "retry 1 too many"]);
    let part =
        json!({ "id": "prt_2", "sessionID": "s", "messageID": "msg_1", "type": "text", "text": "whole", "time": { "start": 1, "end": 2 } });
    assert_eq!(told(&mapping.take(event("message.part.updated", json!({ "part": part })))), ["m1 + whole", "m1 done"]);
}

#[test]
fn unknown_and_malformed_events_are_nothing() {
    for frame in [
        r#"{"type":"session.status","properties":{"sessionID":7}}"#,
        r#"{"type":"brand.new","properties":{}}"#,
        r#"{"type":"message.part.updated"}"#,
    ] {
        assert!(matches!(Event::read(frame.as_bytes()), Some(Event::Other)), "{frame}");
    }
    assert!(Event::read(b"not json").is_none() && Event::read(b"[]").is_none());
    let unknown_part = json!({ "part": { "id": "p", "sessionID": "s", "messageID": "msg_1", "type": "hologram" } });
    assert_eq!(begun().take(event("message.part.updated", unknown_part)), []);
    assert_eq!(begun().take(event("session.status", json!({ "sessionID": "s", "status": { "type": "dreaming" } }))), []);
    assert_eq!(TaskStatus::Complete, task("p", &Map::new(), ToolStatus::Complete, None).status);
}
