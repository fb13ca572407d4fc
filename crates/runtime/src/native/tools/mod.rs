//! What an agent can do besides talking: one file per tool.

mod artifact;
mod bash;
mod consent;
mod input;
mod list;
mod media_type;
mod question;
mod read;
mod sandbox;
mod task;
mod todo;
mod workspace;
mod write;

use super::{failure::Stop, reports::fresh_id, turn::Turn};
use crate::AllowedTools;
use cowork_domain::{
    policy::Ceiling,
    runtime_event::{RuntimeEvent, ToolReport, ToolStatus},
};
use rig_core::{
    completion::ToolDefinition,
    message::{ToolCall, ToolName},
};
pub(super) use sandbox::Sandbox;
use serde_json::{Map, Value, json};
pub(super) use workspace::FILE_JOBS;

/// How a tool call ended, with what the model is told.
pub(super) enum ToolRun {
    Done(String),
    Failed(String),
}

/// Why a tool call has no result.
enum ToolError {
    /// The model is told, and goes on.
    Refused(String),
    /// The turn ends.
    Stop(Stop),
}

impl ToolError {
    fn refused(reason: impl Into<String>) -> Self {
        Self::Refused(reason.into())
    }
}

impl From<Stop> for ToolError {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

type ToolResult = Result<String, ToolError>;

/// One call of a tool, as the session sees it.
struct Call<'a> {
    id: &'a str,
    input: &'a Map<String, Value>,
}

/// The tools by name.
#[derive(Clone, Copy)]
enum Tool {
    Read,
    List,
    Write,
    Question,
    Todo,
    Artifact,
    Bash,
    Task,
}

impl Tool {
    const ALL: [Self; 8] = [Self::Read, Self::List, Self::Write, Self::Question, Self::Todo, Self::Artifact, Self::Bash, Self::Task];

    const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::List => "list",
            Self::Write => "write",
            Self::Question => "question",
            Self::Todo => "todo",
            Self::Artifact => "artifact",
            Self::Bash => "bash",
            Self::Task => "task",
        }
    }

    fn describe(self) -> Description {
        match self {
            Self::Read => read::describe(),
            Self::List => list::describe(),
            Self::Write => write::describe(),
            Self::Question => question::describe(),
            Self::Todo => todo::describe(),
            Self::Artifact => artifact::describe(),
            Self::Bash => bash::describe(),
            Self::Task => task::describe(),
        }
    }

    fn definition(self) -> ToolDefinition {
        let (description, properties, required) = self.describe();
        let name = ToolName::new(self.name()).expect("every tool has a name");
        ToolDefinition::new(name, description, json!({ "type": "object", "properties": properties, "required": required }))
    }

    /// Whether it asks a person by itself.
    const fn asks(self) -> bool {
        matches!(self, Self::Write | Self::Bash)
    }

    /// As far as the organisation's policy lets it go.
    async fn run_as_allowed(self, turn: &mut Turn<'_>, call: &Call<'_>) -> ToolResult {
        let name = self.name();
        match turn.ceiling(name).await? {
            Ceiling::Deny => return Err(ToolError::refused(format!("the organization's policy doesn't allow {name}"))),
            Ceiling::Ask if !self.asks() => turn.ask_permission(name, call.input, format!("use {name}")).await?,
            Ceiling::Ask | Ceiling::Allow => {}
        }
        self.run(turn, call).await
    }

    async fn run(self, turn: &mut Turn<'_>, call: &Call<'_>) -> ToolResult {
        match self {
            Self::Read => read::run(turn, call).await,
            Self::List => list::run(turn, call).await,
            Self::Write => write::run(turn, call).await,
            Self::Question => question::run(turn, call).await,
            Self::Todo => todo::run(turn, call).await,
            Self::Artifact => artifact::run(turn, call).await,
            Self::Bash => bash::run(turn, call).await,
            Self::Task => task::run(turn, call).await,
        }
    }
}

/// A tool's words for the model: what it does, its arguments, and which of them it needs.
type Description = (&'static str, Value, &'static [&'static str]);

/// What the model is offered.
pub(super) fn definitions(allowed: &AllowedTools) -> Vec<ToolDefinition> {
    Tool::ALL.into_iter().filter(|tool| allowed.allows(tool.name())).map(Tool::definition).collect()
}

/// A tool as people are told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedTool {
    /// Its name, as in a profile's list of tools.
    pub name: &'static str,
    /// What it does.
    pub description: &'static str,
}

/// The tools that agents have, as far as they are allowed.
pub fn offered_tools(allowed: &AllowedTools) -> Vec<OfferedTool> {
    let allowed = Tool::ALL.into_iter().filter(|tool| allowed.allows(tool.name()));
    allowed.map(|tool| OfferedTool { name: tool.name(), description: tool.describe().0 }).collect()
}

/// Performs one tool call and reports how it goes.
pub(super) async fn perform(turn: &mut Turn<'_>, call: &ToolCall) -> Result<ToolRun, Stop> {
    let (name, input) = (call.function.name.as_str(), &call.function.arguments);
    let id = fresh_id("tool_");
    let report =
        |status, output| RuntimeEvent::Tool(ToolReport { id: id.clone(), name: name.to_owned(), input: input.clone(), status, output });
    turn.reports.send(report(ToolStatus::Running, None)).await?;
    let offered = |tool: &Tool| tool.name() == name && turn.shared.tools.allows(name);
    let result = match Tool::ALL.into_iter().find(offered) {
        None => Err(ToolError::refused(format!("there is no tool named {name}"))),
        Some(_) if call.function.invalid_arguments.is_some() => Err(ToolError::refused("the arguments are not a JSON object")),
        // Boxed: some tools hold large futures, and most turns call none.
        Some(tool) => Box::pin(tool.run_as_allowed(turn, &Call { id: &id, input })).await,
    };
    let (status, output) = match result {
        Ok(output) => (ToolStatus::Complete, output),
        Err(ToolError::Refused(reason)) => (ToolStatus::Error, reason),
        Err(ToolError::Stop(stop)) => return Err(stop),
    };
    turn.reports.send(report(status, Some(output.clone()))).await?;
    Ok(if status == ToolStatus::Complete { ToolRun::Done(output) } else { ToolRun::Failed(output) })
}
