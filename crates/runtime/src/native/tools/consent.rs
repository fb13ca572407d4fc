//! Asking a person before something is done.

use super::{
    super::{failure::Stop, reports::fresh_id, turn::Turn},
    ToolError,
};
use cowork_domain::runtime_event::{Answer, RuntimeEvent};
use serde_json::{Map, Value};

impl Turn<'_> {
    /// Asks for permission, and waits. A denial is the tool's error.
    pub(super) async fn ask_permission(&mut self, tool: &str, input: &Map<String, Value>, description: String) -> Result<(), ToolError> {
        let id = fresh_id("perm_");
        let mut ask = self.asks.permission(&id);
        let asked = RuntimeEvent::PermissionRequested { id, tool: tool.to_owned(), input: input.clone(), description };
        self.reports.send(asked).await?;
        match self.waiting_for_a_person(ask.answered()).await {
            Some(Answer::Permission { allowed: true, .. }) => Ok(()),
            Some(_) => Err(ToolError::refused("denied by the user")),
            None => Err(Stop::Gone.into()),
        }
    }
}
