//! What a turn reports.

use super::house::{OpenHouse, answer, eventually, tools};
use crate::house::finish;
use cowork_domain::{
    policy::{Ceiling, ManagedPolicy, PermissionCeilings},
    runtime_event::{Answer, RuntimeEvent, TaskStatus, ToolStatus},
};
use cowork_runtime::{HistoryMessage, HistoryRole, Runtime as _, TurnRequest};

#[tokio::test]
async fn everything_that_an_agent_does_is_reported_as_the_native_runtime_reports_it() {
    let Some(house) = OpenHouse::new(false).await else { return };
    let events = house.run("[[reason:secret thoughts]] hello there").await;
    assert_eq!(answer(&events), "echo: hello there", "{events:?}");
    assert!(matches!(events.last(), Some(RuntimeEvent::Finished)));
    assert!(events.iter().any(|event| matches!(event, RuntimeEvent::Cost { tokens, .. } if tokens.input > 0)), "{events:?}");
    assert!(!format!("{events:?}").contains("secret thoughts"), "{events:?}");

    let events = house.run("[[write:notes/a.txt|from the agent]]").await;
    assert!(
        events.iter().any(|event| matches!(event, RuntimeEvent::PermissionRequested { tool, description, .. }
        if tool == "write" && description == "change the file notes/a.txt")),
        "{events:?}"
    );
    assert_eq!(std::fs::read_to_string(house.workspace().join("notes/a.txt")).expect("it is in its place"), "from the agent");
    let events = house.run("[[read:notes/a.txt]]").await;
    assert!(
        matches!(tools(&events).as_slice(), [(name, ToolStatus::Complete, output)] if name == "read" && output.contains("from the agent")),
        "{events:?}"
    );

    let events = house.run("[[question:Which?|A|B]]").await;
    assert!(answer(&events).contains("\"Which?\"=\"A\""), "{events:?}");
    let events = house.run("[[todo:first;second]]").await;
    let todos = events.iter().find_map(|event| if let RuntimeEvent::Todos(todos) = event { Some(todos) } else { None }).expect("a list");
    assert_eq!(todos.iter().map(|todo| todo.content.as_str()).collect::<Vec<_>>(), ["first", "second"]);
    let events = house.run("[[task:look around]]").await;
    let task = events.iter().rev().find_map(|event| if let RuntimeEvent::Task(task) = event { Some(task) } else { None }).expect("a task");
    assert_eq!((task.status, task.title.as_str(), task.content.as_str()), (TaskStatus::Complete, "look around", "echo: look around"));

    let deny = |event: &RuntimeEvent| match event {
        RuntimeEvent::PermissionRequested { id, .. } => Some(Answer::Permission { id: id.clone(), allowed: false }),
        _ => None,
    };
    let events = finish(house.start("[[bash:touch made]] still here"), deny).await;
    assert!(matches!(tools(&events).as_slice(), [(name, ToolStatus::Error, _)] if name == "bash"), "{events:?}");
    assert!(answer(&events).contains("still here") && !house.workspace().join("made").exists(), "{events:?}");

    let said = |role, content: &str| HistoryMessage { role, content: content.to_owned() };
    let history = vec![said(HistoryRole::User, "[[text:3]] before"), said(HistoryRole::Assistant, "w1 w2 w3")];
    let events = finish(house.runtime.start(TurnRequest { history, ..house.request("and now") }), |_| None).await;
    assert_eq!(answer(&events), "echo: and now", "what was said before is known, and not answered again: {events:?}");
    assert_eq!(house.runtime.report().expect("it keeps processes").processes.len(), 1, "one process did it all");
}

#[tokio::test]
async fn an_agent_goes_as_far_as_the_organisations_policy_lets_it() {
    let Some(house) = OpenHouse::new(false).await else { return };
    let ceilings = PermissionCeilings { bash: Ceiling::Deny, task: Ceiling::Ask, ..PermissionCeilings::default() };
    house.keys.allow(ManagedPolicy { permission_ceilings: ceilings, ..ManagedPolicy::default() });
    let events = house.run("[[bash:touch made]] still here").await;
    assert!(matches!(tools(&events).as_slice(), [(name, ToolStatus::Error, _)] if name == "bash"), "{events:?}");
    assert!(!events.iter().any(|event| matches!(event, RuntimeEvent::PermissionRequested { .. })), "nobody is asked in vain: {events:?}");
    assert!(answer(&events).contains("still here") && !house.workspace().join("made").exists(), "{events:?}");
    let events = house.run("[[task:look around]]").await;
    let asked = |event: &RuntimeEvent| matches!(event, RuntimeEvent::PermissionRequested { tool, .. } if tool == "task");
    assert!(events.iter().any(asked), "{events:?}");
    let done = |event: &RuntimeEvent| matches!(event, RuntimeEvent::Task(task) if task.status == TaskStatus::Complete);
    assert!(events.iter().any(done), "{events:?}");
}

#[tokio::test]
async fn failures_end_a_turn_with_a_code_and_an_abort_ends_the_model_call() {
    let Some(house) = OpenHouse::new(false).await else { return };
    let failure = |events: &[RuntimeEvent]| match events.last() {
        Some(RuntimeEvent::Failed { code, message }) => (code.clone(), message.clone()),
        other => panic!("not a failure: {other:?}"),
    };
    let events = house.run("[[err:401]]").await;
    assert_eq!(failure(&events).0, "runtime.provider_unauthorized");
    let events = house.run("[[err:500]]").await;
    assert_eq!(failure(&events).0, "runtime.provider_error");
    assert!(events.iter().any(|event| matches!(event, RuntimeEvent::Retrying { attempt: 2, .. })), "{events:?}");
    let events = finish(house.runtime.start(TurnRequest { model: Some("openai/gpt".into()), ..house.request("x") }), |_| None).await;
    assert_eq!(failure(&events).0, "byok.key_missing");

    let turn = house.start("[[slow:50]] [[text:100000]]");
    eventually("the model is at work", || house.at_work() > 0).await;
    drop(turn);
    eventually("the model call ended", || house.at_work() == 0).await;
    let events = house.run("after").await;
    assert_eq!(answer(&events), "echo: after");
}
