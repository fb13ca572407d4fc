use super::{COOKIE_SECRET, code, disable, let_in, mode, person, post, update};
use crate::{
    answer::Answer,
    caller::{Caller, HEADER_MODE, now},
    program::run_with,
    server::Server,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::Sha256;

/// A server in mode `invite` with its first owner, who came by the invitation that the command printed.
async fn with_owner(more: &[(&str, &str)]) -> (Server, Caller) {
    let environment: Vec<(&str, &str)> = mode("invite").into_iter().chain(more.iter().copied()).collect();
    let server = Server::with(&environment).await;
    let olga = person("olga", "member");
    assert_eq!(code(&server.ask(&olga, Method::GET, "/api/workspace", None).await), (403, "auth.invite_required"));
    let environment = [("OPEN_COWORK_CLOUD_CONTROL_PLANE_URL", server.database_url()), ("OPEN_COWORK_CLOUD_COOKIE_SECRET", COOKIE_SECRET)];
    let created = run_with(&["org", "create", "acme.test", "--owner", "Olga@acme.test"], &environment).expect_code(0);
    assert_eq!(code(&server.ask(&olga, Method::GET, "/api/workspace", None).await), (403, "auth.invite_required"), "only invited yet");
    assert_eq!(accept(&server, created.stdout().trim_end()).await.status, StatusCode::OK);
    let_in(&server, &[&olga]).await;
    (server, olga)
}

async fn accept(server: &Server, token: &str) -> Answer {
    server.post("/api/invites/accept", json!({ "token": token })).await
}

async fn invite(server: &Server, by: &Caller, email: &str, role: &str) -> Answer {
    post(server, by, "/api/admin/members", json!({ "email": email, "role": role })).await
}

fn token_of(invited: &Answer) -> String {
    assert_eq!(invited.status, StatusCode::CREATED, "{invited:?}");
    invited.body["inviteToken"].as_str().expect("a token").to_owned()
}

/// Signs what it likes, as the deployment does.
fn signed(body: &Value) -> String {
    let body = body.to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(COOKIE_SECRET.as_bytes()).expect("any length will do");
    mac.update(b"membership invite\0");
    mac.update(body.as_bytes());
    format!("{}.{}", URL_SAFE_NO_PAD.encode(&body), URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

#[tokio::test]
async fn a_page_that_asks_several_things_at_once_on_the_first_visit_gets_them_all() {
    let (server, olga) = with_owner(&[]).await;
    let kim = person("kim", "member");
    let token = token_of(&invite(&server, &olga, "kim@acme.test", "member").await);
    assert_eq!(accept(&server, &token).await.status, StatusCode::OK);
    let ask = |path| server.ask(&kim, Method::GET, path, None);
    let (config, workspace, sessions, settings) =
        tokio::join!(ask("/api/config"), ask("/api/workspace"), ask("/api/sessions"), ask("/api/settings"));
    for answer in [config, workspace, sessions, settings] {
        assert_eq!(answer.status, StatusCode::OK, "whichever of them claimed the membership: {answer:?}");
    }
}

#[tokio::test]
async fn an_invitation_opens_one_membership_until_that_is_disabled() {
    let (server, olga) = with_owner(&[]).await;
    let kim = person("kim", "member");
    let invited = invite(&server, &olga, " Kim@Acme.Test ", "admin").await;
    let token = token_of(&invited);
    let member = &invited.body["member"];
    assert_eq!((&member["email"], &member["status"], &member["role"]), (&json!("kim@acme.test"), &json!("invited"), &json!("admin")));
    assert_eq!(code(&server.ask(&kim, Method::GET, "/api/workspace", None).await), (403, "auth.invite_required"), "headers accept nothing");

    let accepted = accept(&server, &token).await;
    assert_eq!(accepted.status, StatusCode::OK, "{accepted:?}");
    let account = member["accountId"].as_str().expect("an account");
    assert_eq!(
        accepted.body["membership"],
        json!({"orgId": "acme.test", "accountId": account, "email": "kim@acme.test", "role": "admin", "status": "active"})
    );
    assert_eq!(accept(&server, &token).await.body, accepted.body, "twice is once");

    // Whoever the proxy vouches for by that address gets the membership, with the role of the invitation.
    let_in(&server, &[&kim]).await;
    let access = server.ask(&kim, Method::GET, "/api/admin/access", None).await;
    assert_eq!((&access.body["access"]["role"], &access.body["access"]["email"]), (&json!("admin"), &json!("kim@acme.test")));
    assert_eq!(accept(&server, &token).await.body["membership"]["accountId"], "kim", "the membership went along");

    assert_eq!(disable(&server, &olga, "kim").await.status, StatusCode::OK);
    let refused = accept(&server, &token).await.expect(StatusCode::FORBIDDEN, "This invite has been revoked.");
    assert_eq!(refused.policy_code(), "invite.revoked");
    assert_eq!(code(&server.ask(&kim, Method::GET, "/api/workspace", None).await), (403, "auth.membership_missing"));
    let again = token_of(&invite(&server, &olga, "kim@acme.test", "member").await);
    assert_eq!(code(&accept(&server, &token).await), (403, "invite.revoked"), "the old one stays closed");
    assert_eq!(accept(&server, &again).await.body["membership"]["role"], "member");
    let audit = server.ask(&olga, Method::GET, "/api/admin/audit?action=invite.accepted", None).await;
    assert_eq!(audit.body["events"].as_array().map(Vec::len), Some(3), "{audit:?}");
}

#[tokio::test]
async fn what_is_no_genuine_invitation_opens_nothing() {
    let (server, olga) = with_owner(&[]).await;
    let token = token_of(&invite(&server, &olga, "kim@acme.test", "member").await);
    let (body, tag) = token.split_once('.').expect("two parts");
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(body).expect("base64")).expect("JSON");
    let promoted = format!("{}.{tag}", URL_SAFE_NO_PAD.encode(text.replace("member", "owner")));
    let mut genuine: Value = serde_json::from_str(&text).expect("JSON");
    for forged in [promoted.as_str(), body, &format!("{body}."), "a.b", "ä", &"A".repeat(100_000)] {
        assert_eq!(code(&accept(&server, forged).await), (400, "invite.invalid"), "{forged}");
    }
    assert_eq!(server.post("/api/invites/accept", json!({})).await.status, StatusCode::BAD_REQUEST);
    genuine["exp"] = json!((now() - 1) * 1000);
    assert_eq!(code(&accept(&server, &signed(&genuine)).await), (400, "invite.invalid"), "its time is over");
    genuine["exp"] = json!((now() + 6 * 86_400) * 1000);
    genuine["orgId"] = json!("globex.test");
    assert_eq!(code(&accept(&server, &signed(&genuine)).await), (404, "invite.not_found"), "another organisation has no such membership");
    let listed = server.ask(&olga, Method::GET, "/api/admin/members?q=KIM", None).await;
    assert_eq!(listed.body["members"][0]["status"], "invited", "{listed:?}");
}

#[tokio::test]
async fn who_invites_whom_where_and_how_often() {
    let (server, olga) = with_owner(&[("MAX_INVITES_PER_HOUR", "3")]).await;
    let kim = person("kim", "member");
    accept(&server, &token_of(&invite(&server, &olga, "kim@acme.test", "admin").await)).await;
    let_in(&server, &[&kim]).await;
    assert_eq!(code(&invite(&server, &kim, "lee@acme.test", "owner").await), (403, "member.owners_only"));
    for nobody in ["", "lee", "lee@acme", "a b@acme.test"] {
        assert_eq!(invite(&server, &olga, nobody, "member").await.status, StatusCode::BAD_REQUEST, "{nobody}");
    }
    assert_eq!(code(&invite(&server, &olga, "olga@acme.test", "member").await), (400, "member.own_membership"));
    let refused = invite(&server, &olga, "lee@acme.test", "member").await;
    assert_eq!(code(&refused), (429, "invite.rate_exceeded"), "{refused:?}");
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(code(&update(&server, &kim, "olga", json!({ "role": "member" })).await), (403, "member.owners_only"));

    let elsewhere = Server::with(&HEADER_MODE).await;
    let_in(&elsewhere, &[&person("olga", "owner")]).await;
    let text = "Member invites are available only when cloud signup mode is invite.";
    invite(&elsewhere, &person("olga", "owner"), "kim@acme.test", "member").await.expect(StatusCode::FORBIDDEN, text);
    assert_eq!(code(&accept(&elsewhere, "a.b").await), (501, "invite.disabled"));
}

#[tokio::test]
async fn where_everybody_may_join_nobody_is_invited() {
    let server = Server::with(&mode("open")).await;
    let olga = person("olga", "owner");
    let_in(&server, &[&olga]).await;
    let refused = invite(&server, &olga, "kim@acme.test", "member").await;
    assert_eq!(code(&refused), (403, "invite.mode_required"), "{refused:?}");
}
