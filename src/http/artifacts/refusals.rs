//! What goes wrong with artifacts, as answers.

use crate::{
    artifacts::{DirectError, ReadError, StoreContentError},
    http::error::ApiError,
};
use cowork_domain::{
    artifact::{ArtifactRefusal, InvalidArtifact},
    codes::Code,
};
use cowork_objects::ObjectError;
use http::StatusCode;
use std::time::Duration;

/// Clients try again after this.
const PAUSE: Duration = Duration::from_secs(2);

pub(super) fn unknown() -> ApiError {
    ApiError::not_found("Cloud artifact was not found.").code(Code::ArtifactUnknown)
}

pub(super) fn too_large() -> ApiError {
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "Artifact is too large.").code(Code::ArtifactTooLarge)
}

fn quota(retry_after: Duration) -> ApiError {
    ApiError::new(StatusCode::TOO_MANY_REQUESTS, "Cloud artifact upload quota exceeded.")
        .verdict(Code::ArtifactBytesPerDayExceeded.as_str())
        .retry_after(retry_after)
}

/// The store's own words stay in the log: they may name its address.
fn away(error: &ObjectError) -> ApiError {
    tracing::warn!(%error, "a request could not reach the object store");
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "Cloud artifact storage is unavailable. Try again.")
        .code(Code::ArtifactStoreUnavailable)
        .retry_after(PAUSE)
}

impl From<InvalidArtifact> for ApiError {
    fn from(invalid: InvalidArtifact) -> Self {
        Self::invalid(invalid.to_string())
    }
}

impl From<ArtifactRefusal> for ApiError {
    fn from(refusal: ArtifactRefusal) -> Self {
        match refusal {
            ArtifactRefusal::Unknown => unknown(),
            ArtifactRefusal::Backwards => {
                Self::new(StatusCode::CONFLICT, "Artifact status cannot move backwards.").code(Code::ArtifactStatusBackwards)
            }
        }
    }
}

impl From<StoreContentError> for ApiError {
    fn from(error: StoreContentError) -> Self {
        match error {
            StoreContentError::Quota { retry_after } => quota(retry_after),
            StoreContentError::Known => {
                Self::new(StatusCode::CONFLICT, "Cloud artifact identity is already published.").code(Code::ArtifactUploadConflict)
            }
            StoreContentError::Store(error) => error.into(),
            StoreContentError::Object(error) => away(&error),
        }
    }
}

impl From<DirectError> for ApiError {
    fn from(error: DirectError) -> Self {
        match error {
            DirectError::Quota { retry_after } => quota(retry_after),
            DirectError::Store(error) => error.into(),
            DirectError::Object(error) => away(&error),
            conflict => Self::new(StatusCode::CONFLICT, conflict.to_string()).code(Code::ArtifactUploadConflict),
        }
    }
}

impl From<ReadError> for ApiError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NotKept => Self::not_found("The content of this artifact is not kept here.").code(Code::ArtifactUnknown),
            ReadError::Damaged => {
                let text = "The content of this artifact is not what was stored, so it is not served. Tell the operator.";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, text).code(Code::ArtifactDamaged)
            }
            ReadError::Store(error) => error.into(),
            ReadError::Object(error) => away(&error),
        }
    }
}
