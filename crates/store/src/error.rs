//! What can go wrong between us and the database. Texts carry neither URLs nor values of rows.

/// An operation on the database failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// No connection could be had, or it broke. What the statement did is unknown.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The database answered with an error; the statement had no effect.
    #[error("the database refused a statement: {message} ({code})")]
    Database {
        /// SQLSTATE.
        code: String,
        /// The server's primary message, without its details.
        message: String,
    },
    /// The server can't be used as it is: too old, the wrong encoding, an unreadable URL.
    #[error("{0}")]
    Unsuitable(String),
    /// A row says something that this version can't read.
    #[error("row {row} of {table} is inconsistent: {what}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The row's key.
        row: String,
        /// What is wrong with it.
        what: String,
    },
}

impl StoreError {
    /// Whether the same call may succeed a little later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unavailable(_) => true,
            Self::Database { code, .. } => is_transient_code(code),
            Self::Unsuitable(_) | Self::Inconsistent { .. } => false,
        }
    }

    pub(crate) fn inconsistent(table: &'static str, row: impl std::fmt::Display, what: impl Into<String>) -> Self {
        Self::Inconsistent { table, row: row.to_string(), what: what.into() }
    }

    pub(crate) fn is_code(&self, wanted: &str) -> bool {
        matches!(self, Self::Database { code, .. } if code == wanted)
    }
}

/// Serialisation failure, deadlock, lock time-out, statement time-out, or the server is out of something.
pub(crate) fn is_transient_code(code: &str) -> bool {
    matches!(code, "40001" | "40P01" | "55P03" | "57014") || code.starts_with("53")
}

/// The server ends or refuses connections with these: shutdown, crash, starting up, termination by an operator, and a database
/// that takes no connections at the moment (55000).
pub(crate) fn is_disconnect_code(code: &str) -> bool {
    code.starts_with("08") || matches!(code, "53300" | "55000" | "57P01" | "57P02" | "57P03" | "57P05")
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => {
                let code = error.code().unwrap_or_default().into_owned();
                let message = error.message().to_owned();
                if is_disconnect_code(&code) { Self::Unavailable(message) } else { Self::Database { code, message } }
            }
            sqlx::Error::PoolTimedOut => Self::Unavailable("no connection became free in time".to_owned()),
            sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => Self::Unavailable("the connection pool is closed".to_owned()),
            sqlx::Error::Io(error) => Self::Unavailable(error.to_string()),
            sqlx::Error::Tls(error) => Self::Unavailable(format!("tls: {error}")),
            sqlx::Error::Protocol(text) => Self::Unavailable(format!("protocol: {text}")),
            // Its text may quote the URL.
            sqlx::Error::Configuration(_) => Self::Unsuitable("the database url can't be used; check its form".to_owned()),
            sqlx::Error::RowNotFound => Self::inconsistent("-", "-", "a row that must exist is missing"),
            sqlx::Error::ColumnDecode { index, .. } => Self::inconsistent("-", "-", format!("column {index} has an unexpected type")),
            _ => Self::inconsistent("-", "-", "a statement and this version don't fit together"),
        }
    }
}
