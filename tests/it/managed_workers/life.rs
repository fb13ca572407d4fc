//! Pools and the lives of workers.

use crate::{
    caller::{Caller, HEADER_MODE},
    server::Server,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

#[tokio::test]
async fn a_pool_has_its_workers_and_each_has_its_life() {
    let server = Server::start().await;
    let made = server
        .post(
            "/api/admin/worker-pools",
            json!({ "name": "Pool A", "mode": "self_hosted", "region": "eu", "capabilities": { "gpu": true }, "maxWorkers": 1, "maxConcurrentWork": 3 }),
        )
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let pool = made.body["pool"]["poolId"].as_str().expect("an id").to_owned();
    assert!(pool.starts_with("mwp_"), "{pool}");
    let fields = ["orgId", "tenantId", "name", "mode", "status", "region", "maxWorkers", "maxConcurrentWork"];
    let shown: Vec<_> = fields.iter().map(|field| made.body["pool"][field].clone()).collect();
    assert_eq!(json!(shown), json!(["default", "default", "Pool A", "self_hosted", "active", "eu", 1, 3]));
    let again = server.post("/api/admin/worker-pools", json!({ "poolId": pool, "name": "Other", "mode": "saas_operated" })).await;
    assert_eq!((again.status, &again.body), (StatusCode::CREATED, &made.body), "it stays as it is");

    let register = json!({ "poolId": pool, "displayName": "W1", "version": "1.0" });
    let registered = server.post("/api/admin/workers", register.clone()).await;
    assert_eq!((registered.status, &registered.body["worker"]["status"]), (StatusCode::CREATED, &json!("pending")), "{registered:?}");
    let worker = registered.body["worker"]["workerId"].as_str().expect("an id").to_owned();
    assert_eq!(server.get(&format!("/api/admin/workers/{worker}")).await.body, registered.body);
    let full = server.post("/api/admin/workers", register.clone()).await;
    assert_eq!(
        (full.status, full.policy_code(), full.header("retry-after")),
        (StatusCode::TOO_MANY_REQUESTS, "capacity_unavailable", "60")
    );

    let verb = async |verb: &str| server.post(&format!("/api/admin/workers/{worker}/{verb}"), json!({ "reason": "test" })).await;
    verb("drain").await.expect(StatusCode::BAD_REQUEST, "Invalid managed worker transition from pending to draining.");
    for (word, status) in [
        ("activate", "active"),
        ("pause", "paused"),
        ("resume", "active"),
        ("unhealthy", "unhealthy"),
        ("drain", "draining"),
        ("retire", "retired"),
    ] {
        let moved = verb(word).await;
        assert_eq!((moved.status, &moved.body["worker"]["status"]), (StatusCode::OK, &json!(status)), "{moved:?}");
    }
    assert_eq!(verb("retire").await.status, StatusCode::OK, "it is already");
    verb("resume").await.expect(StatusCode::BAD_REQUEST, "Invalid managed worker transition from retired to active.");
    let over = server.post(&format!("/api/admin/workers/{worker}/credentials"), json!({})).await;
    let over = over.expect(StatusCode::CONFLICT, "This managed worker is retired or revoked.");
    assert_eq!(over.body["code"], "managed_worker.over");
    let unknown = verb("explode").await;
    assert_eq!((unknown.status, unknown.policy_code()), (StatusCode::FORBIDDEN, "authorization.action_unknown"));
    assert_eq!(server.post("/api/admin/workers", register).await.status, StatusCode::CREATED, "who retired makes room");
    let listed = server.get(&format!("/api/admin/workers?poolId={pool}&status=retired")).await.body;
    assert_eq!(listed["workers"].as_array().map(Vec::len), Some(1), "{listed}");
    let paused =
        server.post(&format!("/api/admin/worker-pools/{pool}/update"), json!({ "status": "paused", "maxWorkers": null })).await.body;
    assert_eq!(
        (&paused["pool"]["status"], &paused["pool"]["maxWorkers"], &paused["pool"]["name"]),
        (&json!("paused"), &Value::Null, &json!("Pool A"))
    );

    let incomplete = "Managed worker pool name and mode are required.";
    server.post("/api/admin/worker-pools", json!({ "name": "B" })).await.expect(StatusCode::BAD_REQUEST, incomplete);
    let lost = server.post("/api/admin/workers", json!({ "poolId": "mwp_none", "displayName": "W" })).await;
    lost.expect(StatusCode::NOT_FOUND, "Managed worker pool was not found.");
    let log = server.get("/api/admin/audit?action=managed_worker.").await.body;
    let types: Vec<_> = log["events"].as_array().expect("a list").iter().map(|event| event["eventType"].as_str().expect("text")).collect();
    let expected = ["registered", "retired", "draining", "unhealthy", "active", "paused", "active", "registered"];
    assert_eq!(types, expected.map(|name| format!("managed_worker.{name}")));
}

#[tokio::test]
async fn an_organisation_reaches_its_own_workers_alone() {
    let server = Server::with(&HEADER_MODE).await;
    let (kim, lee, eve) = (Caller::new("acme", "kim", "admin"), Caller::new("acme", "lee", "member"), Caller::new("other", "eve", "owner"));
    let ask = async |caller: &Caller, method: Method, path: &str, body: Value| server.ask(caller, method, path, Some(body)).await;
    let made = ask(&kim, Method::POST, "/api/admin/worker-pools", json!({ "poolId": "p", "name": "A", "mode": "self_hosted" })).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let worker = json!({ "workerId": "w", "poolId": "p", "displayName": "W" });
    assert_eq!(ask(&kim, Method::POST, "/api/admin/workers", worker.clone()).await.status, StatusCode::CREATED);
    let issued = ask(&kim, Method::POST, "/api/admin/workers/w/credentials", json!({})).await;
    let credential = issued.body["credential"]["credential"]["credentialId"].as_str().expect("an id").to_owned();

    let null = |name: &str, error: &str| json!({ name: null, "error": error });
    let (no_pool, no_worker) = ("Managed worker pool was not found.", "Managed worker was not found.");
    for (method, path, body) in [
        (Method::POST, "/api/admin/worker-pools/p/update".to_owned(), null("pool", no_pool)),
        (Method::GET, "/api/admin/workers/w".to_owned(), null("worker", no_worker)),
        (Method::POST, "/api/admin/workers/w/revoke".to_owned(), null("worker", no_worker)),
        (
            Method::POST,
            format!("/api/admin/workers/w/credentials/{credential}/revoke"),
            null("credential", "Managed worker credential was not found."),
        ),
    ] {
        let answer = ask(&eve, method, &path, json!({})).await;
        assert_eq!((answer.status, answer.body), (StatusCode::NOT_FOUND, body), "{path}");
    }
    for path in ["/api/admin/workers/w/credentials".to_owned(), format!("/api/admin/workers/w/credentials/{credential}/rotate")] {
        assert_eq!(ask(&eve, Method::POST, &path, json!({})).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    ask(&eve, Method::POST, "/api/admin/workers", worker).await.expect(StatusCode::NOT_FOUND, "Managed worker pool was not found.");
    for (path, name) in [
        ("/api/admin/worker-pools", "pools"),
        ("/api/admin/workers", "workers"),
        ("/api/admin/workers/w/credentials", "credentials"),
        ("/api/admin/workers/w/heartbeats", "heartbeats"),
    ] {
        assert_eq!(ask(&eve, Method::GET, path, json!({})).await.body, json!({ name: [] }), "{path}");
        let refused = ask(&lee, Method::GET, path, json!({})).await;
        assert_eq!((refused.status, refused.policy_code()), (StatusCode::FORBIDDEN, "authorization.principal_denied"), "{path}");
    }
    let theirs = ask(&kim, Method::GET, "/api/admin/workers/w/credentials", json!({})).await.body;
    assert_eq!((&theirs["credentials"][0]["revokedAt"], theirs["credentials"].as_array().map(Vec::len)), (&Value::Null, Some(1)));
}
