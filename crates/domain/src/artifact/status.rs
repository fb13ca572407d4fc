//! How far an artifact is, and what kind of thing it is.

use serde::{Deserialize, Serialize};

/// How far an artifact is. It only ever moves forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArtifactStatus {
    /// It is worked on.
    Draft,
    /// Somebody looks at it.
    InReview,
    /// It is done.
    Final,
}

impl ArtifactStatus {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::InReview => "in-review",
            Self::Final => "final",
        }
    }

    /// The status of this name.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Draft, Self::InReview, Self::Final].into_iter().find(|status| status.as_str() == word)
    }

    /// Where it may stay or go. One whose status nobody knows may go anywhere.
    pub fn may_follow(self, before: Option<Self>) -> bool {
        before.is_none_or(|before| before <= self)
    }

    /// Of a new artifact, unless its maker says otherwise.
    pub const fn of_new(kind: ArtifactKind) -> Self {
        if matches!(kind, ArtifactKind::Chart) { Self::Final } else { Self::Draft }
    }
}

/// What kind of thing an artifact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "each is described by its name")]
pub enum ArtifactKind {
    Document,
    Chart,
    Deck,
    Spreadsheet,
    Draft,
}

impl ArtifactKind {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Chart => "chart",
            Self::Deck => "deck",
            Self::Spreadsheet => "spreadsheet",
            Self::Draft => "draft",
        }
    }

    /// The kind of this name.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Document, Self::Chart, Self::Deck, Self::Spreadsheet, Self::Draft].into_iter().find(|kind| kind.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::ArtifactStatus::{self, *};

    #[test]
    fn a_status_stays_or_moves_forward() {
        let moves = |before, after: ArtifactStatus| after.may_follow(Some(before));
        assert!(moves(Draft, Draft) && moves(Draft, InReview) && moves(Draft, Final) && moves(InReview, Final) && moves(Final, Final));
        assert!(!moves(InReview, Draft) && !moves(Final, InReview) && !moves(Final, Draft));
        assert!(Draft.may_follow(None));
    }
}
