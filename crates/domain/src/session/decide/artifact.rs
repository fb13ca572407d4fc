//! Artifacts that come from outside of a turn, and what people say of any.

use super::draft::Draft;
use crate::{
    artifact::{ArtifactChange, ArtifactRefusal, ArtifactStatus, PublishArtifact, ReviewArtifact},
    audit::{AuditAction, AuditRow, AuditTarget, UsageRow},
    event::{ArtifactRecord, EventBody},
    session::{Changes, SessionState},
    timestamp::Timestamp,
};
use serde_json::json;

/// Decides what a change of an artifact writes, and what the artifact is then. Nothing happens to `state`.
pub fn decide_artifact(state: &SessionState, change: ArtifactChange, now: Timestamp) -> Result<(Changes, ArtifactRecord), ArtifactRefusal> {
    let mut draft = Draft::new(state, now);
    let record = match change {
        ArtifactChange::Publish(publish) => draft.publish(*publish),
        ArtifactChange::Review(review) => draft.review(*review)?,
    };
    Ok((draft.into_decision().changes, record))
}

impl Draft<'_> {
    /// The same artifact told again is the one that is there.
    fn publish(&mut self, publish: PublishArtifact) -> ArtifactRecord {
        let PublishArtifact { by, record, transfer } = publish;
        if let Some(known) = self.known(&record.artifact_id) {
            return known;
        }
        let identity = self.identity();
        let (session, id) = (identity.session, &record.artifact_id);
        let cause = format!("{session}:{id}");
        let used = json!({ "tenantId": identity.tenant, "sessionId": session, "artifactId": id });
        let size = i64::try_from(record.size.unwrap_or(0)).unwrap_or(i64::MAX);
        self.changes.usage.push(UsageRow::bytes(&identity.org, Some(&by.account_id), &cause, "artifact.uploaded", size, used, self.at));
        let told = json!({
            "sessionId": session, "size": size, "contentType": record.mime, "kind": record.kind, "mode": transfer.as_str(),
        });
        let target = AuditTarget::new("artifact", id);
        self.changes.audit.push(AuditRow::by(&by, &cause, AuditAction::ArtifactUploaded, &target, told, self.at));
        self.event(EventBody::ArtifactCreated(record.clone()));
        record
    }

    fn review(&mut self, review: ReviewArtifact) -> Result<ArtifactRecord, ArtifactRefusal> {
        let known = self.known(&review.artifact_id).ok_or(ArtifactRefusal::Unknown)?;
        let before = known.status.as_deref().and_then(ArtifactStatus::parse);
        if !review.status.may_follow(before) {
            return Err(ArtifactRefusal::Backwards);
        }
        let at = self.at.to_string();
        let record = ArtifactRecord {
            updated_at: Some(at.clone()),
            status: Some(review.status.as_str().to_owned()),
            status_updated_by: review.updated_by,
            status_updated_at: Some(at),
            author_agent_id: review.author_agent_id.or(known.author_agent_id),
            project_id: review.project_id.or(known.project_id),
            task_id: review.task_id.or(known.task_id),
            kind: review.kind.map(|kind| kind.as_str().to_owned()).or(known.kind),
            ..known
        };
        self.event(EventBody::ArtifactUpdated(record.clone()));
        Ok(record)
    }

    fn known(&self, id: &str) -> Option<ArtifactRecord> {
        let artifacts = self.state.projection.artifacts();
        artifacts.iter().rfind(|artifact| artifact.id == id).map(ArtifactRecord::from)
    }
}
