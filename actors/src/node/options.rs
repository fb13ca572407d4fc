//! How a node runs.

use crate::{AuditRetention, ChannelRetention, KeyCheckOptions, LinkOptions, WorkspaceOptions, feed::FeedOptions};
use cowork_domain::{admission::OrgLimits, billing::Plans, project_source::ProjectSourceRules};
use std::{sync::Arc, time::Duration};

/// What a node does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeRole {
    /// Everything.
    AllInOne,
    /// Serves clients; owns no entity.
    Web,
    /// Owns and executes entities.
    Worker,
    /// Triggers workflows; owns no entity.
    Scheduler,
}

impl NodeRole {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AllInOne => "all-in-one",
            Self::Web => "web",
            Self::Worker => "worker",
            Self::Scheduler => "scheduler",
        }
    }

    /// Whether it takes part in owning entities.
    pub const fn owns_shards(self) -> bool {
        matches!(self, Self::AllInOne | Self::Worker)
    }
}

/// What it means for the work of organisations that somebody bills.
#[derive(Debug, Clone)]
pub struct BillingRules {
    /// Who bills: what another provider told doesn't count.
    pub provider: &'static str,
    /// What is sold.
    pub plans: Arc<Plans>,
    /// Whether a plan's limits take the place of the configured ones: only where quotas are enforced at all.
    pub enforces_limits: bool,
}

/// Everything that a node needs to know.
#[derive(Debug, Clone)]
pub struct NodeOptions {
    /// Unique in the cluster.
    pub name: String,
    /// Where peers reach it; empty for a node without links.
    pub address: String,
    /// What it does.
    pub role: NodeRole,
    /// How it links with peers. Without links everything between nodes goes through the database.
    pub links: Option<LinkOptions>,
    /// How long a silent node keeps what it owns. It gives up by itself after 60 % of this.
    pub lease: Duration,
    /// How often the lease is renewed.
    pub renew_every: Duration,
    /// Shards that change hands together.
    pub hand_over_group: usize,
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
    /// What plans say about these limits, and whose work waits for a payment, where somebody bills.
    pub billing: Option<BillingRules>,
    /// Whether usage is recorded; what is uploaded straight to the object store is in any case (contract 03 §4).
    pub records_usage: bool,
    /// How long audit rows are kept; for ever without it.
    pub audit_retention: Option<AuditRetention>,
    /// How long what channels leave behind is kept.
    pub channel_retention: ChannelRetention,
    /// When and how provider keys are checked.
    pub key_checks: KeyCheckOptions,
    /// Where sessions keep their files, and where these are kept for the next owner. Without it nothing is kept.
    pub workspaces: Option<WorkspaceOptions>,
    /// Which projects sessions may work on; asked for every prompt.
    pub project_sources: ProjectSourceRules,
    /// Bounds of the feeds.
    pub feed: FeedOptions,
}

impl Default for NodeOptions {
    fn default() -> Self {
        Self {
            name: "node-1".into(),
            address: String::new(),
            role: NodeRole::AllInOne,
            links: None,
            lease: Duration::from_secs(5),
            renew_every: Duration::from_secs(1),
            hand_over_group: 32,
            lanes: 2,
            passivate_after: Duration::from_secs(120),
            deadline: Duration::from_secs(10),
            concurrent_activations: 8,
            org_limits: OrgLimits::default(),
            billing: None,
            records_usage: true,
            audit_retention: None,
            channel_retention: ChannelRetention::default(),
            key_checks: KeyCheckOptions::default(),
            workspaces: None,
            project_sources: ProjectSourceRules::default(),
            feed: FeedOptions::default(),
        }
    }
}
