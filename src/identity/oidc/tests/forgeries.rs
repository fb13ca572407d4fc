//! Bearer tokens: one that is right, and the ways in which others are not.

use super::{keys::Key, provider::Provider, *};
use crate::identity::oidc::error::TokenFlaw;
use axum::response::IntoResponse;
use cowork_domain::identity_claims::IdentityRefusal;

fn flaw(verified: Result<Identity, OidcError>) -> TokenFlaw {
    match verified {
        Err(OidcError::Token(flaw)) => flaw,
        other => panic!("not a flaw of the token: {other:?}"),
    }
}

#[tokio::test]
async fn a_genuine_token_is_its_person_and_every_forgery_is_refused_for_its_own_reason() {
    let (key, other) = (Key::new("one"), Key::new("one"));
    let provider = Provider::start(vec![key.published()]).await;
    let (url, seen) = (&provider.url, provider.seen());
    let genuine = |changes: Value| key.sign(&claims(url, &changes));

    let identity = seen.verify_bearer(&genuine(json!({})), now()).await.expect("it is genuine");
    let principal = &identity.principal;
    assert_eq!((principal.tenant_id.as_str(), principal.email.as_str()), ("acme.example", "kim@acme.example"));
    for right in [
        genuine(json!({"iss": format!("{url}/")})),
        genuine(json!({"aud": ["another", "cowork"]})),
        genuine(json!({"exp": NOW_SECONDS - 59, "nbf": NOW_SECONDS + 59})),
        genuine(json!({"exp": 1_800_000_000.5, "nbf": 1_799_999_999.5})),
        key.sign_as("RS384", &json!({"alg": "RS384", "kid": "one"}), &claims(url, &json!({}))),
        key.sign_as("RS512", &json!({"alg": "RS512"}), &claims(url, &json!({}))),
    ] {
        assert_eq!(seen.verify_bearer(&right, now()).await.expect("it is genuine"), identity, "{right}");
    }

    let plain = claims(url, &json!({}));
    let header = |algorithm: &str| json!({"alg": algorithm, "typ": "JWT", "kid": "one"});
    let none = keys::unsigned(&header("none"), &plain);
    let token = genuine(json!({}));
    let [head, _, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("a token has three parts") };
    let altered = keys::unsigned(&header("RS256"), &claims(url, &json!({"sub": "lee"})));
    let modulus = key.published()["n"].as_str().expect("text").to_owned();
    for (forged, expected) in [
        (format!("{none}."), TokenFlaw::Algorithm),
        (format!("{none}.{signature}"), TokenFlaw::Algorithm),
        (keys::hmac(key.public_pem().as_bytes(), &header("HS256"), &plain), TokenFlaw::Algorithm),
        (keys::hmac(modulus.as_bytes(), &header("HS256"), &plain), TokenFlaw::Algorithm),
        (keys::hmac(b"", &header("HS256"), &plain), TokenFlaw::Algorithm),
        (key.sign_as("PS256", &header("PS256"), &plain), TokenFlaw::Algorithm),
        (other.sign(&plain), TokenFlaw::Signature),
        (format!("{altered}.{signature}"), TokenFlaw::Signature),
        (key.sign_as("RS256", &header("RS512"), &plain), TokenFlaw::Signature),
        (key.sign_as("RS256", &json!({"alg": "RS256", "kid": "two"}), &plain), TokenFlaw::UnknownKey),
        (genuine(json!({"aud": "another"})), TokenFlaw::Audience),
        (genuine(json!({"aud": []})), TokenFlaw::Audience),
        (genuine(json!({"aud": null})), TokenFlaw::Audience),
        (genuine(json!({"aud": "cowork2"})), TokenFlaw::Audience),
        (genuine(json!({"iss": "https://id.evil.example"})), TokenFlaw::Issuer),
        (genuine(json!({"iss": format!("{url}/other")})), TokenFlaw::Issuer),
        (genuine(json!({"exp": NOW_SECONDS - 60})), TokenFlaw::Expired),
        (genuine(json!({"nbf": NOW_SECONDS + 61})), TokenFlaw::TooEarly),
        (genuine(json!({"nbf": "soon"})), TokenFlaw::Malformed),
        (genuine(json!({"exp": null})), TokenFlaw::Malformed),
        (genuine(json!({"exp": 1e300})), TokenFlaw::Malformed),
        (genuine(json!({"sub": null})), TokenFlaw::Malformed),
        (genuine(json!({"email_verified": "true"})), TokenFlaw::Malformed),
        (key.sign_as("RS256", &json!({"alg": "RS256", "typ": "at+jwt", "kid": "one"}), &plain), TokenFlaw::Malformed),
        (key.sign_as("RS256", &json!({"alg": "RS256", "crit": ["b64"], "kid": "one"}), &plain), TokenFlaw::Malformed),
        (key.sign_as("RS256", &json!({"kid": "one"}), &plain), TokenFlaw::Malformed),
        (format!("{head}.e30.{signature}"), TokenFlaw::Malformed),
        (token.trim_end_matches(signature).to_owned(), TokenFlaw::Signature),
        (String::new(), TokenFlaw::Malformed),
        ("..".to_owned(), TokenFlaw::Malformed),
        ("not a token".to_owned(), TokenFlaw::Malformed),
        ("a".repeat(20_000), TokenFlaw::TooLong),
    ] {
        assert_eq!(flaw(seen.verify_bearer(&forged, now()).await), expected, "{forged}");
    }
}

#[tokio::test]
async fn a_genuine_person_may_still_not_be_welcome() {
    let key = Key::new("one");
    let provider = Provider::start(vec![key.published()]).await;
    let seen = provider.seen_with(|options| options.allowed_email_domains = EmailDomains::of(["acme.example"]));
    for (changes, expected) in [
        (json!({"email_verified": false}), IdentityRefusal::EmailNotVerified),
        (json!({"email_verified": null}), IdentityRefusal::EmailNotVerified),
        (json!({"email": null}), IdentityRefusal::NoEmail),
        (json!({"email": "kim@globex.example"}), IdentityRefusal::DomainNotAllowed),
        (json!({"sub": ""}), IdentityRefusal::NoSubject),
        (json!({"tenant_id": "a\u{0}b"}), IdentityRefusal::MalformedTenant),
    ] {
        let refused = seen.verify_bearer(&key.sign(&claims(&provider.url, &changes)), now()).await;
        assert!(matches!(refused, Err(OidcError::Identity(refusal)) if refusal == expected), "{changes}: {refused:?}");
    }
    let token = key.sign(&claims(&provider.url, &json!({"tid": "t-1", "tenant_name": "Acme"})));
    let principal = seen.verify_bearer(&token, now()).await.expect("welcome").principal;
    assert_eq!((principal.org_id.as_str(), principal.tenant_name.as_str()), ("t-1", "Acme"));
}

#[tokio::test]
async fn keys_are_found_again_after_a_rotation_and_strangers_cause_no_traffic() {
    let (old, new) = (Key::new("old"), Key::new("new"));
    let unusable = json!({"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA", "kid": "new"});
    let provider = Provider::start(vec![unusable, json!({"kty": "future"}), old.published()]).await;
    let (seen, plain) = (provider.seen(), claims(&provider.url, &json!({})));
    let is_in = async |key: &Key, seconds| seen.verify_bearer(&key.sign(&plain), after(seconds)).await.is_ok();
    assert!(is_in(&old, 0).await);
    assert!(!is_in(&new, 1).await);
    assert_eq!(provider.asked_for_keys(), 2, "an unknown key is asked for");
    for _ in 0..20 {
        assert!(!is_in(&new, 2).await);
    }
    assert_eq!(provider.asked_for_keys(), 2, "once");

    provider.conduct.lock().keys = vec![new.published(), old.published()];
    let at_once = futures_util::future::join_all((0..20).map(|_| is_in(&new, 11))).await;
    assert!(at_once.iter().all(|is_in| *is_in), "all who come with the new key get in");
    assert_eq!(provider.asked_for_keys(), 3, "for one question");
    let no_key_id = new.sign_as("RS256", &json!({"alg": "RS256"}), &plain);
    assert!(seen.verify_bearer(&no_key_id, after(12)).await.is_ok(), "without a key id each key has its turn");

    provider.conduct.lock().keys = vec![new.published()];
    assert!(is_in(&old, 300).await, "a withdrawn key counts until the copy is old");
    assert!(!is_in(&old, 311).await);
}

#[tokio::test]
async fn a_provider_that_is_away_keeps_nobody_out_who_was_known_and_lets_nobody_in_for_long() {
    let key = Key::new("one");
    let provider = Provider::start(vec![key.published()]).await;
    let (seen, token) = (provider.seen(), key.sign(&claims(&provider.url, &json!({"exp": NOW_SECONDS + 100_000}))));
    provider.set_away(true);
    let early = seen.verify_bearer(&token, now()).await;
    assert!(early.as_ref().is_err_and(OidcError::is_outage), "{early:?}");
    provider.set_away(false);
    assert!(seen.verify_bearer(&token, after(2)).await.is_ok(), "the server recovers by itself");
    provider.set_away(true);
    for seconds in [400, 1000, 3600] {
        assert!(seen.verify_bearer(&token, after(seconds)).await.is_ok(), "{seconds}");
    }
    assert!(seen.verify_bearer(&token, after(3700)).await.is_err_and(|error| error.is_outage()));
    drop(provider);
    assert!(seen.verify_bearer(&token, after(3800)).await.is_err_and(|error| error.is_outage()), "nobody listens there");
}

#[tokio::test]
async fn what_a_provider_says_is_bounded_and_must_be_its_own() {
    let key = Key::new("one");
    let provider = Provider::start(vec![key.published()]).await;
    let token = key.sign(&claims(&provider.url, &json!({})));
    let redirect = (http::StatusCode::FOUND, [("location", format!("{}/jwks", provider.url))]).into_response();
    let endless = axum::body::Body::from_stream(futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 65536])));
    for answer in [
        redirect,
        axum::response::Response::new(endless),
        "<html>".into_response(),
        axum::Json(json!({"issuer": "https://id.evil.example"})).into_response(),
    ] {
        provider.conduct.lock().description = Some(answer);
        let refused = provider.seen().verify_bearer(&token, now()).await;
        assert!(refused.as_ref().is_err_and(OidcError::is_outage), "{refused:?}");
    }
    assert!(provider.seen().verify_bearer(&token, now()).await.is_ok());
}
