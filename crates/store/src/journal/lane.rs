//! One lane: a connection of its own that does nothing but append.

use super::{
    Append, AppendError, BatchOutcome, Refusal, Rejection,
    columns::{Columns, Heads},
};
use crate::{
    Store, StoreError, column,
    membership::locks::{self, LockClass},
};
use cowork_domain::ids::{CommandId, Incarnation, NodeNumber};
use sqlx::{Connection, Executor, PgConnection, SqlSafeStr};
use std::{collections::BTreeMap, time::Duration};
use uuid::Uuid;

/// How much longer than the server's own time-out we wait for an answer.
const ANSWER_GRACE: Duration = Duration::from_secs(5);

/// A journal lane. As long as it is open nobody else has a connection for the same (node, lane):
/// what an earlier one left unfinished has ended when [`Store::open_lane`] returns.
#[derive(Debug)]
pub struct LaneConnection {
    connection: PgConnection,
    node: NodeNumber,
    incarnation: Incarnation,
    lane: i32,
    backend_pid: i32,
    deadline: Duration,
    /// A batch was sent and its answer not read: this connection is of no use any more.
    is_cut_off: bool,
}

/// The journal function's answer.
struct Answer {
    refused: Option<Vec<i32>>,
    duplicates: Option<Vec<Option<Uuid>>>,
    /// Per workspace: its last place before the batch.
    ws_base: Option<Vec<i64>>,
}

impl Store {
    /// Opens a lane (0 to 255): ends an old backend that still holds it, waits until that is gone,
    /// prepares the statement, and has the server compile the function.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn open_lane(&self, node: NodeNumber, incarnation: Incarnation, lane: i32) -> Result<LaneConnection, StoreError> {
        let settings = [
            ("statement_timeout", self.statement_timeout.as_millis().to_string()),
            // A batch's shape hardly changes: planning it anew each time would double a lone append's time.
            ("plan_cache_mode", "force_generic_plan".to_owned()),
            // Plans are made once, when tables may be empty, and live as long as the connection: they
            // must be the ones that are right for large tables, one index probe per row.
            ("enable_seqscan", "off".to_owned()),
            ("enable_hashjoin", "off".to_owned()),
            ("enable_mergejoin", "off".to_owned()),
        ];
        let mut connection = self.open_connection(&format!("cowork lane {}/{lane}", node.0), &settings).await?;
        locks::hold(&mut connection, LockClass::Lane, locks::lane_key(node, lane)).await?;
        let backend_pid = sqlx::query_scalar!(r#"select pg_backend_pid() as "pid!""#).fetch_one(&mut connection).await?;
        connection.prepare(include_str!("append.sql").into_sql_str()).await?;
        rehearse(&mut connection, node, incarnation, lane).await?;
        let deadline = self.statement_timeout + ANSWER_GRACE;
        Ok(LaneConnection { connection, node, incarnation, lane, backend_pid, deadline, is_cut_off: false })
    }
}

impl LaneConnection {
    /// Writes a batch. `batch` must grow with every batch of this incarnation that is sent for the
    /// first time or again, and a session may appear only once.
    ///
    /// Takes no longer than the statement time-out and 5 s. When the future is dropped before it
    /// ends, the outcome is unknown and the lane must be opened again.
    ///
    /// # Errors
    /// See [`AppendError`].
    pub async fn append(&mut self, batch: u64, appends: &[&Append]) -> Result<BatchOutcome, AppendError> {
        debug_assert!(has_distinct_sessions(appends), "a session appears at most once in a batch");
        if self.is_cut_off {
            return Err(AppendError::OutcomeUnknown("an earlier batch of this connection was cut off".to_owned()));
        }
        let columns = Columns::of(appends).map_err(AppendError::Rejected)?;
        self.is_cut_off = true;
        let call = call(&mut self.connection, self.node, self.incarnation, self.lane, batch, &columns);
        let answer = match tokio::time::timeout(self.deadline, call).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                let error = read_error(error);
                self.is_cut_off = matches!(error, AppendError::OutcomeUnknown(_));
                return Err(error);
            }
            Err(_) => return Err(AppendError::OutcomeUnknown("the database didn't answer in time".to_owned())),
        };
        self.is_cut_off = false;
        Ok(answer.read(&columns.heads))
    }

    /// The last batch of this incarnation that is in the log; `None` if there is none.
    ///
    /// On a lane that was opened after the loss of another, this is final: nothing of the old one
    /// can commit any more.
    ///
    /// # Errors
    /// `Unavailable`, `Database`.
    pub async fn last_batch(&mut self) -> Result<Option<u64>, StoreError> {
        let batch = sqlx::query_scalar!(
            "select batch from lane_marks where node = $1 and lane = $2 and incarnation = $3",
            self.node.0,
            self.lane,
            self.incarnation.0
        )
        .fetch_optional(&mut self.connection)
        .await?;
        Ok(batch.map(column::count))
    }

    /// The server's process of this connection.
    pub fn backend_pid(&self) -> i32 {
        self.backend_pid
    }
}

/// An append of nothing, which is not committed: the first call of the function on a connection takes about 10 ms longer than the
/// next ones.
async fn rehearse(connection: &mut PgConnection, node: NodeNumber, incarnation: Incarnation, lane: i32) -> Result<(), StoreError> {
    let mut transaction = connection.begin().await?;
    // It may be refused: whoever appends something is told why.
    call(&mut transaction, node, incarnation, lane, u64::MAX, &Columns::default()).await.ok();
    transaction.rollback().await?;
    Ok(())
}

async fn call(
    connection: &mut PgConnection,
    node: NodeNumber,
    incarnation: Incarnation,
    lane: i32,
    batch: u64,
    columns: &Columns<'_>,
) -> Result<Answer, sqlx::Error> {
    let Columns { heads, workspaces, events, commands, work, new_sessions, usage, audit } = columns;
    sqlx::query_file_as!(
        Answer,
        "src/journal/append.sql",
        node.0,
        incarnation.0,
        lane,
        column::bigint(batch),
        &heads.session,
        &heads.org as _,
        &heads.shard,
        &heads.epoch,
        &heads.first,
        &heads.last,
        &heads.status as _,
        &heads.title as _,
        &heads.updated_at,
        &heads.command_count,
        &heads.runtime_session as _,
        &heads.project_source as _,
        &heads.workspace_index as _,
        &heads.workspace_offset as _,
        new_sessions.as_deref(),
        &workspaces.id,
        &workspaces.tenant as _,
        &workspaces.user as _,
        &workspaces.taken,
        &events.append,
        &events.sequence,
        &events.event_type as _,
        &events.payload as _,
        &events.at,
        &commands.id,
        &commands.append,
        &commands.is_new,
        &commands.sequence,
        &commands.kind as _,
        &commands.payload as _,
        &commands.status as _,
        &commands.attempt,
        &commands.created_at,
        &commands.finished_at as _,
        &commands.error_code as _,
        &commands.error_text as _,
        &work.append,
        &work.command,
        &work.kind as _,
        &work.source as _,
        &work.account as _,
        &work.steps,
        &work.attempt,
        &work.place,
        &work.elapsed as _,
        &work.error_code as _,
        &work.at,
        usage.as_deref(),
        audit.as_deref(),
    )
    .fetch_one(connection)
    .await
}

impl Answer {
    fn read(self, heads: &Heads<'_>) -> BatchOutcome {
        let Some(refused) = self.refused else {
            let bases = self.ws_base.unwrap_or_default();
            return BatchOutcome::Committed(heads.firsts(&bases));
        };
        let duplicates = self.duplicates.unwrap_or_default();
        let mut refusals = BTreeMap::new();
        // An append can be named more than once; that somebody else owns its session comes first.
        for (index, duplicate) in refused.into_iter().zip(duplicates.into_iter().chain(std::iter::repeat(None))) {
            let index = usize::try_from(index - 1).unwrap_or(0);
            let refusal = duplicate.map_or(Refusal::NotOwner, |id| Refusal::DuplicateCommand(CommandId::from_uuid(id)));
            refusals.entry(index).or_insert(refusal);
        }
        BatchOutcome::Refused(refusals)
    }
}

fn read_error(error: sqlx::Error) -> AppendError {
    let is_answer = matches!(&error, sqlx::Error::Database(_));
    match StoreError::from(error) {
        StoreError::Database { code, .. } if code == "CW001" => AppendError::Fenced,
        StoreError::Database { code, message } if is_answer => AppendError::Rejected(Rejection { code, message }),
        // Also when the server ended the connection: it may have committed before.
        other => AppendError::OutcomeUnknown(other.to_string()),
    }
}

fn has_distinct_sessions(appends: &[&Append]) -> bool {
    let mut seen = std::collections::HashSet::new();
    appends.iter().all(|append| seen.insert(append.identity.session))
}
