//! `GET /api/launchpad/feed` (contract 05 §6).

use super::limits::Limits;
use crate::http::{answer::Json, error::ApiError, gate::Caller, query::Query, schema::ErrorBody, state::HttpState};
use axum::extract::State;
use cowork_actors::{SessionError, ViewShape};
use cowork_domain::{
    event::ArtifactRecord, ids::SessionId, principal::Principal, session::SessionStatus, timestamp::Timestamp, waiting::Waiting,
};
use cowork_store::{ArtifactFilter, IndexedArtifact, SessionFilter, SessionHead};
use futures_util::{StreamExt, TryStreamExt, stream};
use http::Uri;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// The caller's sessions, and the artifacts, that are looked at.
const SCANNED: u32 = 100;
/// Sessions that are read at a time.
const READ_TOGETHER: usize = 4;

/// What a person may want to look at next.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LaunchpadFeed {
    generated_at: String,
    /// Tasks of projects that are worked on; there are no projects so far.
    in_progress: Vec<Value>,
    waiting_on_you: Vec<WaitingItem>,
    fresh_artifacts: Vec<ArtifactItem>,
    totals: Counts<usize>,
    truncated: Counts<bool>,
}

/// One value per list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Counts<T> {
    in_progress: T,
    waiting_on_you: T,
    fresh_artifacts: T,
}

/// Something that an agent waits for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct WaitingItem {
    #[schema(example = "permission:ses_0192f0a4c1de7d52b0c3a1f2e4d5c6b7:perm_1")]
    id: String,
    #[schema(example = "permission")]
    kind: &'static str,
    #[schema(example = "pending")]
    status: &'static str,
    title: String,
    #[serde(flatten)]
    link: Link,
    when: String,
    updated_at: String,
}

/// A file that changed lately.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ArtifactItem {
    id: String,
    artifact_id: String,
    kind: Option<String>,
    status: Option<String>,
    title: String,
    #[serde(flatten)]
    link: Link,
    author_agent_id: Option<String>,
    when: String,
    created_at: Option<String>,
    updated_at: Option<String>,
}

/// What an item belongs to.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Link {
    project_id: Option<String>,
    project_title: Option<String>,
    task_id: Option<String>,
    task_title: Option<String>,
    session_id: String,
    run_id: Option<String>,
    assignee_agent: Option<String>,
}

/// Read what waits for the caller, and which artifacts changed last.
#[utoipa::path(get, path = "/api/launchpad/feed", operation_id = "readLaunchpadFeed", tag = "workspace",
    params(
        ("projectId" = Option<String>, Query, description = "Only what belongs to this project; nothing does so far"),
        ("limit" = Option<u32>, Query, description = "Entries of each list, 1 to 50, default 8"),
        ("inProgressLimit" = Option<u32>, Query, description = "Of tasks"),
        ("waitingLimit" = Option<u32>, Query, description = "Of permissions and questions"),
        ("artifactsLimit" = Option<u32>, Query, description = "Of artifacts"),
    ),
    responses(
        (status = 200, description = "The newest of each kind; totals count before the limits", body = LaunchpadFeed),
        (status = 400, description = "A limit is no number, or too large", body = ErrorBody,
            example = json!({"error": "limit must be an integer between 1 and 50.", "code": "request.invalid_field"})),
    ))]
pub(super) async fn feed(State(state): State<HttpState>, caller: Caller, uri: Uri) -> Result<Json, ApiError> {
    let query = Query::of(&uri);
    let limits = Limits::of(&query)?;
    let by = caller.principal();
    let (waiting, artifacts) = match query.get("projectId") {
        Some(_) => (Found::default(), Found::default()),
        None => tokio::try_join!(waiting_items(&state, by), artifact_items(&state, by))?,
    };
    let totals = Counts { in_progress: 0, waiting_on_you: waiting.items.len(), fresh_artifacts: artifacts.items.len() };
    let truncated = Counts {
        in_progress: false,
        waiting_on_you: waiting.is_cut || waiting.items.len() > limits.waiting,
        fresh_artifacts: artifacts.is_cut || artifacts.items.len() > limits.artifacts,
    };
    Ok(Json::of(&LaunchpadFeed {
        generated_at: state.node.clock().now().to_string(),
        in_progress: Vec::new(),
        waiting_on_you: waiting.first(limits.waiting),
        fresh_artifacts: artifacts.first(limits.artifacts),
        totals,
        truncated,
    }))
}

/// Items, and whether there may be more than were looked at.
struct Found<T> {
    items: Vec<T>,
    is_cut: bool,
}

impl<T> Default for Found<T> {
    fn default() -> Self {
        Self { items: Vec::new(), is_cut: false }
    }
}

impl<T> Found<T> {
    fn first(self, limit: usize) -> Vec<T> {
        self.items.into_iter().take(limit).collect()
    }
}

/// A session waits for somebody only while a turn of it runs, so no other session is read.
async fn waiting_items(state: &HttpState, by: &Principal) -> Result<Found<WaitingItem>, ApiError> {
    let page = state.node.store().list_sessions(by.workspace(), &SessionFilter::default(), None, SCANNED).await?;
    let is_cut = page.remaining_estimate > u64::from(SCANNED);
    let running = page.heads.into_iter().filter(|head| head.status == SessionStatus::Running);
    let read = running.map(|head| waiting_in(state, by, head));
    let items: Vec<Vec<WaitingItem>> = stream::iter(read).buffered(READ_TOGETHER).try_collect().await?;
    Ok(Found { items: items.into_iter().flatten().collect(), is_cut })
}

/// Nothing waits in a session that was put aside, or deleted meanwhile: one session must not cost the view of the others.
async fn waiting_in(state: &HttpState, by: &Principal, head: SessionHead) -> Result<Vec<WaitingItem>, ApiError> {
    let session = head.identity.session;
    let text = match state.node.read_session(by, session, ViewShape::Waiting).await {
        Err(SessionError::NotFound | SessionError::Quarantined { .. }) => return Ok(Vec::new()),
        read => read?,
    };
    let waiting: Vec<Waiting> = serde_json::from_str(&text).expect("it was just written so");
    Ok(waiting.into_iter().map(|waiting| waiting_item(session, waiting, head.updated_at)).collect())
}

fn waiting_item(session: SessionId, waiting: Waiting, at: Timestamp) -> WaitingItem {
    let kind = waiting.kind.as_str();
    WaitingItem {
        id: format!("{kind}:{session}:{}", waiting.id),
        kind,
        status: "pending",
        title: waiting.title,
        link: Link { session_id: session.to_string(), ..Link::default() },
        when: at.to_string(),
        updated_at: at.to_string(),
    }
}

async fn artifact_items(state: &HttpState, by: &Principal) -> Result<Found<ArtifactItem>, ApiError> {
    let page = state.node.store().list_artifacts(by.workspace(), &ArtifactFilter::default(), SCANNED).await?;
    Ok(Found { items: page.artifacts.iter().filter_map(artifact_item).collect(), is_cut: page.has_more })
}

fn artifact_item(found: &IndexedArtifact) -> Option<ArtifactItem> {
    let record: ArtifactRecord = serde_json::from_str(&found.payload).ok()?;
    let when = record.updated_at.clone().or_else(|| record.created_at.clone())?;
    Some(ArtifactItem {
        id: format!("artifact:{}:{}", found.session, record.artifact_id),
        artifact_id: record.artifact_id,
        kind: record.kind,
        status: record.status,
        title: record.filename,
        link: Link {
            project_id: record.project_id,
            task_id: record.task_id,
            session_id: found.session.to_string(),
            assignee_agent: record.author_agent_id.clone(),
            ..Link::default()
        },
        author_agent_id: record.author_agent_id,
        when,
        created_at: record.created_at,
        updated_at: record.updated_at,
    })
}
