//! The action matrix (contract 00 §4): every route of the description, called by every kind of caller, answers as the row of
//! its action says.

use crate::{
    answer::Answer,
    caller::{Caller, HEADER_MODE},
    server::Server,
};
use cowork_domain::{
    codes::Code,
    policy::{self, Action, Authority, Feature, Features, Permission, Scope, Scopes},
    principal::{AuthSource, Role},
};
use reqwest::{Method, StatusCode, header::HeaderMap};
use serde_json::{Value, json};

const OPERATOR: &str = "an-operator-shows-this-7d1f-2c9b-44";

/// Somebody to try everything with.
struct Tried {
    name: String,
    headers: HeaderMap,
    authority: Authority,
}

#[tokio::test]
async fn every_route_answers_every_kind_of_caller_as_its_row_says() {
    let (refused, allowed) = try_everything(&[], &Features::default()).await;
    assert!(refused > 100 && allowed > 100, "{refused} were refused and {allowed} were not");
}

#[tokio::test]
async fn what_a_deployment_does_not_offer_is_refused_to_everybody_by_its_name() {
    let names = Feature::ALL.iter().map(|feature| {
        let words = feature.key().chars().flat_map(|letter| letter.is_uppercase().then_some('_').into_iter().chain([letter]));
        format!("FEATURE_{}", words.collect::<String>().to_uppercase())
    });
    let names: Vec<String> = names.collect();
    let off: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "false")).collect();
    let (refused, allowed) = try_everything(&off, &Features::none()).await;
    assert!(refused > 300 && allowed > 50, "{refused} were refused and {allowed} were not");
}

/// Calls everything as everybody; says how many calls were refused and how many were not.
async fn try_everything(environment: &[(&str, &str)], features: &Features) -> (usize, usize) {
    let environment = [&HEADER_MODE[..], &[("OPERATOR_TOKEN", OPERATOR)], environment].concat();
    let server = Server::with(&environment).await;
    let callers = callers(&server).await;
    let description = server.get("/openapi.json").await.body;
    let (mut refused, mut allowed) = (0, 0);
    for (path, methods) in description["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let Some(action) = operation["x-cowork-action"].as_str() else { continue };
            let action = Action::parse(action).unwrap_or_else(|| panic!("{path} asks for {action}, which is no action"));
            let method: Method = method.to_uppercase().parse().expect("a method");
            for caller in &callers {
                let is_operated = operation["security"].as_array().is_some_and(|ways| ways.contains(&json!({ "operatorToken": [] })));
                let is_for_another = is_operated && caller.name != "operator";
                let expected = policy::evaluate(action, &caller.authority, features).map_err(|denial| denial.code.as_str());
                let expected = expected.and(if is_for_another { Err("authorization.principal_denied") } else { Ok(()) });
                let (status, body) = ask(&server, caller, method.clone(), &concrete(path)).await;
                let named = format!("{method} {path} ({}) by {}: {status} {body}", action.as_str(), caller.name);
                let code = body["verdict"]["policyCode"].as_str().unwrap_or_default();
                if let Err(expected) = expected {
                    assert_eq!((status, code), (StatusCode::FORBIDDEN, expected), "{named}");
                    refused += 1;
                } else {
                    assert!(
                        status != StatusCode::UNAUTHORIZED && !code.starts_with("authorization.") && !code.ends_with(".disabled"),
                        "{named}"
                    );
                    allowed += 1;
                }
            }
        }
    }
    (refused, allowed)
}

/// Nothing of this exists, so whoever is let in changes little.
fn concrete(path: &str) -> String {
    let parts = path.split('/').map(|part| match part.strip_prefix('{') {
        Some(name) if name.starts_with("id") => "ses_00000000000070008000000000000000",
        Some(name) if name.starts_with("entity") => "org:nobody",
        Some(name) if name.starts_with("verb") => "activate",
        Some(_) => "nobody",
        None => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

/// Reads no stream, which would never end.
async fn ask(server: &Server, caller: &Tried, method: Method, path: &str) -> (StatusCode, Value) {
    let mut request = server.request(method.clone(), path).headers(caller.headers.clone());
    if method != Method::GET {
        request = request.json(&json!({}));
    }
    let response = request.send().await.expect("the server answers");
    let status = response.status();
    let is_stream = response.headers().get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    let text = if is_stream { String::new() } else { response.text().await.expect("the body comes") };
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

async fn callers(server: &Server) -> Vec<Tried> {
    let owner = Caller::new("acme", "olga", "owner");
    let mut callers = Vec::new();
    for (user, role) in [("olga", Role::Owner), ("ada", Role::Admin), ("mo", Role::Member)] {
        let caller = Caller::new("acme", user, role.as_str());
        server.ask(&caller, Method::GET, "/api/workspace", None).await.expect(StatusCode::OK, "");
        let authority = Authority::of_role(AuthSource::Header, role);
        callers.push(Tried { name: role.as_str().to_owned(), headers: caller.headers(), authority });
    }
    let auditor = Caller::new("acme", "ann", "admin");
    server.ask(&auditor, Method::GET, "/api/workspace", None).await.expect(StatusCode::OK, "");
    server
        .sql(
            "insert into custom_roles (org, role_key, name, base_role, permissions) values ('acme', 'auditor', 'Auditor', 'admin', '{audit:read}');
             update memberships set custom_role = 'auditor' where account = 'ann'",
        )
        .await;
    let permissions = [Permission::AuditRead].into_iter().collect();
    let authority =
        Authority { custom_role: Some("auditor".to_owned()), permissions, ..Authority::of_role(AuthSource::Header, Role::Admin) };
    callers.push(Tried { name: "auditor".to_owned(), headers: auditor.headers(), authority });

    for scope in [Scope::Desktop, Scope::Gateway, Scope::Admin, Scope::Operator] {
        for (issuer, role) in [(&owner, Role::Owner), (&Caller::new("acme", "mo", "member"), Role::Member)] {
            let token = token_of(server, &owner, issuer, scope).await;
            let scopes: Scopes = [scope].into_iter().collect();
            let authority = Authority { scopes, ..Authority::of_role(AuthSource::ApiToken, role) };
            callers.push(Tried { name: format!("token {} of {}", scope.as_str(), role.as_str()), headers: bearer(&token), authority });
        }
    }
    let authority = Authority { scopes: [Scope::Operator].into_iter().collect(), ..Authority::of_role(AuthSource::ApiToken, Role::Admin) };
    callers.push(Tried { name: "operator".to_owned(), headers: bearer(OPERATOR), authority });
    callers
}

/// A token that the owner issues; members may issue none, so theirs changes hands in the database.
async fn token_of(server: &Server, owner: &Caller, issuer: &Caller, scope: Scope) -> String {
    let body = json!({ "name": format!("{} for {}", scope.as_str(), issuer.user), "scopes": [scope.as_str()] });
    let created = server.ask(owner, Method::POST, "/api/api-tokens", Some(body)).await.expect(StatusCode::CREATED, "");
    let id = created.body["token"]["tokenId"].as_str().expect("an id");
    server.sql(&format!("update api_tokens set account = '{}' where id = '{id}'", issuer.user)).await;
    created.body["plaintext"].as_str().expect("it is shown once").to_owned()
}

fn bearer(token: &str) -> HeaderMap {
    HeaderMap::from_iter([(reqwest::header::AUTHORIZATION, format!("Bearer {token}").parse().expect("a header value"))])
}

#[tokio::test]
async fn what_was_refused_for_a_role_says_so() {
    let server = Server::with(&HEADER_MODE).await;
    let member = Caller::new("acme", "mo", "member");
    let refused: Answer = server.ask(&member, Method::GET, "/api/api-tokens", None).await;
    assert_eq!((refused.status, refused.policy_code()), (StatusCode::FORBIDDEN, Code::AuthorizationPrincipalDenied.as_str()));
    assert_eq!(refused.body["code"], Code::AuthRoleInsufficient.as_str());
}
