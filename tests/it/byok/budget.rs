//! What an organisation may spend in a day: counted in the database, so that no restart and no other node forgets it.

use super::{
    owner, prompt,
    provider::{Provider, with},
    save, validate,
};
use crate::{answer::answer, caller::Caller, server::Server};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const KEY: &str = "sk-a-good-key-0123456789";
const SPENT: &str = "quota.model_tokens_per_day_exceeded";

async fn budget(server: &Server, caller: &Caller) -> Value {
    server.ask(caller, Method::GET, "/api/byok", None).await.body["budget"].clone()
}

/// Each answer of the provider takes 100 tokens.
#[tokio::test]
async fn a_spent_budget_stays_spent_after_a_restart_and_is_nobody_elses() {
    let provider = Provider::start(&[KEY]).await;
    let environment = provider.environment();
    let rules = json!({ "tokensPerDay": 150, "organizations": { "rich": { "tokensPerDay": 100_000 } } }).to_string();
    let mut server = Server::with(&with(&environment, &[("BYOK_BUDGET", &rules)])).await;
    let (kim, eve) = (owner("acme"), owner("rich"));
    for caller in [&kim, &eve] {
        save(&server, caller, KEY).await;
        assert_eq!(validate(&server, caller).await.body["validated"], true);
        for _ in 0..2 {
            assert_eq!(answer(&prompt(&server, caller, "ping").await), "pong");
        }
    }
    let asked = provider.seen().len();
    assert_eq!(prompt(&server, &kim, "ping").await["errorCode"], SPENT);
    let shown = budget(&server, &kim).await;
    assert_eq!((&shown["tokensPerDay"], &shown["costPerDay"], &shown["tokensSpent"]), (&json!(150), &Value::Null, &json!(200)), "{shown}");
    assert!(shown["resetsAt"].as_str().is_some_and(|at| at.ends_with("T00:00:00.000Z")), "{shown}");

    server.kill();
    server.start_again();
    let refused = prompt(&server, &kim, "ping").await;
    assert_eq!(refused["errorCode"], SPENT, "{refused:#}");
    assert_eq!(provider.seen().len(), asked, "nothing was sent to the provider");
    assert_eq!(answer(&prompt(&server, &eve, "ping").await), "pong", "others go on");
}

#[tokio::test]
async fn an_organisation_can_limit_itself_further_and_take_it_back() {
    let provider = Provider::start(&[KEY]).await;
    let environment = provider.environment();
    let server = Server::with(&with(&environment, &[])).await;
    let kim = owner("acme");
    save(&server, &kim, KEY).await;
    validate(&server, &kim).await;
    assert_eq!(answer(&prompt(&server, &kim, "ping").await), "pong");
    let set = async |budget: Value| {
        let set = server.ask(&kim, Method::PUT, "/api/policy", Some(json!({ "providerBudget": budget }))).await;
        assert_eq!((set.status, &set.body["policy"]["providerBudget"]), (StatusCode::OK, &budget), "{set:?}");
    };
    set(json!({ "tokensPerDay": 50, "costPerDay": null })).await;
    // The policy reaches the broker by a notification, or within a second.
    let deadline = std::time::Instant::now() + crate::server::PATIENCE;
    while prompt(&server, &kim, "ping").await["errorCode"] != SPENT {
        assert!(std::time::Instant::now() < deadline, "the budget never counted");
    }
    assert_eq!(budget(&server, &kim).await["tokensPerDay"], 50);
    set(Value::Null).await;
    while prompt(&server, &kim, "ping").await["errorCode"] == SPENT {
        assert!(std::time::Instant::now() < deadline, "the budget never ended");
    }
    let wrong = server.ask(&kim, Method::PUT, "/api/policy", Some(json!({ "providerBudget": { "tokensPerDay": "many" } }))).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "{wrong:?}");
}
