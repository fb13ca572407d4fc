//! What a binding's owner does about messages of its chats: in each thread one after the other, in the order in which they
//! came in, and threads beside each other.
//!
//! The messages stand in rows. Here is only known which threads are being worked on now, so that nobody works on one twice;
//! where two owners do for a moment, because one doesn't know yet that it was replaced, they make the same prompt.

mod keeper;
mod prompt;
mod thread;

pub(crate) use keeper::keep_inbox;

use super::BindingMsg;
use crate::{
    node::Shared,
    supervise::{Mail, contain},
};
use cowork_domain::channel::{ids::ChannelBindingId, inbox::InboxMessage, session::ChannelThread};
use ractor::ActorRef;
use std::{collections::HashSet, sync::Arc};

/// Threads of one binding that are worked on at the same time: a busy channel must not take all connections of its node.
const THREADS: usize = 16;
/// Threads that are looked at in one go.
const LOOKED_AT: u32 = 64;

/// What a binding's actor knows about its inbox.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    busy: HashSet<ChannelThread>,
    /// A look at the rows is under way.
    looking: bool,
    /// Something came in while that look was under way.
    asked_again: bool,
    /// A look found more than could be begun.
    left_some: bool,
}

impl Inbox {
    /// Whether nothing is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.busy.is_empty() && !self.looking
    }

    /// Looks which threads have something to do. Not in the mailbox: the database may take its time.
    pub(super) fn look(&mut self, myself: &ActorRef<Mail<BindingMsg>>, shared: &Arc<Shared>, binding: &ChannelBindingId) {
        if self.looking {
            self.asked_again = true;
            return;
        }
        (self.looking, self.asked_again, self.left_some) = (true, false, false);
        let (myself, task_shared, binding) = (myself.clone(), shared.clone(), binding.clone());
        shared.tasks.spawn(async move {
            let now = task_shared.clock.now();
            let looking = async {
                task_shared.store.first_inbox_messages(&binding, now, LOOKED_AT).await.unwrap_or_else(|error| {
                    tracing::warn!(%binding, %error, "the inbox of a binding can't be read now");
                    Vec::new()
                })
            };
            let found = contain("inbox_look", looking).await.unwrap_or_default();
            myself.cast(Mail::new(BindingMsg::InboxLooked { found })).ok();
        });
    }

    /// Begins with the threads that nobody works on.
    pub(super) fn looked(
        &mut self,
        myself: &ActorRef<Mail<BindingMsg>>,
        shared: &Arc<Shared>,
        binding: &ChannelBindingId,
        found: Vec<InboxMessage>,
    ) {
        self.looking = false;
        self.left_some = found.len() >= LOOKED_AT as usize;
        for first in found {
            let thread = first.told.thread();
            // Whoever works on a thread may have looked for its next message just before that came in.
            if self.busy.len() >= THREADS || !self.busy.insert(thread.clone()) {
                self.left_some = true;
                continue;
            }
            let (myself, task_shared) = (myself.clone(), shared.clone());
            shared.tasks.spawn(async move {
                contain("inbox_thread", thread::work_off(&task_shared, &first)).await;
                myself.cast(Mail::new(BindingMsg::InboxThreadDone { thread: Box::new(thread) })).ok();
            });
        }
        if self.asked_again {
            self.look(myself, shared, binding);
        }
    }

    /// Somebody ended their work on a thread.
    pub(super) fn thread_done(
        &mut self,
        myself: &ActorRef<Mail<BindingMsg>>,
        shared: &Arc<Shared>,
        binding: &ChannelBindingId,
        thread: &ChannelThread,
    ) {
        self.busy.remove(thread);
        if self.left_some {
            self.look(myself, shared, binding);
        }
    }
}
