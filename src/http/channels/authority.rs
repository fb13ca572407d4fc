//! Who uses an endpoint of gateways, and what they may use it for (contract 04 §1).
//!
//! First the proof, before anything else of a request is looked at: a gateway's token needs a grant of a binding that is
//! served, and of the very one that the request names. Then, where the handler uses a binding, the service asks again: a
//! request can name more than one.

use crate::{
    http::{error::ApiError, state::HttpState},
    identity::{Member, Proof},
};
use cowork_domain::{
    channel::{
        binding::ChannelBinding,
        ids::{ChannelBindingId, ChannelSessionId},
        session::ChannelSession,
    },
    ids::{OrgId, TokenId},
    policy::{Denial, Scope},
    principal::AuthSource,
};
use cowork_store::GrantedSession;
use http::StatusCode;

/// Who uses an endpoint of gateways.
pub(super) enum ChannelCaller {
    /// A gateway, by its token.
    Gateway {
        /// The token.
        token: TokenId,
        /// What was proven: the bindings that the request names, or, where it names none, all that the token was granted.
        /// They are served.
        bindings: Vec<ChannelBinding>,
        /// The thread that the request names, which came through that binding.
        thread: Option<Box<ChannelSession>>,
    },
    /// A person or token that runs the organisation.
    Admin,
    /// Whoever is at their own machine.
    Local,
}

/// What a request names, as the table of contract 04 §1.3 takes it from body, path or query.
pub(super) enum Target<'a> {
    /// Nothing: any granted binding will do.
    None,
    /// A channel binding.
    Binding(&'a str),
    /// A thread.
    SessionBinding(&'a str),
    /// Channel bindings, all of which must be granted; none is as [`Self::None`].
    Bindings(&'a [&'a str]),
}

impl ChannelCaller {
    /// The token, where it is a gateway: what bounds its reads.
    pub(super) const fn token(&self) -> Option<&TokenId> {
        match self {
            Self::Gateway { token, .. } => Some(token),
            Self::Admin | Self::Local => None,
        }
    }
}

/// Lets gateways in, and whoever is at their own machine.
pub(super) async fn prove(state: &HttpState, member: &Member, target: Target<'_>) -> Result<ChannelCaller, ApiError> {
    match token(member)? {
        Some(token) => gateway(state, &member.principal.org_id, token, target).await,
        None => Ok(ChannelCaller::Local),
    }
}

/// The gateway's token; none of whoever is at their own machine. Everybody else is refused.
pub(super) fn token(member: &Member) -> Result<Option<&TokenId>, ApiError> {
    match (&member.proof, member.authority.source) {
        (_, AuthSource::Local) => Ok(None),
        (Proof::Token(token), AuthSource::ApiToken) if member.authority.scopes.contains(Scope::Gateway) => Ok(Some(token)),
        _ => Err(Denial::unbound().into()),
    }
}

/// Also lets in who runs the organisation: the gate asked that already, of people and of issuers of tokens.
pub(super) async fn prove_or_admin(state: &HttpState, member: &Member, target: Target<'_>) -> Result<ChannelCaller, ApiError> {
    match member.authority.source {
        AuthSource::Header | AuthSource::User => Ok(ChannelCaller::Admin),
        AuthSource::ApiToken if member.authority.scopes.contains(Scope::Admin) => Ok(ChannelCaller::Admin),
        AuthSource::ApiToken | AuthSource::Local | AuthSource::Worker => prove(state, member, target).await,
    }
}

async fn gateway(state: &HttpState, org: &OrgId, token: &TokenId, target: Target<'_>) -> Result<ChannelCaller, ApiError> {
    let store = state.node.store();
    let granted = async |named: &[&str]| {
        let is_storable = named.iter().all(|id| id.parse::<ChannelBindingId>().is_ok());
        if is_storable { store.granted_channel_bindings(org, token, Some(named)).await } else { Ok(Vec::new()) }
    };
    let mut thread = None;
    let bindings = match target {
        Target::None | Target::Bindings([]) => store.granted_channel_bindings(org, token, None).await?,
        Target::Binding(id) => granted(&[id]).await?,
        Target::Bindings(ids) => {
            let found = granted(ids).await?;
            if ids.iter().all(|id| found.iter().any(|binding| binding.id.as_str() == *id)) { found } else { Vec::new() }
        }
        Target::SessionBinding(id) => match id.parse::<ChannelSessionId>() {
            Ok(id) => {
                let found = store.granted_channel_session(org, Some(token), &id).await?;
                let binding;
                (thread, binding) = found.map(|found| (Box::new(found.session), found.binding)).unzip();
                binding.into_iter().collect()
            }
            Err(_) => Vec::new(),
        },
    };
    if bindings.is_empty() {
        return Err(Denial::unbound().into());
    }
    Ok(ChannelCaller::Gateway { token: token.clone(), bindings, thread })
}

/// A binding that the caller may use now. Missing, foreign, not served and not granted are one answer: no oracle.
pub(super) async fn binding(state: &HttpState, caller: &ChannelCaller, org: &OrgId, id: &str) -> Result<ChannelBinding, ApiError> {
    let store = state.node.store();
    let id: ChannelBindingId = id.parse().map_err(|_| not_authorized())?;
    let found = match caller {
        ChannelCaller::Gateway { token, bindings, .. } => match bindings.iter().find(|binding| binding.id == id) {
            Some(proven) => Some(proven.clone()),
            None => store.granted_channel_bindings(org, token, Some(&[id.as_str()])).await?.pop(),
        },
        ChannelCaller::Admin | ChannelCaller::Local => store.channel_binding(org, &id).await?.filter(ChannelBinding::is_active),
    };
    found.ok_or_else(not_authorized)
}

/// A thread that the caller may use now, with the binding that it came through.
pub(super) async fn session_binding(
    state: &HttpState,
    caller: &ChannelCaller,
    org: &OrgId,
    id: &str,
) -> Result<(ChannelSession, ChannelBinding), ApiError> {
    let id: ChannelSessionId = id.parse().map_err(|_| not_authorized())?;
    if let ChannelCaller::Gateway { bindings, thread: Some(proven), .. } = caller
        && proven.id == id
        && let Some(binding) = bindings.iter().find(|binding| binding.id == proven.binding)
    {
        return Ok(((**proven).clone(), binding.clone()));
    }
    let found = state.node.store().granted_channel_session(org, caller.token(), &id).await?;
    found.map(|GrantedSession { session, binding }| (session, binding)).ok_or_else(not_authorized)
}

/// The one refusal of the service.
pub(super) fn not_authorized() -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "Gateway API token is not authorized for the requested channel binding.")
}
