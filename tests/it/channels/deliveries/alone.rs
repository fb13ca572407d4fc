use super::channel;
use reqwest::StatusCode;
use serde_json::json;

/// Ten thousand for a chat system that nobody serves, in one lane and in lanes of their own: another binding's claim reads
/// none of them.
#[tokio::test]
async fn a_backlog_that_nobody_serves_costs_other_bindings_nothing() {
    let channel = channel().await;
    let dead = super::binding(&channel.server, &channel.owner, &channel.agent, "slack", "sl").await;
    let insert = |lane: &str, first: u32| {
        format!(
            "insert into channel_deliveries (org, binding, delivery_id, lane, agent, provider, target, event_type, payload, status,
                    attempt_limit, next_attempt_at, place, created_at, updated_at)
             select 'acme', '{dead}', 'd' || n, {lane}, '{}', 'slack', '{{}}', 'x', '{{}}', 'pending', 20, now(), now(), now(), now()
               from generate_series({first}, {first} + 4999) n",
            channel.agent
        )
    };
    channel.server.sql(&insert("'00000000-0000-0000-0000-000000000001'::uuid", 0)).await;
    channel.server.sql(&insert("gen_random_uuid()", 5000)).await;
    let lanes = "insert into channel_delivery_lanes (org, binding, lane, head, due_at)
                 select org, binding, lane, min(number), now() from channel_deliveries group by org, binding, lane";
    channel.server.sql(lanes).await;

    channel.deliver("mine", "c1").await;
    let claimed = channel.claim("gw", 8).await;
    assert_eq!((claimed.len(), &claimed[0]["deliveryId"]), (1, &json!("mine")));
    channel.settle(&claimed[0], "sent").await.expect(StatusCode::OK, "");
    let untouched = channel.server.rows("select count(*) as count from channel_deliveries where status = 'pending' and attempts = 0").await;
    assert_eq!(untouched[0]["count"], json!(10_000));
}
