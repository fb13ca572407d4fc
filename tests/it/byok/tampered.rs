//! Ciphertexts that were moved in the database: refused, counted, never used (requirement R-BYOK-04).

use super::{
    owner, prompt,
    provider::{Provider, with},
    save, validate,
};
use crate::{answer::answer, server::Server};

const ACME: &str = "sk-key-of-acme-0123456789";
const OTHER: &str = "sk-key-of-other-012345678";

#[tokio::test]
async fn a_swapped_ciphertext_opens_for_nobody() {
    let provider = Provider::start(&[ACME, OTHER]).await;
    let environment = provider.environment();
    let server = Server::with(&with(&environment, &[])).await;
    let (kim, eve) = (owner("acme"), owner("other"));
    for (caller, key) in [(&kim, ACME), (&eve, OTHER)] {
        save(&server, caller, key).await;
        assert_eq!(validate(&server, caller).await.body["validated"], true);
    }
    let used = provider.seen().len();
    // The organisations have one data key each, of the same generation.
    server
        .sql(
            "create table kept as select secret, sealed from byok_secrets;
             update byok_secrets b set sealed = k.sealed from kept k where k.secret <> b.secret",
        )
        .await;
    for caller in [&kim, &eve] {
        let refused = prompt(&server, caller, "whose key is it?").await;
        assert_eq!(refused["session"]["status"], "errored", "{refused:#}");
    }
    let metrics = server.request(reqwest::Method::GET, "/metrics").send().await.expect("it answers").text().await.expect("text");
    let failures = metrics.lines().find(|line| line.starts_with("cowork_byok_reveal_failures_total{reason=\"refused\"}"));
    assert!(
        failures.is_some_and(|line| line.rsplit(' ').next().is_some_and(|count| count.parse::<u64>().is_ok_and(|count| count >= 2))),
        "{metrics}"
    );
    assert_eq!(provider.seen().len(), used, "no key went anywhere");
    assert_eq!(validate(&server, &kim).await.body["secret"]["validationCode"], "byok.validation_failed");
    assert_eq!(provider.seen().len(), used);
    server.sql("update byok_secrets b set sealed = k.sealed from kept k where k.secret = b.secret").await;
    assert_eq!(answer(&prompt(&server, &kim, "and now?").await), "pong");
}

#[tokio::test]
async fn a_row_that_says_active_without_a_validation_is_not_used() {
    let provider = Provider::start(&[ACME]).await;
    let environment = provider.environment();
    let server = Server::with(&with(&environment, &[])).await;
    let kim = owner("acme");
    save(&server, &kim, ACME).await;
    server.sql("update byok_secrets set status = 'active', activated_at = now()").await;
    let refused = prompt(&server, &kim, "is that enough?").await;
    assert_eq!(refused["errorCode"], "byok.key_missing", "{refused:#}");
    assert_eq!(provider.seen(), []);
}
