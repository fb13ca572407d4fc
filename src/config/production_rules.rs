//! What a deployment that strangers can reach must have.
//!
//! Tier `public_production` must keep every rule. Tier `private_beta` must, too, but may be excused from one by its name
//! (`OPEN_COWORK_CLOUD_START_RULE_WAIVERS`): each exception is then listed at every start and written to the audit log, so
//! that nobody forgets it was made.

use super::Config;
use super::auth::AuthMode;
use super::cluster::{Role, Tier};
use super::network::{host_of, is_routable_host};
use super::problem::{Findings, suggestion};
use super::secret::{Secret, weakness};
use super::setting::{Kind, Setting};
use super::values::{Source, Values};
use cowork_domain::signup::SignupMode;

pub(super) const SETTINGS: &[Setting] = &[Setting::new(
    "START_RULE_WAIVERS",
    Kind::List,
    "names of the production rules that this private_beta deployment is excused from; each is listed at start and audited",
)];

/// A rule that the deployment was excused from and that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// Its name.
    pub rule: &'static str,
    /// What it asks for.
    pub text: &'static str,
}

struct Rule {
    name: &'static str,
    /// The end of "tier … ".
    text: &'static str,
    concerns: fn(Role) -> bool,
    holds: fn(&Config, &Values) -> bool,
}

const fn rule(name: &'static str, text: &'static str, concerns: fn(Role) -> bool, holds: fn(&Config, &Values) -> bool) -> Rule {
    Rule { name, text, concerns, holds }
}

const RULES: &[Rule] = &[
    rule("secure-auth", "refuses OPEN_COWORK_CLOUD_ALLOW_INSECURE_AUTH", everyone, |config, _| !config.auth.allow_insecure),
    rule("authentication", "refuses auth mode none", everyone, |config, _| config.auth.mode != AuthMode::None),
    rule("split-roles", "needs split roles: set OPEN_COWORK_CLOUD_ROLE to web, worker or scheduler", everyone, |config, _| {
        config.cluster.role != Role::AllInOne
    }),
    rule("shared-database", "needs OPEN_COWORK_CLOUD_CONTROL_PLANE_URL", everyone, |config, _| config.storage.database_url.is_some()),
    rule(
        "separate-migrations",
        "needs OPEN_COWORK_CLOUD_RUN_MIGRATIONS=false: run `cowork migrate` as a step of its own",
        everyone,
        |config, _| !config.storage.run_migrations,
    ),
    rule("object-store", "needs an object store of a provider: set OPEN_COWORK_CLOUD_OBJECT_STORE_KIND", everyone, |config, _| {
        config.storage.object_store_kind != "filesystem"
    }),
    rule("object-store-bucket", "needs OPEN_COWORK_CLOUD_OBJECT_STORE_BUCKET", everyone, |config, _| {
        config.storage.object_store_bucket.is_some()
    }),
    rule(
        "opening-key",
        "needs OPEN_COWORK_CLOUD_OPENING_KEY, or a strong OPEN_COWORK_CLOUD_SECRET_KEY (32 random bytes)",
        Role::executes,
        |config, values| {
            let is_own = ["OPENING_KEY", "OPENING_KEY_REF"].iter().any(|name| values.is_configured(name));
            config.secrets.opening_key.is_some() && (is_own || is_strong(config.auth.secret_key.as_ref()))
        },
    ),
    rule(
        "sealing-key",
        "needs OPEN_COWORK_CLOUD_SEALING_KEY in the web role: one from the database is whoever's who can write there",
        is_web,
        |config, _| config.secrets.sealing_key.is_some(),
    ),
    rule("cluster-secret", "needs a strong OPEN_COWORK_CLOUD_CLUSTER_SECRET (32 random bytes)", everyone, |config, _| {
        config.cluster.link.is_none() || is_strong(config.cluster.secret.as_ref())
    }),
    rule(
        "retention",
        "needs OPEN_COWORK_CLOUD_RETENTION_SESSION_EVENT_MS and OPEN_COWORK_CLOUD_RETENTION_WORKSPACE_EVENT_MS",
        everyone,
        |_, values| values.is_configured("RETENTION_SESSION_EVENT_MS") && values.is_configured("RETENTION_WORKSPACE_EVENT_MS"),
    ),
    rule("public-url", "needs a public https OPEN_COWORK_CLOUD_PUBLIC_URL", Role::serves_clients, |config, _| {
        config.server.public_url.as_deref().is_some_and(is_public_https)
    }),
    rule("explicit-signup", "needs OPEN_COWORK_CLOUD_SIGNUP_MODE", Role::serves_clients, |_, values| {
        values.source("SIGNUP_MODE") == Source::Environment
    }),
    rule(
        "closed-signup",
        "refuses OPEN_COWORK_CLOUD_SIGNUP_MODE=open: strangers would found organisations",
        Role::serves_clients,
        |config, _| config.auth.signup.mode != SignupMode::Open,
    ),
    rule("secure-cookies", "refuses OPEN_COWORK_CLOUD_COOKIE_SECURE=false", Role::serves_clients, |config, _| config.auth.cookie.secure),
    rule("cookie-secret", "needs a strong OPEN_COWORK_CLOUD_COOKIE_SECRET", Role::serves_clients, |config, _| {
        is_strong(config.auth.cookie.secret.as_ref())
    }),
    rule(
        "separate-cookie-secret",
        "needs an OPEN_COWORK_CLOUD_COOKIE_SECRET that isn't the OPEN_COWORK_CLOUD_SECRET_KEY",
        Role::serves_clients,
        |config, _| config.auth.secret_key.is_none() || config.auth.cookie.secret != config.auth.secret_key,
    ),
    rule(
        "token-lives",
        "needs OPEN_COWORK_CLOUD_API_TOKEN_DEFAULT_TTL_MS and OPEN_COWORK_CLOUD_API_TOKEN_MAX_TTL_MS",
        Role::serves_clients,
        |_, values| values.is_configured("API_TOKEN_DEFAULT_TTL_MS") && values.is_configured("API_TOKEN_MAX_TTL_MS"),
    ),
    rule("token-scopes", "needs OPEN_COWORK_CLOUD_API_TOKEN_ALLOWED_SCOPES", Role::serves_clients, |_, values| {
        values.is_configured("API_TOKEN_ALLOWED_SCOPES")
    }),
    rule("delegated-commands", "needs OPEN_COWORK_CLOUD_AUTO_PROCESS_COMMANDS=false in the web role", is_web, |_, values| {
        !values.flag("AUTO_PROCESS_COMMANDS")
    }),
    rule("signed-headers", "needs a strong OPEN_COWORK_CLOUD_HEADER_AUTH_SECRET and signed headers", Role::serves_clients, |config, _| {
        config.auth.mode != AuthMode::Header || (is_strong(config.auth.header.secret.as_ref()) && !config.auth.header.allow_unsigned)
    }),
    rule("checkpoints", "needs OPEN_COWORK_CLOUD_CHECKPOINTS_ENABLED=true in the worker role", is_worker, |_, values| {
        values.flag("CHECKPOINTS_ENABLED")
    }),
];

/// Notes what is missing; gives back what was waived.
pub(super) fn check(config: &Config, values: &Values, findings: &mut Findings) -> Vec<Waiver> {
    let tier = config.cluster.tier;
    let asked = values.list("START_RULE_WAIVERS");
    for name in &asked {
        if !RULES.iter().any(|rule| rule.name == name) {
            let near = suggestion(name, RULES.iter().map(|rule| rule.name));
            let hint = near.map_or_else(String::new, |near| format!(" (did you mean {near}?)"));
            findings.problem(format!("OPEN_COWORK_CLOUD_START_RULE_WAIVERS names \"{name}\", which is no production rule{hint}"));
        }
    }
    match tier {
        Tier::PublicProduction if !asked.is_empty() => {
            findings.problem("tier public_production refuses OPEN_COWORK_CLOUD_START_RULE_WAIVERS: every rule must hold");
        }
        Tier::PublicProduction | Tier::PrivateBeta => {}
        Tier::Local | Tier::SelfHostBeta => {
            if !asked.is_empty() {
                findings.warning("OPEN_COWORK_CLOUD_START_RULE_WAIVERS has an effect in tier private_beta only");
            }
            return Vec::new();
        }
    }
    let broken = RULES.iter().filter(|rule| (rule.concerns)(config.cluster.role) && !(rule.holds)(config, values));
    let (waived, missing): (Vec<&Rule>, Vec<&Rule>) = broken.partition(|rule| asked.iter().any(|name| name == rule.name));
    for rule in missing {
        let way_out = if tier == Tier::PrivateBeta { format!(" [{}]", rule.name) } else { String::new() };
        findings.problem(format!("tier {} {}{way_out}", tier.as_str(), rule.text));
    }
    for rule in &waived {
        findings.warning(format!("waived: tier {} {} [{}]", tier.as_str(), rule.text, rule.name));
    }
    waived.into_iter().map(|rule| Waiver { rule: rule.name, text: rule.text }).collect()
}

const fn everyone(_: Role) -> bool {
    true
}

fn is_web(role: Role) -> bool {
    role == Role::Web
}

fn is_worker(role: Role) -> bool {
    role == Role::Worker
}

fn is_strong(secret: Option<&Secret>) -> bool {
    secret.is_some_and(|secret| weakness(secret.expose()).is_none())
}

pub(super) fn is_public_https(url: &str) -> bool {
    url.starts_with("https://") && host_of(url).is_some_and(|host| is_routable_host(&host))
}

#[cfg(test)]
mod tests {
    use crate::config::{ConfigError, Environment, Loaded, Sources};

    const STRONG: &str = "vJ4q0ZrT8mXw1LkYb6HsNc9FgPu3Ea5D";

    fn beta(waivers: &str) -> Result<Loaded, ConfigError> {
        let settings = [
            ("DEPLOYMENT_TIER", "private_beta"),
            ("ROLE", "worker"),
            ("AUTH_MODE", "header"),
            ("CONTROL_PLANE_URL", "postgres://db/cowork"),
            ("RUN_MIGRATIONS", "false"),
            ("SECRET_KEY", STRONG),
            ("CHECKPOINTS_ENABLED", "true"),
            ("RETENTION_SESSION_EVENT_MS", "31536000000"),
            ("RETENTION_WORKSPACE_EVENT_MS", "31536000000"),
            ("START_RULE_WAIVERS", waivers),
        ];
        let named = settings.map(|(name, value)| (format!("OPEN_COWORK_CLOUD_{name}"), value));
        let environment = Environment::of(named.iter().map(|(name, value)| (name.as_str(), *value)));
        Sources { environment, ..Sources::default() }.load()
    }

    fn texts(error: &ConfigError) -> Vec<&str> {
        error.problems.iter().map(super::super::problem::Problem::text).collect()
    }

    #[test]
    fn a_private_beta_keeps_the_rules_of_production_or_names_its_exceptions() {
        let error = beta("").expect_err("it has no object store");
        assert_eq!(
            texts(&error),
            [
                "tier private_beta needs an object store of a provider: set OPEN_COWORK_CLOUD_OBJECT_STORE_KIND [object-store]",
                "tier private_beta needs OPEN_COWORK_CLOUD_OBJECT_STORE_BUCKET [object-store-bucket]",
            ]
        );
        let loaded = beta("object-store,object-store-bucket").expect("both are waived");
        assert_eq!(loaded.config.waivers.iter().map(|waiver| waiver.rule).collect::<Vec<_>>(), ["object-store", "object-store-bucket"]);
        assert_eq!(loaded.warnings.iter().filter(|warning| warning.starts_with("waived: ")).count(), 2, "{:?}", loaded.warnings);
        let error = beta("object-store,object-store-buckets").expect_err("a misspelt waiver waives nothing");
        assert!(texts(&error)[0].ends_with("(did you mean object-store-bucket?)"), "{:?}", texts(&error));
    }
}
