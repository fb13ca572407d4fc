//! Rows about files outside the database.

use cowork_domain::ids::{Epoch, OrgId, SessionId};
use cowork_store::{
    ArtifactState, CheckpointVersion, NewArtifactObject, Reservation, SavedCheckpoint, Store, WorkspaceCheckpoint,
    test_database::TestDatabase,
};
use std::time::Duration;
use uuid::Uuid;

fn session(number: u128) -> SessionId {
    SessionId::from_uuid(Uuid::from_u128(number))
}

fn checkpoint(epoch: i64, command: u64, attempt: u32, key: &str) -> WorkspaceCheckpoint {
    WorkspaceCheckpoint {
        session: session(1),
        org: OrgId::new("acme"),
        version: CheckpointVersion { epoch: Epoch(epoch), command, attempt },
        object_key: key.into(),
        sha256: "0".repeat(64),
        size: 1,
        files: 1,
    }
}

async fn newest(store: &Store) -> String {
    store.workspace_checkpoint(&OrgId::new("acme"), session(1)).await.expect("read").expect("there is one").object_key
}

#[tokio::test]
async fn what_a_replaced_owner_writes_late_never_wins() {
    let (_database, store) = TestDatabase::migrated().await;
    let keep = async |checkpoint| store.save_workspace_checkpoint(&checkpoint).await.expect("written");
    assert_eq!(keep(checkpoint(3, 7, 1, "a")).await, SavedCheckpoint::Newest);
    assert_eq!(keep(checkpoint(3, 7, 1, "a")).await, SavedCheckpoint::Newest, "told again");
    assert_eq!(keep(checkpoint(4, 7, 1, "b")).await, SavedCheckpoint::Newest, "the next owner runs the parked attempt");
    assert_eq!(keep(checkpoint(3, 9, 2, "late")).await, SavedCheckpoint::Superseded);
    assert_eq!(keep(checkpoint(4, 6, 3, "old")).await, SavedCheckpoint::Superseded);
    assert_eq!(newest(&store).await, "b");
    assert_eq!(keep(checkpoint(4, 8, 1, "c")).await, SavedCheckpoint::Newest);
    assert_eq!(newest(&store).await, "c");
    assert_eq!(store.workspace_checkpoint(&OrgId::new("other"), session(1)).await.expect("read"), None, "another organisation's");

    let mut discarded = store.discarded_objects(Duration::ZERO, 10).await.expect("read");
    discarded.sort();
    assert_eq!(discarded, ["a", "b", "late", "old"]);
    store.forget_discarded_objects(&discarded).await.expect("written");
    assert!(store.discarded_objects(Duration::ZERO, 10).await.expect("read").is_empty());
}

fn content(artifact: &str, size: u64) -> NewArtifactObject {
    NewArtifactObject {
        session: session(2),
        artifact: artifact.into(),
        org: OrgId::new("acme"),
        object_key: format!("k/{artifact}"),
        upload_key: None,
        size,
        sha256: "0".repeat(64),
        content_type: None,
        metadata: None,
        lifetime: Duration::from_secs(60),
    }
}

#[tokio::test]
async fn a_days_bytes_are_shared_out_exactly_among_uploads_that_come_at_once() {
    let (_database, store) = TestDatabase::migrated().await;
    let (org, limit) = (OrgId::new("acme"), Some(100));
    let wishes = (0..16).map(|number| {
        let (store, wish) = (store.clone(), content(&format!("a{number}"), 9));
        async move { store.reserve_artifact(&wish, limit).await.expect("answered") }
    });
    let answers = all_at_once(wishes).await;
    assert_eq!(answers.iter().filter(|answer| **answer == Reservation::Made).count(), 11, "{answers:?}");
    assert!(answers.iter().all(|answer| !matches!(answer, Reservation::Known(_))));
    assert_eq!(store.artifact_bytes_today(&org).await.expect("read"), 99);

    let made = answers.iter().position(|answer| *answer == Reservation::Made).expect("one");
    let name = format!("a{made}");
    assert!(store.give_up_artifact(&org, session(2), &name).await.expect("written"));
    assert!(!store.give_up_artifact(&org, session(2), &name).await.expect("written"), "once");
    assert!(!store.artifact_stored(&org, session(2), &name, Duration::from_secs(60)).await.expect("written"), "too late");
    assert_eq!(store.artifact_bytes_today(&org).await.expect("read"), 90);
    let orphans = store.claim_orphaned_artifacts(10).await.expect("read");
    assert_eq!(
        orphans.iter().map(|orphan| (orphan.artifact.as_str(), orphan.state)).collect::<Vec<_>>(),
        [(name.as_str(), ArtifactState::CleanupPending)]
    );
    assert!(store.claim_orphaned_artifacts(10).await.expect("read").is_empty(), "somebody has it in hand");
    store.artifact_cleaned(session(2), &name).await.expect("written");
    assert_eq!(store.artifact_object(&org, session(2), &name).await.expect("read"), None);
    assert_eq!(store.artifact_bytes_today(&org).await.expect("read"), 90, "given back once");

    let too_much = store.reserve_artifact(&content("b", 11), limit).await.expect("answered");
    assert!(matches!(too_much, Reservation::QuotaExceeded { retry_after } if !retry_after.is_zero()), "{too_much:?}");
    assert_eq!(store.reserve_artifact(&content("b", 10), limit).await.expect("answered"), Reservation::Made);
    let known = store.reserve_artifact(&content("b", 10), None).await.expect("answered");
    assert!(matches!(known, Reservation::Known(known) if known.state == ArtifactState::Reserved && !known.published));
}

async fn all_at_once<T: Send + 'static>(work: impl Iterator<Item = impl Future<Output = T> + Send + 'static>) -> Vec<T> {
    let mut tasks = tokio::task::JoinSet::new();
    work.enumerate().for_each(|(place, work)| {
        tasks.spawn(async move { (place, work.await) });
    });
    let mut done = tasks.join_all().await;
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, output)| output).collect()
}
