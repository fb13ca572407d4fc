//! What can happen.

use super::state::{Batch, Life, Node, Stage, Take, TakeKind};
use std::fmt;

/// One step. Every step is optional: a run in which a node does nothing for any length is a pause of that node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A process renews its lease, or learns that it is fenced and forgets everything.
    Renew(Node),
    /// A process takes its liveness lock again.
    HoldLiveness(Node),
    /// The database's clock passes the end of a node's lease.
    LeaseEnds(Node),
    /// A process ends and another one starts in its place; or its own patience ends, however its clock ran, and it begins
    /// anew. Either way what it knew is gone, and what it sent is still on its way.
    Crash(Node),
    /// The connection with the liveness lock breaks.
    LivenessEnds(Node),
    /// The database restarts: transactions and locks are gone, rows are not.
    Restart,

    /// A process sends a batch under what it believes to own.
    Send(Life),
    /// A batch arrives and looks before it has the lock. Only under [`super::Rules::OneSnapshot`].
    Look(Batch),
    /// A batch gets its node's lock, shared.
    Share(Batch),
    /// A batch looks at fence and epoch.
    Check(Batch),
    /// A batch is committed.
    Commit(Batch),
    /// A refusal reaches its sender.
    Answer(Batch),
    /// A refusal is lost.
    Forget(Batch),

    /// A process begins a transaction that changes who owns or lives.
    Begin(Take),
    /// Such a transaction gets its lock, exclusively.
    Lock(Take),
    /// It waited too long and ends the backends that hold the lock.
    EndSharers(Take),
    /// It is committed, and its process learns the result.
    Finish(Take),
    /// It is committed, and the answer is lost.
    FinishUnheard(Take),
    /// Its connection breaks.
    Abort(Take),
}

impl fmt::Display for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", char::from(b'A' + u8::try_from(self.node).unwrap_or(25)), self.incarnation)
    }
}

impl fmt::Display for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "batch of {} under epoch {}", self.life, self.held.epoch)?;
        if self.held.epoch != self.held.term {
            write!(f, " (term {})", self.held.term)?;
        }
        match self.stage {
            Stage::Waiting { admitted } => write!(f, ", saw {}", if admitted { "nothing wrong" } else { "the fence" }),
            Stage::Sent | Stage::Locked | Stage::Admitted | Stage::Refused => Ok(()),
        }
    }
}

impl fmt::Display for Take {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TakeKind::Register => write!(f, "registration after {}", self.by),
            TakeKind::Claim { from: None } => write!(f, "claim by {}", self.by),
            TakeKind::Claim { from: Some(node) } => write!(f, "claim by {} from node {}", self.by, named(node)),
            TakeKind::Release => write!(f, "release by {}", self.by),
            TakeKind::Leave => write!(f, "leave of {}", self.by),
            TakeKind::Fence(life) => write!(f, "fence of {life} by {}", self.by),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Renew(node) => write!(f, "node {} renews", named(*node)),
            Self::HoldLiveness(node) => write!(f, "node {} takes its liveness lock", named(*node)),
            Self::LeaseEnds(node) => write!(f, "the lease of node {} ends", named(*node)),
            Self::Crash(node) => write!(f, "node {} crashes", named(*node)),
            Self::LivenessEnds(node) => write!(f, "the liveness lock of node {} is freed", named(*node)),
            Self::Restart => write!(f, "the database restarts"),
            Self::Send(life) => write!(f, "{life} sends a batch"),
            Self::Look(batch) => write!(f, "{batch}: looks, then waits for the lock"),
            Self::Share(batch) => write!(f, "{batch}: has the lock shared"),
            Self::Check(batch) => write!(f, "{batch}: checks fence and epoch"),
            Self::Commit(batch) => write!(f, "{batch}: commits"),
            Self::Answer(batch) => write!(f, "{batch}: the refusal arrives"),
            Self::Forget(batch) => write!(f, "{batch}: the refusal is lost"),
            Self::Begin(take) => write!(f, "{take}: begins"),
            Self::Lock(take) => write!(f, "{take}: has the lock exclusively"),
            Self::EndSharers(take) => write!(f, "{take}: ends the backends in its way"),
            Self::Finish(take) => write!(f, "{take}: commits"),
            Self::FinishUnheard(take) => write!(f, "{take}: commits, the answer is lost"),
            Self::Abort(take) => write!(f, "{take}: aborts"),
        }
    }
}

fn named(node: Node) -> char {
    char::from(b'A' + u8::try_from(node).unwrap_or(25))
}
