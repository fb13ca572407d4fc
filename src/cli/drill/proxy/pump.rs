//! Carries bytes between two sockets as long as their line isn't cut.

use super::switchboard::Valve;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// So much is under way in each direction at most; beyond it the sender's own buffers fill up.
const BUFFER_BYTES: usize = 16 * 1024;
/// So much of a connection that is made while its line is cut is kept until the heal.
const HELD_BYTES: usize = 64 * 1024;

/// Both ways until both have ended or one broke. `early` was read from `near` already.
pub(super) async fn connect(
    (near_read, near_write): (impl AsyncRead + Unpin, impl AsyncWrite + Unpin),
    (far_read, mut far_write): (impl AsyncRead + Unpin, impl AsyncWrite + Unpin),
    early: &[u8],
    valve: Valve,
) -> io::Result<()> {
    let _counted = valve.connected();
    far_write.write_all(early).await?;
    valve.passed(early.len());
    tokio::try_join!(carry(near_read, far_write, valve.clone()), carry(far_read, near_write, valve.clone()))?;
    Ok(())
}

async fn carry(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, mut valve: Valve) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        valve.opened().await;
        let count = tokio::select! {
            biased;
            () = valve.closed() => continue,
            count = from.read(&mut buffer) => count,
        };
        // What was read in the moment of the cut waits here.
        valve.opened().await;
        match count? {
            0 => return to.shutdown().await,
            count => {
                to.write_all(&buffer[..count]).await?;
                valve.passed(count);
            }
        }
    }
}

/// Keeps a new connection on a cut line waiting, and what it sends. Returns `None` if it gives up
/// first: a connection that was never made can't arrive late.
pub(super) async fn hold(client: &mut (impl AsyncRead + Unpin), valve: &mut Valve) -> Option<Vec<u8>> {
    let mut held = Vec::new();
    while !valve.is_open() {
        let count = tokio::select! {
            () = valve.opened() => continue,
            count = client.read_buf(&mut held), if held.len() < HELD_BYTES => count,
        };
        if !matches!(count, Ok(1..)) {
            return None;
        }
    }
    Some(held)
}
