//! What a gateway's token may use: the bindings that it was granted and that are served (contract 04 §1).

use super::{binding, session};
use crate::{Store, StoreError};
use cowork_domain::{
    channel::{binding::ChannelBinding, ids::ChannelSessionId, session::ChannelSession},
    ids::{OrgId, TokenId},
};

/// A thread and the binding that it came through.
#[derive(Debug, Clone, PartialEq)]
pub struct GrantedSession {
    /// The thread.
    pub session: ChannelSession,
    /// Its binding, which is served.
    pub binding: ChannelBinding,
}

impl Store {
    /// The bindings that are served and that a token was granted: those with these names, or all of them.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn granted_channel_bindings(
        &self,
        org: &OrgId,
        token: &TokenId,
        named: Option<&[&str]>,
    ) -> Result<Vec<ChannelBinding>, StoreError> {
        let rows = sqlx::query_as!(
            binding::Row,
            "select b.id, b.org, b.agent, b.provider, b.external_workspace, b.display_name, b.status, b.credential_ref, b.settings,
                    b.created_at, b.updated_at
               from api_token_bindings g join channel_bindings b on b.org = g.org and b.id = g.channel_binding
              where g.org = $1 and g.token = $2 and b.status = 'active' and ($3::text[] is null or b.id = any($3))
              order by b.id",
            org.as_str(),
            token.as_str(),
            named as Option<&[&str]>
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// A thread of a binding that is served, and that a token was granted; without a token any thread of the organisation.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn granted_channel_session(
        &self,
        org: &OrgId,
        token: Option<&TokenId>,
        id: &ChannelSessionId,
    ) -> Result<Option<GrantedSession>, StoreError> {
        let Some(session) = self.channel_session(org, id).await? else { return Ok(None) };
        let binding = match token {
            Some(token) => self.granted_channel_bindings(org, token, Some(&[session.binding.as_str()])).await?.pop(),
            None => self.channel_binding(org, &session.binding).await?.filter(ChannelBinding::is_active),
        };
        Ok(binding.map(|binding| GrantedSession { session, binding }))
    }

    /// The threads of a session that run through bindings that are served and that a token was granted; without a token all
    /// of them.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn channel_sessions_of(
        &self,
        org: &OrgId,
        token: Option<&TokenId>,
        session: cowork_domain::ids::SessionId,
    ) -> Result<Vec<ChannelSession>, StoreError> {
        let rows = sqlx::query_as!(
            session::Row,
            "select s.id, s.org, s.agent, s.binding, s.provider, s.external_workspace, s.external_chat, s.external_thread, s.session,
                    s.last_event_sequence, s.last_workspace_sequence, s.last_chat_message, s.status, s.created_at, s.updated_at
               from channel_sessions s join channel_bindings b on b.org = s.org and b.id = s.binding
              where s.org = $1 and s.session = $2 and s.status = 'active' and b.status = 'active'
                and ($3::text is null
                     or exists (select from api_token_bindings g where g.org = s.org and g.token = $3 and g.channel_binding = s.binding))
              order by s.created_at, s.id",
            org.as_str(),
            session.as_uuid(),
            token.map(TokenId::as_str)
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }
}
