//! Places that the machine's own conventions name. They are no settings of ours: where programs and
//! caches are differs between the machines of one deployment.

use std::{env, path::PathBuf};

/// A variable that holds a path (or a list of them); empty counts as unset.
#[expect(clippy::disallowed_methods, reason = "conventions of the machine, not configuration")]
pub(super) fn path(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}
