//! What a node says of itself and of those that work.

use crate::{
    http::{error::ApiError, gate::Caller, state::HttpState},
    identity::Proof,
};
use cowork_actors::Heartbeat;
use serde::Serialize;

/// What this node does.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Capabilities<'a> {
    role: &'static str,
    profile_name: &'a str,
    /// Whether agents run in this process.
    can_execute: bool,
    /// Whether commands are taken up here or by other nodes.
    command_processing: &'static str,
    /// Snapshots of sessions are kept.
    checkpoints: bool,
}

impl<'a> Capabilities<'a> {
    pub(super) fn of(state: &'a HttpState) -> Self {
        let role = state.options.role;
        Self {
            role: role.as_str(),
            profile_name: &state.options.profile_name,
            can_execute: role.executes(),
            command_processing: if role.executes() { "inline" } else { "delegated" },
            checkpoints: true,
        }
    }
}

/// Who works. Organisations see which of their own sessions each node is at work on, and operators of the deployment see all.
pub(super) async fn heartbeats(state: &HttpState, caller: &Caller) -> Result<Vec<Heartbeat>, ApiError> {
    let member = caller.member();
    let org = (member.proof != Proof::Operator).then_some(&member.principal.org_id);
    Ok(state.node.heartbeats(org).await?)
}
