//! What every handler can reach.

use super::{
    departures::Departures,
    health::{FolderProbe, Probe, Standing},
    limits::Limits,
    metrics::HttpMetrics,
    options::HttpOptions,
    streams::OrgStreams,
};
use crate::{
    artifacts::Artifacts,
    billing::Billing,
    identity::{Authenticator, Revocations},
    project_sources::Snapshots,
    secrets::Keyring,
};
use cowork_actors::{NodeHandle, Readiness};
use std::{ops::Deref, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// Renders the process's metrics as Prometheus text.
pub type RenderMetrics = Arc<dyn Fn() -> String + Send + Sync>;

/// The front door's state; clones are the same state.
#[derive(Clone)]
pub struct HttpState(Arc<Shared>);

/// What [`HttpState`] shares.
pub struct Shared {
    pub(super) options: HttpOptions,
    pub(super) node: NodeHandle,
    /// What seals customers' keys, and on nodes that execute opens them.
    pub(super) keyring: Keyring,
    pub(super) artifacts: Artifacts,
    pub(super) billing: Billing,
    pub(super) snapshots: Snapshots,
    pub(super) object_store: Probe,
    pub(super) authenticator: Authenticator,
    pub(super) revocations: Arc<Revocations>,
    pub(super) limits: Limits,
    pub(super) streams: OrgStreams,
    pub(super) metrics: HttpMetrics,
    pub(super) render_metrics: RenderMetrics,
    pub(super) workspace_folder: Option<FolderProbe>,
    pub(super) database: Probe,
    pub(super) sealing_key: Probe,
    pub(super) opening_key: Probe,
    /// Cancelled when the server stops: no new streams, open ones end in the order of `departures`.
    pub(super) closing: CancellationToken,
    pub(super) departures: Departures,
}

impl HttpState {
    /// For one node. Must be called within a runtime: some of the state keeps itself up to date.
    pub fn new(
        options: HttpOptions,
        node: NodeHandle,
        keyring: Keyring,
        artifacts: Artifacts,
        snapshots: Snapshots,
        render_metrics: RenderMetrics,
    ) -> Self {
        let closing = CancellationToken::new();
        let revocations = Arc::new(Revocations::new(node.clock().instant()));
        Self(Arc::new(Shared {
            authenticator: Authenticator::new(options.auth.clone(), revocations.clone()),
            revocations,
            billing: Billing::new(options.billing.clone(), node.store().clone()),
            limits: Limits::start(&options, node.store()),
            streams: OrgStreams::new(options.max_streams_per_org),
            metrics: HttpMetrics::default(),
            workspace_folder: options.workspace_dir.clone().map(FolderProbe::new),
            database: Probe::new(Duration::from_secs(1)),
            sealing_key: Probe::new(Duration::from_secs(1)),
            opening_key: Probe::new(Duration::from_secs(1)),
            object_store: Probe::new(Duration::from_secs(30)),
            artifacts,
            snapshots,
            departures: Departures::new(closing.clone()),
            closing,
            options,
            node,
            keyring,
            render_metrics,
        }))
    }
}

impl Shared {
    /// How far the node is.
    pub(crate) fn readiness(&self) -> Readiness {
        self.node.readiness()
    }

    /// Whether the node can do what its role is for.
    pub(crate) fn standing(&self) -> Standing {
        Standing::of(self.options.role, &self.node.readiness())
    }

    /// How this deployment is set up.
    pub(crate) fn options(&self) -> &HttpOptions {
        &self.options
    }

    /// Where clients reach this deployment, if that is configured.
    pub(crate) fn public_url(&self) -> Option<&str> {
        self.options.public_url.as_deref()
    }

    /// The product's name, as branded.
    pub(crate) fn product_name(&self) -> &str {
        self.options.branding.get("productName").and_then(serde_json::Value::as_str).unwrap_or("Open Cowork Cloud")
    }
}

impl Deref for HttpState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
