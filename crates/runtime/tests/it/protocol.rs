//! The demo model as any client sees it.

use crate::house::{House, brisk};
use serde_json::{Value, json};

async fn post(house: &House, key: &str, body: &Value) -> (u16, String) {
    let client = client();
    let request = client.post(format!("{}/chat/completions", house.demo.base_url())).bearer_auth(key).body(body.to_string());
    let response = request.send().await.expect("answers");
    (response.status().as_u16(), response.text().await.expect("ends"))
}

fn client() -> reqwest::Client {
    // A runtime was made before, which set up TLS for the process.
    reqwest::Client::builder().no_proxy().build().expect("a client")
}

#[tokio::test]
async fn whole_answers_and_lists_of_models() {
    let house = House::new().await;
    let parts = json!([{ "type": "text", "text": "[[cost:1.5]] hello" }]);
    let (status, text) = post(&house, "any", &json!({ "model": "m", "messages": [{ "role": "user", "content": parts }] })).await;
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((status, &answer["choices"][0]["message"]["content"]), (200, &json!("echo: hello")));
    assert_eq!((&answer["usage"]["cost"], &answer["usage"]["total_tokens"], &answer["model"]), (&json!(1.5), &json!(110), &json!("m")));

    for path in ["/v1/models", "/models"] {
        let response = client().get(format!("http://{}{path}", house.demo.address)).send().await.expect("answers");
        let models: Value = serde_json::from_str(&response.text().await.expect("ends")).expect("JSON");
        assert_eq!(models["data"][0]["id"], "demo");
    }
}

#[tokio::test]
async fn a_stream_ends_with_usage_only_when_asked() {
    let house = House::new().await;
    let mut body = json!({ "model": "m", "stream": true, "messages": [{ "role": "user", "content": "hi" }] });
    let (_, plain) = post(&house, "any", &body).await;
    body["stream_options"] = json!({ "include_usage": true });
    let (_, counted) = post(&house, "any", &body).await;
    assert!(plain.ends_with("data: [DONE]\n\n") && counted.ends_with("data: [DONE]\n\n"));
    assert_eq!((plain.contains("\"usage\""), counted.contains("\"usage\"")), (false, true));
    for line in counted.lines().filter_map(|line| line.strip_prefix("data: ")).filter(|line| *line != "[DONE]") {
        let chunk: Value = serde_json::from_str(line).expect("every chunk is JSON");
        assert_eq!(chunk["object"], "chat.completion.chunk");
    }
}

#[tokio::test]
async fn wrong_keys_and_wrong_requests_get_openais_errors() {
    let house = House::with(brisk(), Some("right-key")).await;
    let (status, text) = post(&house, "wrong", &json!({})).await;
    let error: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((status, &error["error"]["code"]), (401, &json!("invalid_api_key")));
    let (status, _) = post(&house, "right-key", &json!({ "messages": "none" })).await;
    assert_eq!(status, 400);
}
