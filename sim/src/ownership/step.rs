//! What an action changes. Each function stands for one statement, or for one commit, of the store.

use super::{
    Action, Ownership, Rules,
    state::{Batch, Commit, Held, Life, Node, Stage, State, Take, TakeKind, Taken, Writer},
};

impl Ownership {
    /// The state after an action that [`Self::possible`] named.
    pub(super) fn step(&self, mut state: State, action: Action) -> State {
        match action {
            Action::Renew(node) => state.renew(node),
            Action::HoldLiveness(node) => state.database.nodes[node].liveness = true,
            Action::LeaseEnds(node) => {
                state.left.lease_ends -= 1;
                state.database.nodes[node].lease_over = true;
            }
            Action::Crash(node) => {
                state.left.crashes -= 1;
                state.begin_anew(node);
            }
            Action::LivenessEnds(node) => {
                state.left.liveness_ends -= 1;
                state.database.nodes[node].liveness = false;
            }
            Action::Restart => state.restart(),
            Action::Send(life) => state.send(life),
            Action::Look(batch) => {
                let admitted = self.admits(&state, batch);
                state.advance(batch, Some(Stage::Waiting { admitted }));
            }
            Action::Share(batch) => state.advance(batch, Some(after_lock(batch.stage))),
            Action::Check(batch) => {
                let admitted = self.admits(&state, batch);
                state.advance(batch, Some(if admitted { Stage::Admitted } else { Stage::Refused }));
            }
            Action::Commit(batch) => state.commit(batch),
            Action::Answer(batch) => state.learn_refusal(batch),
            Action::Forget(batch) => state.advance(batch, None),
            Action::Begin(take) => state.begin(take),
            Action::Lock(take) => {
                state.remove_take(take);
                state.put_take(Take { locked: true, ..take });
            }
            Action::EndSharers(take) => {
                let node = take.locks();
                state.database.batches.retain(|batch| !batch.has_lock() || Some(batch.life.node) != node);
            }
            Action::Finish(take) => self.finish(&mut state, take, true),
            Action::FinishUnheard(take) => {
                state.left.lost_answers -= 1;
                self.finish(&mut state, take, false);
            }
            Action::Abort(take) => state.remove_take(take),
        }
        state
    }

    /// The fence inside `journal_append`, over what is committed at this moment.
    fn admits(&self, state: &State, batch: Batch) -> bool {
        let shard = &state.database.shard;
        let lives = state.database.lives(batch.life);
        let owns = shard.owner.is_some_and(|owner| owner.node == batch.life.node);
        match self.rules {
            Rules::EpochOnly => owns && shard.epoch == batch.held.epoch,
            Rules::FenceOnly => lives,
            _ => lives && owns && shard.epoch == batch.held.epoch,
        }
    }

    /// The rest of a transaction once it has its lock. It is one step, because nobody sees its changes before its commit and
    /// a renewal that meets its row lock waits for that commit, too.
    fn finish(&self, state: &mut State, take: Take, heard: bool) {
        state.remove_take(take);
        let by = take.by;
        let is_heard = heard && !take.orphaned;
        match take.kind {
            TakeKind::Register => {
                let row = &mut state.database.nodes[by.node];
                row.incarnation += 1;
                row.fenced = false;
                row.lease_over = false;
                if is_heard {
                    state.processes[by.node].incarnation = Some(row.incarnation);
                }
            }
            TakeKind::Claim { from } => {
                let held = self.claim(state, by, from);
                if is_heard {
                    state.processes[by.node].held = held;
                }
            }
            TakeKind::Release | TakeKind::Leave => {
                if state.database.shard.owner == Some(by) {
                    let keeps_epoch = matches!(self.rules, Rules::ReleaseKeepsEpoch | Rules::HandOverKeepsEpoch);
                    state.change_owner(None, Taken::Free, !keeps_epoch);
                }
                if take.kind == TakeKind::Leave {
                    state.fence(by);
                    if is_heard {
                        state.begin_anew(by.node);
                    }
                } else if is_heard {
                    state.processes[by.node].held = None;
                }
            }
            TakeKind::Fence(life) => state.fence(life),
        }
    }

    fn claim(&self, state: &mut State, by: Life, from: Option<Node>) -> Option<Held> {
        // It may have renewed, or registered, while the taker waited.
        let taken = from.filter(|node| state.database.looks_dead(*node));
        if let Some(node) = taken {
            state.database.nodes[node].fenced = true;
        }
        let lives = state.database.lives(by);
        let shard = state.database.shard;
        let way = match shard.owner {
            None => Some(Taken::Free),
            Some(owner) if owner.node == by.node => (owner.incarnation != by.incarnation).then_some(Taken::Own),
            Some(owner) => (Some(owner.node) == taken).then_some(Taken::Dead),
        };
        if let Some(way) = way.filter(|_| lives) {
            let keeps_epoch = self.rules == Rules::HandOverKeepsEpoch && way == Taken::Free;
            state.change_owner(Some(by), way, !keeps_epoch);
        }
        let shard = state.database.shard;
        (lives && shard.owner == Some(by)).then_some(Held { epoch: shard.epoch, term: shard.term })
    }
}

/// With the lock comes the decision only where the check is part of the same statement.
fn after_lock(stage: Stage) -> Stage {
    match stage {
        Stage::Waiting { admitted: true } => Stage::Admitted,
        Stage::Waiting { admitted: false } => Stage::Refused,
        Stage::Sent | Stage::Locked | Stage::Admitted | Stage::Refused => Stage::Locked,
    }
}

impl State {
    fn renew(&mut self, node: Node) {
        if self.life(node).is_some_and(|life| self.database.lives(life)) {
            self.database.nodes[node].lease_over = false;
        } else {
            self.begin_anew(node);
        }
    }

    /// The process forgets its life. What it had sent stays on its way; its liveness lock goes with its connection.
    fn begin_anew(&mut self, node: Node) {
        self.processes[node] = super::Process { incarnation: None, held: None };
        self.database.nodes[node].liveness = false;
        for take in &mut self.database.takes {
            take.orphaned |= take.by.node == node;
        }
        self.database.takes.sort_unstable();
    }

    fn restart(&mut self) {
        self.left.restarts -= 1;
        self.database.batches.clear();
        self.database.takes.clear();
        for row in &mut self.database.nodes {
            row.liveness = false;
        }
    }

    fn send(&mut self, life: Life) {
        self.left.batches -= 1;
        let held = self.processes[life.node].held.expect("only who believes to own sends");
        self.database.batches.push(Batch { life, held, stage: Stage::Sent });
        self.database.batches.sort_unstable();
    }

    fn advance(&mut self, batch: Batch, to: Option<Stage>) {
        let at = self.database.batches.iter().position(|other| *other == batch).expect("a batch that is on its way");
        match to {
            Some(stage) => self.database.batches[at].stage = stage,
            None => {
                self.database.batches.remove(at);
            }
        }
        self.database.batches.sort_unstable();
    }

    fn commit(&mut self, batch: Batch) {
        self.advance(batch, None);
        let writer = if !self.database.lives(batch.life) {
            Writer::Fenced
        } else if self.database.shard.term != batch.held.term {
            Writer::Superseded
        } else {
            Writer::Owner
        };
        self.database.log.push(Commit { life: batch.life, epoch: batch.held.epoch, taken: self.database.shard.taken, writer });
    }

    /// A fenced life forgets everything; one that is refused for the epoch forgets the shard.
    fn learn_refusal(&mut self, batch: Batch) {
        self.advance(batch, None);
        if self.belief(batch.life.node) == Some((batch.life, batch.held)) {
            if self.database.lives(batch.life) {
                self.processes[batch.life.node].held = None;
            } else {
                self.begin_anew(batch.life.node);
            }
        }
    }

    fn begin(&mut self, take: Take) {
        match take.kind {
            TakeKind::Register => self.left.registrations -= 1,
            TakeKind::Release => self.left.hand_overs -= 1,
            TakeKind::Leave => self.left.leaves -= 1,
            TakeKind::Claim { .. } | TakeKind::Fence(_) => {}
        }
        self.put_take(take);
    }

    fn put_take(&mut self, take: Take) {
        self.database.takes.push(take);
        self.database.takes.sort_unstable();
    }

    fn remove_take(&mut self, take: Take) {
        let at = self.database.takes.iter().position(|other| *other == take).expect("a transaction that runs");
        self.database.takes.remove(at);
    }

    fn change_owner(&mut self, owner: Option<Life>, taken: Taken, raises_epoch: bool) {
        let shard = &mut self.database.shard;
        shard.taken = taken;
        shard.owner = owner;
        shard.term += 1;
        shard.epoch += u8::from(raises_epoch);
    }

    fn fence(&mut self, life: Life) {
        let row = &mut self.database.nodes[life.node];
        row.fenced |= row.incarnation == life.incarnation;
    }
}
