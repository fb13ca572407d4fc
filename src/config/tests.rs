//! The rules that keep a deployment from starting open, and the order of the sources.

mod billing;
mod nodes;
mod oidc;
mod providers;
mod secrets;

use super::*;
use std::io::Write;
use std::time::Duration;

const STRONG: &str = "vJ4q0ZrT8mXw1LkYb6HsNc9FgPu3Ea5D";

fn load(variables: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    Sources { environment: Environment::of(variables.iter().copied()), ..Sources::default() }.load()
}

fn problems(variables: &[(&str, &str)]) -> Vec<String> {
    match load(variables) {
        Ok(_) => Vec::new(),
        Err(error) => error.problems.iter().map(|problem| problem.text().to_owned()).collect(),
    }
}

#[track_caller]
fn assert_refused(variables: &[(&str, &str)], because: &str) {
    let problems = problems(variables);
    assert!(problems.iter().any(|problem| problem.contains(because)), "expected \"{because}\" in {problems:?}");
}

#[test]
fn nothing_configured_is_a_working_local_server() {
    let loaded = load(&[]).unwrap();
    let config = loaded.config;
    assert_eq!(loaded.warnings, Vec::<String>::new());
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8787");
    assert_eq!(config.auth.mode, auth::AuthMode::None);
    assert_eq!(config.sse.keep_alive, Duration::from_secs(10));
    assert_eq!(config.sse.max_lifetime, Duration::from_mins(30));
    assert_eq!(config.server.body_limits.upload, 36_700_160);
    assert_eq!(config.abuse.quotas, abuse::Quotas::default());
    assert_eq!((config.abuse.http_rate_limit, config.abuse.auth_backoff), (None, None));
    assert!(config.runtime.demo_model && config.runtime.allow_remote_approvals);
    assert!(config.profile.features.chat && config.profile.features.byok && !config.profile.features.webhooks);
}

#[test]
fn other_tiers_have_the_contracts_quotas_and_zero_lifts_one() {
    let tier = ("OPEN_COWORK_CLOUD_DEPLOYMENT_TIER", "self_host_beta");
    let config = load(&[tier, ("OPEN_COWORK_CLOUD_MAX_PROMPTS_PER_HOUR", "0")]).unwrap().config;
    assert_eq!(config.abuse.quotas.max_concurrent_sessions, Some(100));
    assert_eq!(config.abuse.quotas.max_queue_age, Some(Duration::from_mins(30)));
    assert_eq!(config.abuse.quotas.max_prompts_per_hour, None);
    let window = Duration::from_mins(1);
    assert_eq!(config.abuse.http_rate_limit, Some(abuse::HttpRateLimit { window, max_requests: 600 }));
    assert_eq!(config.abuse.auth_backoff, Some(abuse::AuthBackoff { window, max_failures: 10, wait: window }));
    assert!(!config.runtime.demo_model);

    let unlimited = load(&[tier, ("OPEN_COWORK_CLOUD_ABUSE_ENABLED", "off")]).unwrap().config;
    assert_eq!((unlimited.abuse.quotas, unlimited.abuse.http_rate_limit), (abuse::Quotas::default(), None));
    assert_eq!(unlimited.abuse.auth_backoff, None);

    let local = load(&[("OPEN_COWORK_CLOUD_MAX_PROMPTS_PER_HOUR", "5")]).unwrap().config;
    assert_eq!(local.abuse.quotas.max_prompts_per_hour, Some(5));
    assert_eq!(local.abuse.quotas.max_concurrent_sessions, None);
    let local = load(&[("OPEN_COWORK_CLOUD_AUTH_BACKOFF_MS", "500")]).unwrap().config;
    assert_eq!(local.abuse.auth_backoff.map(|backoff| backoff.wait), Some(Duration::from_millis(500)));
    assert_eq!(local.abuse.http_rate_limit, None);
}

#[test]
fn stronger_sources_win_and_the_dump_says_which() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    write!(file, r#"{{"cloud": {{"role": "web", "features": {{"webhooks": true}}, "abuse": {{"maxPromptsPerHour": 7, "maxQueueAgeMs": null}}, "publicBranding": {{"theme": {{"surface": "red"}}}}}}}}"#)
        .unwrap();
    let sources = Sources {
        environment: Environment::of([
            ("OPEN_COWORK_CLOUD_MAX_PROMPTS_PER_HOUR", "8"),
            ("OPEN_COWORK_CLOUD_CONTROL_PLANE_URL", "postgres://u:hunter2@db/c"),
            ("OPEN_COWORK_CLOUD_BRAND_NAME", "Acme"),
        ]),
        file: Some(file.path().to_owned()),
        overrides: vec![Override { setting: "ROLE", flag: "--role", text: "all-in-one".to_owned() }],
    };
    let loaded = sources.load().unwrap();
    assert_eq!(loaded.config.cluster.role, cluster::Role::AllInOne);
    assert_eq!(loaded.config.abuse.quotas.max_prompts_per_hour, Some(8));
    assert!(loaded.config.profile.features.webhooks);
    assert_eq!(loaded.config.branding["productName"], "Acme");
    assert_eq!(loaded.config.branding["theme"]["surface"], "red");
    assert_eq!(loaded.config.branding["theme"]["background"], "#0c0d0f");

    let rows = dump::rows(&loaded.values);
    let row = |name: &str| rows.iter().find(|row| row.name.ends_with(name)).unwrap();
    assert_eq!(row("_ROLE").source, values::Source::Flag);
    assert_eq!(row("_MAX_PROMPTS_PER_HOUR").source, values::Source::Environment);
    assert_eq!(row("_FEATURE_WEBHOOKS").source, values::Source::File);
    assert_eq!(row("_MAX_QUEUE_AGE_MS").value.as_deref(), Some("unlimited"));
    assert_eq!(row("_CONTROL_PLANE_URL").value.as_deref(), Some("[set]"));
    assert!(!row("_MAX_ACTIVE_WORKERS_PER_ORG").used);
    let everything = format!("{} {:?} {:?}", serde_json::to_string(&rows).unwrap(), rows, loaded.config);
    assert!(!everything.contains("hunter2"), "a secret shows");
}

#[test]
fn all_problems_are_reported_at_once() {
    let problems = problems(&[
        ("OPEN_COWORK_CLOUD_PORT", "70000"),
        ("OPEN_COWORK_CLOUD_AUTH_MOD", "header"),
        ("OPEN_COWORK_CLOUD_COOKIE_SECURE", "maybe"),
        ("OPEN_COWORK_CLOUD_MAX_CONNECTIONS", "0"),
        ("OPEN_COWORK_CLOUD_AUTH_MODE", "basic"),
        ("OPEN_COWORK_CLOUD_BASE_URL", "http://gateway-only"),
        ("OPEN_COWORK_CLOUD_PROFILE", "ful"),
    ]);
    assert_eq!(problems.len(), 6, "{problems:#?}");
    assert!(problems.iter().any(|problem| problem.contains("did you mean OPEN_COWORK_CLOUD_AUTH_MODE?")));
    assert!(problems.iter().any(|problem| problem.contains("did you mean full?")));
}

#[test]
fn a_door_without_a_lock_stays_on_loopback() {
    let public = ("OPEN_COWORK_CLOUD_HOST", "0.0.0.0");
    let insecure = ("OPEN_COWORK_CLOUD_ALLOW_INSECURE_AUTH", "true");
    assert_refused(&[public], "auth mode none may only listen on loopback");
    assert_refused(&[public, insecure], "PUBLISHED_ADDR");
    assert_refused(&[insecure, ("OPEN_COWORK_CLOUD_PUBLIC_URL", "https://cloud.example.com")], "public address");
    assert_eq!(problems(&[public, insecure, ("OPEN_COWORK_CLOUD_PUBLISHED_ADDR", "127.0.0.1")]), Vec::<String>::new());
}

#[test]
fn trusted_headers_need_proof_where_others_can_send_them() {
    let header = ("OPEN_COWORK_CLOUD_AUTH_MODE", "header");
    let public = ("OPEN_COWORK_CLOUD_HOST", "::");
    let secret = ("OPEN_COWORK_CLOUD_HEADER_AUTH_SECRET", STRONG);
    assert_refused(&[header, public], "needs OPEN_COWORK_CLOUD_HEADER_AUTH_SECRET");
    assert_refused(&[header, public, secret, ("OPEN_COWORK_CLOUD_HEADER_AUTH_ALLOW_UNSIGNED", "yes")], "ALLOW_UNSIGNED is refused");
    assert_refused(&[header], "ALLOW_UNSIGNED=true");
    assert_eq!(problems(&[header, public, secret]), Vec::<String>::new());
    let by_reference =
        load(&[header, public, ("OPEN_COWORK_CLOUD_HEADER_AUTH_SECRET_REF", "env:PROXY_KEY"), ("PROXY_KEY", STRONG)]).unwrap();
    assert_eq!(by_reference.config.auth.header.secret.unwrap().expose(), STRONG);
    assert_refused(&[header, ("OPEN_COWORK_CLOUD_HEADER_AUTH_SECRET_REF", "env:PROXY_KEY")], "PROXY_KEY, which is not set");
    assert_refused(
        &[header, ("OPEN_COWORK_CLOUD_HEADER_AUTH_SECRET_REF", "gcp-sm://projects/p/locations/x")],
        "expected gcp-sm://projects/",
    );
}

#[test]
fn who_is_behind_one_proxy_shares_its_limits_unless_it_is_trusted() {
    let limited = [
        ("OPEN_COWORK_CLOUD_AUTH_MODE", "header"),
        ("OPEN_COWORK_CLOUD_HEADER_AUTH_SECRET", STRONG),
        ("OPEN_COWORK_CLOUD_HTTP_RATE_LIMIT_MAX_REQUESTS", "100"),
    ];
    let warnings = |more: &[(&'static str, &'static str)]| load(&[&limited[..], more].concat()).unwrap().warnings.join("\n");
    assert!(warnings(&[]).contains("share its limits"));
    let trust = ("OPEN_COWORK_CLOUD_TRUST_PROXY_HEADERS", "true");
    assert!(warnings(&[trust]).contains("has no effect without"));
    let trusting = [trust, ("OPEN_COWORK_CLOUD_TRUSTED_PROXY_CIDRS", "10.0.0.0/8, fd00::/8")];
    assert_eq!(warnings(&trusting), "");
    assert_refused(&[("OPEN_COWORK_CLOUD_TRUSTED_PROXY_CIDRS", "10.0.0.0/40")], "TRUSTED_PROXY_CIDRS");
}

#[test]
fn browsers_are_not_exposed_either() {
    let door: &[(&str, &str)] = &[
        ("OPEN_COWORK_CLOUD_AUTH_MODE", "header"),
        ("OPEN_COWORK_CLOUD_HOST", "0.0.0.0"),
        ("OPEN_COWORK_CLOUD_HEADER_AUTH_SECRET", STRONG),
    ];
    let with = |more: (&'static str, &'static str)| door.iter().copied().chain([more]).collect::<Vec<_>>();
    assert_refused(&with(("OPEN_COWORK_CLOUD_COOKIE_SECURE", "false")), "COOKIE_SECURE=false");
    assert_refused(&with(("OPEN_COWORK_CLOUD_COOKIE_SECRET", "short")), "at least 32 bytes");
    assert_refused(&with(("OPEN_COWORK_CLOUD_CORS_ORIGIN", "*")), "CORS_ORIGIN is \"*\"");
    assert_refused(&with(("OPEN_COWORK_CLOUD_CORS_ORIGIN", "http://app.example.com")), "public https origin");
    assert_refused(&with(("OPEN_COWORK_CLOUD_CORS_ORIGIN", "https://app.example.com/")), "without path");
    assert_eq!(problems(&with(("OPEN_COWORK_CLOUD_CORS_ORIGIN", "https://app.example.com"))), Vec::<String>::new());
    assert_eq!(problems(&[("OPEN_COWORK_CLOUD_CORS_ORIGIN", "http://localhost:5173")]), Vec::<String>::new());
}

#[test]
fn production_is_refused_until_everything_is_there() {
    let tier = ("OPEN_COWORK_CLOUD_DEPLOYMENT_TIER", "public_production");
    assert!(problems(&[tier]).len() >= 7);
    assert_eq!(
        problems(&[
            tier,
            ("OPEN_COWORK_CLOUD_ROLE", "worker"),
            ("OPEN_COWORK_CLOUD_AUTH_MODE", "header"),
            ("OPEN_COWORK_CLOUD_CONTROL_PLANE_URL", "postgres://db/cowork"),
            ("OPEN_COWORK_CLOUD_RUN_MIGRATIONS", "false"),
            ("OPEN_COWORK_CLOUD_OBJECT_STORE_KIND", "s3"),
            ("OPEN_COWORK_CLOUD_OBJECT_STORE_BUCKET", "cowork"),
            ("OPEN_COWORK_CLOUD_SECRET_KEY", STRONG),
            ("OPEN_COWORK_CLOUD_CHECKPOINTS_ENABLED", "true"),
            ("OPEN_COWORK_CLOUD_RETENTION_SESSION_EVENT_MS", "31536000000"),
            ("OPEN_COWORK_CLOUD_RETENTION_WORKSPACE_EVENT_MS", "31536000000"),
        ]),
        Vec::<String>::new()
    );
}

#[test]
fn an_object_store_of_a_provider_needs_a_bucket() {
    let kind = ("OPEN_COWORK_CLOUD_OBJECT_STORE_KIND", "s3");
    assert_refused(&[kind], "needs OPEN_COWORK_CLOUD_OBJECT_STORE_BUCKET");
    assert_eq!(problems(&[kind, ("OPEN_COWORK_CLOUD_OBJECT_STORE_BUCKET", "cowork")]), Vec::<String>::new());
}

#[test]
fn token_lives_and_references_are_checked() {
    assert_refused(
        &[("OPEN_COWORK_CLOUD_API_TOKEN_DEFAULT_TTL_MS", "120000"), ("OPEN_COWORK_CLOUD_API_TOKEN_MAX_TTL_MS", "60000")],
        "is longer than",
    );
    assert_refused(&[("OPEN_COWORK_CLOUD_API_TOKEN_MAX_TTL_MS", "1000")], "at least 60000 milliseconds");
    assert_refused(&[("OPEN_COWORK_CLOUD_CONTROL_PLANE_URL", "mysql://u:hunter2@db/c")], "must begin with postgres://");
    assert!(!problems(&[("OPEN_COWORK_CLOUD_CONTROL_PLANE_URL", "mysql://u:hunter2@db/c")]).concat().contains("hunter2"));
}

#[test]
fn a_list_of_domains_lets_in_somebody_and_not_everybody() {
    let mode = ("OPEN_COWORK_CLOUD_SIGNUP_MODE", "domain");
    let domains = |list| ("OPEN_COWORK_CLOUD_ALLOWED_EMAIL_DOMAINS", list);
    assert_refused(&[mode], "needs OPEN_COWORK_CLOUD_ALLOWED_EMAIL_DOMAINS");
    assert_refused(&[mode, domains("acme.example,GMail.com")], "holds gmail.com, where everybody can have an address");
    assert_refused(&[mode, domains("@acme.example")], "expected domains such as acme.example");
    assert_refused(&[("OPEN_COWORK_CLOUD_SIGNUP_MODE", "everyone")], "SIGNUP_MODE");
    let consumers = ("OPEN_COWORK_CLOUD_ALLOW_CONSUMER_EMAIL_DOMAINS", "true");
    assert_eq!(problems(&[mode, domains("acme.example,gmail.com"), consumers]), Vec::<String>::new());
}
