//! Deliveries at a pace, and a gateway that waits for them.

use super::{CommonArgs, Findings, LatencySummary, Progress, channel::Channel};
use crate::cli::load::{
    continuity::Integrity,
    errors::ErrorTally,
    latencies::Latencies,
    pace::{Pace, Starts},
    window::Window,
};
use cowork_client::ClaimedDelivery;
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{Notify, Semaphore},
    task::JoinSet,
};

/// Slots of the gateway.
const SLOTS: u32 = 64;
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// After a claim that failed.
const PAUSE: Duration = Duration::from_millis(50);

/// Measures one binding, as often as it is asked to.
pub(super) struct Probe {
    channel: Channel,
    per_second: f64,
    tally: Arc<Mutex<Tally>>,
    changed: Arc<Notify>,
}

/// What was made and what came.
#[derive(Default)]
struct Tally {
    /// When each that didn't come yet was meant to be made, by its name.
    open: HashMap<String, Instant>,
    latencies: Latencies,
    integrity: Integrity,
    errors: ErrorTally,
}

impl Probe {
    pub(super) fn new(channel: Channel, per_second: f64) -> Self {
        Self { channel, per_second, tally: Arc::default(), changed: Arc::default() }
    }

    /// From the intended start of each delivery until the gateway has it.
    pub(super) async fn measure(&self, phase: &'static str, common: &CommonArgs, progress: Progress) -> anyhow::Result<LatencySummary> {
        self.tally.lock().latencies = Latencies::default();
        let window = Window::after_warmup(common);
        let mut tasks = JoinSet::new();
        tasks.spawn(claim(self.channel.clone(), window, Arc::clone(&self.tally), Arc::clone(&self.changed)));
        let making = self.make(phase, window);
        progress
            .wait(phase, common.warmup + common.duration + common.drain, async {
                making.await;
                while !self.tally.lock().open.is_empty() {
                    self.changed.notified().await;
                }
            })
            .await;
        let mut tally = self.tally.lock();
        tally.integrity.lost += u64::try_from(tally.open.len())?;
        tally.open.clear();
        Ok(tally.latencies.summary())
    }

    /// What all of it came to.
    pub(super) fn finish(self, measured: Duration) -> Findings {
        let tally = self.tally.lock();
        Findings { measured, integrity: tally.integrity, errors: tally.errors.clone(), ..Findings::default() }
    }

    /// Makes deliveries until the end of the window, each for a chat of its own, so that none waits for another.
    async fn make(&self, phase: &'static str, window: Window) {
        let mut starts = Starts::new(Pace::Open { per_second: self.per_second }, Arc::new(Semaphore::new(0)), Instant::now(), window.end);
        let mut making = JoinSet::new();
        let mut number = 0_u64;
        while let Some(start) = starts.next().await {
            number += 1;
            let (id, channel, tally, changed) =
                (format!("{phase}-{number}"), self.channel.clone(), Arc::clone(&self.tally), Arc::clone(&self.changed));
            {
                let mut tally = tally.lock();
                tally.errors.attempt();
                tally.open.insert(id.clone(), start.intended());
            }
            making.spawn(async move {
                if let Err(error) = channel.deliver(&id, &id).await {
                    let mut tally = tally.lock();
                    tally.open.remove(&id);
                    tally.errors.call_failed(&error);
                    changed.notify_one();
                }
            });
            while making.try_join_next().is_some() {}
        }
        while making.join_next().await.is_some() {}
    }
}

/// The gateway: claims, notes when, and sends, until it is dropped.
async fn claim(channel: Channel, window: Window, tally: Arc<Mutex<Tally>>, changed: Arc<Notify>) {
    let mut sending = JoinSet::new();
    loop {
        match channel.claim(SLOTS, LONGEST_WAIT).await {
            Ok(claimed) => {
                let at = Instant::now();
                for delivery in claimed {
                    tally.lock().came(&delivery, at, window);
                    changed.notify_one();
                    let (channel, tally) = (channel.clone(), Arc::clone(&tally));
                    sending.spawn(async move {
                        if let Err(error) = channel.sent(&delivery).await {
                            tally.lock().errors.call_failed(&error);
                        }
                    });
                }
            }
            Err(error) => {
                tally.lock().errors.call_failed(&error);
                tokio::time::sleep(PAUSE).await;
            }
        }
        while sending.try_join_next().is_some() {}
    }
}

impl Tally {
    fn came(&mut self, delivery: &ClaimedDelivery, at: Instant, window: Window) {
        match self.open.remove(&delivery.delivery_id) {
            Some(intended) if window.contains(intended) => self.latencies.record(at.saturating_duration_since(intended)),
            Some(_) => {}
            None => self.integrity.duplicated += 1,
        }
    }
}
