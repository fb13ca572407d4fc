//! How a session begins, as its future owner is asked for it: small enough to be sent to another
//! node, and complete enough to begin the same session again after a lost answer.

use cowork_domain::{
    event::ProjectSource,
    ids::SessionId,
    import::ImportPlan,
    principal::Principal,
    session::{Changes, SessionIdentity, open},
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a session is called until somebody names it (contract 01 §1.1).
const DEFAULT_TITLE: &str = "New session";

/// A session that is about to begin.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Birth {
    pub(crate) id: SessionId,
    pub(crate) by: Principal,
    /// Deployment profile.
    pub(crate) profile_name: String,
    pub(crate) at: Timestamp,
    /// The id may exist already: an earlier try with the same idempotency key.
    pub(crate) retry: bool,
    pub(crate) content: BirthContent,
}

/// What the session begins with.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum BirthContent {
    Fresh { title: Option<String>, project_source: Option<ProjectSource> },
    Imported(ImportPlan),
}

impl Birth {
    pub(crate) fn identity(&self) -> Arc<SessionIdentity> {
        Arc::new(SessionIdentity {
            session: self.id,
            tenant: self.by.tenant_id.clone(),
            user: self.by.user_id.clone(),
            org: self.by.org_id.clone(),
            profile_name: self.profile_name.clone(),
            created_at: self.at,
        })
    }

    /// Its first events.
    pub(crate) fn changes(&self) -> Changes {
        let identity = self.identity();
        match &self.content {
            BirthContent::Fresh { title, project_source } => {
                open(&identity, title.as_deref().unwrap_or(DEFAULT_TITLE), project_source.clone(), &self.by, self.at)
            }
            BirthContent::Imported(plan) => plan.clone().changes(&identity, &self.by, self.at),
        }
    }
}
