//! A node that goes while others stay.

use super::harness::{Cluster, node, until_ready};
use crate::{
    answer::answer,
    event_stream::{assert_dense, of_type},
};
use nix::sys::signal::Signal;
use reqwest::StatusCode;
use serde_json::Value;

#[tokio::test]
async fn a_node_that_stops_serves_until_load_balancers_have_turned_away() {
    let mut cluster = Cluster::empty().await;
    cluster.join("a", "all-in-one", &[("DRAIN_DELAY", "600s"), ("SHUTDOWN_GRACE_MS", "1000")]);
    cluster.settled().await;
    let session = cluster["a"].session().await;
    cluster["a"].signal(Signal::SIGTERM);
    let unready = until_ready(&cluster["a"], false).await;
    assert_eq!(unready.body["checks"][0]["name"], "draining");
    assert_eq!(cluster["a"].get("/livez").await.status, StatusCode::OK);
    let mut stream = cluster["a"].events(&session).await;
    assert_eq!(answer(&cluster["a"].run(&session, "still here").await), "echo: still here");
    stream.until_type("session.idle").await;
    cluster["a"].signal(Signal::SIGTERM);
    assert_eq!(cluster.server_mut("a").exit_code(), Some(0), "a second signal stops at once");
}

#[tokio::test]
async fn a_turn_goes_on_elsewhere_when_its_node_stops() {
    let mut cluster = Cluster::of(&[("w1", "worker"), ("w2", "worker"), ("web", "web")]).await;
    let session = cluster["web"].session().await;
    let mut stream = cluster["web"].events(&session).await;
    cluster["web"].prompt(&session, "[[slow:20]][[text:200]]").await;
    stream.until_type("assistant.message").await;
    // Whichever of the two owns the session: each of them goes once and comes back.
    for name in ["w1", "w2"] {
        cluster[name].signal(Signal::SIGTERM);
        assert_eq!(cluster.server_mut(name).exit_code(), Some(0), "{}", cluster[name].log());
        cluster.until("web", |report| node(report, name)["state"] == "left" && report["shards"]["unowned"] == 0).await;
        cluster.server_mut(name).start_again();
        cluster.settled().await;
    }
    stream.until_type("session.idle").await;
    assert_dense(stream.records());
    let view = cluster["web"].view(&session).await;
    assert!(answer(&view).ends_with("w199 w200"), "{}", answer(&view));
    let submitted: Vec<&Value> = of_type(stream.records(), "prompt.submitted").collect();
    assert_eq!((submitted.len(), of_type(stream.records(), "runtime.error").count()), (1, 0), "planned moves cost nothing");
}
