//! The calls that exist: nothing else passes.

use super::{Refusal, Slot};
use bytes::Bytes;
use cowork_domain::provider::{Protocol, ProviderEntry};
use http::{Method, Uri};
use serde_json::{Value, value::RawValue};
use std::collections::BTreeMap;

/// A call of a protocol, recognised by its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) protocol: Protocol,
    /// Google names the model in the path.
    model: Option<String>,
    verb: &'static str,
}

const GENERATE: &str = "generateContent";
const STREAM: &str = "streamGenerateContent";

impl Route {
    /// Recognises a call. The version in front may be there or not, since clients differ in what they take for the base address.
    pub(super) fn of(uri: &Uri) -> Option<Self> {
        let path = uri.path().trim_start_matches('/');
        let path = ["v1/", "v1beta/"].into_iter().find_map(|version| path.strip_prefix(version)).unwrap_or(path);
        let plain = |protocol, verb| Some(Self { protocol, model: None, verb });
        match path {
            "chat/completions" => plain(Protocol::OpenAiChat, "chat/completions"),
            "responses" => plain(Protocol::OpenAiResponses, "responses"),
            "messages" => plain(Protocol::Anthropic, "messages"),
            _ => {
                let (model, verb) = path.strip_prefix("models/")?.rsplit_once(':')?;
                let verb = [GENERATE, STREAM].into_iter().find(|known| *known == verb)?;
                Some(Self { protocol: Protocol::Google, model: Some(model.to_owned()), verb })
            }
        }
    }

    /// The provider's address for this call.
    pub(super) fn address(&self, entry: &ProviderEntry, model: &str) -> String {
        match self.verb {
            GENERATE => entry.base_url.join(&format!("models/{model}:{GENERATE}")),
            // The one form of stream that is understood here.
            STREAM => entry.base_url.join(&format!("models/{model}:{STREAM}?alt=sse")),
            verb => entry.call_address(verb, model),
        }
    }

    /// The request as it leaves: for the granted model, and asking for the usage report. It is put together anew, so what two
    /// readers could read in two ways (a field that is there twice) has one meaning.
    pub(super) fn body(&self, body: &Bytes, entry: &ProviderEntry, granted: &str, by_slot: bool) -> Result<Bytes, Refusal> {
        let mut fields: BTreeMap<String, &RawValue> = serde_json::from_slice(body).map_err(|_| Refusal::Body)?;
        let named = match &self.model {
            Some(model) => model.clone(),
            None => fields.get("model").and_then(|model| serde_json::from_str(model.get()).ok()).ok_or(Refusal::Model)?,
        };
        if named != granted && !(by_slot && named == Slot::MODEL) {
            return Err(Refusal::Model);
        }
        let model = serde_json::value::to_raw_value(granted).expect("text is JSON");
        let asked = serde_json::value::to_raw_value(&serde_json::json!({ "include_usage": true })).expect("it is JSON");
        if self.model.is_none() {
            fields.insert("model".to_owned(), &model);
        }
        let streams = fields.get("stream").is_some_and(|stream| matches!(serde_json::from_str(stream.get()), Ok(Value::Bool(true))));
        if self.protocol == Protocol::OpenAiChat && entry.asks_for_usage && streams {
            fields.insert("stream_options".to_owned(), &asked);
        }
        serde_json::to_vec(&fields).map(Bytes::from).map_err(|_| Refusal::Body)
    }
}

/// Model calls are made by `POST`.
pub(super) fn admit(method: &Method) -> Result<(), Refusal> {
    if method == Method::POST { Ok(()) } else { Err(Refusal::Method) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cowork_domain::provider::{ProviderId, ProviderTable};

    #[test]
    fn only_model_calls_are_calls() {
        let route = |path: &str| Route::of(&path.parse().unwrap()).map(|route| route.protocol);
        assert_eq!(route("/v1/chat/completions"), Some(Protocol::OpenAiChat));
        assert_eq!(route("/chat/completions"), Some(Protocol::OpenAiChat));
        assert_eq!(route("/v1/responses"), Some(Protocol::OpenAiResponses));
        assert_eq!(route("/v1/messages"), Some(Protocol::Anthropic));
        assert_eq!(route("/v1beta/models/gemini-x:streamGenerateContent?alt=sse&key=x"), Some(Protocol::Google));
        for path in [
            "/",
            "/v1/models",
            "/v1/files",
            "/v1/chat/completions/x",
            "/v1/v1/messages",
            "/v1/../v1/messages",
            "/v1/messages/batches",
            "/v1beta/models/x:countTokens",
            "/v1beta/models/x",
            "/v1/%63hat/completions",
            "/v1/responses/resp_1/cancel",
        ] {
            assert_eq!(route(path), None, "{path}");
        }
    }

    #[test]
    fn a_request_leaves_for_the_granted_model_alone() {
        let table = ProviderTable::builtin();
        let entry = |name: &str| table.get(&ProviderId::parse(name).unwrap()).unwrap();
        let chat = Route::of(&"/v1/chat/completions".parse().unwrap()).unwrap();
        let body = |text: &str, by_slot| {
            let body = chat.body(&Bytes::from(text.to_owned()), entry("openai"), "gpt-x", by_slot);
            body.map(|body| serde_json::from_slice::<Value>(&body).unwrap())
        };
        let sent = body(r#"{"model":"gpt-x","stream":true,"stream_options":{"include_usage":false},"x":[1e3]}"#, false).unwrap();
        assert_eq!(sent, serde_json::json!({ "model": "gpt-x", "stream": true, "stream_options": { "include_usage": true }, "x": [1e3] }));
        assert_eq!(body(r#"{"model":"granted"}"#, true).unwrap(), serde_json::json!({ "model": "gpt-x" }));
        assert_eq!(body(r#"{"model":"gpt-y","model":"gpt-x"}"#, false).unwrap(), serde_json::json!({ "model": "gpt-x" }));
        for wrong in
            [r#"{"model":"gpt-y"}"#, r#"{"model":"granted"}"#, r#"{"model":["gpt-x"]}"#, "{}", r#"{"model":"gpt-x","model":"gpt-y"}"#]
        {
            assert_eq!(body(wrong, false).unwrap_err(), Refusal::Model, "{wrong}");
        }
        assert_eq!(body("[]", false).unwrap_err(), Refusal::Body);
        let google = Route::of(&"/v1beta/models/granted:streamGenerateContent".parse().unwrap()).unwrap();
        assert_eq!(
            google.address(entry("google"), "gemini-x"),
            "https://generativelanguage.googleapis.com/v1beta/models/gemini-x:streamGenerateContent?alt=sse"
        );
        assert!(google.body(&Bytes::from_static(b"{}"), entry("google"), "gemini-x", true).is_ok());
        assert_eq!(google.body(&Bytes::from_static(b"{}"), entry("google"), "gemini-x", false).unwrap_err(), Refusal::Model);
    }
}
