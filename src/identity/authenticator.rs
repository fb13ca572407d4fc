//! From the headers of a request to whom they prove (contract 00 §3.2).

use super::{
    ApiToken, AuthMode, AuthOptions, Revocations, SessionCookie, SigningKey, WorkerCredential, cookie,
    doors::Doors,
    last_used::LastUsed,
    lookups::Lookups,
    oidc::{OidcError, OidcProvider},
    operator,
    refusals::Refusals,
    signed_headers,
};
use cowork_domain::{
    codes::Code,
    ids::{BrowserSessionId, OrgId, TenantId, TokenId, UserId},
    policy::Authority,
    principal::{AuthSource, Principal, Role},
    signup::MemberStatus,
    timestamp::Timestamp,
};
use cowork_store::{CredentialState, Key, Membership, Standing, Store, StoreError, StoredCredential};
use http::{HeaderMap, header};
use std::sync::Arc;

/// A credential that was not accepted. The text is the contract's; a code is only said to whoever showed the right secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Unauthenticated {
    /// The text for the caller.
    pub message: &'static str,
    /// What became of a credential that once was good.
    pub code: Option<Code>,
}

impl Unauthenticated {
    pub(super) const fn new(message: &'static str) -> Self {
        Self { message, code: None }
    }

    pub(super) const fn because(message: &'static str, code: Code) -> Self {
        Self { message, code: Some(code) }
    }
}

/// Why nobody could be recognised.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    /// The credential is not good.
    #[error(transparent)]
    Refused(#[from] Unauthenticated),
    /// It could not be looked up.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How somebody was recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// Not at all: everybody is the local owner.
    Local,
    /// By the operator token.
    Operator,
    /// By a proxy's headers.
    Header,
    /// By the identity provider.
    Login,
    /// By a managed worker's credential.
    Worker {
        /// Who shows it.
        worker: String,
        /// Where the worker belongs.
        pool: String,
        /// The public part of what it shows.
        credential: String,
    },
    /// By an API token.
    Token(TokenId),
    /// By the cookie of a browser session.
    Browser {
        /// The session.
        session: BrowserSessionId,
        /// What changes must come with.
        csrf_token: String,
        /// When the session ends at the latest.
        expires_at: Timestamp,
    },
}

/// A genuine credential, and what is stored about whoever showed it.
#[derive(Debug, Clone)]
pub struct Authenticated {
    /// As the credential says; of tokens and browser sessions, as stored.
    pub principal: Principal,
    /// What it may, as far as that is known without a membership.
    pub authority: Authority,
    /// How it was recognised.
    pub proof: Proof,
    /// The last revocation that was known before the look-up.
    pub known_revocations: i64,
    pub(super) standing: Standing,
}

impl Authenticated {
    /// When the token or browser session that was shown ends by itself.
    pub(super) fn ends_at(&self) -> Option<Timestamp> {
        self.standing.credential.as_ref().and_then(|credential| credential.expires_at)
    }
}

/// Tells genuine credentials from others.
pub struct Authenticator {
    options: AuthOptions,
    local: Principal,
    lookups: Lookups,
    revocations: Arc<Revocations>,
    last_used: LastUsed,
    refusals: Refusals,
    pub(super) doors: Doors,
}

const SESSION_OVER: &str = "Cloud browser session is no longer valid.";
const TOKEN_OVER: &str = "Cloud API token is invalid or expired.";

impl Authenticator {
    /// For one configured mode.
    pub fn new(options: AuthOptions, revocations: Arc<Revocations>) -> Self {
        Self {
            local: local_owner(),
            lookups: Lookups::default(),
            last_used: LastUsed::default(),
            refusals: Refusals::default(),
            doors: Doors::default(),
            options,
            revocations,
        }
    }

    /// Whether everybody is the local owner.
    pub const fn is_open(&self) -> bool {
        matches!(self.options.mode, AuthMode::None)
    }

    /// Signs browser sessions; without it there are none.
    pub const fn signing_key(&self) -> Option<&SigningKey> {
        self.options.signing_key.as_ref()
    }

    /// Recognises the sender of a request, with one read of the database in the usual case. A good session cookie wins;
    /// then come API tokens and the operator token, and the configured mode is last.
    pub async fn authenticate(&self, store: &Store, headers: &HeaderMap, now: Timestamp) -> Result<Authenticated, AuthenticateError> {
        let authenticated = self.recognise(store, headers, now).await?;
        self.last_used.mark(&authenticated.proof);
        Ok(authenticated)
    }

    async fn recognise(&self, store: &Store, headers: &HeaderMap, now: Timestamp) -> Result<Authenticated, AuthenticateError> {
        let known_revocations = self.revocations.last_seen();
        let mut over = None;
        if let Some((key, cookie)) = self.options.signing_key.as_ref().zip(SessionCookie::of(headers)) {
            let standing = self.lookups.ask(store, Key::Session(cookie.id())).await?;
            match session(key, &cookie, standing, known_revocations) {
                Ok(authenticated) => return Ok(authenticated),
                Err(Some(refused)) => over = Some(refused),
                Err(None) => self.refusals.forged_cookie(),
            }
        }
        if let Some(shown) = bearer(headers) {
            if !self.is_open() && self.options.operator_token.as_ref().is_some_and(|token| token.is(shown)) {
                return Ok(operator(known_revocations));
            }
            if let Some(credential) = WorkerCredential::parse(shown)
                && let Some(worker) = credential.recognise(store, known_revocations, now).await?
            {
                return Ok(worker);
            }
            if let Some(token) = ApiToken::parse(shown) {
                let standing = self.lookups.ask(store, Key::Token(token.id().clone())).await?;
                match api_token(&token, &standing) {
                    Ok((membership, stored)) => {
                        let proof = Proof::Token(token.id().clone());
                        return Ok(stored_caller(membership, &stored, proof, standing, known_revocations));
                    }
                    // Whoever has the secret of a token that is over is told so, in every mode: silently falling back to
                    // another identity would hide it.
                    Err(Some(refused)) => {
                        if let Some((stored, code)) = standing.credential.as_ref().zip(refused.code) {
                            self.refusals.token_over(token.id(), stored, code, now);
                        }
                        return Err(refused.into());
                    }
                    Err(None) => self.refusals.forged_token(),
                }
            }
        }
        let (principal, proof) = match &self.options.mode {
            AuthMode::None => (self.local.clone(), Proof::Local),
            AuthMode::Header { secret, allow_unsigned, max_age } => {
                let verified = signed_headers::verify(headers, secret.as_ref(), *allow_unsigned, *max_age, now);
                if verified.is_err() && signed_headers::are_shown(headers) {
                    self.refusals.forged_header();
                }
                (verified.map_err(|refused| over.unwrap_or(refused))?, Proof::Header)
            }
            AuthMode::Oidc(provider) => {
                let verified = vouched_for(provider, headers, now).await;
                (verified.map_err(|refused| over.unwrap_or(refused))?, Proof::Login)
            }
        };
        Ok(self.vouched_for(store, principal, proof).await?)
    }

    /// Somebody for whom a proxy or an identity provider vouches, with what is stored about them.
    pub async fn vouched_for(&self, store: &Store, principal: Principal, proof: Proof) -> Result<Authenticated, StoreError> {
        let known_revocations = self.revocations.last_seen();
        let principal = self.placed(principal);
        let key = Key::Account { org: principal.org_id.clone(), account: principal.account_id.clone() };
        let standing = self.lookups.ask(store, key).await?;
        let authority = Authority::of_role(principal.auth_source, principal.role);
        Ok(Authenticated { principal, authority, proof, known_revocations, standing })
    }

    /// Recognises somebody again by what they showed before, for connections that stay open.
    pub async fn again(&self, store: &Store, before: &Authenticated) -> Result<Authenticated, AuthenticateError> {
        let known_revocations = self.revocations.last_seen();
        let standing = match &before.proof {
            // A worker's one action is a single request, so no connection of it stays open.
            Proof::Operator | Proof::Worker { .. } => return Ok(before.clone()),
            Proof::Local | Proof::Header | Proof::Login => self.look_again(store, before).await?,
            Proof::Token(token) => self.lookups.ask(store, Key::Token(token.clone())).await?,
            Proof::Browser { session, .. } => self.lookups.ask(store, Key::Session(*session)).await?,
        };
        let is_over = match &before.proof {
            Proof::Token(_) => still_live(&standing, TOKEN_OVER, Code::AuthTokenExpired, Code::AuthTokenRevoked),
            Proof::Browser { .. } => still_live(&standing, SESSION_OVER, Code::AuthSessionExpired, Code::AuthSessionRevoked),
            Proof::Local | Proof::Operator | Proof::Worker { .. } | Proof::Header | Proof::Login => Ok(()),
        };
        is_over?;
        self.last_used.mark(&before.proof);
        Ok(Authenticated { known_revocations, standing, ..before.clone() })
    }

    /// Resolves when there is something to note that should not wait for long.
    pub async fn notes_are_due(&self) {
        self.refusals.due().await;
    }

    /// Writes down which credentials were used, and which were refused. `nonce` is used once.
    ///
    /// # Errors
    /// `Unavailable`, `Database`: what could not be written is written the next time.
    pub async fn write_notes(&self, store: &Store, nonce: &str, now: Timestamp) -> Result<(), StoreError> {
        let refused = self.refusals.write(store, nonce, now).await;
        self.last_used.write(store).await?;
        refused
    }

    /// Looks up again who was recognised before, after something about them was changed.
    pub(super) async fn look_again(&self, store: &Store, authenticated: &Authenticated) -> Result<Standing, StoreError> {
        let principal = &authenticated.principal;
        self.lookups.ask(store, Key::Account { org: principal.org_id.clone(), account: principal.account_id.clone() }).await
    }

    /// In single-org mode everybody is of the one organisation, whatever their credential says.
    fn placed(&self, mut principal: Principal) -> Principal {
        if let Some((org, name)) = &self.options.single_org {
            principal.tenant_id = TenantId::new(org.as_str());
            principal.org_id = OrgId::new(org.as_str());
            principal.tenant_name.clone_from(name);
        }
        principal
    }
}

fn still_live(standing: &Standing, text: &'static str, expired: Code, revoked: Code) -> Result<(), Unauthenticated> {
    match standing.credential.as_ref().map(|stored| stored.state) {
        Some(CredentialState::Live) => Ok(()),
        Some(CredentialState::Expired) => Err(Unauthenticated::because(text, expired)),
        Some(CredentialState::Revoked) | None => Err(Unauthenticated::because(text, revoked)),
    }
}

/// Whom the id token of a request names.
async fn vouched_for(provider: &OidcProvider, headers: &HeaderMap, now: Timestamp) -> Result<Principal, Unauthenticated> {
    let verified = match bearer(headers) {
        Some(token) => provider.verify_bearer(token, now).await,
        None => Err(OidcError::NoToken),
    };
    verified.map(|identity| identity.principal).map_err(|error| {
        // Who shows nothing is no news.
        if !matches!(error, OidcError::NoToken) {
            tracing::info!(%error, "a caller was refused");
        }
        Unauthenticated::new(error.message())
    })
}

/// The text of `Authorization: Bearer …`; the scheme's case doesn't matter.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// The error is what to tell a caller who shows nothing better.
fn session(
    key: &SigningKey,
    shown: &SessionCookie,
    standing: Standing,
    known_revocations: i64,
) -> Result<Authenticated, Option<Unauthenticated>> {
    let Some(stored) = standing.credential.as_ref().filter(|stored| shown.matches(key, &stored.hash)) else { return Err(None) };
    still_live(&standing, SESSION_OVER, Code::AuthSessionExpired, Code::AuthSessionRevoked).map_err(Some)?;
    let Some(membership) = &standing.membership else {
        return Err(Some(Unauthenticated::because(SESSION_OVER, Code::AuthMembershipMissing)));
    };
    let proof = Proof::Browser {
        session: shown.id(),
        csrf_token: cookie::csrf_token(key, shown.id()),
        expires_at: stored.expires_at.unwrap_or(Timestamp::from_millis(0)),
    };
    Ok(stored_caller(membership.clone(), &stored.clone(), proof, standing, known_revocations))
}

/// The error is none when the secret didn't match: then nothing about the token is said.
fn api_token(token: &ApiToken, standing: &Standing) -> Result<(Membership, StoredCredential), Option<Unauthenticated>> {
    let Some(stored) = standing.credential.as_ref().filter(|stored| token.matches(&stored.hash)) else { return Err(None) };
    still_live(standing, TOKEN_OVER, Code::AuthTokenExpired, Code::AuthTokenRevoked).map_err(Some)?;
    let Some(membership) = standing.membership.as_ref().filter(|membership| membership.status == MemberStatus::Active) else {
        let text = "Cloud API token membership is not active.";
        return Err(Some(Unauthenticated::because(text, Code::AuthMembershipMissing)));
    };
    Ok((membership.clone(), stored.clone()))
}

fn stored_caller(
    membership: Membership,
    credential: &StoredCredential,
    proof: Proof,
    standing: Standing,
    known_revocations: i64,
) -> Authenticated {
    let authority = authority_of(&membership, credential);
    let principal = Principal {
        tenant_id: membership.tenant,
        org_id: membership.org,
        tenant_name: membership.org_name,
        user_id: membership.user,
        account_id: membership.account,
        email: membership.email,
        role: membership.role,
        auth_source: credential.source,
    };
    Authenticated { principal, authority, proof, known_revocations, standing }
}

fn authority_of(membership: &Membership, credential: &StoredCredential) -> Authority {
    Authority {
        source: credential.source,
        role: membership.role,
        custom_role: membership.custom_role.clone(),
        permissions: membership.permissions,
        scopes: credential.scopes,
    }
}

fn operator(known_revocations: i64) -> Authenticated {
    Authenticated {
        principal: operator::principal(),
        authority: operator::authority(),
        proof: Proof::Operator,
        known_revocations,
        standing: Standing::default(),
    }
}

fn local_owner() -> Principal {
    Principal {
        tenant_id: TenantId::new("default"),
        org_id: OrgId::new("default"),
        tenant_name: "Default".to_owned(),
        user_id: UserId::new("local-user"),
        account_id: UserId::new("local-user"),
        email: "local@example.test".to_owned(),
        role: Role::Owner,
        auth_source: AuthSource::Local,
    }
}
