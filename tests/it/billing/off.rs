//! Nobody bills unless somebody said so.

use super::{get, owner, post, session};
use crate::{
    caller::{Caller, HEADER_MODE},
    server::Server,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

fn recorded(name: &str) -> Value {
    let limits = [
        "maxConcurrentSessionsPerOrg",
        "maxConcurrentWorkflowRunsPerOrg",
        "maxActiveWorkersPerOrg",
        "maxQueuedCommandsPerOrg",
        "maxQueueAgeMs",
        "maxPromptsPerHour",
        "maxWorkflowRunsPerHour",
        "maxGatewayPromptsPerHour",
        "maxWorkerMinutesPerHour",
        "maxGatewayDeliveriesPerHour",
        "maxGatewayChannelBindingsPerOrg",
        "maxArtifactBytesPerDay",
    ];
    let mut everything =
        json!({"allowNewSessions": true, "allowPrompts": true, "allowWorkers": true, "allowedProfiles": [], "allowedProviders": []});
    for limit in limits {
        everything[limit] = Value::Null;
    }
    let plans = json!([{"planKey": "self-host", "label": "Self-host", "default": true, "entitlements": everything}]);
    match name {
        "subscription" => json!({"enabled": false, "mode": "self-host", "providerId": "none", "subscription": null,
            "entitlements": everything, "active": true, "plans": plans}),
        _ => json!({"provider": "none", "gatingEnabled": false, "billingEnabled": false, "planKey": null, "planLabel": null,
            "subscriptionStatus": null, "seats": null, "limits": {}, "features": {"sessions": true, "prompts": true, "workers": true,
            "workflows": true, "artifacts": true, "byok": true, "channels": true}}),
    }
}

#[tokio::test]
async fn by_default_everything_is_allowed_and_nothing_is_sold() {
    let server = Server::with(&HEADER_MODE).await;
    let (kim, mo) = (owner("acme"), Caller::new("acme", "mo", "member"));
    session(&server, &kim).await;
    for by in [&kim, &mo] {
        for name in ["subscription", "entitlements"] {
            let read = get(&server, by, &format!("/api/billing/{name}")).await.expect(StatusCode::OK, "");
            assert_eq!(read.body, recorded(name));
        }
    }
    let disabled = "Billing is not enabled for this cloud deployment.";
    for path in ["/api/billing/checkout", "/api/billing/portal"] {
        post(&server, &kim, path, json!({})).await.expect(StatusCode::NOT_FOUND, disabled).coded("billing.disabled");
    }
    let unsigned = json!({"id": "evt_1", "subscription": {"orgId": "acme", "status": "canceled"}});
    server.post("/webhooks/billing", unsigned).await.expect(StatusCode::NOT_FOUND, disabled);
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let answer = crate::answer::Answer::of(server.request(method, "/webhooks/billing")).await;
        answer.expect(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed.").coded("request.method_not_allowed");
    }
    session(&server, &mo).await;
}
