//! Says in the audit log that a deployment lets people in by another rule than the last time it started.

use crate::config::{Config, auth::AuthMode};
use cowork_actors::Clock;
use cowork_domain::ids::OrgId;
use cowork_store::{Store, StoreError};

/// The log of a deployment with many organisations: no organisation's administrators set its mode.
const DEPLOYMENT_LOG: &str = "operators";

/// Notes the mode, once for all nodes that start with it.
pub(super) async fn note(config: &Config, store: &Store) -> Result<(), StoreError> {
    if !config.cluster.role.serves_clients() {
        return Ok(());
    }
    let log = match (&config.auth.single_org, config.auth.mode) {
        (Some(org), _) => org.id.as_str(),
        (None, AuthMode::None) => "default",
        (None, _) => DEPLOYMENT_LOG,
    };
    let mode = config.auth.signup.mode;
    if let Some(before) = store.note_signup_mode(&OrgId::new(log), mode, &Clock.nonce(), Clock.now()).await? {
        tracing::warn!(from = %before, to = mode.as_str(), "people become members by another rule than before");
    }
    Ok(())
}
