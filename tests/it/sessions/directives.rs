//! Every directive of the demo model ends in the right events and the right view.

use crate::{
    answer::{answer, is_settled, messages, said},
    event_stream::{EventStream, assert_dense, folded_answer, of_type, types},
    program::resident_bytes,
    server::Server,
};
use reqwest::StatusCode;
use serde_json::{Value, json};

/// Answers what waits in a session.
async fn respond(server: &Server, session: &str, route: &str, body: Value) {
    let answered = server.post(&format!("/api/sessions/{session}/{route}"), body).await;
    assert_eq!((answered.status, &answered.body["processed"]), (StatusCode::ACCEPTED, &json!(1)), "{answered:?}");
    let fence = &answered.body["projectionFence"];
    assert_eq!(fence["commandId"], answered.body["command"]["commandId"], "the effect is durable: {answered:?}");
}

/// The last state of the only tool call of a log.
fn tool_states(records: &[Value]) -> Vec<&str> {
    of_type(records, "tool.call").filter_map(|record| record["payload"]["status"].as_str()).collect()
}

#[tokio::test]
async fn a_permission_that_one_client_grants_is_seen_by_the_other() {
    let server = Server::start().await;
    let session = server.session().await;
    let mut watching = server.events(&session).await;
    server.prompt(&session, "[[write:notes/a.txt|hello]]").await;
    let requested = watching.until_type("permission.requested").await["payload"].clone();
    assert_eq!(requested["tool"], "write");
    assert_eq!(requested["input"]["path"], "notes/a.txt");
    let id = requested["permissionId"].as_str().expect("an id").to_owned();

    let waiting = server.view(&session).await;
    let shown = &waiting["view"];
    assert_eq!((&shown["isAwaitingPermission"], &shown["isGenerating"]), (&json!(true), &json!(false)));
    assert_eq!(shown["pendingApprovals"][0]["id"], json!(id));
    assert_eq!(waiting["session"]["status"], "running");
    let file = server.data_dir().join("workspaces").join(&session).join("notes/a.txt");
    assert!(!file.exists(), "nothing is written without consent");

    respond(&server, &session, "permission-respond", json!({ "permissionId": id, "response": { "allowed": true } })).await;
    let resolved = watching.until_type("permission.resolved").await["payload"].clone();
    assert_eq!((&resolved["permissionId"], &resolved["allowed"]), (&json!(id), &json!(true)));
    watching.until_type("session.idle").await;

    let view = server.until(&session, is_settled).await;
    let shown = &view["view"];
    assert_eq!((&shown["isAwaitingPermission"], &shown["pendingApprovals"]), (&json!(false), &json!([])));
    assert_eq!(shown["toolCalls"][0]["status"], "complete");
    let approval = &view["projection"]["view"]["resolvedApprovals"][0];
    assert_eq!((&approval["tool"], &approval["allowed"]), (&json!("write"), &json!(true)));
    assert_eq!(tool_states(watching.records()), ["running", "complete"]);
    assert_dense(watching.records());
}

#[tokio::test]
async fn what_is_denied_or_rejected_is_not_done_and_the_turn_goes_on() {
    let server = Server::start().await;
    // Neither "always" nor an unknown shape is consent (contract 01, permission-respond).
    for (response, path) in [(json!("always"), "always"), (json!({ "decision": "allow" }), "decision"), (json!(null), "null")] {
        let session = server.session().await;
        server.prompt(&session, &format!("[[write:{path}|x]]after")).await;
        let waiting = server.until(&session, |view| view["view"]["isAwaitingPermission"] == true).await;
        let id = &waiting["view"]["pendingApprovals"][0]["id"];
        respond(&server, &session, "permission-respond", json!({ "permissionId": id, "response": response })).await;
        let view = server.until(&session, is_settled).await;
        assert_eq!(view["view"]["toolCalls"][0]["status"], "error", "{response}");
        assert_eq!(view["projection"]["view"]["resolvedApprovals"][0]["allowed"], false, "{response}");
        assert_eq!((view["session"]["status"].as_str(), answer(&view)), (Some("idle"), "echo: after"), "{response}");
    }
}

#[tokio::test]
async fn a_question_is_answered_or_rejected() {
    let server = Server::start().await;
    let session = server.session().await;
    let mut watching = server.events(&session).await;
    server.prompt(&session, "[[question:Which colour?|red|blue]]").await;
    let asked = watching.until_type("question.asked").await["payload"].clone();
    let question = &asked["questions"][0];
    assert_eq!(question["question"], "Which colour?");
    let labels: Vec<&Value> = question["options"].as_array().expect("options").iter().map(|option| &option["label"]).collect();
    assert_eq!(labels, ["red", "blue"]);
    let waiting = server.view(&session).await;
    assert_eq!((&waiting["view"]["isAwaitingQuestion"], &waiting["view"]["isGenerating"]), (&json!(true), &json!(false)));

    respond(&server, &session, "question-reply", json!({ "requestId": asked["requestId"], "answers": [["blue"]] })).await;
    let view = server.until(&session, is_settled).await;
    assert!(answer(&view).contains("answer: blue"), "{}", answer(&view));
    let resolved = &view["projection"]["view"]["resolvedQuestions"][0];
    assert_eq!((&resolved["answers"], &resolved["rejected"]), (&json!([["blue"]]), &json!(false)));

    server.prompt(&session, "[[question:Again?|yes|no]]").await;
    let waiting = server.until(&session, |view| view["view"]["isAwaitingQuestion"] == true).await;
    respond(&server, &session, "question-reject", json!({ "requestId": waiting["view"]["pendingQuestions"][0]["id"] })).await;
    let view = server.until(&session, is_settled).await;
    assert_eq!(view["projection"]["view"]["resolvedQuestions"][1]["rejected"], true);
    assert_eq!(view["view"]["toolCalls"][1]["status"], "error");
    assert_eq!((&view["session"]["status"], &view["view"]["pendingQuestions"]), (&json!("idle"), &json!([])));
}

#[tokio::test]
async fn an_answer_to_nothing_is_kept_and_changes_no_turn() {
    let server = Server::start().await;
    let session = server.session().await;
    respond(&server, &session, "permission-respond", json!({ "permissionId": "per_unknown", "response": true })).await;
    let view = server.view(&session).await;
    let approval = &view["projection"]["view"]["resolvedApprovals"][0];
    assert_eq!((&approval["tool"], &approval["description"]), (&json!("permission"), &json!("Permission resolved")));
    for (route, error) in [
        ("permission-respond", "Permission response requires permissionId."),
        ("question-reply", "Question reply requires requestId and answers."),
        ("question-reject", "Question rejection requires requestId."),
    ] {
        server.post(&format!("/api/sessions/{session}/{route}"), json!({})).await.expect(StatusCode::BAD_REQUEST, error);
    }
}

#[tokio::test]
async fn lists_files_runs_and_costs_reach_the_view() {
    let server = Server::start().await;
    let session = server.session().await;
    let text = "[[todo:first;second]][[artifact:report.md|# Findings]][[task:Look around]][[cost:0.25]][[loop:2]]done";
    let view = server.run(&session, text).await;
    let shown = &view["view"];
    let todos: Vec<&Value> = shown["todos"].as_array().expect("todos").iter().map(|todo| &todo["content"]).collect();
    assert_eq!(todos, ["first", "second"]);
    assert_eq!((&shown["todos"][0]["status"], &shown["todos"][0]["priority"]), (&json!("pending"), &json!("medium")));
    assert_eq!(shown["artifacts"][0]["filename"], "report.md");
    let run = &shown["taskRuns"][0];
    assert_eq!((&run["title"], &run["status"]), (&json!("Look around"), &json!("complete")));
    assert!(shown["sessionCost"].as_f64().expect("a cost") >= 0.25, "{shown:#}");
    assert!(shown["sessionTokens"]["input"].as_u64() >= Some(100), "{shown:#}");
    let calls = shown["toolCalls"].as_array().expect("tool calls");
    assert!(calls.iter().all(|call| call["status"] == "complete"), "{calls:#?}");
    assert_eq!(calls.len(), 5, "a list, an artifact, a task and two rounds of looking: {calls:#?}");
    assert_eq!(answer(&view), "echo: done");

    let log = server.log_of(&session).await;
    for expected in ["todos.updated", "artifact.created", "task.run", "cost.updated"] {
        assert!(types(&log).contains(&expected), "{expected}");
    }
    let artifact = of_type(&log, "artifact.created").next().expect("one");
    assert!(artifact["payload"].get("key").is_none(), "where it is stored is nobody's business: {artifact}");
}

#[tokio::test]
async fn thoughts_are_in_no_answer_and_no_event() {
    let server = Server::start().await;
    let session = server.session().await;
    let mut watching = server.events(&session).await;
    server.prompt(&session, "[[reason:thought-4711]]hello").await;
    watching.until_type("session.idle").await;
    let prompt = of_type(watching.records(), "prompt.submitted").count();
    assert_eq!((prompt, watching.text().matches("thought-4711").count()), (1, 1), "only the person's own words hold it");
    let view = server.until(&session, is_settled).await;
    assert_eq!(answer(&view), "echo: hello");
}

#[tokio::test]
async fn an_error_of_the_provider_is_told_in_words_and_the_next_prompt_works() {
    let server = Server::start().await;
    let session = server.session().await;
    for (directive, code) in [("[[err:401]]", "runtime.provider_unauthorized"), ("[[err:400]]", "runtime.provider_error")] {
        let view = server.run(&session, directive).await;
        assert_eq!((&view["session"]["status"], &view["view"]["isGenerating"]), (&json!("errored"), &json!(false)));
        let message = view["projection"]["view"]["lastError"].as_str().expect("an error is told");
        assert!(!message.is_empty() && !message.contains("127.0.0.1"), "{message}");
        let log = server.log_of(&session).await;
        let error = of_type(&log, "runtime.error").next_back().expect("an error event");
        assert_eq!((&error["payload"]["code"], &error["payload"]["message"]), (&json!(code), &json!(message)));
        assert!(error["payload"]["commandId"].is_string());
    }
    let view = server.run(&session, "better now").await;
    assert_eq!((view["session"]["status"].as_str(), answer(&view)), (Some("idle"), "echo: better now"));
    assert_eq!(view["projection"]["view"]["lastError"], json!(null));
}

#[tokio::test]
async fn a_rate_limited_provider_is_tried_again_in_sight() {
    let server = Server::start().await;
    let session = server.session().await;
    let mut watching = server.events(&session).await;
    server.prompt(&session, "[[err:429]]").await;
    let records = watching.until(|records| of_type(records, "runtime.error").next().is_some()).await;
    let reasons: Vec<&str> = of_type(records, "session.status").filter_map(|record| record["payload"]["reason"].as_str()).collect();
    assert!(!reasons.is_empty() && reasons.iter().all(|reason| reason.contains("rate limit")), "{reasons:?}");
    let error = of_type(records, "runtime.error").next().expect("it gave up");
    assert_eq!(error["payload"]["code"], "runtime.provider_rate_limited");
    assert_dense(records);
}

#[tokio::test]
async fn a_dropped_connection_is_retried_in_sight_and_leaves_one_clean_text() {
    let server = Server::start().await;
    let session = server.session().await;
    let mut watching = server.events(&session).await;
    server.prompt(&session, "[[drop]]one two three four five six").await;
    watching.until_type("session.idle").await;
    let records = watching.records();
    let retried = of_type(records, "session.status").any(|record| record["payload"]["reason"].is_string());
    assert!(retried, "the retry is visible: {:?}", types(records));
    assert_eq!(folded_answer(records), "echo: one two three four five six");
    let view = server.until(&session, is_settled).await;
    assert_eq!(said(&view, "assistant"), ["echo: one two three four five six"]);
    assert_eq!(of_type(records, "runtime.error").count(), 0);
}

#[tokio::test]
async fn a_turn_that_hangs_is_ended_by_an_abort() {
    let server = Server::start().await;
    let session = server.session().await;
    server.prompt(&session, "[[hang]]").await;
    let aborted = server.post(&format!("/api/sessions/{session}/abort"), json!({})).await;
    assert_eq!(aborted.body["view"]["session"]["status"], "idle", "the answer shows the effect: {aborted:?}");
    let log = server.log_of(&session).await;
    assert_eq!(types(&log).last(), Some(&"session.aborted"));
    let idle = server.post(&format!("/api/sessions/{session}/abort"), json!({})).await;
    assert_eq!(idle.status, StatusCode::ACCEPTED, "aborting an idle session is no error");
    let view = server.run(&session, "still here?").await;
    assert_eq!(answer(&view), "echo: still here?");
}

#[tokio::test]
async fn a_long_answer_is_a_few_events_and_one_text() {
    let server = Server::start().await;
    let session = server.session().await;
    let before = resident_bytes(server.pid());
    let mut watching = server.events(&session).await;
    server.prompt(&session, "[[text:20000]]").await;
    watching.until_type("session.idle").await;
    let expected: String = (1..=20_000).map(|word| format!("w{word}")).collect::<Vec<_>>().join(" ");
    assert_eq!(folded_answer(watching.records()), expected);
    let pieces = of_type(watching.records(), "assistant.message").count();
    assert!(pieces < 2_000, "20 000 words came in {pieces} events");
    let view = server.until(&session, is_settled).await;
    assert_eq!(messages(&view).next_back().expect("an answer")["content"], json!(expected));
    assert!(resident_bytes(server.pid()) < before + 200 * 1024 * 1024);
    let mut later: EventStream = server.events(&session).await;
    later.until_type("session.idle").await;
    assert_eq!(later.records(), watching.records());
}
