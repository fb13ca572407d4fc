//! Artifacts that come from outside of a turn, and what people say of any.

use super::draft::Draft;
use crate::{
    artifact::{ArtifactChange, ArtifactRefusal, ArtifactStatus, PublishArtifact, ReviewArtifact},
    event::{ArtifactRecord, EventBody},
    session::{Changes, SessionState},
    timestamp::Timestamp,
};

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
        if let Some(known) = self.known(&publish.record.artifact_id) {
            return known;
        }
        let (usage, audit) = publish.rows(self.identity(), self.at);
        self.changes.usage.push(usage);
        self.changes.audit.push(audit);
        self.event(EventBody::ArtifactCreated(publish.record.clone()));
        publish.record
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
