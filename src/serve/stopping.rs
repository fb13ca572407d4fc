//! How a server goes without anybody noticing.
//!
//! 1. It says that it is not ready, at once, and serves on.
//! 2. While load balancers turn away from it, it hands its sessions over to other nodes; requests for them then go there.
//! 3. It closes its door: running requests end, and one after another the streams, which their clients resume by cursor elsewhere.
//! 4. What still runs gets its grace and is parked, what waits for a person is parked at once; the lease is given up.

use crate::{config::server::ServerConfig, http};
use cowork_actors::NodeHandle;
use std::{future::Future, pin::Pin, time::Duration};

/// Sessions that nobody took over by then are given up with the lease, and found by others as unowned.
const HAND_OVER: Duration = Duration::from_secs(5);

/// Stops the node and then the door, which is served until it is closed.
pub(super) async fn in_order(server: &ServerConfig, node: NodeHandle, mut door: Pin<&mut impl Future<Output = ()>>, stop: http::Stop) {
    node.begin_drain();
    let parting = async {
        tokio::join!(tokio::time::sleep(server.drain_delay), node.hand_over_all(HAND_OVER.min(server.shutdown_grace)));
    };
    let is_open = tokio::select! {
        () = parting => true,
        () = &mut door => false,
    };
    stop.asked.cancel();
    let is_open = is_open
        && tokio::select! {
            () = stop.streams_ended.cancelled() => true,
            () = &mut door => false,
        };
    let door_closed = async {
        if is_open {
            door.await;
        }
    };
    tokio::join!(door_closed, node.stop(server.shutdown_grace));
}
