//! The mailbox: each message is one call of a method named after it.

use super::{
    Parking, SessionMsg, SessionStart, Submitted, ViewShape,
    activation::{Activated, Tail, activate, fold_events},
    append::Journaled,
    files::SessionFiles,
    turns::{HeldTurn, LiveTurn},
};
use crate::{
    node::Shared,
    org::OrgNews,
    supervise::{ActorKind, Alive, Failure, FailureClass, Mail},
};
use cowork_domain::{
    artifact::{ArtifactChange, ArtifactRefusal, Transfer},
    event::ArtifactRecord,
    ids::{CommandId, Epoch, Sequence, ShardId, WorkspaceId},
    project_source::SourceDenied,
    runtime_event::RuntimeEvent,
    session::{
        CommandKind, CommandRecord, CommandWrite, Decision, SessionIdentity, SessionInput, SessionState, Submission, decide,
        decide_artifact,
    },
};
use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent};
use std::sync::Arc;
use tokio::sync::oneshot;

pub(crate) struct SessionActor;

/// What a session actor owns.
pub(crate) struct SessionCore {
    pub(super) shared: Arc<Shared>,
    pub(super) identity: Arc<SessionIdentity>,
    pub(super) workspace: WorkspaceId,
    pub(super) shard: ShardId,
    pub(super) epoch: Epoch,
    pub(super) state: SessionState,
    pub(super) tail: Tail,
    pub(super) turn: Option<LiveTurn>,
    /// What would run if the organisation were not on hold.
    pub(super) held: Option<HeldTurn>,
    pub(super) files: SessionFiles,
    pub(super) myself: ActorRef<Mail<SessionMsg>>,
    #[expect(dead_code, reason = "counts for as long as it exists")]
    alive: Alive,
}

impl SessionActor {
    /// Loads or makes what the actor starts with, outside of its supervisor's mailbox.
    pub(crate) async fn prepare(start: SessionStart, shared: &Arc<Shared>) -> Result<Activated, Failure> {
        activate(start, shared).await
    }
}

impl Actor for SessionActor {
    type Msg = Mail<SessionMsg>;
    type State = SessionCore;
    type Arguments = Activated;

    async fn pre_start(&self, myself: ActorRef<Self::Msg>, born: Activated) -> Result<SessionCore, ActorProcessingErr> {
        let Activated { shared, identity, shard, epoch, state, birth, tail } = born;
        let workspace = identity.workspace();
        let alive = Alive::count(&shared, ActorKind::Session);
        // A session that begins here has no files anywhere else, unless it begins with a project.
        let files = SessionFiles::new(birth.as_ref().is_some_and(|birth| !birth.binds_project_source()));
        let mut core = SessionCore { alive, shared, identity, workspace, shard, epoch, state, tail, turn: None, held: None, files, myself };
        if let Some(changes) = birth {
            core.journal(core.recorded(changes)).await?.committed()?;
        }
        Ok(core)
    }

    /// Interrupted work goes on without waiting for a request.
    async fn post_start(&self, _: ActorRef<Self::Msg>, core: &mut SessionCore) -> Result<(), ActorProcessingErr> {
        if core.state.has_work() {
            core.decide_and_apply(SessionInput::Resume).await?;
        }
        Ok(())
    }

    async fn handle(&self, _: ActorRef<Self::Msg>, mail: Self::Msg, core: &mut SessionCore) -> Result<(), ActorProcessingErr> {
        let shared = core.shared.clone();
        let stats = shared.stats.of(ActorKind::Session);
        let message = mail.open(stats);
        let started = shared.clock.instant();
        Box::pin(core.handle(message)).await?;
        stats.handled(started.elapsed());
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<Self::Msg>,
        event: SupervisionEvent,
        core: &mut SessionCore,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorFailed(cell, error) => Box::pin(core.turn_failed(&cell, error.as_ref())).await?,
            SupervisionEvent::ActorTerminated(cell, _, _) => Box::pin(core.turn_ended(&cell)).await?,
            _ => {}
        }
        Ok(())
    }
}

impl SessionCore {
    async fn handle(&mut self, message: SessionMsg) -> Result<(), Failure> {
        match message {
            SessionMsg::Submit { submission, reply } => self.submit(submission, reply).await?,
            SessionMsg::Report { command, attempt, events, durable } => self.report(command, attempt, events, durable).await?,
            SessionMsg::Artifact { change, reply } => self.change_artifact(change, reply).await?,
            SessionMsg::Read { shape, reply } => drop(reply.send(self.read(shape).await)),
            SessionMsg::Repair { reply } => Box::pin(self.repair(reply)).await?,
            SessionMsg::Passivate => self.passivate().await,
            SessionMsg::Released => self.released().await,
            SessionMsg::Park { which, parked } => self.park(which, parked).await?,
            #[cfg(test)]
            SessionMsg::Panic => panic!("a test asked for it"),
        }
        Ok(())
    }

    /// Decide, make durable, evolve, then act.
    pub(super) async fn decide_and_apply(&mut self, input: SessionInput) -> Result<(), Failure> {
        let decision = decide(&self.state, input, self.shared.clock.now());
        let (_, journaled) = self.apply(decision, None).await?;
        journaled.committed()
    }

    /// `grant` is the admission that a submitted prompt holds. It is confirmed here, before anything
    /// else can be said of that prompt, so that the org never hears of its end first.
    async fn apply(&mut self, mut decision: Decision, grant: Option<CommandId>) -> Result<(Decision, Journaled), Failure> {
        let changes = self.recorded(std::mem::take(&mut decision.changes));
        let ended = ended_prompts(&changes.commands);
        let journaled = self.journal(changes).await?;
        if matches!(journaled, Journaled::Committed) {
            if let Some(grant) = grant {
                self.tell_org(OrgNews::Confirm { grant, session: self.identity.session });
            }
            for command in ended {
                self.tell_org(OrgNews::Finished { session: self.identity.session, command });
            }
            for effect in std::mem::take(&mut decision.effects) {
                self.act(effect).await;
            }
        }
        Ok((decision, journaled))
    }

    async fn submit(
        &mut self,
        submission: Box<Submission>,
        reply: oneshot::Sender<Result<Submitted, SourceDenied>>,
    ) -> Result<(), Failure> {
        let grant = matches!(submission.kind, CommandKind::Prompt { .. }).then_some(submission.id);
        if let (Some(_), Err(denied)) = (grant, self.check_project_source()) {
            reply.send(Err(denied)).ok();
            return Ok(());
        }
        let now = self.shared.clock.now();
        let decision = decide(&self.state, SessionInput::Submit(submission), now);
        let (decision, journaled) = self.apply(decision, grant).await?;
        let submitted = match (journaled, decision.receipt) {
            (Journaled::Committed, Some(receipt)) => Submitted {
                processed: receipt.fence.is_some(),
                command: receipt.command,
                fence: receipt.fence,
                view: self.read(ViewShape::Cloud).await,
            },
            (Journaled::Duplicate(id), _) => Box::pin(self.answer_again(id)).await?,
            (Journaled::Committed, None) => {
                return Err(Failure::new(FailureClass::Fault, "session.no_receipt", "a submission got no receipt"));
            }
        };
        reply.send(Ok(submitted)).ok();
        Ok(())
    }

    /// What was allowed when the session began may not be any more.
    fn check_project_source(&self) -> Result<(), SourceDenied> {
        let Some(source) = self.state.projection.project_source() else { return Ok(()) };
        self.shared.options.project_sources.admit(source, &self.identity.org, &self.identity.tenant)
    }

    /// The same command came again: its record as it was enqueued, and the session as it is now.
    async fn answer_again(&mut self, id: CommandId) -> Result<Submitted, Failure> {
        let (_, command) = self
            .shared
            .store
            .find_command(id)
            .await?
            .filter(|(session, _)| *session == self.identity.session)
            .ok_or_else(|| Failure::new(FailureClass::Surroundings, "session.command_elsewhere", id))?;
        if command.status.is_final() {
            self.tell_org(OrgNews::Cancel { grant: id });
        }
        Ok(Submitted {
            command: CommandRecord::as_enqueued(&self.identity, &command),
            processed: false,
            fence: None,
            view: self.read(ViewShape::Cloud).await,
        })
    }

    fn tell_org(&self, news: OrgNews) {
        self.shared.tell_org(&self.identity.org, news);
    }

    async fn report(
        &mut self,
        command: CommandId,
        attempt: u32,
        events: Vec<RuntimeEvent>,
        durable: oneshot::Sender<()>,
    ) -> Result<(), Failure> {
        self.decide_and_apply(SessionInput::Runtime { command, attempt, events }).await?;
        durable.send(()).ok();
        Ok(())
    }

    async fn change_artifact(
        &mut self,
        change: ArtifactChange,
        reply: oneshot::Sender<Result<ArtifactRecord, ArtifactRefusal>>,
    ) -> Result<(), Failure> {
        let is_owed = matches!(&change, ArtifactChange::Publish(publish) if publish.transfer == Transfer::Presigned);
        let changed = match decide_artifact(&self.state, change, self.shared.clock.now()) {
            Ok((changes, record)) => {
                self.journal(if is_owed { changes } else { self.recorded(changes) }).await?.committed()?;
                Ok(record)
            }
            Err(refusal) => Err(refusal),
        };
        reply.send(changed).ok();
        Ok(())
    }

    async fn read(&mut self, shape: ViewShape) -> String {
        self.on_state(self.tail.weight(), move |state| shape.draw(state)).await
    }

    /// Folds the whole log again, in pages, and replaces projection and snapshot.
    async fn repair(&mut self, reply: oneshot::Sender<Sequence>) -> Result<(), Failure> {
        let before = self.state.last_sequence;
        let mut rebuilt = SessionState::new((*self.identity).clone());
        let mut tail = Tail::default();
        loop {
            let page = self.shared.store.read_events(self.identity.session, rebuilt.last_sequence, 1000).await?;
            if page.is_empty() {
                break;
            }
            let bytes = page.iter().map(|event| event.payload.len()).sum();
            let fold = move || fold_events(&mut rebuilt, &mut tail, &page).map(|()| (rebuilt, tail));
            (rebuilt, tail) = self.shared.heavy.run(bytes, fold).await?;
        }
        rebuilt.command_count = self.state.command_count;
        rebuilt.running = self.state.running.take();
        rebuilt.queued = std::mem::take(&mut self.state.queued);
        self.state = rebuilt;
        self.tail = tail;
        self.write_snapshot().await;
        reply.send(before).ok();
        Ok(())
    }

    async fn passivate(&mut self) {
        if self.state.has_work() || self.turn.is_some() {
            return;
        }
        self.write_snapshot().await;
        self.shared.stats.of(ActorKind::Session).passivated();
        self.myself.stop(Some("passivated".into()));
    }

    async fn park(&mut self, which: Parking, parked: oneshot::Sender<()>) -> Result<(), Failure> {
        if which == Parking::WaitingForPeople && !self.waits_for_a_person() {
            return Ok(());
        }
        self.decide_and_apply(SessionInput::Park).await?;
        self.keep_files_before_leaving(parked);
        Ok(())
    }
}

fn ended_prompts(commands: &[CommandWrite]) -> Vec<CommandId> {
    let ended = |command: &&CommandWrite| command.status.is_final() && command.kind.as_str() == "prompt";
    commands.iter().filter(ended).map(|command| command.id).collect()
}
