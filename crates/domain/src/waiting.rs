//! What a session waits for a person to say (contract 05 §6).

use crate::{
    projection::{PendingApproval, PendingQuestion},
    runtime_event::Question,
    session::SessionState,
};
use serde::{Deserialize, Serialize};

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WaitingKind {
    /// Leave to do something.
    Permission,
    /// An answer.
    Question,
}

impl WaitingKind {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Permission => "permission",
            Self::Question => "question",
        }
    }
}

/// Something that is waited for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// What it is.
    pub kind: WaitingKind,
    /// The permission's or question's own id.
    pub id: String,
    /// For people.
    pub title: String,
}

impl Waiting {
    /// All of a session: permissions first, each kind as it was asked.
    pub fn of(state: &SessionState) -> Vec<Self> {
        let permissions = state.projection.pending_approvals().iter().map(Self::permission);
        permissions.chain(state.projection.pending_questions().iter().map(Self::question)).collect()
    }

    fn permission(asked: &PendingApproval) -> Self {
        let title =
            if asked.description.is_empty() { format!("Permission requested for {}", asked.tool) } else { asked.description.clone() };
        Self { kind: WaitingKind::Permission, id: asked.id.clone(), title }
    }

    fn question(asked: &PendingQuestion) -> Self {
        let first = asked.questions.first();
        let texts = |question: &Question| [question.question.clone(), question.header.clone()];
        let title = first.into_iter().flat_map(texts).find(|text| !text.is_empty());
        let title = title.unwrap_or_else(|| "Question waiting for answer".to_owned());
        Self { kind: WaitingKind::Question, id: asked.id.clone(), title }
    }
}
