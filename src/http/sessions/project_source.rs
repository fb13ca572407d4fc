//! What a session works on, as a request names it (contract 05 §2). A source that would put a credential into the log, that the
//! profile doesn't allow, or that is somebody else's, is refused before anything is stored.

use crate::http::{error::ApiError, state::HttpState};
use cowork_domain::{
    codes::Code,
    event::ProjectSource,
    principal::Principal,
    project_source::{SourceDenied, read_source},
};
use serde_json::Value;

/// Reads and judges the field of a request; absent and null mean no source.
pub(in crate::http) async fn admit(state: &HttpState, by: &Principal, source: Option<&Value>) -> Result<Option<ProjectSource>, ApiError> {
    let Some(source) = source.filter(|source| !source.is_null()) else { return Ok(None) };
    let source = read_source(source)?;
    state.options.project_sources.admit(&source, &by.org_id, &by.tenant_id)?;
    if let ProjectSource::Snapshot { object_key, .. } = &source
        && state.snapshots.hold(&by.tenant_id, object_key).await?.is_none()
    {
        let reason = "Project snapshot was not found. Upload it again.".to_owned();
        return Err(SourceDenied { code: Code::ProjectSourceSnapshotUnknown, reason }.into());
    }
    Ok(Some(source))
}
