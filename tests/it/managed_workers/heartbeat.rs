//! Credentials, and what workers say with them.

use crate::{
    answer::Answer,
    caller::{Caller, HEADER_MODE},
    server::Server,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// An organisation with a pool `p` that may have three things to do.
struct Operators {
    server: Server,
    kim: Caller,
}

impl Operators {
    async fn start() -> Self {
        let operators = Self { server: Server::with(&HEADER_MODE).await, kim: Caller::new("acme", "kim", "owner") };
        let pool = json!({ "poolId": "p", "name": "A", "mode": "self_hosted", "maxConcurrentWork": 3 });
        assert_eq!(operators.ask("/api/admin/worker-pools", pool).await.status, StatusCode::CREATED);
        operators
    }

    async fn ask(&self, path: &str, body: Value) -> Answer {
        self.server.ask(&self.kim, Method::POST, path, Some(body)).await
    }

    async fn read(&self, path: &str) -> Value {
        self.server.ask(&self.kim, Method::GET, path, None).await.body
    }

    /// Registers a worker and gives it a credential: its id and what to show.
    async fn worker(&self, id: &str) -> (String, String) {
        let registered =
            self.ask("/api/admin/workers", json!({ "workerId": id, "poolId": "p", "displayName": id, "version": "1.0" })).await;
        assert_eq!(registered.status, StatusCode::CREATED, "{registered:?}");
        issued(&self.ask(&format!("/api/admin/workers/{id}/credentials"), json!({ "scopes": ["heartbeat"] })).await)
    }

    async fn say(&self, id: &str, credential: &str, body: Value) -> Answer {
        Answer::of(self.server.request(Method::POST, &format!("/api/workers/{id}/heartbeat")).bearer_auth(credential).json(&body)).await
    }
}

fn issued(answer: &Answer) -> (String, String) {
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let credential = &answer.body["credential"];
    (text(&credential["credential"]["credentialId"]), text(&credential["plaintext"]))
}

#[tokio::test]
async fn a_worker_says_how_it_is_within_what_its_pool_may_do() {
    let operators = Operators::start().await;
    let (_, first) = operators.worker("w1").await;
    let (_, second) = operators.worker("w2").await;
    let said =
        json!({ "version": "1.1", "capabilities": { "gpu": false }, "currentLoad": 1, "activeWorkIds": ["a"], "heartbeatSequence": 1 });
    let heard = operators.say("w1", &first, said).await;
    assert_eq!(heard.status, StatusCode::OK, "{heard:?}");
    let mut heartbeat = heard.body["heartbeat"].clone();
    assert!(heartbeat.as_object_mut().and_then(|fields| fields.remove("receivedAt")).is_some_and(|at| at.is_string()));
    let expected = json!({
        "workerId": "w1", "orgId": "acme", "tenantId": "acme", "poolId": "p", "version": "1.1", "capabilities": { "gpu": false },
        "currentLoad": 1, "activeWorkIds": ["a"], "lastErrorCode": null, "lastErrorSummary": null, "heartbeatSequence": 1,
    });
    assert_eq!(heartbeat, expected);
    assert_eq!(operators.read("/api/admin/workers/w1/heartbeats").await, json!({ "heartbeats": [heard.body["heartbeat"]] }));
    let worker = operators.read("/api/admin/workers/w1").await;
    assert_eq!((&worker["worker"]["currentLoad"], &worker["worker"]["status"]), (&json!(1), &json!("pending")));

    let refused = operators.say("w2", &second, json!({ "currentLoad": 3 })).await;
    assert_eq!((refused.status, refused.error()), (StatusCode::TOO_MANY_REQUESTS, "Managed worker pool work capacity exceeded."));
    assert_eq!(
        (refused.policy_code(), refused.header("retry-after"), &refused.body["retryAfterMs"]),
        ("capacity_unavailable", "30", &json!(30_000))
    );
    assert_eq!(operators.say("w2", &second, json!({ "currentLoad": 2 })).await.status, StatusCode::OK);
    let silent = operators.say("w1", &first, json!({})).await.body;
    let kept = &silent["heartbeat"];
    assert_eq!((&kept["version"], &kept["currentLoad"], &kept["capabilities"]), (&Value::Null, &json!(0), &json!({ "gpu": false })));
    let ids: Vec<_> = (0..501).map(|number| number.to_string()).collect();
    assert_eq!(operators.say("w1", &first, json!({ "activeWorkIds": ids })).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_credential_is_for_the_heartbeat_of_its_own_worker_while_both_count() {
    let operators = Operators::start().await;
    let (old, first) = operators.worker("w1").await;
    operators.worker("w2").await;
    let foreign = "Managed worker heartbeat requires this worker credential.";
    for id in ["w2", "nobody"] {
        operators.say(id, &first, json!({})).await.expect(StatusCode::FORBIDDEN, foreign);
    }
    for path in ["/api/sessions", "/api/admin/workers", "/api/runtime/status"] {
        let refused = Answer::of(operators.server.request(Method::GET, path).bearer_auth(&first)).await;
        assert_eq!((refused.status, refused.policy_code()), (StatusCode::FORBIDDEN, "authorization.scope_required"), "{path}");
    }
    let me = Answer::of(operators.server.request(Method::GET, "/auth/me").bearer_auth(&first)).await.body;
    let principal = &me["principal"];
    assert_eq!(
        (&principal["authSource"], &principal["workerId"], &principal["workerPoolId"]),
        (&json!("worker"), &json!("w1"), &json!("p"))
    );
    assert_eq!((&principal["workerCredentialId"], &principal["workerScopes"]), (&json!(old), &json!(["heartbeat"])));
    let human = operators.ask("/api/workers/w1/heartbeat", json!({})).await;
    assert_eq!((human.status, human.policy_code()), (StatusCode::FORBIDDEN, "authorization.principal_denied"));

    let rotated = operators.ask(&format!("/api/admin/workers/w1/credentials/{old}/rotate"), json!({})).await;
    assert_eq!(rotated.body["credential"]["credential"]["rotatedFromCredentialId"], json!(old));
    let (new, second) = issued(&rotated);
    assert_eq!(operators.say("w1", &first, json!({})).await.status, StatusCode::UNAUTHORIZED, "the old one stops at once");
    assert_eq!(operators.say("w1", &second, json!({})).await.status, StatusCode::OK);
    let listed = operators.read("/api/admin/workers/w1/credentials").await;
    assert_eq!((&listed["credentials"][0]["credentialId"], listed["credentials"].as_array().map(Vec::len)), (&json!(new), Some(2)));
    assert!(listed["credentials"][0]["lastUsedAt"].is_string() && listed["credentials"][1]["revokedAt"].is_string(), "{listed}");
    assert!(!listed.to_string().contains(&second[second.len() - 43..]), "a secret is shown once");

    assert_eq!(operators.ask("/api/admin/workers/w1/activate", json!({})).await.status, StatusCode::OK);
    assert_eq!(operators.ask("/api/admin/workers/w1/revoke", json!({})).await.status, StatusCode::OK);
    for _ in 0..3 {
        assert_eq!(operators.say("w1", &second, json!({})).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(operators.ask("/api/admin/workers/w1/credentials", json!({})).await.status, StatusCode::CONFLICT);
    let log = operators.read("/api/admin/audit?action=managed_worker_heartbeat.rejected").await;
    assert_eq!(log["events"].as_array().map(Vec::len), Some(2), "one row for each credential, however often it is shown: {log}");
    for refused in [json!({ "scopes": ["admin"] }), json!({ "expiresAt": "2020-01-01T00:00:00Z" })] {
        assert_eq!(operators.ask("/api/admin/workers/w2/credentials", refused).await.status, StatusCode::BAD_REQUEST);
    }
}
