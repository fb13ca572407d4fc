//! A session of OpenCode for one turn, and what ends it.

use super::{
    api::{Api, ApiError},
    failures,
    place::InUse,
};
use crate::native::failure::{Failure, Stop};
use std::{future::Future, time::Duration};

/// Why a turn stops before its end.
pub(super) enum End {
    Failed(Failure),
    /// Nobody listens any more.
    Gone,
    /// The process died. Without a last word the session takes the turn up again, as the next attempt.
    Lost,
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Stop> for End {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Failed(failure) => Self::Failed(failure),
            Stop::Gone => Self::Gone,
        }
    }
}

/// A session of OpenCode, used by one turn. Dropping it ends and forgets it.
pub(super) struct OpenSession {
    pub(super) api: Api,
    pub(super) in_use: InUse,
    pub(super) folder: String,
    pub(super) id: String,
    pub(super) is_over: bool,
}

impl Drop for OpenSession {
    fn drop(&mut self) {
        let (api, in_use, folder, id, is_over) =
            (self.api.clone(), self.in_use.clone(), self.folder.clone(), self.id.clone(), self.is_over);
        // What can't be ended this way ends with the process.
        drop(tokio::spawn(async move {
            if !is_over {
                let _ = api.abort(&folder, &id).await;
            }
            let _ = api.delete(&folder, &id).await;
            drop(in_use);
        }));
    }
}

/// Waits for an answer of a process that may die meanwhile.
pub(super) async fn alive<T>(in_use: &InUse, answer: impl Future<Output = Result<T, ApiError>>) -> Result<T, End> {
    let process = in_use.process();
    let answered = tokio::select! {
        biased;
        () = process.gone() => return Err(End::Lost),
        answered = answer => answered,
    };
    // A connection breaks a moment before its process is known to be gone.
    match answered {
        Ok(answer) => Ok(answer),
        Err(ApiError::Connection(_)) if tokio::time::timeout(Duration::from_secs(2), process.gone()).await.is_ok() => Err(End::Lost),
        Err(error) => Err(failures::unavailable(error).into()),
    }
}
