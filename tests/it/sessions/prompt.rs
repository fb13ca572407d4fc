use crate::{
    answer::{Answer, answer, is_settled},
    server::Server,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

#[tokio::test]
async fn a_prompt_is_accepted_as_enqueued_and_answered_on_the_stream() {
    let server = Server::start().await;
    let session = server.session().await;
    let accepted = server.prompt(&session, " hello ").await.body;
    let command = &accepted["command"];
    assert_eq!((&command["status"], &command["attemptCount"], &command["createdSequence"]), (&json!("pending"), &json!(0), &json!(1)));
    assert_eq!(command["payload"], json!({ "text": " hello ", "agent": "build" }));
    assert_eq!(accepted["processed"], 1);
    let fence = &accepted["projectionFence"];
    assert_eq!((&fence["sequence"], &fence["commandId"]), (&json!(3), &command["commandId"]), "the fence is prompt.submitted");
    assert_eq!(accepted["view"]["session"]["status"], "running");

    let view = server.until(&session, is_settled).await;
    assert_eq!(answer(&view), "echo:  hello ");
    assert_eq!(view["view"]["messages"][0]["content"], " hello ", "stored untrimmed");
    assert_eq!(view["view"]["isGenerating"], false);
}

#[tokio::test]
async fn prompts_wait_their_turn_and_abort_ends_only_the_running_one() {
    let server = Server::start().await;
    let session = server.session().await;
    server.prompt(&session, "[[hang]]").await;
    let queued = server.prompt(&session, "second").await.body;
    assert_eq!((&queued["processed"], &queued["projectionFence"]), (&json!(0), &Value::Null));
    server.prompt(&session, "third").await;
    let aborted = server.post(&format!("/api/sessions/{session}/abort"), json!({})).await;
    assert_eq!((aborted.status, &aborted.body["processed"]), (StatusCode::ACCEPTED, &json!(1)));
    let view = server.until(&session, |view| is_settled(view) && answer(view) == "echo: third").await;
    let said: Vec<&Value> = view["view"]["messages"].as_array().expect("messages").iter().map(|message| &message["content"]).collect();
    assert_eq!(said, ["[[hang]]", "second", "echo: second", "third", "echo: third"]);
}

#[tokio::test]
async fn bad_input_is_a_4xx_that_says_what_to_do() {
    let server = Server::start().await;
    let session = server.session().await;
    let prompt = format!("/api/sessions/{session}/prompt");
    for body in [json!({}), json!({ "text": "  \n" }), json!({ "text": 7 }), json!([1, 2])] {
        let refused = server.post(&prompt, body).await;
        assert_eq!((refused.status, &refused.body["error"]), (StatusCode::BAD_REQUEST, &json!("Prompt text is required.")));
    }
    assert_eq!(server.post("/api/sessions/unknown/prompt", json!({})).await.status, StatusCode::BAD_REQUEST, "the text is looked at first");
    assert_eq!(server.post("/api/sessions/unknown/prompt", json!({"text": "x"})).await.status, StatusCode::NOT_FOUND);

    let malformed = Answer::of(server.request(Method::POST, &prompt).body("{\"text\": ")).await;
    let malformed = malformed.expect(StatusCode::BAD_REQUEST, "Request body must be valid JSON.");
    let large = Answer::of(server.request(Method::POST, &prompt).body(vec![b' '; 2 * 1024 * 1024])).await;
    let large = large.expect(StatusCode::PAYLOAD_TOO_LARGE, "Request body is too large.");
    assert_eq!((&malformed.body["code"], &large.body["code"]), (&json!("request.invalid_json"), &json!("request.body_too_large")));
    let nul = server.post(&prompt, json!({ "text": "a\u{0}b" })).await;
    assert_eq!(nul.status, StatusCode::BAD_REQUEST, "PostgreSQL can't store it: {nul:?}");
    assert!(nul.body["code"].is_string());
    assert_eq!(server.view(&session).await["projection"]["sequence"], 1, "nothing of it left a trace");
}

#[tokio::test]
async fn an_agent_outside_of_the_profile_is_refused() {
    let config = tempfile::NamedTempFile::with_suffix(".jsonc").expect("a file");
    let profiles = json!({ "cloud": { "profiles": { "full": { "agents": ["build"] } } } });
    std::fs::write(config.path(), format!("// one agent\n{profiles}")).expect("written");
    let server = Server::with_file(config.path()).await;
    let session = server.session().await;
    let refused = server.post(&format!("/api/sessions/{session}/prompt"), json!({ "text": "x", "agent": "plan" })).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(refused.body["verdict"]["policyCode"], "policy.agent_not_enabled");
    assert_eq!(refused.body["error"], "Agent \"plan\" is not enabled for cloud profile \"full\".");
}
