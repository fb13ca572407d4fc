use super::{agent, binding, gateway, on};
use crate::{
    caller::{Caller, HEADER_MODE},
    server::Server,
};
use reqwest::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn an_organisation_gets_so_many_deliveries_an_hour_and_the_rest_in_the_next() {
    let environment = [HEADER_MODE.as_slice(), &[("MAX_GATEWAY_DELIVERIES_PER_HOUR", "3")]].concat();
    let channel = on((Server::with(&environment).await, Caller::new("acme", "kim", "owner"))).await;
    for number in 0..5 {
        channel.deliver(&format!("dl-{number}"), &format!("c{number}")).await;
    }
    assert_eq!(channel.claim("gw", 8).await.len(), 3, "no more than the hour has");
    let refused = channel.post("deliveries/claim", json!({ "claimedBy": "gw" })).await;
    assert_eq!(
        (refused.status, refused.policy_code()),
        (StatusCode::TOO_MANY_REQUESTS, "quota.gateway_deliveries_per_hour_exceeded"),
        "{refused:?}"
    );
    assert!(refused.body["retryAfterMs"].as_u64().is_some_and(|rest| (1..=3_600_000).contains(&rest)), "{refused:?}");
    let attempts = channel.server.rows("select sum(attempts) as attempts from channel_deliveries").await;
    assert_eq!(attempts[0]["attempts"], json!(3), "what was refused is no attempt");

    // Another organisation has an hour of its own.
    let eve = Caller::new("globex", "eve", "owner");
    let agent = agent(&channel.server, &eve, "support").await;
    let binding = binding(&channel.server, &eve, &agent, "telegram", "tg").await;
    let (token, _) = gateway(&channel.server, &eve, &[&binding]).await;
    let body =
        json!({ "agentId": agent, "channelBindingId": binding, "provider": "telegram", "eventType": "x", "target": {}, "payload": {} });
    channel.server.ask_with(&token, Method::POST, "/api/channels/deliveries", Some(body)).await.expect(StatusCode::CREATED, "");
    let theirs = channel.server.ask_with(&token, Method::POST, "/api/channels/deliveries/claim", Some(json!({}))).await;
    assert_eq!(theirs.expect(StatusCode::OK, "").body["deliveries"].as_array().map(Vec::len), Some(1));

    // A stream says so and stays, until the hour is over.
    let mut stream = channel.follow("claimedBy=gw").await;
    stream.until_text(|text| text.contains("event: error\ndata: {\"error\":\"Gateway delivery quota exceeded.\"}\n\n")).await;
    channel.server.sql("update rate_windows set ends_at = ends_at - interval '1 hour' where scope = 'gateway_deliveries'").await;
    stream.until_text(|text| text.matches("event: channel.delivery\n").count() == 2).await;
}
