//! Streamed text on its way to the session: the first piece at once, the rest in coalesced pieces.

use super::{Coalesce, failure::Stop, reports::Reports};
use cowork_domain::runtime_event::RuntimeEvent;
use tokio::time::Instant;

/// The text of one message while it is streamed.
pub(crate) struct StreamedText {
    message: String,
    coalesce: Coalesce,
    full: String,
    /// How much of `full` was reported.
    reported: usize,
    /// Something of an earlier try is visible and has to be replaced.
    stale: bool,
    due: Option<Instant>,
}

impl StreamedText {
    pub(crate) fn new(message: String, coalesce: Coalesce) -> Self {
        Self { message, coalesce, full: String::new(), reported: 0, stale: false, due: None }
    }

    /// When waiting text has to go out.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.due
    }

    pub(crate) async fn push(&mut self, delta: &str, reports: &Reports) -> Result<(), Stop> {
        if delta.is_empty() {
            return Ok(());
        }
        self.full.push_str(delta);
        if self.reported == 0 || self.full.len() - self.reported >= self.coalesce.bytes {
            return self.flush(reports).await;
        }
        self.due.get_or_insert_with(|| Instant::now() + self.coalesce.delay);
        Ok(())
    }

    /// Reports what waits.
    pub(crate) async fn flush(&mut self, reports: &Reports) -> Result<(), Stop> {
        self.due = None;
        if self.reported == self.full.len() {
            return Ok(());
        }
        let delta = self.full[self.reported..].to_owned();
        self.reported = self.full.len();
        let replace = std::mem::take(&mut self.stale);
        reports.send(RuntimeEvent::Text { message: self.message.clone(), delta, replace }).await
    }

    /// Forgets this try; the next text replaces what was reported of it.
    pub(crate) fn restart(&mut self) {
        self.stale |= self.reported > 0;
        self.full.clear();
        self.reported = 0;
        self.due = None;
    }

    /// Ends the message. Text that still waits needs no report of its own: the full text follows.
    pub(crate) async fn finish(mut self, reports: &Reports) -> Result<(), Stop> {
        if !self.full.is_empty() {
            let content = std::mem::take(&mut self.full);
            return reports.send(RuntimeEvent::TextDone { message: self.message, content }).await;
        }
        if self.stale {
            // The try that counts has no text: what an earlier one left is taken back.
            return reports.send(RuntimeEvent::Text { message: self.message, delta: String::new(), replace: true }).await;
        }
        Ok(())
    }
}
