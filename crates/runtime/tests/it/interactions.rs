//! Turns that wait for a person.

use crate::house::{House, answers, finish, next, tool_ends, willing};
use cowork_domain::runtime_event::{Answer, RuntimeEvent, ToolStatus};
use serde_json::json;

#[tokio::test]
async fn a_file_is_written_only_with_permission() {
    let house = House::new().await;
    let denied = |event: &RuntimeEvent| match willing(event) {
        Some(Answer::Permission { id, .. }) => Some(Answer::Permission { id, allowed: false }),
        other => other,
    };
    let events = finish(house.start("[[write:notes/a.txt|first]]"), denied).await;
    assert_eq!(tool_ends(&events), [("write", ToolStatus::Error, "denied by the user")]);
    assert_eq!(events.last(), Some(&RuntimeEvent::Finished), "the model is told and goes on");
    assert!(!house.workspace().join("notes").exists());

    let events = house.run("[[write:notes/a.txt|second]]").await;
    let Some(RuntimeEvent::PermissionRequested { id, tool, input, description }) =
        events.iter().find(|event| matches!(event, RuntimeEvent::PermissionRequested { .. }))
    else {
        panic!("permission is asked: {events:?}")
    };
    assert!(id.starts_with("perm_"));
    assert_eq!((tool.as_str(), description.as_str()), ("write", "write notes/a.txt (6 bytes)"));
    assert_eq!(json!(input), json!({ "path": "notes/a.txt", "content": "second" }));
    assert_eq!(std::fs::read_to_string(house.workspace().join("notes/a.txt")).expect("written"), "second");
    assert_eq!(std::fs::read_dir(house.workspace().join("notes")).expect("there").count(), 1, "no draft is left");
}

#[tokio::test]
async fn a_question_brings_back_the_answer() {
    let house = House::new().await;
    let events = house.run("[[question:Which one?|A|B]]").await;
    let asked = events.iter().find_map(|event| match event {
        RuntimeEvent::QuestionAsked { questions, tool_call, .. } => Some((questions, tool_call)),
        _ => None,
    });
    let (questions, tool_call) = asked.expect("the question is asked");
    assert_eq!((questions[0].question.as_str(), questions[0].options[1].label.as_str()), ("Which one?", "B"));
    assert!(tool_call.as_ref().is_some_and(|id| id.starts_with("tool_")));
    assert_eq!(answers(&events), ["answer: A"]);
}

#[tokio::test]
async fn a_rejected_question_is_told_to_the_model() {
    let house = House::new().await;
    let reject = |event: &RuntimeEvent| match willing(event) {
        Some(Answer::Question { id, .. }) => Some(Answer::QuestionRejected { id }),
        other => other,
    };
    let events = finish(house.start("[[question:Which one?|A|B]]"), reject).await;
    assert_eq!(tool_ends(&events), [("question", ToolStatus::Error, "the user rejected the question")]);
    assert_eq!(answers(&events), ["answer: the user rejected the question"]);
}

#[tokio::test]
async fn an_answer_for_nobody_is_refused() {
    let house = House::new().await;
    let mut turn = house.start("[[question:Which one?]]");
    let id = loop {
        if let Some(RuntimeEvent::QuestionAsked { id, .. }) = next(&mut turn).await {
            break id;
        }
    };
    assert!(!turn.answers.answer(Answer::Question { id: "ques_other".into(), answers: vec![] }));
    assert!(!turn.answers.answer(Answer::Permission { id: id.clone(), allowed: true }), "a question is no permission");
    let port = turn.answers.clone();
    drop(turn);
    let patience = std::time::Instant::now();
    while port.answer(Answer::QuestionRejected { id: id.clone() }) {
        assert!(patience.elapsed() < crate::house::PATIENCE, "a dropped turn waits for nothing");
        tokio::task::yield_now().await;
    }
}
