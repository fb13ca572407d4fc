use super::{issue, path};
use crate::{
    caller::{Caller, HEADER_MODE},
    event_stream::EventStream,
    program::GLANCE,
    server::{PATIENCE, Server},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Instant;

const OVER: &str = "Cloud API token is invalid or expired.";
/// The last resolver's message, whatever was shown to the others.
const UNKNOWN: &str = "Trusted header authentication secret is invalid.";

#[tokio::test]
async fn whoever_has_the_secret_learns_why_it_is_refused_and_nobody_else_does() {
    let server = Server::with(&HEADER_MODE).await;
    let owner = Caller::new("acme", "kim", "owner");
    let (expired, expired_text) = issue(&server, &owner, &["desktop"]).await;
    let (revoked, revoked_text) = issue(&server, &owner, &["desktop"]).await;
    let id = |token: &Value| token["tokenId"].as_str().expect("an id").to_owned();
    server.sql(&format!("update api_tokens set expires_at = now() - interval '1 second' where id = '{}'", id(&expired))).await;
    let first = server.ask(&owner, Method::DELETE, &path(&revoked), None).await;
    assert_eq!((first.status, &first.body["revoked"]), (StatusCode::OK, &json!(true)), "{first:?}");
    let again = server.ask(&owner, Method::DELETE, &path(&revoked), None).await;
    assert_eq!(again.body["token"]["revokedAt"], first.body["token"]["revokedAt"], "revoking is done once");

    let swapped = |text: &str, id: &str, other: &str| text.replace(id, other);
    for _ in 0..5 {
        let code = async |text: &str| {
            let refused = server.ask_with(text, Method::GET, "/api/sessions", None).await.expect(StatusCode::UNAUTHORIZED, OVER);
            refused.body["code"].clone()
        };
        assert_eq!(code(&expired_text).await, "auth.token_expired");
        assert_eq!(code(&revoked_text).await, "auth.token_revoked");
        for forged in [
            swapped(&expired_text, &id(&expired), &id(&revoked)),
            swapped(&revoked_text, &id(&revoked), &id(&expired)),
            swapped(&revoked_text, &id(&revoked), "tok_AAAAAAAAAAAAAAAA"),
        ] {
            let refused = server.ask_with(&forged, Method::GET, "/api/sessions", None).await.expect(StatusCode::UNAUTHORIZED, UNKNOWN);
            assert_eq!(refused.body["code"], "auth.required", "nothing about the token is said");
        }
    }

    let deadline = Instant::now() + PATIENCE;
    let rows = loop {
        let log = server.ask(&owner, Method::GET, "/api/admin/audit?action=auth.token_refused", None).await;
        let rows = log.body["events"].as_array().expect("a list").clone();
        if rows.len() >= 2 {
            break rows;
        }
        assert!(Instant::now() < deadline, "the attempts were never told: {log:?}");
        tokio::time::sleep(GLANCE).await;
    };
    for (token, reason) in [(&expired, "auth.token_expired"), (&revoked, "auth.token_revoked")] {
        let told: Vec<_> = rows.iter().filter(|row| row["targetId"] == token["tokenId"]).collect();
        assert_eq!(told.len(), 1, "one row for all attempts of a minute: {rows:#?}");
        assert_eq!((&told[0]["actorType"], &told[0]["metadata"]["reason"]), (&json!("api_token"), &json!(reason)));
    }
    let metrics = server.get("/metrics").await;
    let counted =
        metrics.body.as_str().expect("text").lines().find_map(|line| line.strip_prefix("cowork_auth_refused_total{kind=\"token\"} "));
    assert_eq!(counted, Some("25"), "each attempt is counted");
}

#[tokio::test]
async fn a_token_falls_with_its_issuers_membership() {
    let server = Server::with(&HEADER_MODE).await;
    let owner = Caller::new("acme", "kim", "owner");
    let (_, text) = issue(&server, &owner, &["desktop"]).await;
    assert_eq!(server.ask_with(&text, Method::GET, "/api/sessions", None).await.status, StatusCode::OK);
    server.sql("update memberships set status = 'disabled' where account = 'kim'").await;
    let refused = server.ask_with(&text, Method::GET, "/api/sessions", None).await;
    let refused = refused.expect(StatusCode::UNAUTHORIZED, "Cloud API token membership is not active.");
    assert_eq!(refused.body["code"], "auth.membership_missing");
}

#[tokio::test]
async fn a_stream_lives_no_longer_than_the_token_that_opened_it() {
    let server = Server::with(&HEADER_MODE).await;
    let owner = Caller::new("acme", "kim", "owner");
    let (token, text) = issue(&server, &owner, &["desktop"]).await;
    let id = token["tokenId"].as_str().expect("an id");
    // Long enough to open a stream on a busy machine.
    server.sql(&format!("update api_tokens set expires_at = now() + interval '5 seconds' where id = '{id}'")).await;
    let mut stream = EventStream::open(server.request(Method::GET, "/api/events").bearer_auth(&text)).await;
    stream.read_to_end().await;
    let refused = server.ask_with(&text, Method::GET, "/api/sessions", None).await;
    assert_eq!(refused.body["code"], "auth.token_expired");
}
