//! Providers that hang, fail, lie or send elsewhere: bounded, one request, a clear code.

use super::{
    owner,
    provider::{Manners, Provider, with},
    save, shown, validate,
};
use crate::server::Server;
use serde_json::json;

const KEY: &str = "sk-a-good-key-0123456789";

#[tokio::test]
async fn whatever_a_provider_does_one_request_is_sent_and_the_record_says_why() {
    let (provider, elsewhere) = (Provider::start(&[KEY]).await, Provider::start(&[KEY]).await);
    let environment = provider.environment();
    let server = Server::with(&with(&environment, &[("BYOK_CHECK_TIMEOUT", "1s"), ("BYOK_RETRY_PAUSE", "1h")])).await;
    let cases = [
        (Manners::Silent, "didn't answer"),
        (Manners::Failing, "status 500"),
        (Manners::Redirecting(format!("{}/models", elsewhere.url)), "redirect"),
        (Manners::Lying, "not of its protocol"),
    ];
    for (round, (manners, why)) in cases.into_iter().enumerate() {
        let kim = owner(&format!("org{round}"));
        provider.behaves(manners.clone());
        let before = provider.seen().len();
        save(&server, &kim, KEY).await;
        let answer = validate(&server, &kim).await;
        let secret = &answer.body["secret"];
        assert_eq!(
            (&answer.body["validated"], &secret["status"]),
            (&json!(false), &json!("pending_validation")),
            "{manners:?}: {answer:?}"
        );
        assert_eq!(secret["validationCode"], "byok.validation_failed", "{answer:?}");
        assert!(secret["validationError"].as_str().is_some_and(|text| text.contains(why)), "{manners:?}: {answer:?}");
        assert_eq!(provider.seen().len() - before, 1, "{manners:?}: {:?}", provider.seen());
        assert_eq!(shown(&server, &kim).await["inUse"], json!(null));
        provider.behaves(Manners::Good);
        assert_eq!(validate(&server, &kim).await.body["validated"], true, "nothing of it sticks");
    }
    assert_eq!(elsewhere.seen(), [], "a redirect is not followed");
}

#[tokio::test]
async fn trouble_on_the_way_is_tried_again_without_anybody_asking() {
    let provider = Provider::start(&[KEY]).await;
    let environment = provider.environment();
    let server = Server::with(&with(&environment, &[("BYOK_RETRY_PAUSE", "200ms")])).await;
    let kim = owner("acme");
    provider.behaves(Manners::Failing);
    save(&server, &kim, KEY).await;
    let open = validate(&server, &kim).await;
    assert_eq!((&open.body["validated"], &open.body["secret"]["health"]), (&json!(false), &json!("checking")), "{open:?}");
    provider.until_probed(2).await;
    provider.behaves(Manners::Good);
    super::until_shown(&server, &kim, |shown| shown["secret"]["status"] == "active").await;
}
