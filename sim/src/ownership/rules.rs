//! The rules as they are, and wrong ones that look as good.

/// Which rules hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rules {
    /// As in the migrations and in the store.
    Real,
    /// The batch checks in the statement that takes the lock: its snapshot is older than the lock it waits for.
    OneSnapshot,
    /// A taker doesn't take the former owner's lock.
    NoExclusiveLock,
    /// The batch checks owner and epoch, not whether its incarnation still lives.
    EpochOnly,
    /// The batch checks its incarnation, not the epoch.
    FenceOnly,
    /// A release leaves the epoch as it is; only claims raise it.
    ReleaseKeepsEpoch,
    /// A hand-over leaves the epoch as it is: neither the release nor the claim of what is free raises it.
    HandOverKeepsEpoch,
    /// A process that believes to own doesn't compare this with the database's view.
    TrustsBelief,
    /// A node that registered again doesn't claim what its earlier life owned.
    ForgetsEarlierLife,
}

/// How often each thing may happen, so that the search ends. A thing that may happen twice may also happen once or never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Budget {
    /// Batches sent.
    pub batches: u8,
    /// Leases that end.
    pub lease_ends: u8,
    /// Hand-overs begun by a living owner.
    pub hand_overs: u8,
    /// Nodes that leave in order.
    pub leaves: u8,
    /// Processes that end or give up.
    pub crashes: u8,
    /// Liveness locks freed under a living process.
    pub liveness_ends: u8,
    /// Restarts of the database.
    pub restarts: u8,
    /// Answers lost after the commit.
    pub lost_answers: u8,
    /// Registrations begun.
    pub registrations: u8,
}
