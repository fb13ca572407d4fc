//! Who in a chat asks for something: a request names them by our id or by the chat system's (contract 04 §5).

use crate::http::{body::Fields, error::ApiError, state::HttpState};
use cowork_domain::{
    channel::{
        binding::ChannelBinding,
        identity::{ChannelIdentity, ExternalPerson, Purpose},
        ids::{IdentityId, is_id},
        provider::ChannelProvider,
    },
    codes::Code,
    ids::OrgId,
};
use cowork_store::StoreError;
use http::StatusCode;

/// How a request names somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ActorFields {
    /// By our id.
    Identity(IdentityId),
    /// By the chat system's. An unsaid provider or workspace is the binding's.
    External {
        provider: Option<ChannelProvider>,
        #[expect(clippy::option_option, reason = "unsaid, none and a workspace are three different things")]
        workspace: Option<Option<String>>,
        user: String,
    },
    /// Not at all, or by something that names nobody.
    Nobody,
}

impl ActorFields {
    /// Reads `identityId`, or else `provider`, `externalWorkspaceId` and `externalUserId`.
    pub(super) fn of(fields: &Fields) -> Self {
        if let Some(id) = fields.text("identityId") {
            return id.parse().map_or(Self::Nobody, Self::Identity);
        }
        let workspace = workspace(fields);
        let is_named = workspace.iter().flatten().all(|workspace| is_id(workspace));
        match fields.text("externalUserId").filter(|user| is_id(user) && is_named) {
            Some(user) => {
                Self::External { provider: fields.text("provider").and_then(ChannelProvider::parse), workspace, user: user.to_owned() }
            }
            None => Self::Nobody,
        }
    }
}

/// `externalWorkspaceId`: absent is unsaid, null and blank are none.
#[expect(clippy::option_option, reason = "unsaid, none and a workspace are three different things")]
pub(super) fn workspace(fields: &Fields) -> Option<Option<String>> {
    fields.0.contains_key("externalWorkspaceId").then(|| fields.text("externalWorkspaceId").map(str::to_owned))
}

/// Who it is, if they may do this through the binding: known, active, in the binding's chat system and workspace, and of a
/// role that allows it. Whoever isn't gets one answer.
pub(super) async fn actor(
    state: &HttpState,
    org: &OrgId,
    through: &ChannelBinding,
    fields: ActorFields,
    purpose: Purpose,
) -> Result<ChannelIdentity, ApiError> {
    let found = find(state, org, through, fields).await?;
    found.filter(|identity| identity.may(purpose, through)).ok_or_else(|| {
        let text = "Channel actor identity is not authorized for this channel session.";
        ApiError::new(StatusCode::FORBIDDEN, text).code(Code::GatewayIdentityNotAllowed)
    })
}

async fn find(
    state: &HttpState,
    org: &OrgId,
    through: &ChannelBinding,
    fields: ActorFields,
) -> Result<Option<ChannelIdentity>, StoreError> {
    let store = state.node.store();
    match fields {
        ActorFields::Identity(id) => store.channel_identity(org, &id).await,
        ActorFields::External { provider, workspace, user } => {
            let provider = provider.unwrap_or_else(|| through.provider.clone());
            let workspace = workspace.unwrap_or_else(|| through.external_workspace.clone());
            store.channel_person(org, &ExternalPerson { provider, workspace, user }).await
        }
        ActorFields::Nobody => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(body: Value) -> ActorFields {
        let Value::Object(fields) = body else { unreachable!("tests send objects") };
        ActorFields::of(&Fields(fields))
    }

    #[test]
    fn our_id_wins_and_an_unsaid_workspace_is_not_no_workspace() {
        let by_id = read(json!({ "identityId": "i1", "provider": "slack", "externalUserId": "u" }));
        assert_eq!(by_id, ActorFields::Identity(IdentityId::new("i1")));
        let external = |workspace| ActorFields::External { provider: None, workspace, user: "u".to_owned() };
        assert_eq!(read(json!({ "externalUserId": "u" })), external(None));
        assert_eq!(read(json!({ "externalUserId": "u", "externalWorkspaceId": null })), external(Some(None)));
        assert_eq!(read(json!({ "externalUserId": "u", "externalWorkspaceId": "T1" })), external(Some(Some("T1".to_owned()))));
        for nobody in [json!({}), json!({ "externalUserId": " " }), json!({ "externalUserId": "u\u{0}" }), json!({ "identityId": "\u{0}" })]
        {
            assert_eq!(read(nobody.clone()), ActorFields::Nobody, "{nobody}");
        }
    }
}
