//! Work on a session's state that grows with its length: serialising it, drawing it, folding a whole import into it.

use super::actor::SessionCore;
use crate::heavy::HeavyWork;
use cowork_domain::session::SessionState;

impl SessionCore {
    /// Does work on the state that takes its time where so many bytes are looked at. A long state goes to another thread for that
    /// and comes back; until then the mailbox waits, so nobody sees that it is away. If the work panics, the state is lost, and the
    /// actor is with it.
    pub(super) async fn on_state<T: Send + 'static>(
        &mut self,
        bytes: usize,
        work: impl FnOnce(&mut SessionState) -> T + Send + 'static,
    ) -> T {
        if !HeavyWork::is_large(bytes) {
            return work(&mut self.state);
        }
        // Boxed, because an actor keeps room for all that it may ever wait for.
        Box::pin(self.on_state_elsewhere(bytes, work)).await
    }

    async fn on_state_elsewhere<T: Send + 'static>(
        &mut self,
        bytes: usize,
        work: impl FnOnce(&mut SessionState) -> T + Send + 'static,
    ) -> T {
        let mut state = std::mem::replace(&mut self.state, SessionState::new((*self.identity).clone()));
        let work_on_it = move || {
            let done = work(&mut state);
            (state, done)
        };
        let (state, done) = self.shared.heavy.run(bytes, work_on_it).await;
        self.state = state;
        done
    }
}
