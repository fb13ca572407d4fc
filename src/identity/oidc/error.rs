//! Why somebody was not let in: a fixed sentence for them, and the reason for the log. Neither ever holds a part of a token.

use super::fetch::FetchError;
use cowork_domain::identity_claims::IdentityRefusal;

/// A sign-in that failed. The `Display` text is for the log, [`OidcError::message`] for the caller.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OidcError {
    /// No id token was shown.
    #[error("no bearer token was shown")]
    NoToken,
    /// The id token is not genuine, not for us, or not of this time.
    #[error("an id token was refused: {0}")]
    Token(#[from] TokenFlaw),
    /// The identity is genuine and not welcome.
    #[error("an identity was refused: {0}")]
    Identity(#[from] IdentityRefusal),
    /// A browser came back from the provider with something that this server did not send it for.
    #[error("a login was refused: {0}")]
    Login(#[from] LoginFlaw),
    /// The provider can't be asked, or its answers make no sense.
    #[error("the OpenID provider can't be used: {0}")]
    Provider(#[from] FetchError),
}

impl OidcError {
    /// The sentence for the caller. It doesn't help a forger to find out what to forge next.
    pub const fn message(&self) -> &'static str {
        match self {
            Self::NoToken => "Cloud OIDC bearer token is required.",
            Self::Token(_) => "Cloud OIDC bearer token is invalid or expired.",
            Self::Identity(refusal) => refusal.message(),
            Self::Login(_) => "Cloud OIDC login is invalid or expired. Sign in again.",
            Self::Provider(_) => "Cloud OIDC provider is unavailable.",
        }
    }

    /// Whether the caller may be right and only the provider is away. Such a failure says nothing about the caller, and must not
    /// be counted against them.
    pub const fn is_outage(&self) -> bool {
        matches!(self, Self::Provider(_))
    }
}

/// What is wrong with an id token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenFlaw {
    /// Not a signed JWT with the claims of an id token.
    #[error("it is malformed")]
    Malformed,
    /// Longer than any provider's tokens.
    #[error("it is too long")]
    TooLong,
    /// Unsigned, or signed with an algorithm that is not RS256, RS384 or RS512.
    #[error("its signature algorithm is not allowed")]
    Algorithm,
    /// No key of the provider has its key id.
    #[error("the provider has no such key")]
    UnknownKey,
    /// The signature is not the provider's.
    #[error("its signature is wrong")]
    Signature,
    /// Of another issuer.
    #[error("it is of another issuer")]
    Issuer,
    /// For somebody else.
    #[error("it is for another audience")]
    Audience,
    /// Its time is over.
    #[error("it has expired")]
    Expired,
    /// Its time has not come.
    #[error("it is not valid yet")]
    TooEarly,
    /// Not of the login that it came with.
    #[error("its nonce is of another login")]
    Nonce,
}

/// What is wrong with a login that comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LoginFlaw {
    /// No state cookie, or one that this server did not sign.
    #[error("the browser has no login under way")]
    NoCookie,
    /// The login took longer than it may.
    #[error("the login has expired")]
    Expired,
    /// The state is of another login: somebody else's, if the browser was tricked.
    #[error("the state is of another login")]
    State,
    /// The answer is of another provider (RFC 9207).
    #[error("the answer is of another issuer")]
    Issuer,
    /// The provider said no, or the person did.
    #[error("the provider refused")]
    Refused,
    /// No code.
    #[error("the provider sent no code")]
    NoCode,
    /// The provider does not take the code: used, expired, or not for us.
    #[error("the provider does not take the code")]
    Code,
    /// The provider took the code and sent no id token.
    #[error("the provider sent no id token")]
    NoIdToken,
}
