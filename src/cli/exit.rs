//! Exit codes.

use crate::config::ConfigError;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// What was asked for is done.
    Success,
    /// It could not be done.
    Failure,
    /// It was asked for in the wrong way: bad usage, bad configuration.
    Usage,
}

impl ExitCode {
    /// A configuration that can't be used is the caller's to mend; anything else is a failure.
    pub fn of(error: &anyhow::Error) -> Self {
        if error.downcast_ref::<ConfigError>().is_some() { Self::Usage } else { Self::Failure }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(exit: ExitCode) -> Self {
        Self::from(match exit {
            ExitCode::Success => 0,
            ExitCode::Failure => 1,
            ExitCode::Usage => 2,
        })
    }
}
