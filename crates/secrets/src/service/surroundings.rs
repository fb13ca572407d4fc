//! What a client finds where it runs: variables, files, a clock.

use super::ServiceError;
use cowork_domain::secret::Secret;
use std::time::SystemTime;

type Variables = dyn Fn(&str) -> Option<String> + Send + Sync;

/// The process's environment and clock, handed in so that nothing in here reads them by itself.
pub struct Surroundings {
    variables: Box<Variables>,
    now: fn() -> SystemTime,
}

impl Surroundings {
    /// With a look-up of environment variables and a wall clock.
    pub fn new(variables: impl Fn(&str) -> Option<String> + Send + Sync + 'static, now: fn() -> SystemTime) -> Self {
        Self { variables: Box::new(variables), now }
    }

    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        (self.variables)(name).filter(|value| !value.trim().is_empty())
    }

    pub(crate) fn secret(&self, name: &str) -> Option<Secret<String>> {
        self.variable(name).map(Secret::new)
    }

    pub(crate) const fn clock(&self) -> fn() -> SystemTime {
        self.now
    }
}

/// A token or key file that the platform mounted. It may be renewed at any time, so it is read for every use.
pub(crate) fn read_file(service: &'static str, path: &str) -> Result<Secret<String>, ServiceError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| ServiceError::Credentials { service, what: format!("the file {path} cannot be read: {}", error.kind()) })?;
    Ok(Secret::new(text.trim().to_owned()))
}
