//! Folding costs and artifacts.

use super::{ProjectedArtifact, Projection};
use crate::{
    event::{ArtifactRecord, TOOL_ID, TOOL_NAME},
    ids::Sequence,
    runtime_event::Tokens,
};

impl Projection {
    pub(super) fn cost_updated(&mut self, cost: f64, tokens: &Tokens) {
        let sum = self.session_cost + cost;
        // A sum that isn't a number could not be written to a snapshot and read back.
        if sum.is_finite() {
            self.session_cost = sum;
        }
        let total = &mut self.session_tokens;
        total.input = total.input.saturating_add(tokens.input);
        total.output = total.output.saturating_add(tokens.output);
        total.reasoning = total.reasoning.saturating_add(tokens.reasoning);
        total.cache_read = total.cache_read.saturating_add(tokens.cache_read);
        total.cache_write = total.cache_write.saturating_add(tokens.cache_write);
        if tokens.input > 0 {
            self.last_input_tokens = tokens.input;
        }
    }

    pub(super) fn artifact(&mut self, record: &ArtifactRecord, sequence: Sequence) {
        let known = self.artifacts.iter_mut().rfind(|artifact| artifact.id == record.artifact_id);
        let artifact = ProjectedArtifact {
            id: record.artifact_id.clone(),
            tool_id: TOOL_ID.to_owned(),
            tool_name: TOOL_NAME.to_owned(),
            file_path: record.file_path(),
            filename: record.filename.clone(),
            order: known.as_ref().map_or(sequence, |artifact| artifact.order),
            source: "cloud".to_owned(),
            cloud_artifact_id: record.artifact_id.clone(),
            task_run_id: record.task_run_id.clone(),
            mime: record.mime.clone(),
            size: record.size,
            created_at: record.created_at.clone(),
            updated_at: record.updated_at.clone(),
            kind: record.kind.clone(),
            status: record.status.clone(),
            author_agent_id: record.author_agent_id.clone(),
            project_id: record.project_id.clone(),
            task_id: record.task_id.clone(),
            status_updated_by: record.status_updated_by.clone(),
            status_updated_at: record.status_updated_at.clone(),
        };
        match known {
            Some(known) => *known = artifact,
            None => self.artifacts.push(artifact),
        }
    }
}
