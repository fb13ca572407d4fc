//! What is sold, how it is bought from the stub, and whose limits hold.

use super::{billed, get, owner, post, prompt, session, shown, subscribe, told};
use crate::{program::GLANCE, server::PATIENCE};
use cowork_domain::codes::Code;
use reqwest::StatusCode;
use serde_json::json;
use std::time::Instant;

#[tokio::test]
async fn a_checkout_reads_like_the_recording_and_counts_at_once() {
    let server = billed().await;
    let kim = owner("acme");
    let bought = post(&server, &kim, "/api/billing/checkout", json!({})).await.expect(StatusCode::OK, "").body;
    assert_eq!(bought["url"], "https://billing.local/checkout?orgId=acme&plan=starter");
    assert_eq!((&bought["providerId"], &bought["providerSessionId"]), (&json!("stub"), &json!("stub_checkout_acme_starter")));
    let record = &bought["subscription"];
    assert_eq!(record["metadata"], json!({"source": "stub_checkout", "accountId": "kim"}));
    assert_eq!(
        (&record["providerCustomerId"], &record["providerSubscriptionId"]),
        (&json!("stub_customer_acme"), &json!("stub_subscription_acme"))
    );
    assert_eq!((&record["status"], &record["seats"], record.get("createdAt")), (&json!("active"), &json!(1), None));
    assert_eq!(record["entitlements"]["features"], json!({"channels": false}));

    let now = shown(&server, &kim).await;
    assert_eq!((&now["mode"], &now["providerId"], &now["active"]), (&json!("self-host"), &json!("stub"), &json!(true)));
    assert_eq!((&now["subscription"]["currentPeriodEnd"], &now["subscription"]["cancelAtPeriodEnd"]), (&json!(null), &json!(false)));
    assert!(now["subscription"]["createdAt"].is_string());
    let plans: Vec<_> = now["plans"].as_array().expect("a list").iter().map(|plan| (&plan["planKey"], &plan["default"])).collect();
    assert_eq!(plans[0], (&json!("self-host"), &json!(false)));
    assert!(plans.contains(&(&json!("starter"), &json!(true))) && plans.len() == 4, "{plans:?}");

    let portal = post(&server, &kim, "/api/billing/portal", json!({})).await.expect(StatusCode::OK, "").body;
    assert_eq!(portal, json!({"providerId": "stub", "url": "https://billing.local/portal?orgId=acme"}));
    let unknown = post(&server, &kim, "/api/billing/checkout", json!({"planKey": "gold"})).await;
    unknown.expect(StatusCode::BAD_REQUEST, "Unknown billing plan \"gold\".");
    let entitlements = get(&server, &kim, "/api/billing/entitlements").await.expect(StatusCode::OK, "").body;
    assert_eq!((&entitlements["gatingEnabled"], &entitlements["planKey"]), (&json!(false), &json!(null)), "the stub grants none");

    let log = get(&server, &kim, "/api/admin/audit?action=billing.&limit=10").await.body;
    let mut kinds: Vec<_> =
        log["events"].as_array().expect("a list").iter().map(|event| event["eventType"].as_str().expect("text")).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["billing.checkout.created", "billing.subscription.created"]);
}

#[tokio::test]
async fn a_plans_limits_hold_in_place_of_the_configured_ones() {
    let server = super::billed_with(&[("MAX_PROMPTS_PER_HOUR", "100")]).await;
    let kim = owner("acme");
    subscribe(&server, &kim, "starter").await;
    let session = session(&server, &kim).await;
    for _ in 0..2 {
        prompt(&server, &kim, &session).await.expect(StatusCode::ACCEPTED, "");
    }
    let refused = prompt(&server, &kim, &session).await.expect(StatusCode::TOO_MANY_REQUESTS, "Cloud prompt quota exceeded.");
    assert_eq!(refused.policy_code(), Code::PromptsPerHourExceeded.as_str());
    let quota = get(&server, &kim, "/api/usage/summary").await.expect(StatusCode::OK, "").body["quotas"][0].clone();
    assert_eq!((&quota["limit"], &quota["used"], &quota["remaining"]), (&json!(2), &json!(2), &json!(0)));

    told(&server, json!({"id": "evt_up", "subscription": {"orgId": "acme", "planKey": "pro"}})).await.expect(StatusCode::OK, "");
    let deadline = Instant::now() + PATIENCE;
    while prompt(&server, &kim, &session).await.status != StatusCode::ACCEPTED {
        assert!(Instant::now() < deadline, "the new plan's limits never held");
        tokio::time::sleep(GLANCE).await;
    }
    let quota = get(&server, &kim, "/api/usage/summary").await.expect(StatusCode::OK, "").body["quotas"][0].clone();
    assert_eq!(quota["limit"], 100, "what the plan doesn't name stays as it is configured");
}
