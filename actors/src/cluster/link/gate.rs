//! The one actor of a node that its peers see. It never waits: what takes time is a task, and every question is answered.

use super::{
    FRAME_BYTES, Gate,
    frame::{AnswerHeader, AnswerKind, AskHeader, AskKind, decode, encode},
};
use bytes::Bytes;
use futures_util::FutureExt;
use ractor::{
    Actor, ActorProcessingErr, ActorRef, RpcReplyPort,
    message::{BoxedDowncastErr, SerializedMessage},
};
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The gate's name in every node, by which a peer finds it.
pub(super) const GATE: &str = "cowork-gate";

/// The name of the message on the wire.
const ASK: &str = "ask";

/// A question for a gate: the **only** message type that ractor may carry to another node. An actor with another one would be
/// mirrored on every node.
pub(super) struct Ask {
    pub(super) frame: Vec<u8>,
    pub(super) reply: RpcReplyPort<Vec<u8>>,
}

/// Written by hand rather than derived: the frame is bytes already, and the derived form would copy it and start a task for
/// every call to convert the reply.
impl ractor::Message for Ask {
    fn serializable() -> bool {
        true
    }

    fn serialize(self) -> Result<SerializedMessage, BoxedDowncastErr> {
        Ok(SerializedMessage::Call { variant: ASK.into(), args: self.frame, reply: self.reply, metadata: None })
    }

    fn deserialize(message: SerializedMessage) -> Result<Self, BoxedDowncastErr> {
        match message {
            SerializedMessage::Call { variant, args, reply, .. } if variant == ASK => Ok(Self { frame: args, reply }),
            _ => Err(BoxedDowncastErr),
        }
    }
}

pub(super) struct GateActor;

#[derive(Clone)]
pub(super) struct GateState {
    pub(super) gate: Arc<dyn Gate>,
    pub(super) tasks: TaskTracker,
    pub(super) stop: CancellationToken,
}

impl Actor for GateActor {
    type Msg = Ask;
    type State = GateState;
    type Arguments = GateState;

    async fn pre_start(&self, _: ActorRef<Ask>, state: GateState) -> Result<GateState, ActorProcessingErr> {
        Ok(state)
    }

    async fn handle(&self, _: ActorRef<Ask>, Ask { frame, reply }: Ask, state: &mut GateState) -> Result<(), ActorProcessingErr> {
        match decode::<AskHeader>(frame) {
            Some((AskHeader { kind: AskKind::Ping, .. }, _)) => say(reply, AnswerKind::Pong, &[]),
            Some((AskHeader { kind: AskKind::Request, from, within_ms }, body)) => {
                let answering = answer(state.gate.clone(), from, body, Duration::from_millis(within_ms), reply);
                let stop = state.stop.clone();
                state.tasks.spawn(async move { stop.run_until_cancelled(answering).await });
            }
            None => say(reply, AnswerKind::Failed, &[]),
        }
        Ok(())
    }
}

/// Answers in time or says that it didn't. What was begun is carried through in any case.
async fn answer(gate: Arc<dyn Gate>, from: String, request: Bytes, within: Duration, reply: RpcReplyPort<Vec<u8>>) {
    let asking = from.clone();
    let answering = AssertUnwindSafe(async move { gate.answer(asking, request).await }).catch_unwind();
    tokio::pin!(answering);
    let outcome = tokio::select! {
        biased;
        outcome = &mut answering => outcome,
        () = tokio::time::sleep(within) => {
            say(reply, AnswerKind::Failed, &[]);
            answering.await.ok();
            return;
        }
    };
    match outcome {
        Ok(body) if body.len() <= FRAME_BYTES => say(reply, AnswerKind::Answer, &body),
        Ok(body) => {
            tracing::error!(bytes = body.len(), peer = from, "an answer is larger than a frame, so it was not sent");
            say(reply, AnswerKind::Failed, &[]);
        }
        Err(_) => {
            tracing::error!(peer = from, "answering a peer's request panicked");
            say(reply, AnswerKind::Failed, &[]);
        }
    }
}

fn say(reply: RpcReplyPort<Vec<u8>>, kind: AnswerKind, body: &[u8]) {
    // Nobody listens any more where the caller gave up or the link ended.
    reply.send(encode(&AnswerHeader { kind }, body)).ok();
}
