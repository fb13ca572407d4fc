//! What operators see and do: the actor tree, the way out of quarantine, metrics.

use crate::{
    answer::{answer, is_settled},
    caller::{Caller, HEADER_MODE},
    event_stream::assert_dense,
    program::GLANCE,
    server::{PATIENCE, Server},
    tokens::issue,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Instant;

async fn supervision(server: &Server) -> Value {
    let answer = server.get("/api/ops/supervision").await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.body
}

fn kind<'a>(report: &'a Value, name: &str) -> &'a Value {
    let kinds = report["kinds"].as_array().expect("kinds");
    kinds.iter().find(|kind| kind["kind"] == name).unwrap_or_else(|| panic!("no kind {name}: {report:#}"))
}

#[tokio::test]
async fn a_session_that_fails_again_and_again_is_put_aside_until_an_operator_lifts_it() {
    let mut server = Server::start().await;
    let (broken, sibling) = (server.session().await, server.session().await);
    server.run(&broken, "before").await;
    server.run(&sibling, "before").await;
    let log = server.log_of(&broken).await;
    server.kill();
    let row = format!("session = '{}' and seq = 2", broken.trim_start_matches("ses_"));
    server.sql(&format!("update session_events set payload = '!' || payload where {row}")).await;
    server.start_again();

    let prompt = format!("/api/sessions/{broken}/prompt");
    let deadline = Instant::now() + PATIENCE;
    let refused = loop {
        let answer = server.post(&prompt, json!({ "text": "x" })).await;
        assert!(answer.status.is_server_error(), "{answer:?}");
        if answer.body["code"] == "session.quarantined" {
            break answer;
        }
        assert!(Instant::now() < deadline, "never put aside: {answer:?}");
    };
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{refused:?}");
    let view = server.run(&sibling, "unharmed").await;
    assert_eq!(answer(&view), "echo: unharmed", "an entity in trouble never takes its siblings down (invariant I11)");

    let report = supervision(&server).await;
    let entity = format!("session:{broken}");
    let aside = report["quarantined"].as_array().expect("a list");
    let aside = aside.iter().find(|aside| aside["entity"] == entity.as_str()).unwrap_or_else(|| panic!("not shown: {report:#}"));
    assert_eq!(aside["kind"], "session");
    assert!(aside["failures"].as_u64() > Some(5), "{aside}");
    assert!(aside["code"].as_str().is_some_and(|code| code.contains('.')), "{aside}");
    assert_eq!(kind(&report, "session")["quarantined"], 1);
    let metrics = server.get("/api/metrics").await.body;
    assert!(metrics.as_str().expect("text").contains("cowork_actor_quarantined{kind=\"session\"} 1"));

    server.sql(&format!("update session_events set payload = substr(payload, 2) where {row}")).await;
    let lift = format!("/api/ops/quarantine/{entity}/lift");
    assert_eq!(server.post(&prompt, json!({ "text": "x" })).await.body["code"], "session.quarantined", "mending alone lifts nothing");
    assert_eq!(server.post(&lift, json!({})).await.body, json!({ "entity": entity, "outcome": "lifted" }));
    let view = server.run(&broken, "mended").await;
    assert_eq!(answer(&view), "echo: mended");
    let after = server.log_of(&broken).await;
    assert_eq!(after[..log.len()], log, "the log was untouched");
    assert_dense(&after);

    assert_eq!(server.post(&lift, json!({})).await.body["outcome"], "not_quarantined");
    let audit = server.get("/api/admin/audit?action=quarantine.lifted").await.body;
    let lifts = audit["events"].as_array().expect("a list").iter().map(|row| &row["targetId"]);
    assert_eq!(lifts.collect::<Vec<_>>(), [&json!(entity)], "what did nothing is not noted");
    server.post("/api/ops/quarantine/nonsense/lift", json!({})).await.expect(StatusCode::NOT_FOUND, "Entity was not found.");
    assert_eq!(supervision(&server).await["quarantined"], json!([]));
}

#[tokio::test]
async fn idle_actors_give_their_memory_back_and_the_counters_tell() {
    let server = Server::with(&[("ACTOR_IDLE_MS", "200")]).await;
    let session = server.session().await;
    server.run(&session, "hello").await;
    let deadline = Instant::now() + PATIENCE;
    let report = loop {
        let report = supervision(&server).await;
        if kind(&report, "session")["alive"] == 0 {
            break report;
        }
        assert!(Instant::now() < deadline, "never passivated: {report:#}");
        tokio::time::sleep(GLANCE).await;
    };
    assert!(kind(&report, "session")["passivated"].as_u64() >= Some(1));
    assert_eq!((&kind(&report, "turn")["started"], &kind(&report, "turn")["panics"]), (&json!(1), &json!(0)));
    let view = server.run(&session, "again").await;
    assert_eq!(answer(&view), "echo: again", "from snapshot and tail");
    assert_eq!(view["view"]["messages"].as_array().map(Vec::len), Some(4));

    let metrics = server.get("/api/metrics").await;
    assert_eq!(metrics.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    let text = metrics.body.as_str().expect("text");
    for series in [
        "cowork_actor_alive{kind=\"session\"}",
        "cowork_actor_started_total{kind=\"turn\"}",
        "cowork_actor_passivated_total{kind=\"session\"}",
        "cowork_actor_restarts_total{",
        "cowork_actor_panics_total{",
        "cowork_actor_quarantined{",
        "cowork_actor_mailbox_seconds",
        "cowork_actor_handle_seconds",
        "cowork_journal_commit_seconds",
        "cowork_http_requests_total{",
        "cowork_turn_ended_total{",
        "process_resident_memory_bytes",
    ] {
        assert!(text.lines().any(|line| line.starts_with(series)), "no {series} in\n{text}");
    }
    let violations = text.lines().filter(|line| line.starts_with("cowork_invariant_violations_total")).any(|line| !line.ends_with(" 0"));
    assert!(!violations, "{text}");
}

#[tokio::test]
async fn operations_are_not_for_people_with_roles() {
    let server = Server::with(&HEADER_MODE).await;
    let owner = Caller::new("acme", "kim", "owner");
    let session = crate::server::session_id(&server.ask(&owner, Method::POST, "/api/sessions", Some(json!({}))).await);
    let routes = [
        (Method::GET, "/api/metrics".to_owned()),
        (Method::GET, "/api/ops/supervision".to_owned()),
        (Method::POST, format!("/api/ops/quarantine/session:{session}/lift")),
        (Method::GET, "/api/ops/cluster".to_owned()),
        (Method::POST, "/api/ops/cluster/nodes/a/drain".to_owned()),
        (Method::POST, "/api/ops/cluster/nodes/a/undrain".to_owned()),
        (Method::DELETE, "/api/ops/cluster/nodes/a".to_owned()),
        (Method::GET, format!("/api/sessions/{session}/projection-status")),
        (Method::POST, format!("/api/sessions/{session}/projection-repair")),
    ];
    for (method, path) in routes {
        let refused = server.ask(&owner, method.clone(), &path, None).await;
        let refused = refused.expect(StatusCode::FORBIDDEN, "The authenticated principal cannot perform this workspace action.");
        assert_eq!(refused.policy_code(), "authorization.principal_denied", "{method} {path}");
        assert_eq!(server.request(method, &path).send().await.expect("an answer").status(), StatusCode::UNAUTHORIZED, "{path}");
    }
}

#[tokio::test]
async fn an_organisations_operator_hears_of_it_and_does_nothing_to_the_nodes_of_all() {
    let server = Server::with(&HEADER_MODE).await;
    let (_, token) = issue(&server, &Caller::new("acme", "kim", "owner"), &["operator"]).await;
    assert_eq!(server.ask_with(&token, Method::GET, "/api/diagnostics", None).await.status, StatusCode::OK);
    assert_eq!(server.ask_with(&token, Method::GET, "/api/ops/deliveries", None).await.status, StatusCode::OK);
    for (method, path) in [
        (Method::GET, "/api/ops/supervision"),
        (Method::GET, "/api/ops/cluster"),
        (Method::POST, "/api/ops/cluster/nodes/a/drain"),
        (Method::POST, "/api/ops/cluster/nodes/a/undrain"),
        (Method::DELETE, "/api/ops/cluster/nodes/a"),
        (Method::POST, "/api/ops/quarantine/org:globex/lift"),
    ] {
        let refused = server.ask_with(&token, method, path, None).await;
        let text = "This concerns all organisations: it takes the operator token of the deployment.";
        assert_eq!(refused.expect(StatusCode::FORBIDDEN, text).policy_code(), "authorization.principal_denied", "{path}");
    }
}

#[tokio::test]
async fn the_projection_is_what_the_log_says() {
    let server = Server::start().await;
    let session = server.session().await;
    server.run(&session, "[[todo:a;b]]hello").await;
    let view = server.until(&session, is_settled).await;
    let count = view["projection"]["sequence"].clone();
    let status = server.get(&format!("/api/sessions/{session}/projection-status")).await.body;
    let expected = [("eventCount", &count), ("latestEventSequence", &count), ("projectionSequence", &count), ("lag", &json!(0))];
    for (field, value) in expected {
        assert_eq!(&status[field], value, "{field} of {status}");
    }
    let repaired = server.post(&format!("/api/sessions/{session}/projection-repair"), json!({})).await;
    assert_eq!(
        (repaired.status, &repaired.body["repaired"], &repaired.body["lag"]),
        (StatusCode::OK, &json!(false), &json!(0)),
        "{repaired:?}"
    );
    assert_eq!(server.view(&session).await, view, "folding it again changes nothing");
}
