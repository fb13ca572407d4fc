//! Answers of people in chats that no session has yet, because whoever took them died right after that.

use crate::{
    node::{NodeHandle, Shared},
    session::SessionError,
};
use cowork_domain::{channel::interaction::InteractionState, session::CommandSource};
use cowork_store::InteractionCommand;
use futures_util::StreamExt;
use std::{sync::Arc, time::Duration};

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Whoever took an answer gets this long to tell it, in milliseconds; told twice, it is the same command.
const GRACE_MS: i64 = 5_000;
/// An answer that could not be told for a day is not told any more: nobody waits for it.
const PATIENCE_MS: i64 = 24 * 60 * 60 * 1000;
/// Answers that are told in one go, and at the same time.
const TOLD: u32 = 256;
const AT_ONCE: usize = 8;

/// Works until the node stops.
pub(crate) async fn keep_answers(shared: Arc<Shared>) {
    loop {
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = tokio::time::sleep(shared.clock.jitter(LOOK_EVERY)) => {}
        }
        let Some(owned) = shared.ownership.now().filter(|owned| !owned.epochs.is_empty()) else { continue };
        let shards: Vec<_> = owned.epochs.keys().copied().collect();
        let used_before = shared.clock.now().plus_millis(-GRACE_MS);
        match shared.store.untold_channel_interactions(&shards, used_before, TOLD).await {
            Ok(untold) => futures_util::stream::iter(untold).for_each_concurrent(AT_ONCE, |order| tell(&shared, order)).await,
            Err(error) => tracing::warn!(%error, "answers from chats can't be looked for now"),
        }
    }
}

async fn tell(shared: &Arc<Shared>, order: InteractionCommand) {
    let (node, interaction) = (NodeHandle { shared: shared.clone() }, &order.interaction);
    let told = node.submit_from(CommandSource::Interaction, &order.by, interaction.session, order.command, order.kind).await;
    let now = shared.clock.now();
    let is_late = matches!(interaction.state, InteractionState::Used { at } if at.plus_millis(PATIENCE_MS) < now);
    match told {
        Ok(_) => tracing::info!(interaction = %interaction.id, "an answer was told for whoever took it"),
        Err(SessionError::Unavailable | SessionError::Quarantined { .. } | SessionError::EntityQuarantined { .. }) if !is_late => return,
        Err(error) => tracing::warn!(interaction = %interaction.id, %error, "an answer reaches no session"),
    }
    if let Err(error) = shared.store.channel_interaction_told(&interaction.org, &interaction.id, now).await {
        tracing::warn!(%error, "an answer that was told will be told again, without effect");
    }
}
