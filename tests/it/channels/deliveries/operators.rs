use super::{binding, on};
use crate::{
    caller::{Caller, HEADER_MODE},
    program::GLANCE,
    server::{PATIENCE, Server},
    tokens,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Instant;

const OPERATOR: &str = "Gx4sLq9wNv2kBt7mRz5jHc8yPd3fJa1u";
const PATH: &str = "/api/ops/deliveries";

#[tokio::test]
async fn operators_see_what_waits_where_and_each_organisation_its_own() {
    let environment = [HEADER_MODE.as_slice(), &[("OPERATOR_TOKEN", OPERATOR)]].concat();
    let channel = on((Server::with(&environment).await, Caller::new("acme", "kim", "owner"))).await;
    let quiet = binding(&channel.server, &channel.owner, &channel.agent, "slack", "sl").await;
    for (number, id) in ["claimed", "failed", "dead", "sent", "pending", "pending too"].into_iter().enumerate() {
        channel.deliver(id, &format!("c{number}")).await;
    }
    for delivery in channel.claim("gw", 4).await {
        match delivery["deliveryId"].as_str() {
            Some("failed") => {
                let later =
                    json!({ "status": "failed", "claimToken": delivery["claimToken"], "nextAttemptAt": "2099-01-01T00:00:00.000Z" });
                drop(channel.post("deliveries/failed/ack", later).await.expect(StatusCode::OK, ""));
            }
            Some(status @ ("dead" | "sent")) => drop(channel.settle(&delivery, status).await.expect(StatusCode::OK, "")),
            _ => {}
        }
    }
    let lease = json!({ "channelBindingId": channel.binding, "holder": "gw:1", "ttlMs": 600_000 });
    channel.post("leases", lease).await.expect(StatusCode::OK, "");

    let line = |answer: &Value, binding: &str| {
        let lines = answer["bindings"].as_array().expect("bindings");
        lines.iter().find(|line| line["channelBindingId"] == binding).cloned().unwrap_or_default()
    };
    let counts = |line: &Value| ["pending", "claimed", "failed", "dead"].map(|count| line[count].clone());
    let all = channel.server.ask_with(OPERATOR, Method::GET, PATH, None).await.expect(StatusCode::OK, "").body;
    let busy = line(&all, &channel.binding);
    assert_eq!(counts(&busy), [2, 1, 1, 1].map(|count| json!(count)), "{all:#}");
    assert_eq!((&busy["orgId"], &busy["provider"], &busy["bindingStatus"]), (&json!("acme"), &json!("telegram"), &json!("active")));
    assert!(busy["oldestAgeMs"].is_u64() && busy["leaseExpiresAt"].is_string(), "{busy}");
    assert_eq!((&busy["displayName"], &busy["leaseHolder"]), (&Value::Null, &Value::Null), "what people call things is theirs");
    assert_eq!(counts(&line(&all, &quiet)), [0; 4].map(|count| json!(count)));
    let first = channel.server.ask_with(OPERATOR, Method::GET, &format!("{PATH}?limit=1"), None).await.body;
    assert_eq!(
        (first["bindings"].as_array().map(Vec::len), line(&first, &channel.binding).is_null()),
        (Some(1), false),
        "the oldest first"
    );

    let (_, own) = tokens::issue(&channel.server, &channel.owner, &["operator"]).await;
    let shown = channel.server.ask_with(&own, Method::GET, PATH, None).await.expect(StatusCode::OK, "").body;
    let named = line(&shown, &channel.binding);
    assert_eq!((&named["displayName"], &named["leaseHolder"]), (&json!("Team chat"), &json!("gw:1")));
    let (_, foreign) = tokens::issue(&channel.server, &Caller::new("globex", "eve", "owner"), &["operator"]).await;
    let theirs = channel.server.ask_with(&foreign, Method::GET, PATH, None).await.expect(StatusCode::OK, "").body;
    assert_eq!(theirs["bindings"], json!([]));
    assert_eq!(channel.server.ask(&channel.owner, Method::GET, PATH, None).await.status, StatusCode::FORBIDDEN);

    // The same, as alarms are made of it: other kinds of chat systems say that nothing waits, instead of nothing.
    let wanted = [("telegram", "pending", "2"), ("telegram", "claimed", "1"), ("telegram", "failed", "1"), ("slack", "pending", "0")];
    let deadline = Instant::now() + PATIENCE;
    loop {
        let metrics = channel.server.ask_with(OPERATOR, Method::GET, "/metrics", None).await.expect(StatusCode::OK, "").body;
        let lines: Vec<&str> = metrics.as_str().expect("text").lines().filter(|line| line.starts_with("cowork_delivery_")).collect();
        let says = |name: &str, labels: &[&str]| {
            let found = lines.iter().find(|line| line.starts_with(name) && labels.iter().all(|label| line.contains(label)));
            found.and_then(|line| line.rsplit(' ').next())
        };
        let is_told = wanted.iter().all(|(provider, status, count)| {
            let labels = [format!("provider=\"{provider}\""), format!("status=\"{status}\"")];
            says("cowork_delivery_backlog{", &[&labels[0], &labels[1]]) == Some(*count)
        });
        let oldest = says("cowork_delivery_oldest_seconds{", &["provider=\"telegram\""]).and_then(|age| age.parse::<f64>().ok());
        if is_told && oldest.is_some_and(|age| age > 0.0) {
            break;
        }
        assert!(Instant::now() < deadline, "the backlog never showed: {lines:#?}");
        tokio::time::sleep(GLANCE * 10).await;
    }
}
