//! Where the files go that turns publish.

use bytes::Bytes;
use cowork_domain::ids::{OrgId, SessionId};
use futures_util::future::BoxFuture;

/// Keeps what turns publish, so that it can be fetched wherever the session is, and after its workspace is gone.
pub trait ArtifactKeeper: Send + Sync + 'static {
    /// Keeps a content. Whoever keeps it reports it as
    /// [`RuntimeEvent::Artifact`](cowork_domain::runtime_event::RuntimeEvent::Artifact) afterwards, under the same id; what is
    /// never reported is removed after some hours.
    fn keep(&self, artifact: PublishedFile) -> BoxFuture<'_, Result<(), NotKept>>;
}

/// A file that a turn publishes.
#[derive(Debug, Clone)]
pub struct PublishedFile {
    /// Who pays.
    pub org: OrgId,
    /// Whose it is.
    pub session: SessionId,
    /// Unique within the session.
    pub id: String,
    /// Its name, without folders.
    pub filename: String,
    /// Media type.
    pub mime: String,
    /// Its content.
    pub content: Bytes,
}

/// Why a content was not kept, in words for the agent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotKept(pub String);
