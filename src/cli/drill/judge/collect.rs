//! Reads the evidence from the database.

use super::evidence::{Evidence, LoggedEvent, What, WorkspaceEvent};
use crate::cli::drill::history::Subject;
use anyhow::Context;
use cowork_domain::{
    event::EventType,
    ids::{CommandId, Sequence, SessionId, ShardId, WorkspaceId},
};
use cowork_store::{FenceViolation, Store, StoredEvent};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

const PAGE: u32 = 1000;
const READING_AT_ONCE: usize = 4;

/// Everything about these sessions, workspaces and commands; what broke the fence was watched for meanwhile.
pub(in super::super) async fn collect(
    store: &Store,
    sessions: &[SessionId],
    workspaces: &[WorkspaceId],
    commands: &[CommandId],
    fenced_writes: Vec<FenceViolation>,
) -> anyhow::Result<Evidence> {
    let sessions = stream::iter(sessions.iter().copied())
        .map(|session| async move { anyhow::Ok((session, session_log(store, session).await?)) })
        .buffered(READING_AT_ONCE)
        .try_collect()
        .await?;
    let workspaces = stream::iter(workspaces.iter().copied())
        .map(|workspace| workspace_log(store, workspace))
        .buffered(READING_AT_ONCE)
        .try_collect()
        .await?;
    let commands: Vec<_> = stream::iter(commands.iter().copied())
        .map(|id| async move { anyhow::Ok(store.find_command(id).await?.map(|(_, command)| (id, command.status))) })
        .buffered(READING_AT_ONCE)
        .try_collect()
        .await
        .context("the commands can't be read")?;
    Ok(Evidence { sessions, workspaces, commands: commands.into_iter().flatten().collect(), fenced_writes })
}

/// The last number of every log.
pub(in super::super) async fn heads(
    store: &Store,
    sessions: &[SessionId],
    workspaces: &[WorkspaceId],
) -> anyhow::Result<BTreeMap<Subject, u64>> {
    let mut heads = BTreeMap::new();
    for session in sessions {
        heads.insert(Subject::Session(*session), store.session_bounds(*session).await?.latest.0);
    }
    for (user, workspace) in workspaces.iter().enumerate() {
        heads.insert(Subject::Workspace(user), store.workspace_bounds(*workspace).await?.latest.0);
    }
    Ok(heads)
}

/// Which of these sessions have unfinished commands.
pub(in super::super) async fn unfinished(store: &Store, sessions: &BTreeSet<SessionId>) -> anyhow::Result<BTreeSet<SessionId>> {
    let shards: Vec<ShardId> = (0..ShardId::DEFAULT_COUNT).map(ShardId).collect();
    let unfinished = store.sessions_with_unfinished_commands(&shards).await?;
    Ok(unfinished.into_iter().filter(|session| sessions.contains(session)).collect())
}

async fn session_log(store: &Store, session: SessionId) -> anyhow::Result<Vec<LoggedEvent>> {
    let mut log: Vec<LoggedEvent> = Vec::new();
    loop {
        let after = Sequence(log.last().map_or(0, |event| event.sequence));
        let page = store.read_events(session, after, PAGE).await.with_context(|| format!("the log of {session} can't be read"))?;
        if page.is_empty() {
            return Ok(log);
        }
        for event in page {
            log.push(LoggedEvent { sequence: event.sequence.0, what: what(&event)? });
        }
    }
}

async fn workspace_log(store: &Store, workspace: WorkspaceId) -> anyhow::Result<Vec<WorkspaceEvent>> {
    let mut log: Vec<WorkspaceEvent> = Vec::new();
    loop {
        let after = Sequence(log.last().map_or(0, |event| event.sequence));
        let page = store.read_workspace_events(workspace, after, PAGE).await.context("a workspace can't be read")?;
        if page.is_empty() {
            return Ok(log);
        }
        for entry in page {
            let created = match entry.event.event_type {
                EventType::SessionCreated => {
                    let Created { title } = serde_json::from_str(&entry.event.payload)?;
                    Some((entry.session, title.unwrap_or_default()))
                }
                _ => None,
            };
            log.push(WorkspaceEvent { sequence: entry.workspace_sequence.0, created });
        }
    }
}

#[derive(Deserialize)]
struct Created {
    title: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Prompt {
    command_id: Option<CommandId>,
    text: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    message_id: Option<String>,
    content: String,
    mode: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    command_id: Option<CommandId>,
}

/// Reads a payload as it was stored.
fn what(event: &StoredEvent) -> serde_json::Result<What> {
    Ok(match event.event_type {
        EventType::PromptSubmitted => {
            let Prompt { command_id, text } = serde_json::from_str(&event.payload)?;
            What::Prompt { command: command_id, text }
        }
        EventType::AssistantMessage => {
            let Answer { message_id, content, mode } = serde_json::from_str(&event.payload)?;
            What::Answer { message: message_id.unwrap_or_default(), content, append: mode.as_deref() == Some("append") }
        }
        EventType::RuntimeError => {
            let Failure { command_id } = serde_json::from_str(&event.payload)?;
            What::Error { command: command_id }
        }
        EventType::SessionIdle => What::Idle,
        _ => What::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use cowork_domain::{event::EventBody, event::MessageMode, timestamp::Timestamp};
    use uuid::Uuid;

    fn stored(body: &EventBody) -> StoredEvent {
        let (event_type, payload) = (body.event_type(), body.payload().into());
        StoredEvent { sequence: Sequence(1), event_type, payload, at: Timestamp::from_millis(0) }
    }

    #[test]
    fn payloads_are_read_as_they_are_written() {
        let command = Some(CommandId::from_uuid(Uuid::from_u128(7)));
        let prompt = EventBody::PromptSubmitted {
            command_id: command,
            message_id: None,
            text: "hello".into(),
            agent: None,
            attachments: None,
            imported: false,
        };
        assert_eq!(what(&stored(&prompt)).expect("read"), What::Prompt { command, text: "hello".into() });
        let piece = |mode| EventBody::AssistantMessage {
            message_id: Some("m".into()),
            content: "hi".into(),
            mode,
            attachments: None,
            imported: false,
        };
        let read = |append| What::Answer { message: "m".into(), content: "hi".into(), append };
        assert_eq!(what(&stored(&piece(MessageMode::Append))).expect("read"), read(true));
        assert_eq!(what(&stored(&piece(MessageMode::Replace))).expect("read"), read(false));
        let error = EventBody::RuntimeError { id: None, command_id: command, message: None, code: None };
        assert_eq!(what(&stored(&error)).expect("read"), What::Error { command });
    }
}
