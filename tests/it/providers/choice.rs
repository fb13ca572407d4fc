//! Which model answers, with whose key, and what is counted.

use super::{ask, bring, described, end, provider};
use crate::server::Server;
use serde_json::json;

const KEYS: [&str; 2] = ["sk-first-house-0123456789", "sk-second-house-0123456789"];

#[tokio::test]
async fn the_prompts_word_counts_then_the_profiles_then_the_oldest_key() {
    let (first, second) = (provider(KEYS[0]).await, provider(KEYS[1]).await);
    let cloud = json!({ "cloud": {
        "providers": { "house.one": described(&first, &["alpha", "beta"]), "house.two": described(&second, &["gamma", "delta/x"]) },
    } });
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("cloud.json");
    std::fs::write(&file, cloud.to_string()).expect("a file can be written");
    let mut server = Server::with_file(&file).await;
    let begun = || (first.requests().borrow().begun, second.requests().borrow().begun);

    assert_eq!(end(&server, &ask(&server, "hello", None).await).await, "echo: hello", "the demo model, without any key");
    assert_eq!(end(&server, &ask(&server, "hello", Some("house.one/alpha")).await).await, "byok.key_missing");
    assert_eq!(end(&server, &ask(&server, "hello", Some("nobody/x")).await).await, "byok.unsupported_provider");
    assert_eq!(begun(), (0, 0));

    bring(&server, "house.two", KEYS[1]).await;
    bring(&server, "house.one", KEYS[0]).await;
    let checks = begun();
    assert_eq!(end(&server, &ask(&server, "hello", None).await).await, "echo: hello");
    assert_eq!(begun(), (checks.0, checks.1 + 1), "the oldest activation");
    assert_eq!(end(&server, &ask(&server, "hello", Some("house.one/beta")).await).await, "echo: hello");
    assert_eq!(begun(), (checks.0 + 1, checks.1 + 1), "the prompt's word");
    assert_eq!(end(&server, &ask(&server, "hello", Some("house.one/zeta")).await).await, "byok.model_not_allowed");

    let used = server.rows("select quantity, unit, metadata from usage_events where event_type = 'model.tokens' order by created_at").await;
    let named: Vec<_> = used.iter().map(|row| (row["metadata"]["providerId"].as_str(), row["metadata"]["model"].as_str())).collect();
    assert_eq!(named, [(Some("house.two"), Some("gamma")), (Some("house.one"), Some("beta"))], "{used:?}");
    let count = |name: &str| used[0]["metadata"][name].as_f64().expect("a number");
    assert!(used[0]["quantity"].as_f64() == Some(count("input") + count("output")) && count("input") > 0.0, "{used:?}");
    assert!((count("cost") - count("input") / 1000.0).abs() < 1e-9, "at 1000 dollars a million: {used:?}");

    let mut cloud = cloud;
    cloud["cloud"]["profiles"] = json!({ "full": { "model": "house.one/beta" } });
    std::fs::write(&file, cloud.to_string()).expect("a file can be written");
    server.kill();
    server.start_again();
    let before = begun();
    assert_eq!(end(&server, &ask(&server, "hello", None).await).await, "echo: hello");
    assert_eq!(begun().0, before.0 + 1, "the profile's word");
    for key in KEYS {
        assert!(!server.log().contains(key), "no key in the log");
        assert!(!server.dump().await.contains(key), "nor in the database");
    }
}
