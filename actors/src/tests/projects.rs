//! Sessions that work on a project.

use super::world::World;
use crate::{CreateSession, NodeOptions, WorkspaceOptions};
use cowork_domain::event::ProjectSource;
use cowork_objects::{Objects, ObjectsOptions, Place, archive::ArchiveLimits};
use serde_json::Value;
use std::time::Duration;

/// A turn without its files would leave others in their place.
#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_fetches_projects_the_turn_doesnt_start_and_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = Place::Filesystem { folder: folder.path().join("objects") };
    let objects = ObjectsOptions { place, prefix: String::new(), node: "node-1".into(), patience: Duration::from_secs(10) };
    let workspaces = WorkspaceOptions {
        folder: folder.path().join("workspaces"),
        objects: Objects::open(&objects).expect("a folder can be made"),
        limits: ArchiveLimits::default(),
        checkpoints: true,
        projects: None,
    };
    let world = World::with(NodeOptions { workspaces: Some(workspaces), ..NodeOptions::default() }).await;
    let source = ProjectSource::Git {
        repository_url: "https://github.com/acme/site".into(),
        reference: None,
        subdirectory: None,
        credential_ref: None,
    };
    let id = world.node.clock().mint_session_id();
    let request = CreateSession { id, retry: false, title: None, profile_name: "full".into(), project_source: Some(source) };
    world.node.create_session(&world.me, request).await.expect("a session is created");
    world.prompt(id, "say hi").await;
    let view = world.until(id, |view| view["session"]["status"] == "errored").await;
    assert!(!view.to_string().contains("say: hi"), "{view}");
    let log = world.log(id).await;
    let error = log.iter().find(|event| event.event_type.as_str() == "runtime.error").expect("it is told");
    let payload: Value = serde_json::from_str(&error.payload).expect("JSON");
    assert_eq!(payload["code"], "project_source.denied", "{payload}");
}
