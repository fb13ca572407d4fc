//! What an auditor must be able to find about the start of a deployment: that people come in by another rule than the last time,
//! and which rules it was excused from.

use crate::config::{Config, auth::AuthMode};
use cowork_actors::Clock;
use cowork_domain::{
    audit::{AuditAction, AuditRow, AuditTarget},
    ids::OrgId,
};
use cowork_store::{Store, StoreError};
use serde_json::json;

/// The log of a deployment with many organisations: no organisation's administrators decide about the deployment.
const DEPLOYMENT_LOG: &str = "operators";

/// Writes it down.
pub(super) async fn write(config: &Config, store: &Store) -> Result<(), StoreError> {
    let log = match (&config.auth.single_org, config.auth.mode) {
        (Some(org), _) => org.id.as_str(),
        (None, AuthMode::None) => "default",
        (None, _) => DEPLOYMENT_LOG,
    };
    let log = OrgId::new(log);
    if config.cluster.role.serves_clients() {
        signup_mode(config, store, &log).await?;
    }
    waivers(config, store, &log).await
}

/// Notes the mode, once for all nodes that start with it.
async fn signup_mode(config: &Config, store: &Store, log: &OrgId) -> Result<(), StoreError> {
    let mode = config.auth.signup.mode;
    if let Some(before) = store.note_signup_mode(log, mode, &Clock.nonce(), Clock.now()).await? {
        tracing::warn!(from = %before, to = mode.as_str(), "people become members by another rule than before");
    }
    Ok(())
}

/// Notes each rule that this node was excused from, at each of its starts.
async fn waivers(config: &Config, store: &Store, log: &OrgId) -> Result<(), StoreError> {
    if config.waivers.is_empty() {
        return Ok(());
    }
    let (cause, now) = (Clock.nonce(), Clock.now());
    let rows = config.waivers.iter().map(|waiver| {
        let metadata = json!({ "node": config.cluster.node_id, "tier": config.cluster.tier.as_str(), "rule": waiver.text });
        let target = AuditTarget::new("start_rule", waiver.rule);
        AuditRow::by_system(log, "serve", &cause, AuditAction::StartRuleWaived, &target, metadata, now)
    });
    store.record_audit(&rows.collect::<Vec<_>>()).await
}
