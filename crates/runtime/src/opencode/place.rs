//! An organisation's place among the processes of a node.

use super::{
    process::Process,
    report::{ProcessReport, ProcessState, RunningReport},
    restarts::Restarts,
};
use cowork_domain::ids::OrgId;
use parking_lot::Mutex;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::OwnedSemaphorePermit;

/// One organisation's place.
pub(super) struct Place {
    pub(super) org: OrgId,
    /// Held while a process is started, so that it is started once.
    pub(super) current: tokio::sync::Mutex<Option<Arc<Running>>>,
    pub(super) restarts: Mutex<Restarts>,
}

/// A process and its use.
pub(super) struct Running {
    pub(super) process: Process,
    turns: AtomicUsize,
    idle_since: Mutex<Instant>,
    _room: OwnedSemaphorePermit,
}

/// A turn's hold on its process.
pub(super) struct InUse(Arc<Running>);

impl InUse {
    pub(super) fn of(running: &Arc<Running>) -> Self {
        running.turns.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(running))
    }

    pub(super) fn process(&self) -> &Process {
        &self.0.process
    }
}

impl Clone for InUse {
    fn clone(&self) -> Self {
        Self::of(&self.0)
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        *self.0.idle_since.lock() = Instant::now();
        self.0.turns.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Running {
    pub(super) fn new(process: Process, room: OwnedSemaphorePermit) -> Self {
        Self { process, turns: AtomicUsize::new(0), idle_since: Mutex::new(Instant::now()), _room: room }
    }

    pub(super) fn turns(&self) -> usize {
        self.turns.load(Ordering::Acquire)
    }

    pub(super) fn is_idle(&self) -> bool {
        self.turns() == 0
    }

    pub(super) fn idle_for(&self) -> Duration {
        if self.is_idle() { self.idle_since.lock().elapsed() } else { Duration::ZERO }
    }
}

impl Place {
    pub(super) fn new(org: &OrgId) -> Self {
        Self { org: org.clone(), current: tokio::sync::Mutex::default(), restarts: Mutex::default() }
    }

    pub(super) fn report(&self) -> Option<ProcessReport> {
        let restarts = self.restarts.lock().count();
        let Ok(current) = self.current.try_lock() else {
            return Some(ProcessReport { org: self.org.to_string(), state: ProcessState::Starting, restarts, running: None });
        };
        let running = current.as_ref()?;
        let state = if !running.process.is_alive() {
            ProcessState::Dead
        } else if running.is_idle() {
            ProcessState::Idle
        } else {
            ProcessState::Working
        };
        let running = Some(RunningReport {
            pid: running.process.pid,
            up_seconds: running.process.started.elapsed().as_secs(),
            turns: running.turns(),
            resident_bytes: running.process.resident(),
        });
        Some(ProcessReport { org: self.org.to_string(), state, restarts, running })
    }
}
