//! The messages of one thread, one after the other.

use super::prompt;
use crate::{cluster::Place, node::Shared, supervise::EntityKey};
use cowork_domain::channel::inbox::{AfterObstacle, InboxMessage, InboxState};
use cowork_store::StoreError;
use std::sync::Arc;

/// Makes prompts of the messages in a message's thread until none is left that can be one now. What fails stays in its row: the
/// keeper finds it again.
pub(super) async fn work_off(shared: &Arc<Shared>, found: &InboxMessage) {
    // What was found may be done since: the row is asked again.
    while is_owned(shared, found) {
        let worked = match shared.store.first_inbox_message_beside(found, shared.clock.now()).await {
            Ok(Some(message)) => work(shared, &message).await,
            Ok(None) => return,
            Err(error) => Err(error),
        };
        if let Err(error) = worked {
            return tracing::warn!(binding = %found.told.binding, %error, "a thread of a channel can't be worked off now");
        }
    }
}

async fn work(shared: &Arc<Shared>, message: &InboxMessage) -> Result<(), StoreError> {
    let became = prompt::become_prompt(shared, message).await;
    let now = shared.clock.now();
    let (state, outcome) = match became {
        Ok(done) => (done, "done"),
        Err(obstacle) => match message.after(obstacle, now) {
            AfterObstacle::Again(at) => {
                metrics::counter!("cowork_channel_inbox_messages_total", "outcome" => "postponed").increment(1);
                return shared.store.postpone_inbox_message(message, at, now).await;
            }
            AfterObstacle::Never { code, text } => (InboxState::Refused { code, text }, "refused"),
        },
    };
    shared.store.settle_inbox_message(message, &state, now).await?;
    metrics::counter!("cowork_channel_inbox_messages_total", "outcome" => outcome).increment(1);
    Ok(())
}

/// Another node goes on where this one isn't the owner any more, and a node that stops begins nothing.
fn is_owned(shared: &Shared, message: &InboxMessage) -> bool {
    let is_here = matches!(shared.place(&EntityKey::Binding(message.told.binding.clone())), Place::Here);
    is_here && !shared.stop.is_cancelled()
}
