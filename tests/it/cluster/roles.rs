//! What each role answers, and when it is ready.

use super::harness::{Cluster, until_ready};
use crate::{answer::Answer, server::Server};
use reqwest::{Method, StatusCode};
use serde_json::Value;

fn check<'a>(readiness: &'a Answer, name: &str) -> &'a Value {
    let checks = readiness.body["checks"].as_array().unwrap_or_else(|| panic!("no checks: {readiness:?}"));
    checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("no check {name}: {readiness:?}"))
}

/// Waits until a node is not ready for this reason; a slow database may be another one for a moment.
async fn until_unfit(server: &Server, reason: &str) -> Answer {
    let is_unfit =
        |answer: &Answer| answer.status == StatusCode::SERVICE_UNAVAILABLE && check(answer, "role_dependencies")["detail"] == reason;
    server.until_answer("/readyz", is_unfit).await
}

async fn assert_only_probes(server: &Server, role: &str) {
    let live = server.get("/livez").await;
    assert_eq!((live.status, &live.body["role"]), (StatusCode::OK, &Value::from(role)), "{live:?}");
    assert_eq!(server.get("/progressz").await.status, StatusCode::OK);
    let metrics = server.get("/metrics").await;
    assert!(metrics.status == StatusCode::OK && metrics.body.as_str().is_some_and(|text| text.contains("cowork_")), "{metrics:?}");
    let others = [
        (Method::GET, "/"),
        (Method::GET, "/api/sessions"),
        (Method::POST, "/api/sessions"),
        (Method::GET, "/api/ops/cluster"),
        (Method::GET, "/docs"),
    ];
    for (method, path) in others {
        let refused = Answer::of(server.request(method.clone(), path)).await;
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (StatusCode::NOT_FOUND, &Value::from("node.serves_no_clients")),
            "{method} {path}"
        );
        assert!(refused.error().starts_with(&format!("This is a {role} node")), "{refused:?}");
    }
}

#[tokio::test]
async fn every_role_says_truthfully_whether_it_can_do_what_it_is_for() {
    let mut cluster = Cluster::empty().await;
    cluster.join("web", "web", &[]);
    let alone = until_unfit(&cluster["web"], "No worker is alive.").await;
    assert_eq!(check(&alone, "control_plane")["status"], "ok", "its database is well");

    cluster.join("scheduler", "scheduler", &[]);
    until_ready(&cluster["scheduler"], true).await;
    assert_only_probes(&cluster["scheduler"], "scheduler").await;

    cluster.join("w1", "worker", &[]);
    let worker = until_ready(&cluster["w1"], true).await;
    assert!(check(&worker, "execution_isolation")["detail"].as_str().is_some_and(|detail| detail.contains("engine=native")), "{worker:?}");
    assert_only_probes(&cluster["w1"], "worker").await;

    cluster.settled().await;
    let ready = until_ready(&cluster["web"], true).await;
    assert_eq!(check(&ready, "execution_isolation")["detail"], "provider=none;engine=none", "a web node runs nothing");

    cluster.take("w1").kill();
    until_unfit(&cluster["web"], "No worker is alive.").await;
}
