//! Why two nodes are not linked, in words that both sides' operators see.

use serde::{Deserialize, Serialize};
use std::{fmt, io};

/// One side won't have the link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Refusal {
    pub(in super::super) code: RefusalCode,
    /// What is wrong and what to do.
    pub(in super::super) message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in super::super) enum RefusalCode {
    WrongSecret,
    IncompatibleVersion,
    DuplicateNode,
    UnexpectedNode,
    Busy,
    /// The certificates don't go together. Never on the wire: there is no wire then.
    Certificate,
    /// What a later version calls it.
    #[serde(other)]
    Other,
}

impl Refusal {
    pub(in super::super) fn new(code: RefusalCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub(super) fn wrong_secret(one: &str, other: &str) -> Self {
        Self::new(
            RefusalCode::WrongSecret,
            format!("nodes {one} and {other} have different secrets: give all nodes the same OPEN_COWORK_CLOUD_CLUSTER_SECRET"),
        )
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code.as_str(), self.message)
    }
}

impl RefusalCode {
    pub(in super::super) fn as_str(self) -> &'static str {
        match self {
            Self::WrongSecret => "wrong_secret",
            Self::IncompatibleVersion => "incompatible_version",
            Self::DuplicateNode => "duplicate_node",
            Self::UnexpectedNode => "unexpected_node",
            Self::Busy => "busy",
            Self::Certificate => "certificate",
            Self::Other => "other",
        }
    }
}

/// Why a preface came to nothing.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum PrefaceError {
    /// This side said no.
    #[error("refused by this node: {0}")]
    RefusedByUs(Refusal),
    /// The other side said no.
    #[error("refused by the other node: {0}")]
    RefusedByPeer(Refusal),
    /// Something else listens there, or one side speaks TLS and the other doesn't.
    #[error("the other side doesn't speak this protocol: check the address, and that TLS is set on both sides or on none")]
    Unintelligible,
    /// A port that nobody speaks at, or, again, TLS on one side only.
    #[error("the other side hung up without a word: check the address, and that TLS is set on both sides or on none")]
    HungUp,
    #[error("the connection ended: {0}")]
    Connection(#[from] io::Error),
    #[error("the other side fell silent")]
    Silence,
}
