//! What clients load when they open: the launchpad, and what agents can do (contract 05 §5, §6).

use crate::server::Server;
use reqwest::StatusCode;
use serde_json::{Value, json};

const FEED: &str = "/api/launchpad/feed";

#[tokio::test]
async fn the_launchpad_shows_what_waits_for_the_caller_and_what_was_made_last() {
    let server = Server::start().await;
    let none = json!({ "inProgress": 0, "waitingOnYou": 0, "freshArtifacts": 0 });
    assert_eq!(server.get(FEED).await.body["totals"], none);

    let mut sessions = Vec::new();
    for prompt in ["[[artifact:one.csv|a,b]]", "[[artifact:two.csv|c,d]]", "[[write:notes.txt|x]]", "[[question:Which?|A;B]]"] {
        let session = server.session().await;
        server.prompt(&session, prompt).await;
        sessions.push(session);
    }
    let [one, two, writes, asks] = &sessions[..] else { unreachable!("four prompts") };
    let all = json!({ "inProgress": 0, "waitingOnYou": 2, "freshArtifacts": 2 });
    let shown = server.until_answer(FEED, |answer| answer.body["totals"] == all).await.body;
    let item_of = |list: &str, session: &str| {
        let items = shown[list].as_array().expect("a list").iter();
        items.clone().find(|item| item["sessionId"] == session).unwrap_or_else(|| panic!("{session} is missing: {shown:#}")).clone()
    };
    let (permission, question) = (item_of("waitingOnYou", writes), item_of("waitingOnYou", asks));
    assert_eq!(
        [&permission["kind"], &permission["status"], &permission["taskId"]],
        [&json!("permission"), &json!("pending"), &Value::Null]
    );
    assert_eq!([&question["kind"], &question["title"]], [&json!("question"), &json!("Which?")]);
    assert!(question["id"].as_str().is_some_and(|id| id.starts_with(&format!("question:{asks}:"))), "{question}");
    assert_eq!(item_of("freshArtifacts", one)["title"], "one.csv");
    assert_eq!(item_of("freshArtifacts", two)["kind"], "spreadsheet");

    let cut = server.get(&format!("{FEED}?limit=1&artifactsLimit=2")).await.body;
    assert_eq!((cut["waitingOnYou"].as_array().map(Vec::len), &cut["totals"]), (Some(1), &all), "totals count before the limits");
    assert_eq!(cut["truncated"], json!({ "inProgress": false, "waitingOnYou": true, "freshArtifacts": false }));
    assert_eq!(server.get(&format!("{FEED}?projectId=none")).await.body["totals"], none);
    let refused = server.get(&format!("{FEED}?waitingLimit=51")).await;
    refused.expect(StatusCode::BAD_REQUEST, "waitingLimit must be an integer between 1 and 50.");

    server.post(&format!("/api/sessions/{asks}/abort"), json!({})).await;
    let left = server.until_answer(FEED, |answer| answer.body["totals"]["waitingOnYou"] == 1).await.body;
    assert_eq!(left["waitingOnYou"][0]["sessionId"], writes.as_str());
}

#[tokio::test]
async fn a_session_that_cannot_be_read_hides_no_other_from_the_launchpad() {
    let mut server = Server::start().await;
    let (broken, asks) = (server.session().await, server.session().await);
    for session in [&broken, &asks] {
        server.prompt(session, "[[question:Which?|A;B]]").await;
    }
    server.until_answer(FEED, |answer| answer.body["totals"]["waitingOnYou"] == 2).await;
    server.kill();
    let row = format!("session = '{}' and seq = 2", broken.trim_start_matches("ses_"));
    server.sql(&format!("update session_events set payload = '!' || payload where {row}")).await;
    server.start_again();

    assert!(server.get(&format!("/api/sessions/{broken}")).await.status.is_server_error());
    let shown = server.until_answer(FEED, |answer| answer.body["totals"]["waitingOnYou"] == 1).await.body;
    assert_eq!(shown["waitingOnYou"][0]["sessionId"], asks.as_str());
}

#[tokio::test]
async fn agents_can_do_what_the_profile_names_and_nothing_else() {
    let file = tempfile::NamedTempFile::with_suffix(".jsonc").expect("a file");
    let profiles = json!({ "cloud": { "profiles": { "full": { "tools": ["read", "todo"] } } } });
    std::fs::write(file.path(), profiles.to_string()).expect("written");
    let server = Server::with_file(file.path()).await;
    let all = server.get("/api/capabilities").await.body;
    let ids: Vec<_> = all["tools"].as_array().expect("a list").iter().map(|tool| tool["id"].as_str().expect("an id")).collect();
    assert_eq!((ids, &all["skills"]), (vec!["read", "todo"], &json!([])));
    assert_eq!(server.get("/api/capabilities/tools").await.body, json!({ "tools": all["tools"] }));
    let read = server.get("/api/capabilities/tools/read").await.body["tool"].clone();
    assert_eq!([&read["name"], &read["kind"], &read["agentNames"]], [&json!("Read"), &json!("built-in"), &json!(["build"])]);
    for unknown in ["tools/bash", "skills/none", "skills/none/bundle"] {
        assert_eq!(server.get(&format!("/api/capabilities/{unknown}")).await.status, StatusCode::NOT_FOUND, "{unknown}");
    }

    let workflows = server.get("/api/workflows?limit=5").await;
    assert_eq!(workflows.body, json!({ "workflows": [], "runs": [], "nextCursor": null, "totalEstimate": 0 }));
    let refused = server.get("/api/workflows?cursor=x").await.expect(StatusCode::BAD_REQUEST, "Workflow list cursor is invalid.");
    assert_eq!(refused.policy_code(), "workflows.cursor.invalid");

    let session = server.session().await;
    let view = server.run(&session, "[[write:a.txt|x]] done").await.to_string();
    assert!(view.contains("there is no tool named write") && view.contains("echo: done"), "{view}");
}
