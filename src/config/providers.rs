//! Model providers, by the operator's word: `cloud.providers.<id>` of the file, or the same object as JSON in the environment.
//!
//! Nobody else ever adds a provider: the table decides to which hosts customers' keys may travel.

use super::cluster::Role;
use super::problem::Findings;
use super::setting::{Kind, Setting};
use super::values::Values;
use cowork_domain::provider::{ConfiguredProvider, ProviderId, ProviderTable};
use cowork_runtime::providers::check_authorities;
use serde::Deserialize as _;
use std::collections::BTreeMap;

pub(super) const SETTINGS: &[Setting] = &[Setting::new(
    "PROVIDERS",
    Kind::Json,
    "model providers by name: kind, baseUrl, models, allowPrivateNetwork, caFile, apiVersion, validatePath, prices; added to the built-in ones, or changing them",
)
.file("providers")];

/// The `providers` section.
#[derive(Debug, Clone, PartialEq)]
pub struct ProvidersConfig {
    /// What is built in, with what is configured.
    pub table: ProviderTable,
}

impl ProvidersConfig {
    pub(super) fn read(values: &Values, role: Role, findings: &mut Findings) -> Self {
        let table = ProviderTable::builtin();
        let configured = configured(values, findings);
        let table = table.clone().with(configured).unwrap_or_else(|errors| {
            errors.into_iter().for_each(|error| findings.problem(error.to_string()));
            table
        });
        for entry in table.iter().filter(|entry| entry.allow_private_network && !entry.base_url.is_secure()) {
            findings.warning(format!("cloud.providers.{}: its keys travel over http, readable to whoever is on the way", entry.id));
        }
        // Other roles call no provider, and need not have the file.
        for (entry, file) in table.iter().filter_map(|entry| Some((entry, entry.ca_file.as_ref().filter(|_| role.executes())?))) {
            if let Err(error) = check_authorities(file) {
                findings.problem(format!("cloud.providers.{}.caFile: {error}", entry.id));
            }
        }
        Self { table }
    }
}

fn configured(values: &Values, findings: &mut Findings) -> BTreeMap<ProviderId, ConfiguredProvider> {
    let mut providers = BTreeMap::new();
    let given = values.json("PROVIDERS").and_then(serde_json::Value::as_object);
    for (name, provider) in given.into_iter().flatten() {
        let id = match ProviderId::parse(name) {
            Ok(id) if id.as_str() == name => id,
            _ => {
                findings.problem(format!(
                    "cloud.providers.{name}: a provider's name has 1 to 64 characters of a-z, 0-9, dot, dash, underscore"
                ));
                continue;
            }
        };
        match ConfiguredProvider::deserialize(provider) {
            Ok(provider) => drop(providers.insert(id, provider)),
            Err(error) => findings.problem(format!("cloud.providers.{name} is malformed: {error}")),
        }
    }
    providers
}
