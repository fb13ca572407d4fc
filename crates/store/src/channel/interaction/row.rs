//! An interaction as it stands in its row.

use super::KeptInteraction;
use crate::StoreError;
use cowork_domain::{
    channel::{
        ids::{AgentId, ChannelBindingId, ChannelSessionId},
        interaction::{Interaction, InteractionKind, InteractionState},
        provider::ChannelProvider,
    },
    ids::{OrgId, SessionId},
};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// The columns as the query below selects them.
struct Columns {
    agent: String,
    binding: String,
    session_binding: String,
    session: Uuid,
    provider: String,
    external_id: Option<String>,
    kind: String,
    target: String,
    token_hash: Vec<u8>,
    status: String,
    expires_at: OffsetDateTime,
    used_at: Option<OffsetDateTime>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

pub(super) async fn read(connection: &mut PgConnection, org: &OrgId, id: &str) -> Result<Option<KeptInteraction>, StoreError> {
    let row = sqlx::query_as!(
        Columns,
        "select agent, binding, session_binding, session, provider, external_id, kind, target, token_hash, status, expires_at, used_at,
                created_at, updated_at
           from channel_interactions where org = $1 and id = $2",
        org.as_str(),
        id
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| row.read(org, id)).transpose()
}

impl Columns {
    fn read(self, org: &OrgId, id: &str) -> Result<KeptInteraction, StoreError> {
        let unreadable = |what| StoreError::inconsistent("channel_interactions", id, what);
        let state = match (self.status.as_str(), self.used_at) {
            ("pending", _) => InteractionState::Pending,
            ("used", Some(at)) => InteractionState::Used { at: at.into() },
            ("expired", _) => InteractionState::Expired,
            ("revoked", _) => InteractionState::Revoked,
            _ => return Err(unreadable("unknown state")),
        };
        let interaction = Interaction {
            id: id.to_owned(),
            org: org.clone(),
            agent: AgentId::new(self.agent),
            binding: ChannelBindingId::new(self.binding),
            session_binding: ChannelSessionId::new(self.session_binding),
            session: SessionId::from_uuid(self.session),
            provider: ChannelProvider::stored(self.provider),
            external_id: self.external_id,
            kind: InteractionKind::parse(&self.kind).ok_or_else(|| unreadable("unknown kind"))?,
            target: self.target,
            state,
            expires_at: self.expires_at.into(),
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
        };
        let token_hash = self.token_hash.try_into().map_err(|_| unreadable("the token's hash has another length"))?;
        Ok(KeptInteraction { interaction, token_hash })
    }
}
