//! What was taken back, numbered in commit order, so that every node cuts the streams that it concerns (architecture §7).

use crate::{Store, StoreError, signals::Listening};
use cowork_domain::{
    channel::ids::ChannelBindingId,
    ids::{BrowserSessionId, OrgId, TokenId, UserId},
};
use sqlx::PgConnection;

pub(crate) const REVOCATION_CHANNEL: &str = "cowork_revocations";

/// Something that was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// Whose streams are concerned.
    pub org: OrgId,
    /// Which of them.
    pub what: Revoked,
}

/// What a revocation ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revoked {
    /// Whatever came with this token.
    Token(TokenId),
    /// Whatever came from this browser.
    Session(BrowserSessionId),
    /// Whatever this account opened.
    Account(UserId),
    /// Everything of the organisation.
    Org,
    /// Whatever runs through this channel binding.
    Binding(ChannelBindingId),
}

impl Revoked {
    fn columns(&self) -> (&'static str, String) {
        match self {
            Self::Token(token) => ("token", token.to_string()),
            Self::Session(session) => ("session", session.to_string()),
            Self::Account(account) => ("account", account.to_string()),
            Self::Org => ("org", String::new()),
            Self::Binding(binding) => ("binding", binding.to_string()),
        }
    }

    fn read(kind: &str, subject: &str) -> Option<Self> {
        match kind {
            "token" => Some(Self::Token(TokenId::new(subject))),
            "session" => Some(Self::Session(subject.parse().ok()?)),
            "account" => Some(Self::Account(UserId::new(subject))),
            "org" => Some(Self::Org),
            "binding" => Some(Self::Binding(ChannelBindingId::new(subject))),
            _ => None,
        }
    }
}

/// Wakes whoever waits for revocations, for as long as this lives, over every loss of its connection.
#[derive(Debug)]
pub struct RevocationSignals(Listening);

impl RevocationSignals {
    /// Resolves when there may be something new: after a notification, and whenever the connection stands again.
    pub async fn next(&mut self) {
        self.0.next().await;
    }
}

/// Writes what is taken back, in the transaction that takes it back; to be followed by [`Store::announce_revocations`] once
/// that has committed. Until then other revocations wait, so it belongs at the transaction's end.
pub(crate) async fn record_revocation(connection: &mut PgConnection, revocation: &Revocation) -> Result<(), StoreError> {
    let (kind, subject) = revocation.what.columns();
    sqlx::query!(
        "with tick as (update revocation_clock set last = last + 1 returning last)
         insert into revocations (number, org, kind, subject) select last, $1, $2, $3 from tick",
        revocation.org.as_str(),
        kind,
        subject
    )
    .execute(connection)
    .await?;
    Ok(())
}

impl Store {
    /// The number of the last revocation.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn last_revocation(&self) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar!("select last from revocation_clock").fetch_one(&self.membership).await?)
    }

    /// What was taken back after a number, in order, at most 1 000 at a time. The connection is one that client requests
    /// never queue for.
    ///
    /// # Errors
    /// `Unavailable`, `Database`, `Inconsistent`.
    pub async fn revocations_after(&self, number: i64) -> Result<Vec<(i64, Revocation)>, StoreError> {
        let rows = sqlx::query!("select number, org, kind, subject from revocations where number > $1 order by number limit 1000", number)
            .fetch_all(&self.membership)
            .await?;
        let read = rows.into_iter().map(|row| {
            let what = Revoked::read(&row.kind, &row.subject)
                .ok_or_else(|| StoreError::inconsistent("revocations", row.number, "unknown kind"))?;
            Ok((row.number, Revocation { org: OrgId::new(row.org), what }))
        });
        read.collect()
    }

    /// Forgets revocations that every node has seen or may forget, having been away for longer than an hour: such a node has
    /// no stream left.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn sweep_revocations(&self) -> Result<u64, StoreError> {
        let swept = sqlx::query!("delete from revocations where revoked_at < now() - interval '1 hour'").execute(&self.pool).await?;
        Ok(swept.rows_affected())
    }

    /// Listens for revocations, on a connection of its own.
    pub fn revocation_signals(&self) -> RevocationSignals {
        RevocationSignals(Listening::new(self.clone(), "cowork revocations", &[REVOCATION_CHANNEL]))
    }

    /// Wakes all nodes. Whoever isn't reached looks by itself within a second.
    pub async fn announce_revocations(&self) {
        if let Err(error) = self.notify(&self.membership, REVOCATION_CHANNEL, "").await {
            tracing::warn!(%error, "a revocation could not be announced");
        }
    }
}
