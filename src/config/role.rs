//! What a process is for, and how much it is exposed.

use std::fmt;

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Everything in one process.
    AllInOne,
    /// Serves clients; owns no sessions.
    Web,
    /// Owns and executes sessions.
    Worker,
    /// Triggers workflows.
    Scheduler,
}

impl Role {
    pub(super) fn of(word: &str) -> Self {
        match word {
            "web" => Self::Web,
            "worker" => Self::Worker,
            "scheduler" => Self::Scheduler,
            _ => Self::AllInOne,
        }
    }

    /// The word of the contract.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AllInOne => "all-in-one",
            Self::Web => "web",
            Self::Worker => "worker",
            Self::Scheduler => "scheduler",
        }
    }

    /// Whether one process of this role is a whole cloud.
    pub const fn is_whole(self) -> bool {
        matches!(self, Self::AllInOne)
    }

    /// Whether this role answers clients.
    pub const fn serves_clients(self) -> bool {
        matches!(self, Self::AllInOne | Self::Web)
    }

    /// Whether this role executes sessions.
    pub const fn executes(self) -> bool {
        matches!(self, Self::AllInOne | Self::Worker)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How much a deployment is exposed, and so how strict its start is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// One person's machine: counted limits only where configured, the demo model is there.
    Local,
    /// Self-hosted, being tried out.
    SelfHostBeta,
    /// Hosted for invited people.
    PrivateBeta,
    /// Open to the world: every safety is required.
    PublicProduction,
}

impl Tier {
    /// The word of the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::SelfHostBeta => "self_host_beta",
            Self::PrivateBeta => "private_beta",
            Self::PublicProduction => "public_production",
        }
    }

    pub(super) fn of(word: &str) -> Self {
        match word {
            "self_host_beta" => Self::SelfHostBeta,
            "private_beta" => Self::PrivateBeta,
            "public_production" => Self::PublicProduction,
            _ => Self::Local,
        }
    }
}
