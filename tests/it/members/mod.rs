//! Members, invitations and custom roles (contract 02 §5, §6, requirements R-SIGN).

mod change;
mod invite;
mod roles;
mod signup;
mod tenants;

use crate::{answer::Answer, caller::Caller, server::Server};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// What signs invitations here.
pub(crate) const COOKIE_SECRET: &str = "a-deployment-signs-with-this-7d1e4c";

/// A server that trusts signed headers, in a signup mode, with a signing secret.
pub(crate) fn mode(mode: &str) -> [(&str, &str); 4] {
    let [auth, secret] = crate::caller::HEADER_MODE;
    [auth, secret, ("SIGNUP_MODE", mode), ("COOKIE_SECRET", COOKIE_SECRET)]
}

/// Everybody's organisation here, by the name of their mail domain.
pub(crate) fn person(user: &str, role: &str) -> Caller {
    Caller::new("acme.test", user, role)
}

/// Lets people in by a visit each.
pub(crate) async fn let_in(server: &Server, people: &[&Caller]) {
    for caller in people {
        let workspace = server.ask(caller, Method::GET, "/api/workspace", None).await;
        assert_eq!(workspace.status, StatusCode::OK, "{workspace:?}");
    }
}

pub(crate) async fn post(server: &Server, by: &Caller, path: &str, body: Value) -> Answer {
    server.ask(by, Method::POST, path, Some(body)).await
}

/// Changes a member.
pub(crate) async fn update(server: &Server, by: &Caller, account: &str, body: Value) -> Answer {
    post(server, by, &format!("/api/admin/members/{account}/update"), body).await
}

/// Takes a member out.
pub(crate) async fn disable(server: &Server, by: &Caller, account: &str) -> Answer {
    update(server, by, account, json!({ "status": "disabled", "confirm": account })).await
}

/// The code of an answer, as ours have it at the top.
pub(crate) fn code(answer: &Answer) -> (u16, &str) {
    (answer.status.as_u16(), answer.body["code"].as_str().unwrap_or_default())
}
