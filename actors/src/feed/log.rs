//! The name of a log that can be followed, on this node and between nodes.

use cowork_domain::ids::{ParseIdError, SessionId, WorkspaceId};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A session's log, or a user's stream over all sessions. On the wire `ses_…@wsp_…` or `wsp_…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(crate) enum Log {
    /// With its user's workspace, under which the owner files it.
    Session {
        session: SessionId,
        workspace: WorkspaceId,
    },
    Workspace(WorkspaceId),
}

impl Log {
    pub(crate) fn workspace(&self) -> WorkspaceId {
        match self {
            Self::Session { workspace, .. } | Self::Workspace(workspace) => *workspace,
        }
    }
}

impl fmt::Display for Log {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session { session, workspace } => write!(formatter, "{session}@{workspace}"),
            Self::Workspace(workspace) => write!(formatter, "{workspace}"),
        }
    }
}

impl FromStr for Log {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        match text.split_once('@') {
            Some((session, workspace)) => Ok(Self::Session { session: session.parse()?, workspace: workspace.parse()? }),
            None => text.parse().map(Self::Workspace),
        }
    }
}

impl From<Log> for String {
    fn from(log: Log) -> Self {
        log.to_string()
    }
}

impl TryFrom<String> for Log {
    type Error = ParseIdError;

    fn try_from(text: String) -> Result<Self, ParseIdError> {
        text.parse()
    }
}
