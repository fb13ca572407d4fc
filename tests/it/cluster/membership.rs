//! Who may join.

use super::harness::{Cluster, node};
use crate::program::finish;

#[tokio::test]
async fn a_name_belongs_to_one_living_process_and_to_its_next_life() {
    let mut cluster = Cluster::of(&[("a", "all-in-one")]).await;
    let twin = cluster.setting("a", "all-in-one", &[]);
    let refused = finish(twin.command()).expect_code(1);
    let words = refused.stderr();
    assert!(words.lines().any(|line| line.starts_with("error: ") && line.contains("\"a\"")), "it names the node: {words}");
    assert_eq!(refused.stdout(), "", "it never said that it was ready");
    let before = cluster.report("a").await;
    assert_eq!(node(&before, "a")["state"], "live", "the first one goes on");

    cluster.server_mut("a").kill();
    cluster.server_mut("a").start_again();
    cluster.settled().await;
    let after = cluster.report("a").await;
    let lives = |report| node(report, "a")["incarnation"].as_i64();
    assert!(lives(&after) > lives(&before), "a new life of the same node: {after:#}");
    assert_eq!(after["nodes"].as_array().map(Vec::len), Some(1));
}
