//! The whole way of a key, as the runbook has it (contract 03 §1), and that nobody ever sees it again.

use super::{
    PROVIDER, audit, owner, prompt,
    provider::{Provider, with},
    save, shown, validate,
};
use crate::{answer::answer, server::Server};
use data_encoding::HEXLOWER;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const FIRST: &str = "canary-first-7Qw3ErTy9UiOp";
const BAD: &str = "canary-bad-2aSdFgHj4KlZx";
const SECOND: &str = "canary-second-6CvBnMq1WeRt";
const OTHER: &str = "canary-other-8YuIoPl5KjHg";

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one way, told from its beginning to its end")]
async fn a_key_is_saved_checked_used_rotated_and_disabled_and_never_shown() {
    let provider = Provider::start(&[FIRST, SECOND]).await;
    let environment = provider.environment();
    let server = Server::with(&with(&environment, &[])).await;
    let kim = owner("acme");
    let mut outputs: Vec<String> = Vec::new();

    let saved = save(&server, &kim, FIRST).await;
    assert_eq!((&saved["status"], &saved["health"], &saved["last4"]), (&json!("pending_validation"), &json!("unchecked"), &json!("UiOp")));
    assert!(saved["secretId"].as_str().is_some_and(|id| id.starts_with("byok_")), "{saved}");
    assert_eq!(saved["keyFingerprint"].as_str().map(str::len), Some(24));
    let mut names: Vec<&str> = saved.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    let allowed = [
        "createdAt",
        "credentialKind",
        "health",
        "keyFingerprint",
        "last4",
        "lastValidatedAt",
        "providerId",
        "secretId",
        "status",
        "updatedAt",
        "validationCode",
        "validationError",
        "validationSource",
    ];
    assert_eq!(names, allowed, "nothing else is ever said of a key");
    let refused = prompt(&server, &kim, "too early").await;
    assert_eq!((&refused["session"]["status"], &refused["errorCode"]), (&json!("errored"), &json!("byok.key_missing")), "{refused:#}");
    assert_eq!(provider.seen(), [], "nothing goes out before the key is validated");

    let valid = validate(&server, &kim).await;
    assert_eq!((&valid.body["validated"], &valid.body["secret"]["status"]), (&json!(true), &json!("active")), "{valid:?}");
    assert_eq!(valid.body["secret"]["validationSource"], "validator");
    assert!(provider.probes() == 1 && provider.seen()[0].key == FIRST, "{:?}", provider.seen());
    assert_eq!(answer(&prompt(&server, &kim, "ping").await), "pong");
    assert_eq!(provider.seen().last().map(|seen| seen.key.clone()), Some(FIRST.to_owned()));

    // A new key that fails doesn't take the place of one that works.
    save(&server, &kim, BAD).await;
    let failed = validate(&server, &kim).await.body;
    let candidate = &failed["secret"];
    assert_eq!(
        (&failed["validated"], &candidate["status"], &candidate["validationCode"]),
        (&json!(false), &json!("invalid"), &json!("byok.validation_failed"))
    );
    assert!(candidate["validationError"].as_str().is_some_and(|text| text.contains("refused the key")), "{failed}");
    let both = shown(&server, &kim).await;
    assert_eq!((&both["secret"]["status"], &both["inUse"]["secretId"]), (&json!("invalid"), &saved["secretId"]));
    assert_eq!(answer(&prompt(&server, &kim, "ping").await), "pong");

    // One that works does.
    save(&server, &kim, SECOND).await;
    assert_eq!(answer(&prompt(&server, &kim, "ping").await), "pong");
    assert_eq!(provider.seen().last().map(|seen| seen.key.clone()), Some(FIRST.to_owned()), "not before it is validated");
    assert_eq!(validate(&server, &kim).await.body["validated"], true);
    assert_eq!(answer(&prompt(&server, &kim, "ping").await), "pong");
    assert_eq!(provider.seen().last().map(|seen| seen.key.clone()), Some(SECOND.to_owned()));
    let rows = server.rows("select version, status, sealed is null as is_wiped from byok_secrets order by version").await;
    let row = |version: u32, status: &str, is_wiped: bool| json!({ "version": version, "status": status, "is_wiped": is_wiped });
    assert_eq!(rows, [row(1, "disabled", true), row(2, "disabled", true), row(3, "active", false)]);

    // A person's word puts a key in use without a check; the reason keeps no key.
    let path = "/api/byok/openai";
    server.ask(&kim, Method::POST, path, Some(json!({ "key": OTHER }))).await;
    let unsaid = server.ask(&kim, Method::POST, &format!("{path}/override"), Some(json!({ "reason": " " }))).await;
    assert_eq!((unsaid.status, unsaid.error()), (StatusCode::BAD_REQUEST, "A reason is required to override BYOK validation."));
    let reason = json!({ "reason": format!("ticket 12, {OTHER}") });
    let overridden = server.ask(&kim, Method::POST, &format!("{path}/override"), Some(reason)).await.body;
    assert_eq!((&overridden["overridden"], &overridden["secret"]["validationSource"]), (&json!(true), &json!("override")));
    assert_eq!(overridden["secret"]["validationError"], "Operator override: ticket 12, [redacted]");

    for answer in [
        server.ask(&kim, Method::GET, "/api/byok", None).await,
        server.ask(&kim, Method::GET, "/api/admin/audit?limit=100", None).await,
        server.ask(&kim, Method::GET, "/api/sessions", None).await,
        server.ask(&kim, Method::GET, "/readyz", None).await,
        server.ask(&kim, Method::GET, "/metrics", None).await,
        server.ask(&kim, Method::GET, "/api/diagnostics", None).await,
    ] {
        outputs.push(answer.body.to_string());
    }

    let gone = server.ask(&kim, Method::DELETE, &format!("/api/byok/{PROVIDER}"), None).await;
    assert_eq!((&gone.body["disabled"], &gone.body["secret"]["status"]), (&json!(true), &json!("disabled")), "{gone:?}");
    let again = server.ask(&kim, Method::DELETE, &format!("/api/byok/{PROVIDER}"), None).await;
    assert_eq!(again.body, json!({ "secret": null, "disabled": false }));
    assert_eq!(validate(&server, &kim).await.body, json!({ "secret": null, "validated": false }));
    let kept = shown(&server, &kim).await;
    assert_eq!((&kept["secret"]["status"], &kept["inUse"]), (&json!("disabled"), &Value::Null));
    let refused = prompt(&server, &kim, "too late").await;
    assert_eq!(refused["errorCode"], "byok.key_missing", "{refused:#}");

    let log = audit(&server, &kim).await;
    let types: Vec<&str> =
        log.iter().map(|(event, _)| event.trim_start_matches("byok_secret.")).filter(|event| *event != "revealed").collect();
    let expected = [
        "created",
        "validated",
        "rotation_started",
        "validated",
        "rotation_started",
        "disabled",
        "validated",
        "rotated",
        "created",
        "validated",
        "validation_override",
        "disabled",
    ];
    let sorted = |mut list: Vec<&'static str>| {
        list.sort_unstable();
        list
    };
    let mut found = types.clone();
    found.sort_unstable();
    assert_eq!(found, sorted(expected.to_vec()), "{log:#?}");
    let purposes: std::collections::BTreeSet<String> =
        log.iter().filter(|(event, _)| event.ends_with("revealed")).map(|(_, metadata)| metadata["purpose"].to_string()).collect();
    assert_eq!(purposes.into_iter().collect::<Vec<_>>(), ["\"runtime\"", "\"validation\""]);
    let validated = log.iter().find(|(event, _)| event.ends_with("validated")).map(|(_, metadata)| metadata).expect("there is one");
    assert_eq!(
        (&validated["keyFingerprint"], &validated["status"], &validated["last4"]),
        (&json!("[redacted]"), &json!("active"), &json!("UiOp"))
    );
    let reason = log.iter().find(|(event, _)| event.ends_with("override")).map(|(_, metadata)| &metadata["reason"]);
    assert_eq!(reason, Some(&json!("ticket 12, [redacted]")));

    outputs.extend([server.log(), server.dump().await, json!(log).to_string()]);
    for canary in [FIRST, BAD, SECOND, OTHER] {
        let hex = HEXLOWER.encode(canary.as_bytes());
        for output in &outputs {
            assert!(!output.contains(canary) && !output.contains(&hex), "{canary} is in:\n{output}");
        }
    }
}
