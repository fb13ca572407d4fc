//! The envelopes in which clients receive a session (contract 01 §1.1, §1.2, §1.4).
//!
//! They borrow from the state and are serialised where the state lives, so that a long history is
//! never copied just to be sent.

use crate::{
    event::{ProjectSource, ProjectSourceSummary},
    ids::{Sequence, SessionId, TenantId, UserId},
    projection::Projection,
    session::{SessionState, SessionStatus},
    timestamp::Timestamp,
    view::SessionView,
};
use serde::Serialize;

/// The session's record.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct SessionRecord<'a> {
    pub tenant_id: &'a TenantId,
    pub user_id: &'a UserId,
    pub session_id: SessionId,
    /// Empty until a runtime session is bound; never null.
    pub opencode_session_id: &'a str,
    pub profile_name: &'a str,
    pub status: SessionStatus,
    pub title: Option<&'a str>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// A summary: never an object key or a credential.
    pub project_source: Option<ProjectSourceSummary>,
}

/// The projection with its place in the log.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract describes the fields")]
pub struct ProjectionRecord<'a> {
    pub tenant_id: &'a TenantId,
    pub session_id: SessionId,
    /// Sequence of the last folded event.
    pub sequence: Sequence,
    pub view: &'a Projection,
    pub updated_at: Timestamp,
}

/// The standard envelope.
#[derive(Debug, Serialize)]
pub struct CloudSessionView<'a> {
    /// The record.
    pub session: SessionRecord<'a>,
    /// The projection; null only if no event was ever appended.
    pub projection: Option<ProjectionRecord<'a>>,
    /// The renderer's shape; only in `GET …/view`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub view: Option<SessionView<'a>>,
}

impl<'a> CloudSessionView<'a> {
    /// The envelope without the renderer's shape.
    pub fn of(state: &'a SessionState) -> Self {
        let identity = &state.identity;
        let projection = &state.projection;
        Self {
            session: SessionRecord {
                tenant_id: &identity.tenant,
                user_id: &identity.user,
                session_id: identity.session,
                opencode_session_id: "",
                profile_name: &identity.profile_name,
                status: projection.status(),
                title: Some(projection.title()),
                created_at: identity.created_at,
                updated_at: projection.updated_at(),
                project_source: projection.project_source().map(ProjectSource::summary),
            },
            projection: (state.last_sequence > Sequence::ZERO).then(|| ProjectionRecord {
                tenant_id: &identity.tenant,
                session_id: identity.session,
                sequence: state.last_sequence,
                view: projection,
                updated_at: projection.updated_at(),
            }),
            view: None,
        }
    }

    /// The envelope of `GET …/view`.
    pub fn with_view(state: &'a SessionState) -> Self {
        Self { view: Some(SessionView::of(&state.projection, state.last_sequence)), ..Self::of(state) }
    }

    /// As JSON text.
    pub fn to_json(&self) -> String {
        let mut text = Vec::with_capacity(self.likely_size());
        serde_json::to_writer(&mut text, self).expect("strings, numbers and maps with string keys always serialise");
        String::from_utf8(text).expect("JSON text is UTF-8")
    }

    /// Every accepted prompt answers with the whole view, so growing the text step by step would copy a
    /// long conversation several times.
    fn likely_size(&self) -> usize {
        let messages = self.projection.as_ref().map_or(&[][..], |projection| projection.view.messages());
        2048 + messages.iter().map(|message| message.content.len() + 192).sum::<usize>()
    }
}
