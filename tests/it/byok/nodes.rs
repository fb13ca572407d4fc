//! Several nodes: asked for at a web node, done by a worker, resumed after its death.

use super::{
    owner,
    provider::{Manners, Provider, with},
    save, shown, until_shown, validate,
};
use crate::cluster::harness::Cluster;
use reqwest::{Method, StatusCode};
use serde_json::json;

const KEY: &str = "sk-a-good-key-0123456789";
/// What the workers of one deployment open keys with; its web nodes must not have it.
const OPENS: (&str, &str) = ("SECRET_KEY", "kT8qW2mZ5xR9vB4nL7cJ3hG6fD1sA0pY");

#[tokio::test]
async fn a_web_node_stores_keys_that_it_can_t_open_and_workers_check_them() {
    let provider = Provider::start(&[KEY]).await;
    let environment = provider.environment();
    let mut cluster = Cluster::empty().await;
    let kim = owner("acme");
    // A worker was there once, so the web node knows what to seal to; now nobody can check.
    cluster.join("w0", "worker", &with(&environment, &[OPENS]));
    cluster.take("w0").kill();
    cluster.join("web", "web", &with(&environment, &[]));
    save(&cluster["web"], &kim, KEY).await;
    let waiting = validate(&cluster["web"], &kim).await;
    assert_eq!((&waiting.body["validated"], &waiting.body["secret"]["health"]), (&json!(false), &json!("checking")), "{waiting:?}");
    assert_eq!(provider.seen(), []);

    cluster.join("w1", "worker", &with(&environment, &[OPENS]));
    until_shown(&cluster["web"], &kim, |shown| shown["secret"]["status"] == "active").await;
    assert_eq!(provider.probes(), 1);
    let again = validate(&cluster["web"], &kim).await;
    assert_eq!((&again.body["validated"], provider.probes()), (&json!(true), 2), "{again:?}");
    let web = cluster.take("web");
    let revealed = web.rows("select metadata->>'node' as node from audit_events where event_type = 'byok_secret.revealed'").await;
    assert!(!revealed.is_empty() && revealed.iter().all(|row| row["node"] == "w1"), "{revealed:?}");
}

#[tokio::test]
async fn a_check_that_its_worker_did_not_survive_is_run_by_the_next() {
    let provider = Provider::start(&[KEY]).await;
    let environment = provider.environment();
    let mut cluster = Cluster::empty().await;
    let kim = owner("acme");
    let web = cluster.join("web", "web", &with(&environment, &[]));
    let unsealed = web.ask(&kim, Method::POST, "/api/byok/openai", Some(json!({ "apiKey": KEY }))).await;
    let unsealed = unsealed.expect(StatusCode::SERVICE_UNAVAILABLE, "BYOK secret storage is not configured.");
    assert_eq!(unsealed.body["code"], "secrets.unsealed");
    cluster.join("w1", "worker", &with(&environment, &[OPENS]));
    save(&cluster["web"], &kim, KEY).await;
    provider.behaves(Manners::Silent);
    let asked = async { validate(&cluster["web"], &kim).await };
    let killed = async {
        provider.until_probed(1).await;
        provider.behaves(Manners::Good);
    };
    tokio::select! {
        answer = asked => panic!("nobody could answer: {answer:?}"),
        () = killed => {}
    }
    cluster.take("w1").kill();
    assert_eq!(shown(&cluster["web"], &kim).await["secret"]["status"], "pending_validation");
    cluster.join("w2", "worker", &with(&environment, &[OPENS]));
    until_shown(&cluster["web"], &kim, |shown| shown["secret"]["status"] == "active").await;
    assert_eq!(provider.probes(), 2);
}
