//! What the cluster says about itself, and whether that is a settled cluster.

use serde::Deserialize;
use std::collections::BTreeMap;

/// Each worker should own its share; rendezvous hashing spreads by chance, so some more or less is fine.
const MOST_OF_SHARE: f64 = 1.6;
const LEAST_OF_SHARE: f64 = 0.4;

/// `GET /api/ops/cluster`, as far as it matters here.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClusterView {
    pub(super) node: String,
    pub(super) nodes: Vec<NodeView>,
    pub(super) shards: ShardCounts,
}

/// A node in that answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NodeView {
    pub(super) name: String,
    pub(super) state: String,
    pub(super) shards: u32,
    pub(super) link: Option<LinkView>,
}

/// The answering node's link to it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct LinkView {
    pub(super) state: String,
}

/// Over the whole cluster.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct ShardCounts {
    pub(super) owned: u32,
    pub(super) unowned: u32,
}

impl ClusterView {
    pub(super) fn node(&self, name: &str) -> Option<&NodeView> {
        self.nodes.iter().find(|node| node.name == name)
    }

    /// Why this isn't a cluster in which all is well: everybody alive, every shard owned, by whom it
    /// should be, and linked with the node that answered.
    pub(super) fn unsettled(&self, workers: &[&str], others: &[&str]) -> Option<String> {
        if self.shards.unowned > 0 {
            return Some(format!("{} shards have no owner", self.shards.unowned));
        }
        for name in workers.iter().chain(others) {
            match self.node(name) {
                Some(node) if node.state == "live" => {}
                Some(node) => return Some(format!("node {name} is {}", node.state)),
                None => return Some(format!("node {name} is not in the cluster")),
            }
        }
        let share = f64::from(self.shards.owned) / f64::from(u32::try_from(workers.len()).unwrap_or(1));
        for worker in workers.iter().filter_map(|name| self.node(name)) {
            if workers.len() > 1 && !(LEAST_OF_SHARE..=MOST_OF_SHARE).contains(&(f64::from(worker.shards) / share)) {
                return Some(format!("node {} owns {} of {} shards", worker.name, worker.shards, self.shards.owned));
            }
            if worker.name != self.node && worker.link.as_ref().is_none_or(|link| link.state != "up") {
                let state = worker.link.as_ref().map_or("missing", |link| &link.state);
                return Some(format!("the link from {} to {} is {state}", self.node, worker.name));
            }
        }
        None
    }
}

/// The links of a node that are up, as its metrics say: a scrape's lines of `cowork_link_up`.
pub(super) fn links_up(scrape: &str) -> BTreeMap<&str, bool> {
    let lines = scrape.lines().filter_map(|line| line.strip_prefix("cowork_link_up{"));
    lines
        .filter_map(|line| {
            let (labels, value) = line.split_once('}')?;
            let peer = labels.split(',').find_map(|label| label.trim().strip_prefix("peer=\"")?.strip_suffix('"'))?;
            Some((peer, value.trim().parse::<f64>().is_ok_and(|value| value > 0.0)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn node(name: &str, state: &str, shards: u32, link: &Value) -> Value {
        json!({ "name": name, "node": 1, "incarnation": 3, "address": "", "roles": [], "state": state, "leaseMsLeft": 4200,
            "shards": shards, "link": link })
    }

    fn view(nodes: &[Value], unowned: u32) -> ClusterView {
        let text = json!({ "generatedAt": "2026-03-04T05:06:07.890Z", "node": "web1", "shardCount": 256, "leaseMs": 5000,
            "nodes": nodes, "shards": { "owned": 256 - unowned, "unowned": unowned }, "lastMoves": [] });
        serde_json::from_value(text).expect("the shape of the endpoint")
    }

    #[test]
    fn a_cluster_is_settled_when_nothing_is_missing() {
        let up = json!({ "peer": "w1", "state": "up", "reason": null, "roundTripUs": 180 });
        let down = json!({ "peer": "w1", "state": "connecting" });
        let web = node("web1", "live", 0, &Value::Null);
        let check = |first: Value, second: Value, unowned| {
            view(&[web.clone(), first, second], unowned).unsettled(&["w1", "w2"], &["web1"]).unwrap_or_default()
        };
        assert_eq!(check(node("w1", "live", 130, &up), node("w2", "live", 126, &up), 0), "");
        assert!(check(node("w1", "live", 130, &up), node("w2", "live", 125, &up), 1).contains("no owner"));
        assert!(check(node("w1", "live", 130, &up), node("w2", "dead", 126, &up), 0).contains("w2 is dead"));
        assert!(check(node("w1", "live", 130, &up), node("w3", "live", 126, &up), 0).contains("w2 is not in"));
        assert!(check(node("w1", "live", 256, &up), node("w2", "live", 0, &up), 0).contains("owns"));
        assert!(check(node("w1", "live", 130, &up), node("w2", "live", 126, &down), 0).contains("connecting"));
        assert!(check(node("w1", "live", 130, &up), node("w2", "live", 126, &Value::Null), 0).contains("missing"));
    }

    #[test]
    fn links_are_read_from_a_scrape() {
        let scrape =
            "# TYPE cowork_link_up gauge\ncowork_link_up{peer=\"w1\"} 1\ncowork_link_up{role=\"x\",peer=\"w2\"} 0\nother{peer=\"w3\"} 1\n";
        assert_eq!(links_up(scrape), BTreeMap::from([("w1", true), ("w2", false)]));
    }
}
