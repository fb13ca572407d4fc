//! The login of a browser: the authorization code flow with PKCE (contract 00 §3.6, RFC 7636, RFC 9700).

use super::{
    discovery::Endpoints,
    error::{LoginFlaw, OidcError},
    fetch::FetchError,
    provider::{Identity, OidcProvider},
    return_path::return_path,
    state::{LOGIN_LIFETIME, LoginState},
};
use crate::identity::SigningKey;
use cowork_actors::Clock;
use cowork_domain::timestamp::Timestamp;
use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet, IssuerUrl, JsonWebKeySet, Nonce, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, TokenResponse,
    core::{CoreAuthenticationFlow, CoreClient},
};

/// What a browser login needs to know of the person; a browser needs no refresh token, its session is our own.
const SCOPES: [&str; 2] = ["email", "profile"];

/// Codes are short; a longer one is nothing that a provider made.
const LONGEST_CODE: usize = 4096;

type Client = CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet, EndpointNotSet>;

/// A browser that wants to sign in.
#[derive(Debug, Clone, Copy)]
pub struct LoginRequest<'a> {
    /// Where it wants to go afterwards.
    pub return_to: Option<&'a str>,
    /// Where it reaches this server: scheme, host and port.
    pub origin: &'a str,
    /// Signs what it carries meanwhile.
    pub secret: &'a SigningKey,
}

/// Where to send it, and what to give it along.
pub struct LoginStart {
    /// At the provider.
    pub location: String,
    /// The value of the state cookie, good for [`LOGIN_LIFETIME`].
    pub state_cookie: String,
}

/// A browser that comes back: the parameters of its request, and its state cookie.
#[derive(Clone, Copy, Default)]
pub struct Callback<'a> {
    /// `code`.
    pub code: Option<&'a str>,
    /// `state`.
    pub state: Option<&'a str>,
    /// `error`, instead of a code.
    pub error: Option<&'a str>,
    /// `iss`, which newer providers add.
    pub issuer: Option<&'a str>,
    /// The value of the state cookie.
    pub state_cookie: Option<&'a str>,
}

/// A login that succeeded.
#[derive(Debug)]
pub struct LoginEnd {
    /// Who signed in.
    pub identity: Identity,
    /// The page of this server to go to.
    pub return_to: String,
}

impl OidcProvider {
    /// Sends a browser to the provider.
    pub async fn begin_login(&self, asked: LoginRequest<'_>, clock: Clock) -> Result<LoginStart, OidcError> {
        let now = clock.now();
        let endpoints = self.endpoints(now).await?;
        let lifetime = i64::try_from(LOGIN_LIFETIME.as_millis()).unwrap_or(i64::MAX);
        let login = LoginState {
            state: clock.nonce(),
            nonce: clock.nonce(),
            code_verifier: clock.nonce(),
            redirect_uri: format!("{}{}", asked.origin.trim_end_matches('/'), self.options.callback_path),
            return_to: return_path(asked.return_to).to_owned(),
            expires_at_ms: now.plus_millis(lifetime).as_millis(),
        };
        let client = self.client(&endpoints, &login)?;
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(login.code_verifier.clone()));
        let (state, nonce) = (CsrfToken::new(login.state.clone()), Nonce::new(login.nonce.clone()));
        let (location, _, _) = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, move || state, move || nonce)
            .add_scopes(SCOPES.map(|scope| Scope::new(scope.to_owned())))
            .set_pkce_challenge(challenge)
            .url();
        Ok(LoginStart { location: location.into(), state_cookie: login.seal(asked.secret) })
    }

    /// Finds out who came back. Whatever is wrong with the login is found before the provider is asked, except for the code.
    pub async fn finish_login(&self, callback: Callback<'_>, secret: &SigningKey, now: Timestamp) -> Result<LoginEnd, OidcError> {
        let login = LoginState::open(secret, callback.state_cookie, callback.state, now)?;
        if callback.issuer.is_some_and(|issuer| !self.options.is_issuer(issuer)) {
            return Err(LoginFlaw::Issuer.into());
        }
        if let Some(error) = callback.error {
            tracing::info!(error = error_code(error), "the OpenID provider refused a login");
            return Err(LoginFlaw::Refused.into());
        }
        let code = callback.code.filter(|code| code.len() <= LONGEST_CODE).ok_or(LoginFlaw::NoCode)?;
        let id_token = self.redeem(code, &login, now).await?;
        let identity = self.verify(&id_token, Some(&login.nonce), now).await?;
        Ok(LoginEnd { identity, return_to: login.return_to })
    }

    /// Exchanges a code for an id token.
    async fn redeem(&self, code: &str, login: &LoginState, now: Timestamp) -> Result<String, OidcError> {
        let endpoints = self.endpoints(now).await?;
        let client = self.client(&endpoints, login)?;
        // A client of its own per request: the compiler can't see that a borrowed one may go to another thread. It is a handle.
        let send = |request| {
            let http = self.http.clone();
            async move { http.send(request).await }
        };
        let answer = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(login.code_verifier.clone()))
            .request_async(&send)
            .await
            .map_err(|error| match error {
                RequestTokenError::Request(error) => OidcError::Provider(error),
                RequestTokenError::ServerResponse(answer) => {
                    // Anything but a bad code is a mistake in the configuration, which an operator must see.
                    tracing::warn!(error = error_code(answer.error().as_ref()), "the OpenID provider did not take a code");
                    LoginFlaw::Code.into()
                }
                RequestTokenError::Parse(..) | RequestTokenError::Other(_) => FetchError::Malformed("token answer").into(),
            })?;
        Ok(answer.id_token().ok_or(LoginFlaw::NoIdToken)?.to_string())
    }

    fn client(&self, endpoints: &Endpoints, login: &LoginState) -> Result<Client, OidcError> {
        let issuer = IssuerUrl::new(self.options.issuer.clone()).map_err(|_| FetchError::Malformed("issuer"))?;
        let redirect = RedirectUrl::new(login.redirect_uri.clone()).map_err(|_| FetchError::Malformed("redirect address"))?;
        // It verifies no tokens, so it needs no keys: that is done with those that are remembered.
        let client = CoreClient::new(ClientId::new(self.options.client_id.clone()), issuer, JsonWebKeySet::default())
            .set_auth_type(endpoints.secret_in.clone())
            .set_auth_uri(endpoints.authorization.clone())
            .set_token_uri(endpoints.token.clone())
            .set_redirect_uri(redirect);
        Ok(match &self.options.client_secret {
            Some(secret) => client.set_client_secret(ClientSecret::new(secret.expose().to_owned())),
            None => client,
        })
    }
}

/// An error code as RFC 6749 writes them; whatever else a stranger puts there doesn't reach the log.
fn error_code(error: &str) -> &str {
    let is_code = !error.is_empty() && error.len() <= 64 && error.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_code { error } else { "other" }
}
