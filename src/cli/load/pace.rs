//! When prompts start.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};
use tokio::{
    sync::{Semaphore, mpsc},
    time::timeout_at,
};

/// How a scenario decides when to start something.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Pace {
    /// So many a second, at times that are fixed in advance and don't wait for answers. Latency counts
    /// from the intended time, so a stall of the cloud shows in everything that it held up (no
    /// coordinated omission).
    Open { per_second: f64 },
    /// Always so many under way: the next starts when one ends.
    Closed { concurrency: usize },
}

/// Gives the times at which things start.
pub(super) enum Starts {
    Open { clock: mpsc::UnboundedReceiver<Instant>, planned: u64 },
    Closed { slots: Arc<Semaphore>, end: Instant },
}

impl Starts {
    /// Starts from `begin` on and before `end`. `slots` is what an end of the closed loop gives back.
    pub(super) fn new(pace: Pace, slots: Arc<Semaphore>, begin: Instant, end: Instant) -> Self {
        match pace {
            Pace::Open { per_second } => {
                let plan = Plan { begin, end, per_second };
                Self::Open { planned: plan.length(), clock: clock(plan) }
            }
            Pace::Closed { concurrency } => {
                slots.add_permits(concurrency);
                Self::Closed { slots, end }
            }
        }
    }

    /// The next start; `None` when there are no more.
    pub(super) async fn next(&mut self) -> Option<Start> {
        match self {
            Self::Open { clock, .. } => clock.recv().await.map(Start::Planned),
            Self::Closed { slots, end } => {
                timeout_at((*end).into(), slots.acquire()).await.ok()?.ok()?.forget();
                // A permit that is there at once is given whatever the time.
                (Instant::now() < *end).then_some(Start::WhenPossible)
            }
        }
    }

    /// How many starts the plan of an open loop has. What doesn't start at all because everything before
    /// it takes so long is a failure, too.
    pub(super) fn planned(&self) -> u64 {
        match self {
            Self::Open { planned, .. } => *planned,
            Self::Closed { .. } => 0,
        }
    }
}

/// From when the latency of what starts now counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// From then, however late it really starts.
    Planned(Instant),
    /// From when it really starts.
    WhenPossible,
}

impl Start {
    /// The intended start of something that is about to start.
    pub(super) fn intended(self) -> Instant {
        match self {
            Self::Planned(at) => at,
            Self::WhenPossible => Instant::now(),
        }
    }
}

/// The times of an open loop.
#[derive(Debug, Clone, Copy)]
struct Plan {
    begin: Instant,
    end: Instant,
    per_second: f64,
}

impl Plan {
    fn starts(self) -> impl Iterator<Item = Instant> {
        let nth = move |number: u32| self.begin + Duration::from_secs_f64(f64::from(number) / self.per_second);
        (0..).map(nth).take_while(move |start| *start < self.end)
    }

    fn length(self) -> u64 {
        self.starts().map(|_| 1).sum()
    }
}

/// Ticks from a thread of its own: the runtime's timers have a resolution of a millisecond, which would
/// be added to every latency.
fn clock(plan: Plan) -> mpsc::UnboundedReceiver<Instant> {
    let (ticks, receiver) = mpsc::unbounded_channel();
    thread::spawn(move || {
        for intended in plan.starts() {
            thread::sleep(intended.saturating_duration_since(Instant::now()));
            if ticks.send(intended).is_err() {
                return;
            }
        }
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_open_loop_keeps_its_plan_however_late_it_is_asked() {
        let begin = Instant::now();
        let pace = Pace::Open { per_second: 1000.0 };
        let mut starts = Starts::new(pace, Arc::new(Semaphore::new(0)), begin, begin + Duration::from_millis(20));
        let mut planned = Vec::new();
        while let Some(start) = starts.next().await {
            planned.push(start.intended() - begin);
        }
        assert_eq!(planned, (0..20).map(Duration::from_millis).collect::<Vec<_>>());
    }
}
