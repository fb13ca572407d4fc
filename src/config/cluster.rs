//! Which part of the cloud this process plays, and how it is known to its peers.

use super::environment::Environment;
use super::node_link::{ClusterTls, LinkConfig};
use super::problem::Findings;
use super::secret::Secret;
use super::secret_reference;
use super::setting::{Kind, PREFIX, Setting};
use super::values::Values;
use std::time::Duration;

pub use super::role::{Role, Tier};

/// Node names go into logs, paths and addresses of the API.
pub(super) const LONGEST_NODE_ID: usize = 63;

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
    Setting::new(
        "NODE_ID",
        Kind::Text,
        "name of this node in the cluster, the same over restarts (default: the machine's name, and the role unless it is all-in-one)",
    ),
    Setting::new("NODE_ADDRESS", Kind::Text, "host:port at which the other nodes reach this one; a host name is resolved when dialled"),
    Setting::new(
        "NODE_LISTEN",
        Kind::Text,
        "address:port to listen on for the other nodes (default: NODE_ADDRESS's port, on every address unless NODE_ADDRESS is loopback)",
    ),
    Setting::new("CLUSTER_SECRET", Kind::Secret, "shared by all nodes of the cluster; they prove it to each other"),
    Setting::new("CLUSTER_SECRET_REF", Kind::SecretRef, "where to read that secret; env:NAME or file:PATH"),
    Setting::new("CLUSTER_TLS_CERTIFICATE", Kind::Path, "certificate of this node for mutual TLS between nodes, PEM"),
    Setting::new("CLUSTER_TLS_KEY", Kind::Path, "its private key, PEM"),
    Setting::new("CLUSTER_TLS_AUTHORITY", Kind::Path, "the authority that signed the certificates of all nodes, PEM"),
    Setting::new("LEASE", Kind::Span { least: 2000, most: 60_000 }, "how long a node that says nothing keeps what it owns").or("5s"),
    Setting::new("ORG_MODE", Kind::Choice(&["multi-org", "single-org"]), "single-org puts everybody in one organisation").or("multi-org"),
    Setting::new("SINGLE_ORG_ID", Kind::Text, "the organisation of single-org mode").or("default"),
    Setting::new("SINGLE_ORG_NAME", Kind::Text, "its display name").or("Default Organization"),
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
    /// How long a silent node keeps what it owns.
    pub lease: Duration,
    /// How this node is linked with its peers; none for a node that is alone, or that others reach through the database only.
    pub link: Option<LinkConfig>,
    /// What nodes prove to each other.
    pub secret: Option<Secret>,
    /// Mutual TLS between nodes.
    pub tls: Option<ClusterTls>,
}

impl ClusterConfig {
    pub(super) fn read(values: &Values, environment: &Environment, findings: &mut Findings) -> Self {
        let node_id = values.text("NODE_ID").unwrap_or_default();
        let is_usable = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
        if node_id.len() > LONGEST_NODE_ID || node_id.is_empty() || !node_id.chars().all(is_usable) {
            findings.problem(format!(
                "{PREFIX}NODE_ID is \"{node_id}\": expected 1 to {LONGEST_NODE_ID} letters, digits, dots, dashes or underscores"
            ));
        }
        Self {
            role: Role::of(&values.text("ROLE").unwrap_or_default()),
            tier: Tier::of(&values.text("DEPLOYMENT_TIER").unwrap_or_default()),
            node_id,
            lease: values.span("LEASE"),
            link: LinkConfig::read(values, findings),
            secret: secret_reference::resolve(values, environment, "CLUSTER_SECRET", findings),
            tls: ClusterTls::read(values, findings),
        }
    }
}
