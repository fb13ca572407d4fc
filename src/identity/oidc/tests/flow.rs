//! A browser's way to the provider and back.

use super::{keys::Key, provider::Provider, *};
use crate::identity::{SigningKey, oidc::error::LoginFlaw};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cowork_actors::Clock;
use rsa::sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// A browser at the provider.
struct Away {
    start: LoginStart,
    asked: BTreeMap<String, String>,
}

async fn send(seen: &OidcProvider, secret: &SigningKey, return_to: &str) -> Away {
    let asked = LoginRequest { return_to: Some(return_to), origin: "https://cloud.example/", secret };
    let start = seen.begin_login(asked, Clock).await.expect("the provider is there");
    let asked = reqwest::Url::parse(&start.location).expect("an address").query_pairs().into_owned().collect();
    Away { start, asked }
}

impl Away {
    fn comes_back(&self) -> Callback<'_> {
        Callback {
            code: Some("the-code"),
            state: Some(&self.asked["state"]),
            state_cookie: Some(&self.start.state_cookie),
            ..Callback::default()
        }
    }

    /// What the provider would say about the person.
    fn id_token(&self, key: &Key, issuer: &str, changes: &Value) -> String {
        let seconds = Clock.now().as_millis() / 1000;
        let mut all = json!({"nonce": self.asked["nonce"], "iat": seconds, "exp": seconds + 60});
        all.as_object_mut().expect("an object").extend(changes.as_object().expect("an object").clone());
        key.sign(&claims(issuer, &all))
    }
}

#[tokio::test]
async fn a_browser_signs_in_with_a_code_that_only_this_login_can_redeem() {
    let key = Key::new("one");
    let provider = Provider::start(vec![key.published()]).await;
    let (seen, secret) = (provider.seen(), SigningKey::new("a cookie secret of some length"));
    let away = send(&seen, &secret, "/app/?a=b").await;
    let asked = |name: &str| away.asked[name].as_str();
    assert!(away.start.location.starts_with(&format!("{}/auth?", provider.url)));
    assert_eq!((asked("response_type"), asked("client_id"), asked("scope")), ("code", "cowork", "openid email profile"));
    assert_eq!((asked("redirect_uri"), asked("code_challenge_method")), ("https://cloud.example/auth/callback", "S256"));

    provider.conduct.lock().id_token = Some(away.id_token(&key, &provider.url, &json!({})));
    let callback = Callback { issuer: Some(&provider.url), ..away.comes_back() };
    let end = seen.finish_login(callback, &secret, Clock.now()).await.expect("it is the right login");
    assert_eq!((end.return_to.as_str(), end.identity.principal.email.as_str()), ("/app/?a=b", "kim@acme.example"));
    let (form, authorization) = provider.conduct.lock().redeemed.take().expect("the code was redeemed");
    let form: BTreeMap<_, _> = form.into_iter().collect();
    assert_eq!((form["grant_type"].as_str(), form["code"].as_str()), ("authorization_code", "the-code"));
    assert_eq!((form["redirect_uri"].as_str(), form["client_id"].as_str()), (asked("redirect_uri"), "cowork"));
    assert_eq!(URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"])), asked("code_challenge"));
    assert_eq!((authorization, form.contains_key("client_secret")), (None, false), "a public client has no secret");

    let again = seen.finish_login(away.comes_back(), &secret, Clock.now()).await;
    assert!(matches!(again, Err(OidcError::Login(LoginFlaw::Code))), "a code is good once: {again:?}");
    let confidential = provider.seen_with(|options| options.client_secret = Some(ClientSecret::new("hush")));
    let away = send(&confidential, &secret, "/").await;
    provider.conduct.lock().id_token = Some(away.id_token(&key, &provider.url, &json!({})));
    confidential.finish_login(away.comes_back(), &secret, Clock.now()).await.expect("it is the right login");
    let (form, _) = provider.conduct.lock().redeemed.take().expect("the code was redeemed");
    assert!(form.contains(&("client_secret".to_owned(), "hush".to_owned())));
    assert!(!format!("{confidential:?}").contains("hush"), "a secret shows");
}

#[tokio::test]
async fn nothing_but_the_login_that_this_browser_began_is_finished() {
    let key = Key::new("one");
    let provider = Provider::start(vec![key.published()]).await;
    let (seen, secret) = (provider.seen(), SigningKey::new("a cookie secret of some length"));
    let (mine, theirs) = (send(&seen, &secret, "//evil.example").await, send(&seen, &secret, "/").await);
    let right = mine.comes_back();
    let other_secret = SigningKey::new("another cookie secret of some length");
    let forged = send(&seen, &other_secret, "/").await;
    let late = Clock.now().plus_millis(600_001);
    for (callback, at, expected) in [
        (Callback { state_cookie: None, ..right }, Clock.now(), LoginFlaw::NoCookie),
        (Callback { state_cookie: Some("x.y"), ..right }, Clock.now(), LoginFlaw::NoCookie),
        (forged.comes_back(), Clock.now(), LoginFlaw::NoCookie),
        (Callback { state: None, ..right }, Clock.now(), LoginFlaw::State),
        (Callback { state: Some("guessed"), ..right }, Clock.now(), LoginFlaw::State),
        (Callback { state: Some(&theirs.asked["state"]), ..right }, Clock.now(), LoginFlaw::State),
        (right, late, LoginFlaw::Expired),
        (Callback { issuer: Some("https://id.evil.example"), ..right }, Clock.now(), LoginFlaw::Issuer),
        (Callback { error: Some("access_denied"), ..right }, Clock.now(), LoginFlaw::Refused),
        (Callback { code: None, ..right }, Clock.now(), LoginFlaw::NoCode),
    ] {
        let refused = seen.finish_login(callback, &secret, at).await;
        assert!(matches!(refused, Err(OidcError::Login(flaw)) if flaw == expected), "{expected:?}: {refused:?}");
    }
    assert!(provider.conduct.lock().redeemed.is_none(), "no code was spent on any of them");

    for (changes, is_nonce) in
        [(json!({"nonce": theirs.asked["nonce"]}), true), (json!({"nonce": null}), true), (json!({"aud": "x"}), false)]
    {
        provider.conduct.lock().id_token = Some(mine.id_token(&key, &provider.url, &changes));
        let refused = seen.finish_login(right, &secret, Clock.now()).await;
        assert!(matches!(refused, Err(OidcError::Token(_))), "{changes}: {refused:?}");
        assert_eq!(refused.is_err_and(|error| error.to_string().contains("nonce")), is_nonce);
    }
    provider.conduct.lock().id_token = Some(mine.id_token(&key, &provider.url, &json!({})));
    let end = seen.finish_login(right, &secret, Clock.now()).await.expect("it is the right login");
    assert_eq!(end.return_to, "/", "nobody is led to another site");

    provider.set_away(true);
    let away = seen.finish_login(right, &secret, Clock.now()).await;
    assert!(away.as_ref().is_err_and(OidcError::is_outage), "{away:?}");
}
