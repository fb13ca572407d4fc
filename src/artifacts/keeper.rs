//! Files that turns publish.

use super::{Artifacts, NewContent, StoreContentError};
use cowork_domain::artifact::MAX_ARTIFACT_BYTES;
use cowork_runtime::{ArtifactKeeper, NotKept, PublishedFile};
use futures_util::future::BoxFuture;

impl ArtifactKeeper for Artifacts {
    fn keep(&self, file: PublishedFile) -> BoxFuture<'_, Result<(), NotKept>> {
        Box::pin(async move {
            if file.content.len() as u64 > MAX_ARTIFACT_BYTES {
                return Err(NotKept("the file is larger than 25 MiB".to_owned()));
            }
            let new = NewContent {
                org: &file.org,
                session: file.session,
                artifact: &file.id,
                filename: &file.filename,
                content_type: Some(&file.mime),
                content: file.content,
            };
            self.store(new).await.map(|_| ()).map_err(|error| {
                tracing::warn!(session = %file.session, %error, "what a turn published was not stored");
                NotKept(match error {
                    StoreContentError::Quota { .. } => "the organisation used up its bytes of artifacts of this day".to_owned(),
                    _ => "the file can't be stored at the moment; try again later".to_owned(),
                })
            })
        })
    }
}
