//! Which part of the cloud this process plays, and how it is known to its peers.

use super::problem::Findings;
use super::secret::Secret;
use super::setting::{Kind, Setting};
use super::values::Values;
use std::fmt;
use std::net::SocketAddr;

pub(super) const SETTINGS: &[Setting] = &[
    Setting::new("ROLE", Kind::Choice(&["all-in-one", "web", "worker", "scheduler"]), "which part of the cloud this process plays")
        .or("all-in-one")
        .file("role"),
    Setting::new(
        "DEPLOYMENT_TIER",
        Kind::Choice(&["local", "self_host_beta", "private_beta", "public_production"]),
        "how strict the start rules are; outside local the counted quotas have defaults",
    )
    .or("local")
    .file("deploymentTier"),
    Setting::new("NODE_ID", Kind::Text, "name of this node in the cluster (default: the machine's name)"),
    Setting::new("NODE_ADDRESS", Kind::Text, "host:port at which the other nodes reach this one").later(),
    Setting::new("CLUSTER_SECRET", Kind::Secret, "shared by all nodes of the cluster; they prove it to each other").later(),
    Setting::new("ORG_MODE", Kind::Choice(&["multi-org", "single-org"]), "single-org puts everybody in one organisation")
        .or("multi-org")
        .later(),
    Setting::new("SINGLE_ORG_ID", Kind::Text, "the organisation of single-org mode").or("default").later(),
    Setting::new("SINGLE_ORG_NAME", Kind::Text, "its display name").or("Default Organization").later(),
    Setting::new("WORKER_ID", Kind::Text, "upstream's name of a worker; here NODE_ID names the node").later(),
    Setting::new("SCHEDULER_ID", Kind::Text, "upstream's name of a scheduler; here NODE_ID names the node").later(),
];

/// The `cluster` section.
#[derive(Debug, Clone)]
pub struct ClusterConfig {
    /// What this process does.
    pub role: Role,
    /// How strict the start rules are.
    pub tier: Tier,
    /// Name of this node; unique in the cluster, stable over restarts.
    pub node_id: String,
    /// Where peers reach this node.
    pub node_address: Option<SocketAddr>,
    /// What nodes prove to each other.
    pub secret: Option<Secret>,
}

impl ClusterConfig {
    pub(super) fn read(values: &Values, findings: &mut Findings) -> Self {
        let node_id = values.text("NODE_ID").unwrap_or_default();
        if node_id.len() > 63 || node_id.is_empty() || !node_id.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c)) {
            findings.problem(format!(
                "OPEN_COWORK_CLOUD_NODE_ID is \"{node_id}\": expected 1 to 63 letters, digits, dots, dashes or underscores"
            ));
        }
        let node_address = values.text("NODE_ADDRESS").and_then(|text| {
            let parsed = text.parse().ok();
            if parsed.is_none() {
                findings.problem(format!(
                    "OPEN_COWORK_CLOUD_NODE_ADDRESS is \"{text}\": expected an address and a port, such as 10.0.0.5:7946"
                ));
            }
            parsed
        });
        Self {
            role: Role::of(&values.text("ROLE").unwrap_or_default()),
            tier: Tier::of(&values.text("DEPLOYMENT_TIER").unwrap_or_default()),
            node_id,
            node_address,
            secret: values.secret("CLUSTER_SECRET"),
        }
    }
}

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Everything in one process.
    AllInOne,
    /// Serves clients; owns no sessions.
    Web,
    /// Owns and executes sessions.
    Worker,
    /// Triggers workflows.
    Scheduler,
}

impl Role {
    fn of(word: &str) -> Self {
        match word {
            "web" => Self::Web,
            "worker" => Self::Worker,
            "scheduler" => Self::Scheduler,
            _ => Self::AllInOne,
        }
    }

    /// The word of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AllInOne => "all-in-one",
            Self::Web => "web",
            Self::Worker => "worker",
            Self::Scheduler => "scheduler",
        }
    }

    /// Whether this role answers clients.
    pub const fn serves_clients(self) -> bool {
        matches!(self, Self::AllInOne | Self::Web)
    }

    /// Whether this role executes sessions.
    pub const fn executes(self) -> bool {
        matches!(self, Self::AllInOne | Self::Worker)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How much a deployment is exposed, and so how strict its start is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// One person's machine: counted limits only where configured, the demo model is there.
    Local,
    /// Self-hosted, being tried out.
    SelfHostBeta,
    /// Hosted for invited people.
    PrivateBeta,
    /// Open to the world: every safety is required.
    PublicProduction,
}

impl Tier {
    /// The word of the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::SelfHostBeta => "self_host_beta",
            Self::PrivateBeta => "private_beta",
            Self::PublicProduction => "public_production",
        }
    }

    fn of(word: &str) -> Self {
        match word {
            "self_host_beta" => Self::SelfHostBeta,
            "private_beta" => Self::PrivateBeta,
            "public_production" => Self::PublicProduction,
            _ => Self::Local,
        }
    }
}
