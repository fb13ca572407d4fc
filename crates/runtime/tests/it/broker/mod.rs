//! The key broker, with providers that behave and providers that don't.

mod budget;
mod cut;
pub(crate) mod double;
mod gate;
mod misbehaviour;
mod passing;
pub(crate) mod protocols;
mod slots;
mod tls;

use crate::{
    house::{house, org, runtime, table_of},
    keys::Keys,
};
use cowork_domain::ids::{CommandId, SessionId};
use cowork_runtime::{
    NativeRuntime, TurnLimits, TurnRequest,
    broker::{BrokerLimits, BrokerOptions, BudgetSource, Grant, KeyBroker, NoBudgets},
};
use double::{Behaviour, Double};
use serde_json::{Value, json};
use std::sync::Arc;
use tempfile::TempDir;
use uuid::Uuid;

/// What no output may ever hold.
const KEY: &str = "sk-canary-0123456789abcdefXYZ";

/// A short answer in OpenAI's protocol.
const HELLO: &str = concat!(
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"hello\"},\"finish_reason\":null}]}\n\n",
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":50}}\n\n",
    "data: [DONE]\n\n"
);

/// A broker between an organisation with a key and a double.
struct Stage {
    double: Double,
    keys: Arc<Keys>,
    broker: KeyBroker,
    folder: TempDir,
}

impl Stage {
    async fn new(kind: &str, behaviour: Behaviour) -> Self {
        Self::with(kind, behaviour, BrokerLimits::default()).await
    }

    async fn with(kind: &str, behaviour: Behaviour, limits: BrokerLimits) -> Self {
        Self::budgeted(kind, behaviour, limits, Arc::new(NoBudgets)).await
    }

    async fn budgeted(kind: &str, behaviour: Behaviour, limits: BrokerLimits, budgets: Arc<dyn BudgetSource>) -> Self {
        // The process has one provider of cryptography.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (double, keys) = (Double::start(behaviour).await, Keys::none());
        keys.place(&org(), &house(), KEY);
        let provider = json!({
            "kind": kind, "baseUrl": format!("{}/v1", double.origin), "models": ["model-a", "model-b"], "allowPrivateNetwork": true,
            "prices": { "model-a": { "input": 10, "output": 20 } },
        });
        let options = BrokerOptions { table: table_of(provider), keys: keys.clone(), budgets, outbound: Arc::default(), limits };
        let broker = KeyBroker::start(options).await.expect("loopback is there");
        Self { double, keys, broker, folder: tempfile::tempdir().expect("a temporary folder") }
    }

    fn runtime(&self, limits: TurnLimits) -> NativeRuntime {
        runtime(&self.broker, self.folder.path().to_owned(), limits)
    }
}

fn grant() -> Grant {
    Grant {
        org: org(),
        provider: house(),
        model: "model-a".to_owned(),
        session: SessionId::from_uuid(Uuid::new_v4()),
        command: CommandId::from_uuid(Uuid::new_v4()),
        attempt: 1,
    }
}

fn turn(text: &str) -> TurnRequest {
    TurnRequest {
        session: SessionId::from_uuid(Uuid::new_v4()),
        org: org(),
        command: CommandId::from_uuid(Uuid::new_v4()),
        attempt: 1,
        text: text.to_owned(),
        agent: "build".to_owned(),
        model: None,
        history: Vec::new(),
    }
}

/// Calls the broker as any client does.
async fn call(base_url: &str, token: &str, path: &str, body: &Value) -> reqwest::Response {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let request = client.post(format!("{base_url}/{path}")).bearer_auth(token).header("cookie", "c=d").body(body.to_string());
    tokio::time::timeout(crate::house::PATIENCE, request.send()).await.expect("in time").expect("the broker answers")
}

fn hello(model: &str) -> Value {
    json!({ "model": model, "stream": true, "messages": [{ "role": "user", "content": "hi" }] })
}
