//! How commands reach a running cloud, and as whom.

use anyhow::Context;
use clap::Args;
use cowork_client::{Client, ClientOptions, Credentials};
use serde::Serialize;

/// Options of every command that talks to a running cloud.
#[derive(Debug, Clone, Args, Serialize)]
pub(super) struct ConnectionArgs {
    /// Base URL of the cloud (http only)
    #[arg(long, global = true, env = "COWORK_URL", default_value = "http://127.0.0.1:8787")]
    pub(super) url: String,
    /// Token to ask with; without it the request is that of the one user whom the cloud sees
    #[arg(long, global = true, env = "COWORK_BEARER", hide_env_values = true, value_name = "TOKEN")]
    #[serde(skip)]
    pub(super) bearer: Option<String>,
}

impl ConnectionArgs {
    /// A client with these credentials.
    pub(super) fn client(&self) -> anyhow::Result<Client> {
        let credentials = self.bearer.clone().map_or(Credentials::None, Credentials::Bearer);
        Client::new(ClientOptions::new(&self.url, credentials)).context("the cloud cannot be asked")
    }
}
