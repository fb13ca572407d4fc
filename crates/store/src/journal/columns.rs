//! A batch as the columns that the journal function takes. Payloads are borrowed: they are copied
//! once, into the message to the server.

use super::{Append, Rejection, records};
use crate::column::{bigint, instant, sequence};
use cowork_domain::{ids::Sequence, session::CommandWrite};
use std::collections::BTreeMap;
use time::OffsetDateTime;
use uuid::Uuid;

/// One element per append.
#[derive(Default)]
pub(super) struct Heads<'a> {
    pub(super) session: Vec<Uuid>,
    pub(super) org: Vec<&'a str>,
    pub(super) shard: Vec<i32>,
    pub(super) epoch: Vec<i64>,
    pub(super) first: Vec<i64>,
    pub(super) last: Vec<i64>,
    pub(super) status: Vec<&'static str>,
    pub(super) title: Vec<Option<&'a str>>,
    pub(super) updated_at: Vec<OffsetDateTime>,
    pub(super) command_count: Vec<i64>,
    pub(super) runtime_session: Vec<&'a str>,
    pub(super) project_source: Vec<Option<&'a str>>,
    /// Index from 1 into the workspaces.
    pub(super) workspace_index: Vec<Option<i32>>,
    /// Offset from 1 in the range that the batch takes there.
    pub(super) workspace_offset: Vec<Option<i64>>,
}

/// One element per workspace that gets events: distinct and sorted, which keeps lanes from dead-locking.
#[derive(Default)]
pub(super) struct Workspaces<'a> {
    pub(super) id: Vec<Uuid>,
    pub(super) tenant: Vec<&'a str>,
    pub(super) user: Vec<&'a str>,
    pub(super) taken: Vec<i64>,
}

/// One element per event.
#[derive(Default)]
pub(super) struct Events<'a> {
    pub(super) append: Vec<i32>,
    pub(super) sequence: Vec<i64>,
    pub(super) event_type: Vec<&'static str>,
    pub(super) payload: Vec<&'a str>,
    pub(super) at: Vec<OffsetDateTime>,
}

/// One element per command.
#[derive(Default)]
pub(super) struct Commands<'a> {
    pub(super) id: Vec<Uuid>,
    pub(super) append: Vec<i32>,
    pub(super) is_new: Vec<bool>,
    pub(super) sequence: Vec<i64>,
    pub(super) kind: Vec<Option<&'static str>>,
    pub(super) payload: Vec<Option<String>>,
    pub(super) status: Vec<&'static str>,
    pub(super) attempt: Vec<i32>,
    pub(super) created_at: Vec<OffsetDateTime>,
    pub(super) finished_at: Vec<Option<OffsetDateTime>>,
    pub(super) error_code: Vec<Option<&'a str>>,
    pub(super) error_text: Vec<Option<&'a str>>,
}

/// One element per append and command whose work it says something of.
#[derive(Default)]
pub(super) struct Work<'a> {
    pub(super) append: Vec<i32>,
    pub(super) command: Vec<Uuid>,
    pub(super) kind: Vec<&'a str>,
    pub(super) source: Vec<Option<&'a str>>,
    pub(super) account: Vec<Option<&'a str>>,
    pub(super) steps: Vec<i16>,
    pub(super) attempt: Vec<i32>,
    pub(super) place: Vec<i64>,
    pub(super) elapsed: Vec<Option<i64>>,
    pub(super) error_code: Vec<Option<&'a str>>,
    pub(super) at: Vec<OffsetDateTime>,
}

/// A whole batch.
#[derive(Default)]
pub(super) struct Columns<'a> {
    pub(super) heads: Heads<'a>,
    pub(super) workspaces: Workspaces<'a>,
    pub(super) events: Events<'a>,
    pub(super) commands: Commands<'a>,
    pub(super) work: Work<'a>,
    /// JSON arrays, absent when there is nothing: these rows are rarer than events.
    pub(super) new_sessions: Option<String>,
    pub(super) usage: Option<String>,
    pub(super) audit: Option<String>,
}

/// The range of one workspace while it is being counted.
struct Taken<'a> {
    append: &'a Append,
    count: i64,
    /// 1 for the first in order; known once all are.
    index: i32,
}

impl<'a> Columns<'a> {
    /// Flattens a batch.
    ///
    /// # Errors
    /// An append whose events aren't dense from its `first`: the batch must not be sent.
    pub(super) fn of(appends: &[&'a Append]) -> Result<Self, Rejection> {
        let mut columns = Self::default();
        let mut taken: BTreeMap<Uuid, Taken<'a>> = BTreeMap::new();
        for append in appends.iter().filter(|append| !append.events.is_empty()) {
            let range = taken.entry(append.workspace.as_uuid()).or_insert(Taken { append, count: 0, index: 0 });
            range.count += length(append.events.len());
        }
        for (range, index) in taken.values_mut().zip(1_i32..) {
            range.index = index;
        }
        for (id, range) in &mut taken {
            columns.workspaces.id.push(*id);
            columns.workspaces.tenant.push(range.append.identity.tenant.as_str());
            columns.workspaces.user.push(range.append.identity.user.as_str());
            columns.workspaces.taken.push(range.count);
            // From here on it says how much of the range is given out.
            range.count = 0;
        }

        for (append, index) in appends.iter().zip(1_i32..) {
            let range = taken.get_mut(&append.workspace.as_uuid()).filter(|_| !append.events.is_empty());
            columns.heads.push(append, range);
            columns.events.push_all(append, index)?;
            columns.commands.push_all(append, index);
            columns.work.push_all(append, index);
        }
        columns.new_sessions =
            records::array(appends.iter().filter(|append| append.first.0 == 1).map(|append| records::NewSession::of(append)));
        columns.usage = records::array(appends.iter().flat_map(|append| &append.usage).map(records::Usage::of));
        columns.audit = records::array(appends.iter().flat_map(|append| &append.audit).map(records::Audit::of));
        Ok(columns)
    }
}

impl<'a> Heads<'a> {
    /// The place of each append's first event in its workspace, from the last places before the batch.
    pub(super) fn firsts(&self, bases: &[i64]) -> Vec<Option<Sequence>> {
        let places = self.workspace_index.iter().zip(&self.workspace_offset);
        let first = |(index, offset): (&Option<i32>, &Option<i64>)| {
            let base = bases.get(usize::try_from((*index)? - 1).ok()?)?;
            Some(sequence(base + (*offset)?))
        };
        places.map(first).collect()
    }

    fn push(&mut self, append: &'a Append, range: Option<&mut Taken<'a>>) {
        let head = &append.head;
        self.session.push(append.identity.session.as_uuid());
        self.org.push(append.identity.org.as_str());
        self.shard.push(append.shard.0);
        self.epoch.push(append.epoch.0);
        self.first.push(bigint(append.first.0));
        self.last.push(bigint(append.first.0) - 1 + length(append.events.len()));
        self.status.push(head.status.as_str());
        self.title.push(head.title.as_deref());
        self.updated_at.push(instant(head.updated_at));
        self.command_count.push(bigint(head.command_count));
        self.runtime_session.push(&head.runtime_session);
        self.project_source.push(head.project_source.as_deref());
        self.workspace_index.push(range.as_ref().map(|range| range.index));
        self.workspace_offset.push(range.map(|range| {
            let offset = range.count + 1;
            range.count += length(append.events.len());
            offset
        }));
    }
}

impl<'a> Events<'a> {
    fn push_all(&mut self, append: &'a Append, index: i32) -> Result<(), Rejection> {
        for (event, expected) in append.events.iter().zip(append.first.0..) {
            if event.sequence.0 != expected {
                return Err(Rejection { code: "CW003".to_owned(), message: "the events of an append are not dense".to_owned() });
            }
            self.append.push(index);
            self.sequence.push(bigint(event.sequence.0));
            self.event_type.push(event.event_type.as_str());
            self.payload.push(&event.payload);
            self.at.push(instant(event.at));
        }
        Ok(())
    }
}

impl<'a> Commands<'a> {
    fn push_all(&mut self, append: &'a Append, index: i32) {
        for (position, command) in append.commands.iter().enumerate() {
            let is_same = |other: &&CommandWrite| other.id == command.id;
            if append.commands[position + 1..].iter().any(|later| is_same(&later)) {
                continue;
            }
            let is_new = append.commands[..=position].iter().filter(is_same).any(|write| write.is_new);
            self.id.push(command.id.as_uuid());
            self.append.push(index);
            self.is_new.push(is_new);
            self.sequence.push(bigint(command.created_sequence));
            self.kind.push(is_new.then(|| command.kind.as_str()));
            self.payload.push(is_new.then(|| command.kind.payload().to_string()));
            self.status.push(command.status.as_str());
            self.attempt.push(number(command.attempt));
            self.created_at.push(instant(command.created_at));
            self.finished_at.push(command.status.is_final().then(|| instant(append.head.updated_at)));
            self.error_code.push(command.error.as_ref().map(|(code, _)| code.as_str()));
            self.error_text.push(command.error.as_ref().map(|(_, text)| text.as_str()));
        }
    }
}

impl<'a> Work<'a> {
    fn push_all(&mut self, append: &'a Append, index: i32) {
        for work in &append.work {
            let (source, account) = work.sender.as_ref().map(|(source, account)| (source.as_str(), account.as_str())).unzip();
            self.append.push(index);
            self.command.push(work.command.as_uuid());
            self.kind.push(&work.kind);
            self.source.push(source);
            self.account.push(account);
            self.steps.push(work.steps.bits());
            self.attempt.push(number(work.attempt));
            self.place.push(bigint(work.place.0));
            self.elapsed.push(work.elapsed_ms);
            self.error_code.push(work.error_code.as_deref());
            self.at.push(instant(work.at));
        }
    }
}

fn number(attempt: u32) -> i32 {
    i32::try_from(attempt).unwrap_or(i32::MAX)
}

fn length(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
