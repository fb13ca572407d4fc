//! What there is at one moment: the database, the processes, and what is on its way between them.

use super::Budget;

/// A node's place in [`Database::nodes`] and [`State::processes`].
pub type Node = usize;

/// One life of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Life {
    /// Whose life.
    pub node: Node,
    /// Which one.
    pub incarnation: u8,
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    /// What survives a process.
    pub database: Database,
    /// What a node's process believes; one per node.
    pub processes: Vec<Process>,
    /// What may still happen.
    pub left: Budget,
}

/// PostgreSQL: committed rows, advisory locks, and the backends at work.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Database {
    /// Table `nodes`.
    pub nodes: Vec<NodeRow>,
    /// The one row of table `shards`.
    pub shard: ShardRow,
    /// Calls of `journal_append` that haven't ended, from the moment they were sent; sorted.
    pub batches: Vec<Batch>,
    /// Transactions that change who owns or who lives, from the moment they were begun; sorted.
    pub takes: Vec<Take>,
    /// What was committed, in the order of the commits.
    pub log: Vec<Commit>,
}

/// A row of `nodes`, and the node's liveness lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeRow {
    /// The newest life.
    pub incarnation: u8,
    /// That life never writes again.
    pub fenced: bool,
    /// `lease_expires_at < clock_timestamp()`.
    pub lease_over: bool,
    /// The liveness lock is held.
    pub liveness: bool,
}

/// The row of the shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ShardRow {
    /// Who owns it.
    pub owner: Option<Life>,
    /// Raised by every change of ownership, if the rules are right.
    pub epoch: u8,
    /// Raised by every change of ownership under any rules: what the epoch is measured against. The protocol never reads it.
    pub term: u8,
    /// How the last claim came by it.
    pub taken: Taken,
}

/// How an owner came by the shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Taken {
    /// Nobody owned it: a hand-over, or the owner had left.
    Free,
    /// An earlier life of the same node owned it.
    Own,
    /// Its owner was dead.
    Dead,
}

/// What a process believes to own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Held {
    /// As the claim's answer said.
    pub epoch: u8,
    /// The term of that answer.
    pub term: u8,
}

/// A node's process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Process {
    /// The life it believes to live; none before it has registered.
    pub incarnation: Option<u8>,
    /// The shard, as far as it knows. True or long outdated.
    pub held: Option<Held>,
}

/// One call of `journal_append`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Batch {
    /// Who sent it.
    pub life: Life,
    /// Under which epoch and term.
    pub held: Held,
    /// How far it is.
    pub stage: Stage,
}

/// How far a batch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Sent; or arrived and waiting for the lock without having looked at anything.
    Sent,
    /// Waiting for the lock with what it saw on arrival: would the fence admit it? Only under [`super::Rules::OneSnapshot`].
    Waiting {
        /// The fence's answer by a snapshot that is older than the lock.
        admitted: bool,
    },
    /// Has its node's lock shared, and hasn't looked yet.
    Locked,
    /// The fence admitted it; it still has the lock.
    Admitted,
    /// The fence refused it; the sender doesn't know yet.
    Refused,
}

/// One transaction that changes who owns the shard or who lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Take {
    /// Whose connection; for a registration the life is the one before.
    pub by: Life,
    /// What it does.
    pub kind: TakeKind,
    /// It has its lock exclusively.
    pub locked: bool,
    /// Nobody waits for its answer: the process that began it has ended or began anew.
    pub orphaned: bool,
}

/// What such a transaction does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TakeKind {
    /// `register_node`.
    Register,
    /// `claim_shards` of what is free or of an earlier life of the same node, or from a node that looked dead.
    Claim {
        /// The dead node.
        from: Option<Node>,
    },
    /// `release_shards`: a hand-over.
    Release,
    /// `leave`: the end in order.
    Leave,
    /// `fence_if_gone`, once the liveness lock was found free.
    Fence(Life),
}

/// One committed batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Commit {
    /// Whose.
    pub life: Life,
    /// Under which epoch.
    pub epoch: u8,
    /// How the owner of that moment had come by the shard.
    pub taken: Taken,
    /// What the database said of the writer at the moment of the commit.
    pub writer: Writer,
}

/// What a writer was when its batch was committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Writer {
    /// The owner, alive.
    Owner,
    /// Of a life that was fenced or followed by another.
    Fenced,
    /// Alive, but the ownership under which it wrote had ended.
    Superseded,
}

impl Take {
    /// The node whose lock it takes exclusively. What nobody owns is taken without a lock: its release had it.
    pub fn locks(&self) -> Option<Node> {
        match self.kind {
            TakeKind::Register | TakeKind::Release | TakeKind::Leave => Some(self.by.node),
            TakeKind::Claim { from } => from,
            TakeKind::Fence(life) => Some(life.node),
        }
    }
}

impl Batch {
    /// Holds its node's lock shared.
    pub fn has_lock(&self) -> bool {
        matches!(self.stage, Stage::Locked | Stage::Admitted)
    }
}

impl Database {
    /// This life is the newest of its node and isn't fenced.
    pub fn lives(&self, life: Life) -> bool {
        let row = &self.nodes[life.node];
        row.incarnation == life.incarnation && !row.fenced
    }

    /// A node that others may take from.
    pub fn looks_dead(&self, node: Node) -> bool {
        self.nodes[node].fenced || self.nodes[node].lease_over
    }

    /// Some batch of this node has its lock shared.
    pub fn has_sharer(&self, node: Node) -> bool {
        self.batches.iter().any(|batch| batch.life.node == node && batch.has_lock())
    }

    /// Somebody has this node's lock exclusively.
    pub fn has_taker(&self, node: Node) -> bool {
        self.takes.iter().any(|take| take.locked && take.locks() == Some(node))
    }
}

impl State {
    /// The life that this node's process believes to live.
    pub fn life(&self, node: Node) -> Option<Life> {
        self.processes[node].incarnation.map(|incarnation| Life { node, incarnation })
    }

    /// What this node's process would write under.
    pub fn belief(&self, node: Node) -> Option<(Life, Held)> {
        self.life(node).zip(self.processes[node].held)
    }
}
