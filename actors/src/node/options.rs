//! How a node runs.

use crate::feed::FeedOptions;
use cowork_domain::admission::OrgLimits;
use std::time::Duration;

/// Everything that a node needs to know.
#[derive(Debug, Clone)]
pub struct NodeOptions {
    /// Unique in the cluster.
    pub name: String,
    /// Where peers reach it; empty for a single node.
    pub address: String,
    /// For display: `all-in-one`, `worker`, …
    pub roles: Vec<String>,
    /// How long a silent node keeps what it owns. It gives up by itself after 60 % of this.
    pub lease: Duration,
    /// How often the lease is renewed.
    pub renew_every: Duration,
    /// Journal lanes: as many as the cores that PostgreSQL may use (measured).
    pub lanes: usize,
    /// After this long without a message an idle entity is passivated.
    pub passivate_after: Duration,
    /// How long a request waits for its entity's owner.
    pub deadline: Duration,
    /// Entities that are loaded at the same time; more would only queue in the database.
    pub concurrent_activations: usize,
    /// Limits of every organisation.
    pub org_limits: OrgLimits,
    /// Bounds of the feeds.
    pub feed: FeedOptions,
}

impl Default for NodeOptions {
    fn default() -> Self {
        Self {
            name: "node-1".into(),
            address: String::new(),
            roles: vec!["all-in-one".into()],
            lease: Duration::from_secs(5),
            renew_every: Duration::from_secs(1),
            lanes: 2,
            passivate_after: Duration::from_secs(120),
            deadline: Duration::from_secs(10),
            concurrent_activations: 8,
            org_limits: OrgLimits::default(),
            feed: FeedOptions::default(),
        }
    }
}
