//! What has to be well for this node to take requests, in the order of the contract.

use super::Standing;
use crate::{http::state::HttpState, identity::AuthMode, secrets::Publication};
use serde::Serialize;
use std::{borrow::Cow, time::Duration};
use utoipa::ToSchema;

/// Longer than this the database counts as unreachable.
const PATIENCE: Duration = Duration::from_secs(2);

/// One look at one thing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReadinessCheck)]
pub(super) struct Check {
    /// Stable name.
    name: &'static str,
    /// `ok` or `error`.
    status: &'static str,
    /// More, without secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    detail: Option<Cow<'static, str>>,
}

impl Check {
    pub(super) fn is_ok(&self) -> bool {
        self.status == "ok"
    }

    pub(super) fn failed(name: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { name, status: "error", detail: Some(detail.into()) }
    }

    fn passed(name: &'static str) -> Self {
        Self { name, status: "ok", detail: None }
    }

    fn described(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    fn of(name: &'static str, result: Result<(), &'static str>) -> Self {
        match result {
            Ok(()) => Self::passed(name),
            Err(detail) => Self::failed(name, detail),
        }
    }
}

/// Looks at everything.
pub(super) async fn all(state: &HttpState) -> Vec<Check> {
    let now = state.node.clock().instant();
    let database = state.database.look(now, || database(state)).await;
    let files = match &state.workspace_folder {
        Some(folder) => folder.look(now).await,
        None => Ok(()),
    };
    let isolation = &state.options.execution_isolation;
    let isolation = if isolation.acceptable {
        Check::passed("execution_isolation").described(isolation.detail.clone())
    } else {
        Check::failed("execution_isolation", isolation.detail.clone())
    };
    let mut checks = vec![
        Check::of("control_plane", database),
        Check::of("object_store", files),
        secret_adapter(state).await,
        // It stores nothing in this deployment yet, so it can't be broken.
        Check::passed("billing_adapter"),
        Check::of("auth_config", auth(&state.options.auth.mode)),
        role_dependencies(state),
        isolation,
        Check::passed("artifact_direct_upload").described("disabled"),
    ];
    if state.options.role.executes() {
        checks.push(opener(state).await);
    }
    checks
}

/// Whether provider keys can be stored here. A node that can't is no worse for everything else.
async fn secret_adapter(state: &HttpState) -> Check {
    let look = async || {
        let sealer = state.keyring.sealer(state.node.store()).await;
        sealer.map(drop).map_err(|_| "No sealing key is known here: provider keys can't be stored.")
    };
    let check = Check::passed("secret_adapter");
    match state.sealing_key.look(state.node.clock().instant(), look).await {
        Ok(()) => check,
        Err(detail) => check.described(detail),
    }
}

/// Whether provider keys can be opened here: something is sealed and opened again.
async fn opener(state: &HttpState) -> Check {
    let name = "opener";
    if state.keyring.opener().is_none() {
        return Check::passed(name).described("No opening key is configured: provider keys can't be used.");
    }
    let look = async || if state.keyring.makes_round_trips() { Ok(()) } else { Err("What this node seals does not open again.") };
    match (state.opening_key.look(state.node.clock().instant(), look).await, state.keyring.publication()) {
        (Err(detail), _) => Check::failed(name, detail),
        (Ok(()), Some(Publication::Foreign(key))) => {
            let detail = format!("Web nodes without a sealing key of their own seal to {}, which this node can't open.", key.id());
            Check::passed(name).described(detail)
        }
        (Ok(()), _) => Check::passed(name),
    }
}

fn role_dependencies(state: &HttpState) -> Check {
    let name = "role_dependencies";
    match state.standing() {
        Standing::Unfit(reason) => Check::failed(name, reason),
        Standing::Fit(None) => Check::passed(name),
        Standing::Fit(Some(detail)) => Check::passed(name).described(detail),
    }
}

async fn database(state: &HttpState) -> Result<(), &'static str> {
    let store = state.node.store();
    let looking = async {
        store.ping().await.map_err(|_| "Cloud control plane is unavailable.")?;
        let migrations = store.migration_status().await.map_err(|_| "Cloud control plane is unavailable.")?;
        // Newer migrations are those of the next release; they only ever expand.
        if migrations.pending.is_empty() { Ok(()) } else { Err("Cloud control plane migrations are pending.") }
    };
    tokio::time::timeout(PATIENCE, looking).await.unwrap_or(Err("Cloud control plane does not answer in time."))
}

fn auth(mode: &AuthMode) -> Result<(), &'static str> {
    match mode {
        AuthMode::Header { secret: None, allow_unsigned: false, .. } => Err("Trusted headers need a shared secret."),
        // A provider that is away keeps people from signing in; it doesn't make this node a worse one than the others.
        AuthMode::None | AuthMode::Header { .. } | AuthMode::Oidc(_) => Ok(()),
    }
}
