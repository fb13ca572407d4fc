//! A turn that is under way, and the way back into it.

use cowork_domain::runtime_event::{Answer, RuntimeEvent};
use parking_lot::Mutex;
use std::{collections::HashMap, future::Future, sync::Arc};
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::AbortOnDropHandle;

/// How many reports may wait for the session before the turn waits for it.
const EVENT_BUFFER: usize = 64;

/// A turn that a runtime works on. Dropping it ends everything the turn does: the call of the
/// provider, running tools, and whoever waits for an answer.
pub struct RunningTurn {
    /// What the turn reports. The last report is `Finished` or `Failed`.
    pub events: mpsc::Receiver<RuntimeEvent>,
    /// Where a person's answers go.
    pub answers: AnswerPort,
    _work: AbortOnDropHandle<()>,
}

impl RunningTurn {
    /// Runs `work` as a task of its own, with a place to report to and a place where it can wait for answers.
    pub fn spawn<F: Future<Output = ()> + Send + 'static>(work: impl FnOnce(mpsc::Sender<RuntimeEvent>, Asks) -> F) -> Self {
        let (sender, events) = mpsc::channel(EVENT_BUFFER);
        let asks = Asks::default();
        let answers = AnswerPort { asks: asks.clone() };
        let work = tokio::spawn(work(sender, asks));
        Self { events, answers, _work: AbortOnDropHandle::new(work) }
    }
}

/// Hands a person's answers to the turn that waits for them.
#[derive(Clone)]
pub struct AnswerPort {
    asks: Asks,
}

impl AnswerPort {
    /// Whether the turn waits for a person.
    pub fn is_waiting(&self) -> bool {
        !self.asks.waiting.lock().is_empty()
    }

    /// Delivers an answer; `false` if nobody waits for its id (any more), or if it answers a different kind of request.
    pub fn answer(&self, answer: Answer) -> bool {
        let (kind, id) = match &answer {
            Answer::Permission { id, .. } => (AskKind::Permission, id),
            Answer::Question { id, .. } | Answer::QuestionRejected { id } => (AskKind::Question, id),
        };
        let mut waiting = self.asks.waiting.lock();
        if waiting.get(id).is_none_or(|ask| ask.kind != kind) {
            return false;
        }
        let ask = waiting.remove(id);
        drop(waiting);
        ask.is_some_and(|ask| ask.reply.send(answer).is_ok())
    }
}

/// The requests of a turn that wait for a person.
#[derive(Clone, Default)]
pub struct Asks {
    waiting: Arc<Mutex<HashMap<String, Ask>>>,
}

struct Ask {
    kind: AskKind,
    reply: oneshot::Sender<Answer>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum AskKind {
    Permission,
    Question,
}

impl Asks {
    /// Opens a permission request. Open it before it is reported, so that no answer comes too early.
    pub fn permission(&self, id: &str) -> PendingAsk {
        self.open(id, AskKind::Permission)
    }

    /// Opens a question, in the same way.
    pub fn question(&self, id: &str) -> PendingAsk {
        self.open(id, AskKind::Question)
    }

    fn open(&self, id: &str, kind: AskKind) -> PendingAsk {
        let (reply, answer) = oneshot::channel();
        self.waiting.lock().insert(id.to_owned(), Ask { kind, reply });
        PendingAsk { asks: self.clone(), id: id.to_owned(), answer }
    }
}

/// One request that waits for its answer. Dropping it withdraws the request.
pub struct PendingAsk {
    asks: Asks,
    id: String,
    answer: oneshot::Receiver<Answer>,
}

impl PendingAsk {
    /// Waits for a person; `None` when the answer can't come any more.
    pub async fn answered(&mut self) -> Option<Answer> {
        (&mut self.answer).await.ok()
    }
}

impl Drop for PendingAsk {
    fn drop(&mut self) {
        self.asks.waiting.lock().remove(&self.id);
    }
}
