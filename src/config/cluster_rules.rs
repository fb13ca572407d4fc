//! Combinations of roles and links that must not start.

use super::Config;
use super::cluster::Tier;
use super::problem::Findings;
use super::setting::PREFIX;
use super::values::Values;

/// Fewer bytes than this can be guessed by whoever can try often.
const SHORTEST_SECRET: usize = 16;

/// What opens stored secrets. It has no place where nothing is opened: a web node is what the world reaches first.
const OPENING: [&str; 8] = [
    "OPENING_KEY",
    "OPENING_KEY_REF",
    "OPENING_KEY_PREVIOUS",
    "OPENING_KEY_PREVIOUS_REF",
    "SECRET_KEY",
    "SECRET_KEY_REF",
    "SECRET_KEY_PREVIOUS",
    "SECRET_KEY_PREVIOUS_REF",
];

pub(super) fn check(config: &Config, values: &Values, findings: &mut Findings) {
    shared_database(config, findings);
    links(config, findings);
    keys(config, values, findings);
    exposed_probes(config, findings);
}

/// Nodes meet in the database, so each must be told which one; a private PostgreSQL belongs to one process.
fn shared_database(config: &Config, findings: &mut Findings) {
    if config.storage.database_url.is_some() {
        return;
    }
    let cluster = &config.cluster;
    if !cluster.role.is_whole() {
        findings.problem(format!(
            "the role {} shares its database with other processes: set {PREFIX}CONTROL_PLANE_URL or --database-url",
            cluster.role
        ));
    } else if cluster.link.is_some() {
        findings.problem(format!(
            "{PREFIX}NODE_ADDRESS makes this node one of several, which share a database: set {PREFIX}CONTROL_PLANE_URL or --database-url"
        ));
    }
}

fn links(config: &Config, findings: &mut Findings) {
    let cluster = &config.cluster;
    let Some(link) = &cluster.link else {
        if !cluster.role.is_whole() {
            findings.warning(format!(
                "without {PREFIX}NODE_ADDRESS the other nodes reach this {} through the database only, which is slower",
                cluster.role
            ));
        }
        return;
    };
    let shortest = if cluster.tier == Tier::Local { 1 } else { SHORTEST_SECRET };
    match &cluster.secret {
        None => findings.problem(format!(
            "{PREFIX}NODE_ADDRESS opens a port for the other nodes: set {PREFIX}CLUSTER_SECRET, the same on all of them, to keep everybody else out"
        )),
        Some(secret) if secret.expose().len() < shortest => findings.problem(format!(
            "{PREFIX}CLUSTER_SECRET is too short: it must have at least {SHORTEST_SECRET} bytes outside tier local"
        )),
        Some(_) => {}
    }
    if cluster.tier != Tier::Local && !link.address.is_loopback() && cluster.tls.is_none() {
        findings.problem(format!(
            "{PREFIX}NODE_ADDRESS is {}, which others on the network can listen to: set {PREFIX}CLUSTER_TLS_CERTIFICATE, {PREFIX}CLUSTER_TLS_KEY and {PREFIX}CLUSTER_TLS_AUTHORITY",
            link.address
        ));
    }
}

fn keys(config: &Config, values: &Values, findings: &mut Findings) {
    let role = config.cluster.role;
    if role.executes() {
        return;
    }
    for name in OPENING.into_iter().filter(|name| values.is_configured(name)) {
        findings.problem(format!("the role {role} must not be given {PREFIX}{name}, which opens stored secrets: only workers need it"));
    }
}

/// A role without clients has no door to guard, but its metrics are read through the same listener.
fn exposed_probes(config: &Config, findings: &mut Findings) {
    let role = config.cluster.role;
    if !role.serves_clients() && config.auth.mode == super::auth::AuthMode::None && config.server.is_exposed() {
        findings.warning(format!(
            "whoever reaches {} can read the metrics of this {role}: set {PREFIX}AUTH_MODE=header, or listen on loopback",
            config.server.listen
        ));
    }
}
