//! Every node that serves clients serves all of them the same.

use super::harness::Cluster;
use crate::{answer::answer, event_stream::assert_dense};
use reqwest::StatusCode;
use serde_json::Value;

const NODES: [&str; 3] = ["a", "b", "web"];

#[tokio::test]
async fn a_session_is_the_same_through_every_node() {
    let cluster = Cluster::of(&[("a", "all-in-one"), ("b", "all-in-one"), ("web", "web")]).await;
    let session = cluster["web"].session().await;
    let mut session_streams = Vec::new();
    let mut workspace_streams = Vec::new();
    for name in NODES {
        session_streams.push(cluster[name].events(&session).await);
        workspace_streams.push(cluster[name].stream("/api/events?after=0").await);
    }
    for name in NODES {
        let text = format!("[[slow:5]][[text:20]] through {name}");
        cluster[name].run(&session, &text).await;
    }
    let view = cluster["a"].view(&session).await;
    let last = view["projection"]["sequence"].as_u64().expect("it has events");
    for name in NODES {
        let seen = cluster[name].until(&session, |view| view["projection"]["sequence"].as_u64() == Some(last)).await;
        assert_eq!(seen["view"]["messages"], view["view"]["messages"], "as {name} shows it");
    }
    assert!(answer(&view).ends_with("w20"), "{}", answer(&view));

    let is_last = |record: &Value| record["sequence"].as_u64() >= Some(last);
    let mut texts = Vec::new();
    for stream in &mut session_streams {
        stream.until(|records| records.last().is_some_and(is_last)).await;
        assert_dense(stream.records());
        texts.push(stream.event_text());
    }
    assert!(texts.windows(2).all(|pair| pair[0] == pair[1]), "the same bytes on every node");
    let mut texts = Vec::new();
    for stream in &mut workspace_streams {
        // It is the only session of this user.
        stream.until(|records| records.len() as u64 >= last).await;
        assert_dense(stream.records());
        texts.push(stream.event_text());
    }
    assert!(texts.windows(2).all(|pair| pair[0] == pair[1]), "the same bytes on every node");
}

#[tokio::test]
async fn the_same_key_is_one_prompt_whichever_nodes_it_goes_through() {
    let cluster = Cluster::of(&[("a", "all-in-one"), ("b", "all-in-one"), ("web", "web")]).await;
    let session = cluster["a"].session().await;
    let path = format!("/api/sessions/{session}/prompt");
    let mut commands = Vec::new();
    for name in NODES {
        let request = cluster[name].request(reqwest::Method::POST, &path).header("idempotency-key", "one");
        let answer = crate::answer::Answer::of(request.json(&serde_json::json!({ "text": "once" }))).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
        commands.push(answer.body["command"]["commandId"].clone());
    }
    assert!(commands.windows(2).all(|pair| pair[0] == pair[1]), "{commands:?}");
    let view = cluster["web"].until(&session, crate::answer::is_settled).await;
    assert_eq!(crate::answer::said(&view, "user"), ["once"]);
}

#[tokio::test]
async fn operators_see_the_actors_of_all_nodes_from_any_of_them() {
    let cluster = Cluster::of(&[("w1", "worker"), ("w2", "worker"), ("web", "web")]).await;
    for _ in 0..8 {
        let session = cluster["web"].session().await;
        cluster["web"].run(&session, "hello").await;
    }
    let report = cluster["web"].get("/api/ops/supervision").await.body;
    assert_eq!(report["node"]["name"], "web", "the top is the answering node's, as ever: {report:#}");
    let nodes = report["nodes"].as_array().expect("nodes");
    assert_eq!(nodes.len(), 3, "{report:#}");
    let started = |name: &str| {
        let node = nodes.iter().find(|node| node["name"] == name).unwrap_or_else(|| panic!("no {name}: {report:#}"));
        assert_eq!(node["reachable"], true, "{report:#}");
        let kinds = node["report"]["kinds"].as_array().expect("kinds");
        kinds.iter().find(|kind| kind["kind"] == "session").and_then(|kind| kind["started"].as_u64()).unwrap_or_default()
    };
    assert_eq!(started("w1") + started("w2"), 8, "{report:#}");
    assert_eq!(started("web"), 0);
}
