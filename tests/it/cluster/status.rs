//! `cowork cluster status`.

use super::harness::Cluster;
use crate::{
    caller::{HEADER_MODE, SECRET},
    program::{finish, program, run},
    server::Server,
};
use serde_json::Value;

#[tokio::test]
async fn the_state_of_the_cluster_is_a_table_for_people_and_json_for_programs() {
    let cluster = Cluster::of(&[("w1", "worker"), ("w2", "worker"), ("web", "web")]).await;
    let shown = cluster.command("web", &["cluster", "status"]).expect_code(0);
    let text = shown.stdout();
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    assert!(lines[0].starts_with("NODE") && lines.len() == 4, "one line per node: {text}");
    for (name, role) in [("w1", "worker"), ("w2", "worker"), ("web", "web")] {
        let line = lines.iter().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name}: {text}"));
        assert!(line.contains(role) && line.contains("live"), "{text}");
    }
    assert!(shown.stderr().contains("256 of 256 shards have an owner"), "{}", shown.stderr());

    let shown = cluster.command("web", &["cluster", "status", "--output", "json"]).expect_code(0);
    let report: Value = serde_json::from_str(&shown.stdout()).expect("data is JSON");
    let owned: u64 = report["nodes"].as_array().expect("nodes").iter().filter_map(|node| node["shards"].as_u64()).sum();
    assert_eq!((report["shardCount"].as_u64(), report["shards"]["owned"].as_u64()), (Some(owned), Some(owned)), "{report:#}");
    for node in report["nodes"].as_array().expect("nodes") {
        let cells = report["owners"].as_array().expect("owners").iter().filter(|owner| **owner == node["node"]).count();
        assert_eq!(node["shards"], cells, "the map of owners says what the nodes say: {report:#}");
    }
    assert_eq!(report["node"], "web");

    let worker = cluster.command("w1", &["cluster", "status"]).expect_code(1);
    assert!(worker.stderr().contains("give the address of a web or all-in-one node"), "{}", worker.stderr());
}

#[tokio::test]
async fn where_people_are_authenticated_operators_show_their_token() {
    let token = "an-operator-of-this-test-knows-it";
    let environment = [HEADER_MODE[0], HEADER_MODE[1], ("OPERATOR_TOKEN", token)];
    let server = Server::with(&environment).await;
    let status = |token: Option<&str>| {
        let mut command = program();
        command.args(["cluster", "status", "--url", &server.url]);
        if let Some(token) = token {
            command.env("COWORK_BEARER", token);
        }
        finish(command)
    };
    assert_eq!(status(Some(token)).expect_code(0).stdout().lines().count(), 2);
    for wrong in [None, Some("guessed"), Some(SECRET)] {
        let refused = status(wrong).expect_code(1);
        assert!(refused.stderr().contains("give the operator token"), "{}", refused.stderr());
        assert_eq!(refused.stdout(), "");
    }
    assert!(!server.log().contains(token));
}

#[test]
fn nobody_there_is_a_failure_and_wrong_usage_is_another() {
    let nobody = run(&["cluster", "status", "--url", "http://127.0.0.1:1"]).expect_code(1);
    assert!(nobody.stderr().contains("could not be reached"), "{}", nobody.stderr());
    run(&["cluster", "drain"]).expect_code(2);
    run(&["cluster", "drain", "w1", "--timeout", "5"]).expect_code(2);
}
