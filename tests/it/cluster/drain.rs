//! Taking work away from a node, and giving it back.

use super::harness::{Cluster, node, shards};
use crate::answer::answer;
use reqwest::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn a_drained_node_owns_nothing_until_it_is_undrained_and_nobody_notices() {
    let cluster = Cluster::of(&[("w1", "worker"), ("w2", "worker"), ("web", "web")]).await;
    let web = &cluster["web"];
    let mut sessions = Vec::new();
    for number in 0..8 {
        let session = web.session().await;
        web.run(&session, &format!("before {number}")).await;
        sessions.push(session);
    }

    let told = web.post("/api/ops/cluster/nodes/w1/drain", json!({})).await;
    assert_eq!((told.status, &told.body), (StatusCode::OK, &json!({ "node": "w1", "draining": true })));
    for (number, session) in sessions.iter().enumerate() {
        let text = format!("while it drains {number}");
        assert_eq!(answer(&web.run(session, &text).await), format!("echo: {text}"));
    }
    let drained = cluster.until("web", |report| shards(report, "w1") == 0 && report["shards"]["unowned"] == 0).await;
    assert_eq!(node(&drained, "w1")["state"], "draining", "{drained:#}");
    assert_eq!(shards(&drained, "w2"), drained["shardCount"].as_u64().expect("a count"));
    assert_eq!(drained["lastMoves"][0]["to"], "w2", "{drained:#}");

    web.post("/api/ops/cluster/nodes/w1/undrain", json!({})).await;
    cluster.settled().await;
    for session in &sessions {
        assert_eq!(answer(&web.run(session, "after").await), "echo: after");
    }

    for action in ["cluster_node.drained", "cluster_node.undrained"] {
        let audit = web.get(&format!("/api/admin/audit?action={action}")).await.body;
        assert_eq!(audit["events"][0]["targetId"], "w1", "{action}: {audit:#}");
    }
    let unknown = web.post("/api/ops/cluster/nodes/w9/drain", json!({})).await;
    assert_eq!((unknown.status, &unknown.body["code"]), (StatusCode::NOT_FOUND, &json!("cluster.node_unknown")));
}

#[tokio::test]
async fn the_command_line_drains_waits_and_forgets() {
    let mut cluster = Cluster::of(&[("w1", "worker"), ("w2", "worker"), ("web", "web")]).await;
    let done = cluster.command("web", &["cluster", "drain", "w1", "--wait"]).expect_code(0);
    assert_eq!(done.stdout(), "", "progress is no data");
    assert!(done.stderr().contains("w1 owns 0 shards"), "{}", done.stderr());
    assert_eq!(shards(&cluster.report("web").await, "w1"), 0);

    let alive = cluster.command("web", &["cluster", "forget", "w1"]).expect_code(1);
    assert!(alive.stderr().contains("Stop it first") && alive.stderr().contains("cluster.node_in_use"), "{}", alive.stderr());
    let refused = crate::answer::Answer::of(cluster["web"].request(Method::DELETE, "/api/ops/cluster/nodes/w1")).await;
    assert_eq!((refused.status, &refused.body["code"]), (StatusCode::CONFLICT, &json!("cluster.node_in_use")));

    cluster.command("web", &["cluster", "drain", "w1", "--undo", "--wait"]).expect_code(0);
    cluster.settled().await;

    let mut w1 = cluster.take("w1");
    w1.signal(nix::sys::signal::Signal::SIGTERM);
    assert_eq!(w1.exit_code(), Some(0), "{}", w1.log());
    cluster.until("web", |report| node(report, "w1")["state"] == "left" && report["shards"]["unowned"] == 0).await;
    let forgotten = cluster.command("web", &["cluster", "forget", "w1"]).expect_code(0);
    assert!(forgotten.stderr().contains("w1 is forgotten"), "{}", forgotten.stderr());
    assert!(node(&cluster.report("web").await, "w1").is_null());
    let again = cluster.command("web", &["cluster", "forget", "w1"]).expect_code(1);
    assert!(again.stderr().contains("cluster.node_unknown"), "{}", again.stderr());
}
