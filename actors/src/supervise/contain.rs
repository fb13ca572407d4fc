//! Work in a task of its own, whose end somebody waits for.

use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;

/// Ends when the work does, also if it panics: then there is nothing of it.
pub(crate) async fn contain<T>(task: &'static str, work: impl Future<Output = T>) -> Option<T> {
    let ended = AssertUnwindSafe(work).catch_unwind().await;
    if ended.is_err() {
        metrics::counter!("cowork_task_panics_total", "task" => task).increment(1);
        tracing::error!(task, "a task panicked");
    }
    ended.ok()
}
