//! What nodes ask each other, as it goes over the wire: JSON, so that nodes of neighbouring versions
//! understand each other. A node that meets a request it doesn't know says so; the asker treats that
//! like an owner that isn't there yet.

use crate::{
    binding::{ClaimReply, Look},
    feed::remote::{FeedReply, FeedRequest},
    org::OrgNews,
    session::{Birth, SessionError},
    supervise::LiftOutcome,
};
use bytes::Bytes;
use cowork_domain::{
    artifact::{ArtifactChange, ArtifactRefusal},
    channel::{delivery::ClaimOrder, ids::ChannelBindingId},
    event::ArtifactRecord,
    ids::{CommandId, OrgId, SecretId, Sequence, SessionId},
    principal::Principal,
    session::{CommandKind, CommandSource},
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A request to the owner of an entity, or to a node as such.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Request {
    /// May this prompt be enqueued?
    AdmitPrompt { org: OrgId, grant: CommandId, session: SessionId },
    /// May a session be created?
    AdmitSession { org: OrgId },
    /// What became of admitted prompts.
    OrgNews { org: OrgId, news: Vec<OrgNews> },
    /// Begin a session.
    Begin(Box<Birth>),
    /// A client's command.
    Submit {
        by: Box<Principal>,
        session: SessionId,
        command: CommandId,
        kind: CommandKind,
        #[serde(default, skip_serializing_if = "CommandSource::is_api")]
        source: CommandSource,
    },
    /// Run the check of a provider key that is due.
    CheckKey { secret: SecretId },
    /// Claim what a binding has to deliver.
    ClaimDeliveries(Box<ClaimOrder>),
    /// Somebody changed deliveries of a binding: those who wait for one look again.
    DeliveriesChanged { binding: ChannelBindingId },
    /// Tell when it pays to look for deliveries again, `wait_millis` from now at the latest.
    AwaitDeliveries { binding: ChannelBindingId, seen: Look, wait_millis: u64 },
    /// Something happened to an artifact.
    Artifact { by: Box<Principal>, session: SessionId, change: ArtifactChange },
    /// Rebuild a projection.
    Repair { session: SessionId },
    /// Let a quarantined entity take requests again.
    Lift { entity: String },
    /// The actor tree of the asked node.
    Supervision,
    /// Live tails of logs.
    Feed(FeedRequest),
}

/// What became of a request.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Answer {
    Admitted,
    /// The session began; its view, where it fits into a frame.
    Begun {
        view: Option<String>,
    },
    Submitted(SubmittedAnswer),
    Artifact(Result<Box<ArtifactRecord>, ArtifactRefusal>),
    Repaired {
        before: Sequence,
    },
    Lifted(LiftOutcome),
    Supervision(Value),
    Feed(FeedReply),
    /// Nothing is left to check.
    Checked,
    /// It pays to look, or the time is over.
    Look,
    /// What was taken; whoever asked reads it from the rows.
    Claimed(ClaimReply),
    Heard,
    /// A definite answer.
    Failed(SessionError),
    /// The asked node is not the owner now, or the entity restarts: ask again, with the same id.
    NotNow,
    /// The asked node doesn't know such a request.
    Unknown,
    /// The answer doesn't fit into a frame: ask by mail.
    TooLarge,
}

/// A command that is durable, without what the asker knows itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubmittedAnswer {
    pub(crate) created_sequence: u64,
    pub(crate) created_at: Timestamp,
    pub(crate) processed: bool,
    pub(crate) fence: Option<Sequence>,
    /// The session's view, where it fits into a frame; the asker reads it from the log otherwise.
    pub(crate) view: Option<String>,
}

pub(crate) fn encode<T: Serialize>(message: &T) -> Bytes {
    serde_json::to_vec(message).expect("messages have text keys and no fallible serialiser").into()
}

pub(crate) fn decode<'a, T: Deserialize<'a>>(frame: &'a [u8]) -> Option<T> {
    serde_json::from_slice(frame).inspect_err(|error| tracing::warn!(%error, "a message of a peer can't be read")).ok()
}
