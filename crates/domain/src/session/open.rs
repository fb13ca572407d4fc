//! The birth of a session.

use super::{Changes, SessionIdentity};
use crate::{
    audit::{AuditAction, AuditRow, UsageRow},
    event::{EventBody, ProjectSource},
    principal::Principal,
    timestamp::Timestamp,
};
use serde_json::json;

/// What creating a session writes: its first events, a usage row and an audit row.
pub fn open(identity: &SessionIdentity, title: &str, project_source: Option<ProjectSource>, by: &Principal, at: Timestamp) -> Changes {
    let cause = identity.session.to_string();
    let metadata = json!({ "profileName": identity.profile_name, "hasProjectSource": project_source.is_some() });
    let mut events = vec![(at, EventBody::SessionCreated { title: Some(title.replace('\0', "\u{fffd}")), runtime_pending: true })];
    events.extend(project_source.map(|project_source| (at, EventBody::ProjectSourceBound { project_source })));
    let used = json!({ "userId": by.user_id, "tenantId": identity.tenant, "sessionId": identity.session });
    Changes {
        events,
        commands: Vec::new(),
        work: Vec::new(),
        usage: vec![UsageRow::once(&identity.org, Some(&by.account_id), &cause, "session.created", used, at)],
        audit: vec![AuditRow::on_session(by, identity.session, &cause, AuditAction::SessionCreated, metadata, at)],
    }
}
