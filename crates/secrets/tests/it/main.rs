//! Key services over real HTTP: servers on loopback that check what is sent to them as the real ones do.

mod aws;
mod azure;
mod gcp;
mod local;
mod managers;
mod server;
mod vault;

use cowork_secrets::{
    sealing::OpeningKey,
    service::{self, KeyReference, ServiceError, Surroundings, WrappedKey},
};
use std::collections::BTreeMap;
use std::time::SystemTime;

/// The wall clock: signatures and assertions are good for minutes.
#[expect(clippy::disallowed_methods, reason = "the clients take the clock as an argument, and here is no other home for it")]
fn now() -> SystemTime {
    SystemTime::now()
}

/// A process with these variables and no others.
fn surroundings(variables: &[(&str, &str)]) -> Surroundings {
    let variables: BTreeMap<String, String> = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Surroundings::new(move |name| variables.get(name).cloned(), now)
}

/// Has a service guard a key, carries the result through a configuration, and gets the key back.
async fn assert_guards(reference: &str, variables: &[(&str, &str)]) -> WrappedKey {
    let key = OpeningKey::generate();
    let reference = KeyReference::parse(reference).expect("a reference");
    let wrapped = service::wrap(&key, reference, &surroundings(variables)).await.expect("it wraps");
    let text = wrapped.to_string();
    let secret = key.to_text();
    assert!(!text.contains(&secret.expose()[32..]), "the key itself stands in what guards it");
    let read = WrappedKey::parse(&text).expect("it reads back");
    assert_eq!(read, wrapped);
    let back = service::unwrap(&read, &surroundings(variables)).await.expect("it unwraps");
    assert_eq!(back.to_text().expose(), secret.expose());

    let renamed = WrappedKey { id: *OpeningKey::generate().id(), ..read };
    let other = service::unwrap(&renamed, &surroundings(variables)).await.err();
    assert!(matches!(other, Some(ServiceError::OtherKey { .. })), "another key is taken for the one that was meant: {other:?}");
    wrapped
}

/// Why a service doesn't unwrap.
async fn refusal(wrapped: &WrappedKey, variables: &[(&str, &str)]) -> String {
    service::unwrap(wrapped, &surroundings(variables)).await.err().expect("it must not unwrap").to_string()
}
