//! Artifacts beside the conversation.

use super::{Story, kim};
use crate::{
    artifact::{ArtifactChange, ArtifactRefusal, ArtifactStatus, PublishArtifact, ReviewArtifact, Transfer},
    event::ArtifactRecord,
    session::decide::decide_artifact,
};

fn publish(id: &str) -> ArtifactChange {
    let record = ArtifactRecord {
        artifact_id: id.into(),
        filename: "a.txt".into(),
        size: Some(7),
        status: Some("draft".into()),
        project_id: Some("p".into()),
        ..ArtifactRecord::default()
    };
    ArtifactChange::Publish(Box::new(PublishArtifact { by: kim(), record, transfer: Transfer::Buffered }))
}

fn review(id: &str, status: ArtifactStatus) -> ArtifactChange {
    let review = ReviewArtifact {
        artifact_id: id.into(),
        status,
        updated_by: Some("kim".into()),
        author_agent_id: None,
        project_id: None,
        task_id: None,
        kind: None,
    };
    ArtifactChange::Review(Box::new(review))
}

#[test]
fn an_artifact_is_published_once_and_moves_forward_only() {
    let Story { state: mut session, now, .. } = Story::begin();
    let (changes, _) = decide_artifact(&session, publish("a"), now).expect("published");
    assert_eq!((changes.events.len(), changes.usage.len(), changes.audit.len()), (1, 1, 1));
    assert_eq!(changes.usage[0].quantity, 7);
    session.commit(changes);
    let (changes, record) = decide_artifact(&session, publish("a"), now).expect("there already");
    assert!(changes.is_empty());
    assert_eq!(record.filename, "a.txt");

    let (changes, record) = decide_artifact(&session, review("a", ArtifactStatus::Final), now).expect("forward");
    let said = (record.status.as_deref(), record.status_updated_by.as_deref(), record.project_id.as_deref());
    assert_eq!(said, (Some("final"), Some("kim"), Some("p")));
    session.commit(changes);
    assert_eq!(decide_artifact(&session, review("a", ArtifactStatus::InReview), now).err(), Some(ArtifactRefusal::Backwards));
    assert_eq!(decide_artifact(&session, review("b", ArtifactStatus::Final), now).err(), Some(ArtifactRefusal::Unknown));
}

#[test]
fn a_record_reads_back_from_what_nodes_send_each_other() {
    let change = publish("a");
    let sent = serde_json::to_string(&change).expect("it serialises");
    assert_eq!(serde_json::from_str::<ArtifactChange>(&sent).expect("it reads back"), change);
}
