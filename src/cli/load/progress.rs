//! Progress on stderr, where a person looks on.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{future::Future, time::Duration};
use tokio::time::{Instant, MissedTickBehavior, interval};

/// Draws bars, or nothing at all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Progress {
    quiet: bool,
}

impl Progress {
    pub(super) fn new(quiet: bool) -> Self {
        Self { quiet }
    }

    /// A bar over so many steps.
    pub(super) fn count(self, what: &'static str, steps: usize) -> ProgressBar {
        self.bar(what, steps as u64, "{msg:20} {bar:30} {pos}/{len}")
    }

    /// Waits for as long as `duration`, showing how much is left, or until `early` ends.
    pub(super) async fn wait(self, what: &'static str, duration: Duration, early: impl Future<Output = ()>) {
        let bar = self.bar(what, u64::try_from(duration.as_millis()).unwrap_or(u64::MAX), "{msg:20} {bar:30} {elapsed}");
        let begin = Instant::now();
        let mut ticks = interval(Duration::from_millis(250));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let draw = async {
            loop {
                ticks.tick().await;
                bar.set_position(u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX));
            }
        };
        tokio::select! {
            () = tokio::time::sleep_until(begin + duration) => {}
            () = early => {}
            () = draw => {}
        }
        bar.finish_and_clear();
    }

    fn bar(self, what: &'static str, length: u64, template: &str) -> ProgressBar {
        let target = if self.quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let style = ProgressStyle::with_template(template).expect("the template is valid");
        ProgressBar::with_draw_target(Some(length), target).with_style(style).with_message(what)
    }
}
