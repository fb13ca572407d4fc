//! Files outside the database: contents of artifacts, uploaded projects, checkpoints of workspaces, and what is left to remove.

mod artifact;
mod artifact_index;
mod checkpoint;
mod consumption;
mod discarded;
mod project_snapshot;
mod quota;

pub use artifact::{ArtifactClaim, ArtifactObject, ArtifactState, NewArtifactObject, Reservation};
pub use artifact_index::{ArtifactFilter, ArtifactPage, IndexedArtifact};
pub use checkpoint::{CheckpointVersion, SavedCheckpoint, WorkspaceCheckpoint};
pub(crate) use consumption::write_usage;
pub use project_snapshot::{NewProjectSnapshot, ProjectSnapshot};
pub use quota::DayQuota;
