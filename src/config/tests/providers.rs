//! Model providers of the operator.

use super::{assert_refused, load};
use cowork_domain::provider::ProviderId;

const NAME: &str = "OPEN_COWORK_CLOUD_PROVIDERS";

#[test]
fn providers_are_added_and_changed_by_the_operator_alone() {
    let json = r#"{"house": {"kind": "openai-compatible", "baseUrl": "http://10.1.2.3:8000/v1", "models": ["m"], "allowPrivateNetwork": true},
                   "openai": {"models": ["gpt-6-sol"]}}"#;
    let loaded = load(&[(NAME, json)]).unwrap();
    let entry = |name: &str| loaded.config.providers.table.get(&ProviderId::parse(name).unwrap()).unwrap().clone();
    assert!(entry("house").allow_private_network);
    assert_eq!(entry("openai").models.listed(), ["gpt-6-sol"]);
    assert_eq!(loaded.warnings.len(), 1, "{:?}", loaded.warnings);
    assert!(loaded.warnings[0].contains("cloud.providers.house") && loaded.warnings[0].contains("http"), "{:?}", loaded.warnings);
    assert!(load(&[]).unwrap().config.providers.table.get(&ProviderId::parse("anthropic").unwrap()).is_some());
}

#[test]
fn a_provider_that_could_leak_keys_stops_the_start() {
    for (json, because) in [
        (r#"{"a": {"kind": "openai-compatible", "baseUrl": "http://a.example/v1", "models": ["m"]}}"#, "not https"),
        (
            r#"{"a": {"kind": "openai-compatible", "baseUrl": "https://169.254.169.254/v1", "models": ["m"], "allowPrivateNetwork": true}}"#,
            "no provider can live",
        ),
        (r#"{"a": {"kind": "openai-compatible", "baseUrl": "https://u:p@a.example/v1", "models": ["m"]}}"#, "credentials"),
        (r#"{"openai": {"baseUrl": "https://127.0.0.1/v1"}}"#, "private network"),
        (r#"{"A b": {}}"#, "1 to 64 characters"),
        (r#"{"a": {"kind": "openai", "baseurl": "https://a.example"}}"#, "malformed"),
        (r#"{"a": {"kind": "carrier-pigeon"}}"#, "malformed"),
    ] {
        assert_refused(&[(NAME, json)], because);
    }
}
