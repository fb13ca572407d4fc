//! A worker doesn't reach the database any more, for longer than its lease; its peers do, and it reaches them.

use super::{Stage, TAKE_OVER_PATIENCE};
use crate::cli::drill::proxy::Line;
use anyhow::ensure;
use std::time::{Duration, Instant};

/// Beyond the lease: until the others have taken over, and a while.
const BEYOND_LEASE: Duration = Duration::from_secs(3);

pub(super) async fn inject(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    let victim = stage.busiest_worker().await?;
    let (line, switchboard) = (Line::Database(victim.name.clone()), stage.cluster.switchboard().clone());
    let at = stage.now();
    let begin = Instant::now();
    switchboard.cut(line.clone());
    stage.incident(at, &victim.name, &victim.busy).await?;
    // By now what was being passed on in the moment of the cut has arrived.
    let before = switchboard.traffic(&line);
    ensure!(before.connections > 0, "there was no connection between {line} to cut");
    let patience = stage.cluster.lease() + TAKE_OVER_PATIENCE;
    let took = stage.cluster.until_taken_over(&victim.name, victim.life, patience).await?;
    tokio::time::sleep((stage.cluster.lease() + BEYOND_LEASE).saturating_sub(begin.elapsed())).await;
    let after = switchboard.traffic(&line);
    switchboard.heal(&line);
    ensure!(after.bytes == before.bytes, "{} bytes passed a cut line", after.bytes - before.bytes);
    stage.prove(format!("nothing passed between {line} for {:.1?}; others owned all its shards after {took:.1?}", begin.elapsed()));
    Ok(())
}
