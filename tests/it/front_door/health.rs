//! `/livez`, `/readyz`, `/progressz` (contract 00 §8).

use crate::{
    answer::{Answer, answer},
    caller::HEADER_MODE,
    server::Server,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

fn check<'a>(readiness: &'a Answer, name: &str) -> &'a Value {
    let checks = readiness.body["checks"].as_array().unwrap_or_else(|| panic!("no checks: {readiness:?}"));
    checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("no check {name}: {readiness:?}"))
}

#[tokio::test]
async fn health_needs_no_credentials_and_any_method_will_do() {
    let server = Server::with(&HEADER_MODE).await;
    for method in [Method::GET, Method::POST] {
        let live = Answer::of(server.request(method.clone(), "/livez")).await;
        assert_eq!(
            (live.status, &live.body),
            (StatusCode::OK, &json!({ "ok": true, "role": "all-in-one", "profileName": "full" })),
            "{method}"
        );
        let ready = Answer::of(server.request(method, "/readyz")).await;
        assert_eq!((ready.status, &ready.body["ok"]), (StatusCode::OK, &json!(true)), "{ready:?}");
        let names: Vec<&str> = ready.body["checks"].as_array().expect("checks").iter().filter_map(|check| check["name"].as_str()).collect();
        let expected = [
            "control_plane",
            "object_store",
            "secret_adapter",
            "billing_adapter",
            "auth_config",
            "role_dependencies",
            "execution_isolation",
            "artifact_direct_upload",
            "opener",
        ];
        assert_eq!(names, expected);
    }
    let progress = server.get("/progressz").await;
    assert_eq!((progress.status, &progress.body["mode"]), (StatusCode::OK, &json!("off")));
}

#[tokio::test]
async fn a_server_without_its_database_says_so_and_is_back_when_the_database_is() {
    let server = Server::start().await;
    let session = server.session().await;
    server.run(&session, "before").await;
    server.set_database_reachable(false).await;
    let sick = server.until_answer("/readyz", |readiness| readiness.status == StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!((&sick.body["ok"], &check(&sick, "control_plane")["status"]), (&json!(false), &json!("error")));
    let detail = check(&sick, "control_plane")["detail"].as_str().expect("it says what is wrong");
    assert!(!detail.contains("postgres://") && !detail.contains("127.0.0.1"), "{detail}");
    assert_eq!(server.get("/livez").await.status, StatusCode::OK, "a restart would mend nothing");
    let refused = server.get("/api/sessions").await;
    assert_eq!((refused.status, &refused.body["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("store.unavailable")), "{refused:?}");
    assert_ne!(refused.header("retry-after"), "");

    server.set_database_reachable(true).await;
    server.until_answer("/readyz", |readiness| readiness.status == StatusCode::OK).await;
    let view = server.run(&session, "after").await;
    assert_eq!(answer(&view), "echo: after");
}
