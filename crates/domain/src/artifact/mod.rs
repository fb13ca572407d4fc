//! Artifacts: what may be uploaded, how far one is, and what changes about it (contract 05 §1).

mod change;
mod draft;
mod status;

pub use change::{ArtifactChange, ArtifactRefusal, PublishArtifact, ReviewArtifact, Transfer};
pub use draft::{ArtifactDraft, InvalidArtifact, MAX_ARTIFACT_BYTES, is_safe_to_show};
pub use status::{ArtifactKind, ArtifactStatus};
