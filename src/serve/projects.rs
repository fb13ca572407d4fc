//! What fetches the projects that sessions work on, on a node that executes.

use crate::{
    config::Config,
    project_sources::{Credentials, Projects, Snapshots},
    secrets::surroundings,
};
use cowork_actors::ProjectFetcher;
use cowork_domain::secret::Secret;
use std::sync::Arc;

pub(super) fn fetcher(config: &Config, snapshots: &Snapshots) -> Option<Arc<dyn ProjectFetcher>> {
    if !config.cluster.role.executes() {
        return None;
    }
    let sources = &config.project_sources;
    let variables = sources.variables.iter().map(|(name, value)| (name.clone(), Secret::new(value.expose().clone()))).collect();
    let credentials = Credentials::new(variables, surroundings(config.secrets.surroundings.expose()));
    Some(Arc::new(Projects::new(snapshots.clone(), sources.rules.clone(), credentials, sources.authority.clone())))
}
