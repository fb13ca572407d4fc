//! Ready-made frames: the text of one server-sent event (contract 00 §9.1).

use bytes::Bytes;
use cowork_domain::{event::EventType, ids::Sequence, session::SessionIdentity, timestamp::Timestamp};
use cowork_store::StoredEvent;
use std::fmt::Write;

/// One event, ready to be written.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) sequence: u64,
    pub(crate) bytes: Bytes,
}

/// Makes the frames of one session's stream.
#[derive(Debug)]
pub(crate) struct SessionFrames {
    tenant: String,
    session: String,
}

impl SessionFrames {
    pub(crate) fn of(identity: &SessionIdentity) -> Self {
        Self { tenant: json_text(identity.tenant.as_str()), session: identity.session.to_string() }
    }

    pub(crate) fn frame(&self, event: &StoredEvent) -> Frame {
        let Self { tenant, session } = self;
        let StoredEvent { sequence, event_type, payload, at } = event;
        let mut text = String::with_capacity(payload.len() + 320);
        let written = write!(
            text,
            "id: {sequence}\nevent: {event_type}\ndata: {{\"tenantId\":{tenant},\"sessionId\":\"{session}\",\"eventId\":\"{session}:{sequence}\",\"sequence\":{sequence},\"type\":\"{event_type}\",\"payload\":{payload},\"createdAt\":\"{at}\"}}\n\n"
        );
        written.expect("writing to a string cannot fail");
        Frame { sequence: sequence.0, bytes: text.into() }
    }

    /// Tells a client that its cursor is older than what is kept (contract 00 §9.2).
    pub(crate) fn snapshot_required(&self, gap: Gap, now: Timestamp) -> Bytes {
        let session = &self.session;
        snapshot_required(&format!("\"sessionId\":\"{session}\","), "session", session, gap, now)
    }
}

/// Makes the frames of one user's stream over all sessions.
#[derive(Debug)]
pub(crate) struct WorkspaceFrames {
    tenant: String,
    user: String,
}

impl WorkspaceFrames {
    pub(crate) fn of(tenant: &str, user: &str) -> Self {
        Self { tenant: json_text(tenant), user: json_text(user) }
    }

    /// `sequence` counts the user's events, `event.sequence` the session's (contract 01 §3).
    pub(crate) fn frame(&self, sequence: Sequence, session: &str, event: &StoredEvent) -> Frame {
        let Self { tenant, user } = self;
        let StoredEvent { sequence: version, event_type, payload, at } = event;
        let artifact = artifact_id(*event_type, payload);
        let (entity_type, entity_id) = artifact.as_deref().map_or(("session", session), |id| ("artifact", id));
        let entity_id = json_text(entity_id);
        let operation = operation(*event_type);
        let mut text = String::with_capacity(payload.len() + 480);
        let written = write!(
            text,
            "id: {sequence}\nevent: {event_type}\ndata: {{\"tenantId\":{tenant},\"userId\":{user},\"sessionId\":\"{session}\",\"eventId\":\"{session}:{version}\",\"sequence\":{sequence},\"entityType\":\"{entity_type}\",\"entityId\":{entity_id},\"operation\":\"{operation}\",\"projectionVersion\":{version},\"type\":\"{event_type}\",\"payload\":{payload},\"createdAt\":\"{at}\"}}\n\n"
        );
        written.expect("writing to a string cannot fail");
        Frame { sequence: sequence.0, bytes: text.into() }
    }

    /// Tells a client that its cursor is older than what is kept.
    #[expect(clippy::unused_self, reason = "the same shape as the session's")]
    pub(crate) fn snapshot_required(&self, gap: Gap, now: Timestamp) -> Bytes {
        snapshot_required("", "workspace", "workspace", gap, now)
    }
}

/// What a cursor missed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gap {
    pub(crate) cursor: u64,
    pub(crate) earliest: u64,
    pub(crate) latest: u64,
}

fn snapshot_required(session_field: &str, entity_type: &str, entity_id: &str, gap: Gap, now: Timestamp) -> Bytes {
    let Gap { cursor, earliest, latest } = gap;
    format!(
        "id: {cursor}\nevent: snapshot.required\ndata: {{{session_field}\"sequence\":{cursor},\"type\":\"snapshot.required\",\"eventId\":\"snapshot-required:{cursor}\",\"entityType\":\"{entity_type}\",\"entityId\":\"{entity_id}\",\"operation\":\"snapshot_required\",\"projectionVersion\":{cursor},\"createdAt\":\"{now}\",\"payload\":{{\"reason\":\"event_retention_gap\",\"afterSequence\":{cursor},\"earliestSequence\":{earliest},\"latestSequence\":{latest}}}}}\n\n"
    )
    .into()
}

/// What a workspace record says about its entity (contract 01 §3).
fn operation(event_type: EventType) -> &'static str {
    match event_type {
        EventType::SessionCreated | EventType::PromptSubmitted | EventType::ArtifactCreated => "create",
        _ => "update",
    }
}

fn artifact_id(event_type: EventType, payload: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Ids {
        cloud_artifact_id: Option<String>,
        artifact_id: Option<String>,
        id: Option<String>,
    }
    if !matches!(event_type, EventType::ArtifactCreated | EventType::ArtifactUpdated) {
        return None;
    }
    let ids: Ids = serde_json::from_str(payload).ok()?;
    ids.cloud_artifact_id.or(ids.artifact_id).or(ids.id)
}

fn json_text(text: &str) -> String {
    serde_json::to_string(text).expect("a text always serialises")
}

/// The JSON record of each event in a piece of a stream; comments have none.
pub fn records(piece: &Bytes) -> impl Iterator<Item = &str> {
    let text = std::str::from_utf8(piece).unwrap_or_default();
    text.split('\n').filter_map(|line| line.strip_prefix("data: "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(event_type: EventType, payload: &str) -> StoredEvent {
        StoredEvent { sequence: Sequence(3), event_type, payload: payload.into(), at: Timestamp::from_millis(0) }
    }

    #[test]
    fn a_workspace_record_names_the_artifact_and_both_counters() {
        let frames = WorkspaceFrames::of("a\"cme", "kim");
        let frame = frames.frame(Sequence(9), "ses_1", &stored(EventType::ArtifactCreated, r#"{"artifactId":"art_1"}"#));
        let record: serde_json::Value = serde_json::from_str(records(&frame.bytes).next().expect("one record")).expect("valid JSON");
        assert_eq!(record["tenantId"], "a\"cme");
        assert_eq!((&record["sequence"], &record["projectionVersion"]), (&9.into(), &3.into()));
        assert_eq!(
            (&record["entityType"], &record["entityId"], &record["operation"]),
            (&"artifact".into(), &"art_1".into(), &"create".into())
        );
        assert_eq!(record["eventId"], "ses_1:3");
    }
}
