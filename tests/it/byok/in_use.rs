//! Keys in use: asked again on a schedule and when they are refused, and taken out of use with their organisation.

use super::{
    PROVIDER, owner, prompt,
    provider::{Manners, Provider, with},
    save, until_shown, validate,
};
use crate::{answer::answer, server::Server};
use cowork_domain::timestamp::Timestamp;
use serde_json::{Value, json};

const KEY: &str = "sk-a-good-key-0123456789";

fn validated_at(shown: &Value) -> Option<Timestamp> {
    shown["inUse"]["lastValidatedAt"].as_str().and_then(Timestamp::parse)
}

#[tokio::test]
async fn a_key_in_use_is_asked_again_and_falls_after_two_refusals_not_one() {
    let provider = Provider::start(&[KEY]).await;
    let environment = provider.environment();
    let server = Server::with(&with(&environment, &[("BYOK_REVALIDATE_EVERY", "300ms"), ("BYOK_DOUBT_PAUSE", "300ms")])).await;
    let kim = owner("acme");
    save(&server, &kim, KEY).await;
    let first = Timestamp::parse(validate(&server, &kim).await.body["secret"]["lastValidatedAt"].as_str().expect("validated"));
    until_shown(&server, &kim, |shown| validated_at(shown) > first).await;

    provider.takes(&[]);
    let doubted = until_shown(&server, &kim, |shown| shown["secret"]["health"] != "healthy").await;
    if doubted["secret"]["status"] == "active" {
        assert_eq!((&doubted["secret"]["health"], &doubted["inUse"]["secretId"]), (&json!("doubtful"), &doubted["secret"]["secretId"]));
    }
    let lost = until_shown(&server, &kim, |shown| shown["secret"]["status"] == "invalid").await;
    assert_eq!((&lost["inUse"], &lost["secret"]["validationCode"]), (&Value::Null, &json!("byok.validation_failed")));
    let log = super::audit(&server, &kim).await;
    let refused: Vec<_> =
        log.iter().filter(|(event, metadata)| event.ends_with(".validated") && metadata["code"] == "byok.validation_failed").collect();
    assert_eq!(refused.iter().map(|(_, metadata)| metadata["status"].clone()).collect::<Vec<_>>(), [json!("active"), json!("invalid")]);

    provider.takes(&[KEY]);
    assert_eq!(validate(&server, &kim).await.body["validated"], true, "a person brings it back");
}

#[tokio::test]
async fn a_refusal_in_use_leads_to_a_check_and_a_good_key_survives_it() {
    let provider = Provider::start(&[KEY]).await;
    let environment = provider.environment();
    let server = Server::with(&with(&environment, &[("BYOK_REVALIDATE_EVERY", "0"), ("BYOK_DOUBT_PAUSE", "100ms")])).await;
    let kim = owner("acme");
    save(&server, &kim, KEY).await;
    validate(&server, &kim).await;
    // One refusal in the middle of good times.
    provider.takes(&[]);
    let refused = prompt(&server, &kim, "ping").await;
    assert_eq!(refused["session"]["status"], "errored", "{refused:#}");
    provider.takes(&[KEY]);
    provider.until_probed(2).await;
    until_shown(&server, &kim, |shown| shown["inUse"]["health"] == "healthy").await;
    assert_eq!(answer(&prompt(&server, &kim, "ping").await), "pong");
}

#[tokio::test]
async fn a_key_whose_time_is_over_says_so_and_is_back_when_it_was_renewed() {
    let provider = Provider::start(&[KEY]).await;
    let environment = provider.environment();
    let server = Server::with(&with(&environment, &[("BYOK_REVALIDATE_EVERY", "0")])).await;
    let kim = owner("acme");
    save(&server, &kim, KEY).await;
    assert_eq!(validate(&server, &kim).await.body["validated"], true);
    provider.behaves(Manners::Expired);
    let expired = validate(&server, &kim).await.body;
    let secret = &expired["secret"];
    let told = (&secret["status"], &secret["validationCode"], &secret["health"]);
    assert_eq!(told, (&json!("expired"), &json!("byok.key_expired"), &json!("failed")), "{expired:#}");
    assert!(secret["validationError"].as_str().is_some_and(|text| text.contains("has expired")), "{expired:#}");
    assert_eq!(prompt(&server, &kim, "ping").await["errorCode"], "byok.key_missing");
    provider.behaves(Manners::Good);
    assert_eq!(validate(&server, &kim).await.body["validated"], true);
    assert_eq!(answer(&prompt(&server, &kim, "ping").await), "pong");
}

#[tokio::test]
async fn a_paused_organisation_gets_no_key_and_has_it_again_afterwards() {
    let provider = Provider::start(&[KEY]).await;
    let environment = provider.environment();
    let server = Server::with(&with(&environment, &[])).await;
    let (kim, eve) = (owner("acme"), owner("other"));
    for caller in [&kim, &eve] {
        save(&server, caller, KEY).await;
        assert_eq!(validate(&server, caller).await.body["validated"], true);
    }
    // What runs when the pause comes has already asked for its model.
    provider.behaves(Manners::Silent);
    let created = server.ask(&kim, reqwest::Method::POST, "/api/sessions", Some(json!({}))).await;
    let session = crate::server::session_id(&created);
    let body = json!({ "text": "ping", "model": format!("{PROVIDER}/m1") });
    server.ask(&kim, reqwest::Method::POST, &format!("/api/sessions/{session}/prompt"), Some(body)).await;
    let deadline = std::time::Instant::now() + crate::server::PATIENCE;
    while !provider.seen().iter().any(|seen| seen.path.ends_with("/completions")) {
        assert!(std::time::Instant::now() < deadline, "the turn never asked its model");
        tokio::time::sleep(crate::program::GLANCE).await;
    }
    order(&server, "pause");
    let ended = format!("select count(*) as ended from session_events where session = '{}' and type like '%error%'", uuid_of(&session));
    let deadline = std::time::Instant::now() + crate::server::PATIENCE;
    while server.rows(&ended).await[0]["ended"] == json!(0) {
        assert!(std::time::Instant::now() < deadline, "the turn of a paused organisation never ended");
        tokio::time::sleep(crate::program::GLANCE).await;
    }
    provider.behaves(Manners::Good);
    assert_eq!(answer(&prompt(&server, &eve, "ping").await), "pong", "others go on");
    order(&server, "resume");
    assert_eq!(answer(&prompt(&server, &kim, "ping").await), "pong");
}

fn uuid_of(session: &str) -> &str {
    session.trim_start_matches("ses_")
}

fn order(server: &Server, order: &str) {
    crate::program::run_with(&["org", order, "acme"], &[("OPEN_COWORK_CLOUD_CONTROL_PLANE_URL", server.database_url())]).expect_code(0);
}
