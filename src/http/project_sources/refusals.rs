//! What goes wrong with project sources, as answers.

use crate::{http::error::ApiError, project_sources::StoreSnapshotError};
use cowork_domain::{codes::Code, project_source::SourceDenied};
use http::StatusCode;
use std::time::Duration;

/// Clients try again after this.
const PAUSE: Duration = Duration::from_secs(2);

impl From<SourceDenied> for ApiError {
    fn from(denied: SourceDenied) -> Self {
        Self::new(StatusCode::BAD_REQUEST, denied.reason).verdict(denied.code.as_str())
    }
}

impl From<StoreSnapshotError> for ApiError {
    fn from(error: StoreSnapshotError) -> Self {
        match error {
            StoreSnapshotError::Quota { retry_after } => Self::new(StatusCode::TOO_MANY_REQUESTS, "Cloud artifact upload quota exceeded.")
                .verdict(Code::ArtifactBytesPerDayExceeded.as_str())
                .retry_after(retry_after),
            StoreSnapshotError::Store(error) => error.into(),
            // The store's own words stay in the log: they may name its address.
            StoreSnapshotError::Object(error) => {
                tracing::warn!(%error, "a project snapshot could not be stored");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "Cloud artifact storage is unavailable. Try again.")
                    .code(Code::ArtifactStoreUnavailable)
                    .retry_after(PAUSE)
            }
        }
    }
}
