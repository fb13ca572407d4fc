//! `GET /api/artifacts` (contract 05 §1.3).

use super::record::PublicArtifact;
use crate::http::{answer::Json, error::ApiError, gate::Caller, query::Query, schema::ErrorBody, state::HttpState};
use axum::extract::State;
use cowork_domain::{
    artifact::{ArtifactKind, ArtifactStatus},
    event::ArtifactRecord,
};
use cowork_store::{ArtifactFilter, IndexedArtifact};
use http::Uri;
use serde::Serialize;

const DEFAULT_LIMIT: u32 = 100;
const MAXIMUM_LIMIT: u32 = 500;
/// Tasks that one question may name, and how long a name may be.
const MOST_TASKS: usize = 128;
const LONGEST: usize = 512;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a> {
    artifacts: Vec<PublicArtifact<'a>>,
    total: usize,
    scanned_sessions: u32,
    truncated: bool,
}

/// List artifacts of all the caller's sessions, those that changed last first.
#[utoipa::path(get, path = "/api/artifacts", operation_id = "listArtifacts", tag = "artifacts",
    params(
        ("sessionId" = Option<String>, Query, description = "Of one session"),
        ("projectId" = Option<String>, Query, description = "Of one project"),
        ("taskId" = Option<String>, Query, description = "Of one task"),
        ("taskIds" = Option<String>, Query, description = "Of several tasks, repeated or separated by commas"),
        ("kind" = Option<String>, Query, description = "document, chart, deck, spreadsheet or draft"),
        ("status" = Option<String>, Query, description = "draft, in-review or final"),
        ("limit" = Option<u32>, Query, description = "1 to 500, default 100"),
    ),
    responses(
        (status = 200, description = "The artifacts", body = serde_json::Value,
            example = json!({"artifacts": [], "total": 0, "scannedSessions": 0, "truncated": false})),
        (status = 400, description = "A filter is malformed", body = ErrorBody),
        (status = 404, description = "No such session, or somebody else's", body = ErrorBody),
    ))]
pub(super) async fn index(State(state): State<HttpState>, caller: Caller, uri: Uri) -> Result<Json, ApiError> {
    let query = Query::of(&uri);
    let by = caller.principal();
    let filter = filter(&query)?;
    let limit = query.limit(DEFAULT_LIMIT, MAXIMUM_LIMIT);
    if let Some(session) = filter.session {
        state.node.session_identity(by, session).await?;
    }
    let page = state.node.store().list_artifacts(by.workspace(), &filter, limit).await?;
    let records: Vec<(&IndexedArtifact, ArtifactRecord)> =
        page.artifacts.iter().filter_map(|found| Some((found, serde_json::from_str(&found.payload).ok()?))).collect();
    let workspace = format!("cloud:{}", by.tenant_id);
    let artifacts: Vec<_> = records
        .iter()
        .enumerate()
        .map(|(order, (found, record))| {
            // The contract leaves the title out where there is only one session.
            let title = found.session_title.as_deref().filter(|_| filter.session.is_none());
            PublicArtifact::listed(found.session, record, order, title, workspace.clone())
        })
        .collect();
    let (total, scanned_sessions, truncated) = match filter.session {
        Some(session) => {
            let all = state.node.store().count_artifacts(by.workspace(), session).await?;
            (artifacts.len(), 1, all > artifacts.len() as u64)
        }
        None => (artifacts.len() + usize::from(page.has_more), 0, page.has_more),
    };
    Ok(Json::of(&Page { artifacts, total, scanned_sessions, truncated }))
}

fn filter(query: &Query) -> Result<ArtifactFilter, ApiError> {
    let bounded = |name: &'static str| match query.get(name) {
        Some(text) if text.len() > LONGEST || text.contains('\0') => Err(ApiError::invalid(format!("Artifact {name} filter is invalid."))),
        text => Ok(text.map(str::to_owned)),
    };
    let mut tasks: Vec<String> = bounded("taskId")?.into_iter().collect();
    for text in query.all("taskIds") {
        tasks.extend(text.split(',').map(str::trim).filter(|task| !task.is_empty()).map(str::to_owned));
    }
    if tasks.len() > MOST_TASKS || tasks.iter().any(|task| task.len() > LONGEST || task.contains('\0')) {
        return Err(ApiError::invalid("Artifact taskIds filter is invalid."));
    }
    if query.get("kind").is_some_and(|kind| ArtifactKind::parse(kind).is_none()) {
        return Err(ApiError::invalid("Artifact kind filter is invalid."));
    }
    if query.get("status").is_some_and(|status| ArtifactStatus::parse(status).is_none()) {
        return Err(ApiError::invalid("Artifact status filter is invalid."));
    }
    let session = query.get("sessionId").map(|text| text.parse().map_err(|_| ApiError::session_not_found())).transpose()?;
    Ok(ArtifactFilter {
        session,
        project: bounded("projectId")?,
        tasks,
        kind: query.get("kind").map(str::to_owned),
        status: query.get("status").map(str::to_owned),
    })
}
