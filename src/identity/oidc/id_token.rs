//! Whether an id token is genuine, for us, and of this time (OpenID Connect Core 1.0 §3.1.3.7, contract 00 §3.4).

use super::{
    error::{OidcError, TokenFlaw},
    keys::SigningKeys,
    options::OidcOptions,
};
use cowork_domain::{identity_claims::IdentityClaims, principal::Principal, timestamp::Timestamp};
use openidconnect::{
    AdditionalClaims, ClaimsVerificationError, ClientId, IdToken, IdTokenVerifier, IssuerUrl, Nonce, SignatureVerificationError,
    core::{CoreGenderClaim, CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm},
};
use serde::{Deserialize, Serialize};
use std::time::{Duration, SystemTime};

/// How far the provider's clock may be off.
const SKEW_MILLIS: i64 = 60_000;

/// The longest token that is looked at. Tokens with many groups have a few kilobytes.
const LONGEST: usize = 16 * 1024;

/// What OpenID Connect allows and the contract asks for. Neither `none`, nor HMAC, where the key would be something public.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 3] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
];

/// Claims beside those of the standard.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct TenantClaims {
    nbf: Option<f64>,
    tenant_id: Option<String>,
    tid: Option<String>,
    hd: Option<String>,
    tenant_name: Option<String>,
}

impl AdditionalClaims for TenantClaims {}

type Token = IdToken<TenantClaims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

/// A token that can be read; nothing of it has been believed yet.
pub(super) struct UnverifiedToken(Token);

impl UnverifiedToken {
    /// Refuses without looking at any key what no key could make right.
    pub(super) fn read(text: &str) -> Result<Self, TokenFlaw> {
        if text.len() > LONGEST {
            return Err(TokenFlaw::TooLong);
        }
        let token: Token = text.parse().map_err(|_| TokenFlaw::Malformed)?;
        let algorithm = token.signing_alg().map_err(|_| TokenFlaw::Algorithm)?;
        if ALGORITHMS.contains(algorithm) { Ok(Self(token)) } else { Err(TokenFlaw::Algorithm) }
    }

    /// The principal behind it, if one of the keys signed it. [`TokenFlaw::UnknownKey`] may become right with newer keys. `nonce`
    /// is that of the login in which the token came; a token that a program shows has none that we would know.
    pub(super) fn verify(
        &self,
        keys: &SigningKeys,
        options: &OidcOptions,
        nonce: Option<&str>,
        now: Timestamp,
    ) -> Result<Principal, OidcError> {
        let mut flaw = TokenFlaw::UnknownKey;
        for key in &keys.sets {
            match self.verify_with(key, options, nonce, now) {
                // Another key may be the right one.
                Err(OidcError::Token(TokenFlaw::UnknownKey)) => {}
                Err(OidcError::Token(TokenFlaw::Signature)) => flaw = TokenFlaw::Signature,
                decided => return decided,
            }
        }
        Err(flaw.into())
    }

    fn verify_with(
        &self,
        key: &CoreJsonWebKeySet,
        options: &OidcOptions,
        nonce: Option<&str>,
        now: Timestamp,
    ) -> Result<Principal, OidcError> {
        let issuer = IssuerUrl::new(options.issuer.clone()).map_err(|_| TokenFlaw::Issuer)?;
        // A verifier of a public client never takes HMAC, whatever the algorithms say: a second lock on that door.
        let verifier = IdTokenVerifier::new_public_client(ClientId::new(options.client_id.clone()), issuer, key.clone())
            .set_allowed_algs(ALGORITHMS)
            // The contract ignores closing slashes, which the library compares; below is the comparison that counts.
            .require_issuer_match(false)
            .set_other_audience_verifier_fn(|_| true)
            .set_time_fn(move || wall_clock(now.plus_millis(-SKEW_MILLIS)).into());
        let nonce_is_right = |shown: Option<&Nonce>| match nonce {
            None => Ok(()),
            Some(expected) => openidconnect::NonceVerifier::verify(&Nonce::new(expected.to_owned()), shown),
        };
        let claims = self.0.claims(&verifier, nonce_is_right).map_err(|error| flaw(&error))?;
        if !options.is_issuer(claims.issuer()) {
            return Err(TokenFlaw::Issuer.into());
        }
        let more = claims.additional_claims();
        if more.nbf.is_some_and(|seconds| starts_after(seconds, now)) {
            return Err(TokenFlaw::TooEarly.into());
        }
        let identity = IdentityClaims {
            issuer: &options.issuer,
            subject: claims.subject(),
            email: claims.email().map(|email| email.as_str()),
            email_verified: claims.email_verified(),
            tenant_id: more.tenant_id.as_deref(),
            tid: more.tid.as_deref(),
            hd: more.hd.as_deref(),
            tenant_name: more.tenant_name.as_deref(),
        };
        Ok(identity.principal(&options.allowed_email_domains)?)
    }
}

/// The library's texts quote the token, so only their kind is kept.
fn flaw(error: &ClaimsVerificationError) -> TokenFlaw {
    match error {
        ClaimsVerificationError::Expired(_) => TokenFlaw::Expired,
        ClaimsVerificationError::InvalidAudience(_) => TokenFlaw::Audience,
        ClaimsVerificationError::InvalidIssuer(_) => TokenFlaw::Issuer,
        ClaimsVerificationError::InvalidNonce(_) => TokenFlaw::Nonce,
        ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey) => TokenFlaw::UnknownKey,
        ClaimsVerificationError::SignatureVerification(
            SignatureVerificationError::CryptoError(_) | SignatureVerificationError::InvalidKey(_),
        ) => TokenFlaw::Signature,
        ClaimsVerificationError::SignatureVerification(_) => TokenFlaw::Algorithm,
        _ => TokenFlaw::Malformed,
    }
}

/// `nbf` may have a fraction. What is not a number is never reached.
fn starts_after(seconds: f64, now: Timestamp) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this age are exact in a double")]
    let latest = now.plus_millis(SKEW_MILLIS).as_millis() as f64;
    seconds * 1000.0 > latest
}

fn wall_clock(at: Timestamp) -> SystemTime {
    let millis = u64::try_from(at.as_millis()).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
}
