//! What came back, and how to read a session's view.

use reqwest::{RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::Value;

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// JSON, or a string with whatever else it was.
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        Self::try_of(request).await.expect("the server answers")
    }

    /// For servers that may die before they answer.
    pub(crate) async fn try_of(request: RequestBuilder) -> reqwest::Result<Self> {
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Self { status, headers, body })
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The sentence of an error.
    pub(crate) fn error(&self) -> &str {
        self.body["error"].as_str().unwrap_or_default()
    }

    /// The stable code of an error, as clients of the contract find it.
    pub(crate) fn policy_code(&self) -> &str {
        self.body["verdict"]["policyCode"].as_str().unwrap_or_default()
    }

    /// Fails with the whole answer unless it is what was expected.
    #[track_caller]
    pub(crate) fn expect(self, status: StatusCode, error: &str) -> Self {
        assert_eq!((self.status, self.error()), (status, error), "{self:?}");
        self
    }

    /// Fails with the whole answer unless the error has this stable code.
    #[track_caller]
    pub(crate) fn coded(self, code: &str) -> Self {
        assert_eq!(self.body["code"], code, "{self:?}");
        self
    }
}

/// Nothing runs and nothing waits.
pub(crate) fn is_settled(view: &Value) -> bool {
    let status = &view["session"]["status"];
    status == "idle" || status == "errored"
}

/// What the agent said last.
pub(crate) fn answer(view: &Value) -> &str {
    messages(view).rfind(|message| message["role"] == "assistant").and_then(|message| message["content"].as_str()).unwrap_or_default()
}

/// The messages of people and of the agent.
pub(crate) fn messages(view: &Value) -> impl DoubleEndedIterator<Item = &Value> {
    view["view"]["messages"].as_array().expect("a view has messages").iter()
}

/// The texts of one role's messages, in order.
pub(crate) fn said<'a>(view: &'a Value, role: &str) -> Vec<&'a str> {
    messages(view).filter(|message| message["role"] == role).filter_map(|message| message["content"].as_str()).collect()
}
