//! A stream that survives its connections.

use super::{EventStream, ServerEvent};
use crate::{Client, ClientError};
use cowork_domain::ids::Sequence;
use futures_util::{Stream, stream};
use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::Duration,
};

const FIRST_DELAY: Duration = Duration::from_millis(100);
const LONGEST_DELAY: Duration = Duration::from_secs(10);

/// Events over as many connections as it takes, resumed by cursor.
///
/// Ends with the first error that trying again cannot mend, for example because access was revoked. A
/// `snapshot.required` event is handed on like any other: the caller must fetch the snapshot then.
pub struct ReconnectingEvents {
    client: Client,
    path: String,
    cursor: Sequence,
    current: Option<EventStream>,
    /// Connections that failed or brought nothing, in a row.
    fruitless: u32,
    ended: bool,
}

impl ReconnectingEvents {
    pub(super) fn new(client: Client, path: String, cursor: Sequence, current: Option<EventStream>) -> Self {
        Self { client, path, cursor, current, fruitless: 0, ended: false }
    }

    /// The sequence of the last event that was handed out.
    pub fn cursor(&self) -> Sequence {
        self.cursor
    }

    /// The next event, after as many new connections as it takes.
    pub async fn next_event(&mut self) -> Option<Result<ServerEvent, ClientError>> {
        while !self.ended {
            if let Some(current) = &mut self.current {
                match current.next_event().await {
                    Some(Ok(event)) => {
                        self.cursor = current.cursor();
                        self.fruitless = 0;
                        return Some(Ok(event));
                    }
                    Some(Err(error)) if !error.is_transient() => return Some(Err(self.end_with(error))),
                    Some(Err(_)) | None => self.current = None,
                }
            }
            if let Err(error) = self.reconnect().await {
                return Some(Err(self.end_with(error)));
            }
        }
        None
    }

    /// The same as a [`Stream`].
    pub fn into_stream(self) -> impl Stream<Item = Result<ServerEvent, ClientError>> + Send {
        stream::unfold(self, |mut events| async move { events.next_event().await.map(|event| (event, events)) })
    }

    /// Tries until a connection stands. The first try is immediate: streams end by plan every half hour.
    async fn reconnect(&mut self) -> Result<(), ClientError> {
        loop {
            if self.fruitless > 0 {
                tokio::time::sleep(jittered(backoff(self.fruitless))).await;
            }
            self.fruitless = self.fruitless.saturating_add(1);
            match EventStream::open(self.client.clone(), self.path.clone(), self.cursor).await {
                Ok(stream) => {
                    self.current = Some(stream);
                    return Ok(());
                }
                Err(error) if !error.is_transient() => return Err(error),
                Err(error) => {
                    if let Some(delay) = error.retry_after() {
                        tokio::time::sleep(delay.min(LONGEST_DELAY)).await;
                    }
                }
            }
        }
    }

    fn end_with(&mut self, error: ClientError) -> ClientError {
        self.ended = true;
        self.current = None;
        error
    }
}

fn backoff(fruitless: u32) -> Duration {
    FIRST_DELAY.saturating_mul(1 << fruitless.saturating_sub(1).min(10)).min(LONGEST_DELAY)
}

/// Between half of the delay and all of it, so that clients which lost the same server come back one by one.
fn jittered(delay: Duration) -> Duration {
    // A fresh hasher is keyed at random: enough for this, and no dependency.
    let share = RandomState::new().build_hasher().finish() % 512;
    delay.mul_f64(0.5 + f64::from(u16::try_from(share).unwrap_or(0)) / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_a_limit_and_keep_within_their_half() {
        assert_eq!((backoff(1), backoff(3)), (FIRST_DELAY, FIRST_DELAY * 4));
        assert_eq!((backoff(40), backoff(u32::MAX)), (LONGEST_DELAY, LONGEST_DELAY));
        let delay = jittered(Duration::from_secs(1));
        assert!((Duration::from_millis(500)..Duration::from_secs(1)).contains(&delay), "{delay:?}");
    }
}
