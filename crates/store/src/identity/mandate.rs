//! On whose behalf something about an organisation is changed.

use cowork_domain::{
    audit::{ActorType, AuditAction, AuditActor, AuditRow, AuditTarget},
    ids::{OrgId, UserId},
    principal::{AuthSource, Principal},
    timestamp::Timestamp,
};
use serde_json::Value;

/// Who changes something: for the rules, and for the audit log.
#[derive(Debug, Clone)]
pub struct Mandate {
    pub(crate) actor: AuditActor,
    /// Whose membership must allow it; none for whoever runs the deployment.
    pub(super) member: Option<UserId>,
    cause: String,
    pub(super) at: Timestamp,
}

impl Mandate {
    /// Whoever is behind a request. `cause` is said once: it tells two changes of the same kind apart.
    pub fn of(principal: &Principal, cause: String, at: Timestamp) -> Self {
        let member = (principal.auth_source != AuthSource::Local).then(|| principal.account_id.clone());
        Self { actor: AuditActor::of(principal), member, cause, at }
    }

    /// Whoever runs the deployment, by a part of the server or a command.
    pub fn operator(name: &str, cause: String, at: Timestamp) -> Self {
        Self { actor: AuditActor::system(name), member: None, cause, at }
    }

    /// Whoever shows an invitation for an account.
    pub fn invited(account: &UserId, cause: String, at: Timestamp) -> Self {
        let actor = AuditActor { actor_type: ActorType::User, id: Some(account.to_string()), account: Some(account.clone()) };
        Self { actor, member: Some(account.clone()), cause, at }
    }

    pub(crate) fn row(&self, org: &OrgId, action: AuditAction, target: &AuditTarget, metadata: Value) -> AuditRow {
        AuditRow::by_actor(org, self.actor.clone(), &self.cause, action, target, metadata, self.at)
    }
}
