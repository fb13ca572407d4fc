//! A request on its way to a peer's gate.

use super::{
    FRAME_BYTES, LinkError,
    frame::{AnswerHeader, AnswerKind, AskHeader, AskKind, decode, encode},
    gate::Ask,
    peer::{Live, PeerLink},
    window::Flight,
};
use bytes::Bytes;
use ractor::ActorRef;
use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};
use tokio::sync::oneshot;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The peer answers by the caller's deadline in any case; ractor forgets the call a little later.
const FORGET_AFTER: Duration = Duration::from_secs(1);

/// The gate is gone, so nothing was sent.
pub(super) struct NotSent;

/// Sends a frame to a gate.
pub(super) fn ask(gate: &ActorRef<Ask>, frame: Vec<u8>, within: Duration) -> Result<oneshot::Receiver<Vec<u8>>, NotSent> {
    let (sender, answer) = oneshot::channel();
    gate.cast(Ask { frame, reply: (sender, within + FORGET_AFTER).into() }).map_err(|_| NotSent)?;
    Ok(answer)
}

/// Asks whether the gate is there.
pub(super) async fn ping(gate: &ActorRef<Ask>, me: &str, within: Duration) -> Ping {
    let header = AskHeader { from: me.into(), kind: AskKind::Ping, within_ms: millis(within) };
    let sent = Instant::now();
    let Ok(answer) = ask(gate, encode(&header, &[]), within) else { return Ping::Lost };
    match tokio::time::timeout(within, answer).await {
        Ok(Ok(_)) => Ping::Answered(sent.elapsed()),
        Ok(Err(_)) => Ping::Lost,
        Err(_) => Ping::Silence,
    }
}

pub(super) enum Ping {
    Answered(Duration),
    Silence,
    Lost,
}

/// Asks the gate of a peer, and waits for the answer until the deadline.
pub(super) async fn call(
    peer: Arc<PeerLink>,
    me: String,
    request: Bytes,
    deadline: Instant,
    tasks: TaskTracker,
) -> Result<Bytes, LinkError> {
    if request.len() > FRAME_BYTES {
        return Err(LinkError::TooLarge);
    }
    let live = peer.live().ok_or(LinkError::NotConnected)?;
    let Some(flight) = peer.take_window(request.len()) else {
        peer.metrics.busy.increment(1);
        return Err(LinkError::Busy);
    };
    let within = deadline.saturating_duration_since(Instant::now());
    let header = AskHeader { from: me, kind: AskKind::Request, within_ms: millis(within) };
    let frame = encode(&header, &request);
    drop(request);
    let answer = ask(&live.gate, frame, within).map_err(|NotSent| LinkError::NotConnected)?;
    let mut pending = Pending { answer: Some(answer), flight: Some(flight), ended: live.ended.clone(), tasks };
    let answer = pending.wait(deadline).await.and_then(|frame| read(frame, &live));
    answer.ok_or_else(|| {
        peer.metrics.unknown.increment(1);
        LinkError::Unknown
    })
}

fn read(frame: Vec<u8>, live: &Live) -> Option<Bytes> {
    live.answers.fetch_add(1, Ordering::Relaxed);
    let (AnswerHeader { kind }, body) = decode(frame)?;
    (kind == AnswerKind::Answer).then_some(body)
}

/// A call that was sent. If its caller gives up, its bytes still wait somewhere between here and the peer, so its part of the
/// window comes back when the peer answers (which it does by the deadline) or the link ends, and not before: else callers
/// with short deadlines could queue without bound towards a peer that stands still.
struct Pending {
    answer: Option<oneshot::Receiver<Vec<u8>>>,
    flight: Option<Flight>,
    ended: CancellationToken,
    tasks: TaskTracker,
}

impl Pending {
    async fn wait(&mut self, deadline: Instant) -> Option<Vec<u8>> {
        let answer = self.answer.as_mut()?;
        let outcome = tokio::select! {
            biased;
            outcome = answer => outcome.ok(),
            () = self.ended.cancelled() => None,
            () = tokio::time::sleep_until(deadline.into()) => return None,
        };
        self.answer = None;
        outcome
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        let (Some(answer), Some(flight)) = (self.answer.take(), self.flight.take()) else { return };
        let ended = self.ended.clone();
        // Without a runtime there is no link either, and the flight ends here.
        if tokio::runtime::Handle::try_current().is_ok() {
            self.tasks.spawn(async move {
                ended.run_until_cancelled(answer).await;
                drop(flight);
            });
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
