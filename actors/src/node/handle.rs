//! The door of this crate: what the front door asks of a node.

use super::{
    Shared,
    requests::{AdmitPrompt, AdmitSession, Begin, ChangeArtifact, Lift, Submit},
    root::NodeRootMsg,
    route::at_owner,
};
use crate::{
    ViewShape,
    clock::Clock,
    cluster::request::SubmittedAnswer,
    feed::Subscription,
    heavy::HeavyWork,
    org::OrgNews,
    session::{Birth, BirthContent, SessionError, Submitted},
    supervise::{LiftOutcome, SupervisionReport},
};
use cowork_domain::{
    artifact::{ArtifactChange, ArtifactRefusal},
    event::{ArtifactRecord, ProjectSource},
    ids::{CommandId, Sequence, SessionId},
    import::ImportPlan,
    principal::Principal,
    session::{CommandKind, CommandRecord, CommandSource, SessionIdentity},
};
use cowork_store::Store;
use std::sync::Arc;
use tokio::sync::oneshot;

/// A running node. Clones are the same node.
#[derive(Debug, Clone)]
pub struct NodeHandle {
    pub(crate) shared: Arc<Shared>,
}

/// What a new session starts with.
#[derive(Debug, Clone)]
pub struct CreateSession {
    /// Minted by the caller.
    pub id: SessionId,
    /// The id may exist already: an earlier try with the same idempotency key.
    pub retry: bool,
    /// Default `New session`.
    pub title: Option<String>,
    /// Deployment profile.
    pub profile_name: String,
    /// Where its files come from.
    pub project_source: Option<ProjectSource>,
}

impl NodeHandle {
    /// Rows that need no owner.
    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    /// Time and identifiers.
    pub fn clock(&self) -> Clock {
        self.shared.clock
    }

    /// Where work on long texts is done.
    pub fn heavy(&self) -> &HeavyWork {
        &self.shared.heavy
    }

    /// Creates a session and returns it as `CloudSessionView` JSON.
    pub async fn create_session(&self, by: &Principal, request: CreateSession) -> Result<String, SessionError> {
        self.admit_session(by).await?;
        let CreateSession { id, retry, title, profile_name, project_source } = request;
        let content = BirthContent::Fresh { title, project_source };
        self.begin_session(Birth { id, by: by.clone(), profile_name, at: self.shared.clock.now(), retry, content }).await
    }

    /// Creates a session with an imported history.
    pub async fn import_session(
        &self,
        by: &Principal,
        id: SessionId,
        profile_name: String,
        plan: ImportPlan,
    ) -> Result<String, SessionError> {
        self.admit_session(by).await?;
        let content = BirthContent::Imported(plan);
        self.begin_session(Birth { id, by: by.clone(), profile_name, at: self.shared.clock.now(), retry: false, content }).await
    }

    /// Gives a command to its session and waits until its effect is durable. The same id has one
    /// effect, however often it is sent.
    pub async fn submit(
        &self,
        by: &Principal,
        session: SessionId,
        command: CommandId,
        kind: CommandKind,
    ) -> Result<Submitted, SessionError> {
        self.submit_from(CommandSource::Api, by, session, command, kind).await
    }

    /// As [`Self::submit`], of somebody who is no client of ours.
    pub async fn submit_from(
        &self,
        source: CommandSource,
        by: &Principal,
        session: SessionId,
        command: CommandId,
        kind: CommandKind,
    ) -> Result<Submitted, SessionError> {
        let identity = self.authorise(by, session).await?;
        let is_prompt = matches!(kind, CommandKind::Prompt { .. });
        if is_prompt {
            self.admit_prompt(by, command, session).await?;
        }
        let submit = Submit { shared: self.shared.clone(), by: by.clone(), session, command, kind: kind.clone(), source };
        let submitted = at_owner(&self.shared, submit).await;
        // The session confirms the grant. Whether an unavailable one wrote the prompt is not known:
        // then the grant is confirmed late, or expires.
        if is_prompt && submitted.as_ref().is_err_and(|error| *error != SessionError::Unavailable) {
            self.shared.tell_org(&by.org_id, OrgNews::Cancel { grant: command });
        }
        let SubmittedAnswer { created_sequence, created_at, processed, fence, view } = submitted?;
        let view = match view {
            Some(view) => view,
            None => self.read_session(by, session, ViewShape::Cloud).await?,
        };
        let command = CommandRecord::enqueued(&identity, command, &kind, created_sequence, created_at);
        Ok(Submitted { command, processed, fence, view })
    }

    /// Changes an artifact of a session and waits until that is durable. The same change told again has one effect.
    pub async fn change_artifact(
        &self,
        by: &Principal,
        session: SessionId,
        change: ArtifactChange,
    ) -> Result<Result<ArtifactRecord, ArtifactRefusal>, SessionError> {
        self.authorise(by, session).await?;
        at_owner(&self.shared, ChangeArtifact { shared: self.shared.clone(), by: by.clone(), session, change }).await
    }

    /// Whose session it is; somebody else's doesn't exist for the caller.
    pub async fn session_identity(&self, by: &Principal, session: SessionId) -> Result<Arc<SessionIdentity>, SessionError> {
        self.authorise(by, session).await
    }

    /// Follows a session from after a cursor.
    pub async fn subscribe_session(&self, by: &Principal, session: SessionId, after: Sequence) -> Result<Subscription, SessionError> {
        let identity = self.authorise(by, session).await?;
        Ok(self.shared.hub.subscribe_session(identity, after))
    }

    /// Follows all sessions of the caller from after a cursor.
    pub fn subscribe_workspace(&self, by: &Principal, after: Sequence) -> Subscription {
        self.shared.hub.subscribe_workspace(&by.tenant_id, &by.user_id, after)
    }

    /// The actor tree of this node, for operators.
    pub async fn supervision(&self) -> SupervisionReport {
        let (reply, shards) = oneshot::channel();
        if let Some(root) = self.shared.root.get() {
            root.cast(NodeRootMsg::Report(reply)).ok();
        }
        let shards = shards.await.unwrap_or_default();
        SupervisionReport::of(&self.shared, shards)
    }

    /// Lets a quarantined entity take requests again, wherever it lives.
    pub async fn lift_quarantine(&self, entity: &str) -> Result<LiftOutcome, SessionError> {
        let Ok(key) = entity.parse() else { return Ok(LiftOutcome::Unknown) };
        at_owner(&self.shared, Lift { shared: self.shared.clone(), key }).await
    }

    async fn begin_session(&self, birth: Birth) -> Result<String, SessionError> {
        let (by, id) = (birth.by.clone(), birth.id);
        match at_owner(&self.shared, Begin { shared: self.shared.clone(), birth }).await? {
            Some(view) => Ok(view),
            None => self.read_session(&by, id, ViewShape::Cloud).await,
        }
    }

    async fn admit_prompt(&self, by: &Principal, grant: CommandId, session: SessionId) -> Result<(), SessionError> {
        at_owner(&self.shared, AdmitPrompt { shared: self.shared.clone(), org: by.org_id.clone(), grant, session }).await
    }

    async fn admit_session(&self, by: &Principal) -> Result<(), SessionError> {
        at_owner(&self.shared, AdmitSession { shared: self.shared.clone(), org: by.org_id.clone() }).await
    }
}
