//! A worker's process stands still for longer than its lease, and then goes on where it was: the pause of
//! a garbage collector, of a virtual machine that moves, of a disk that hangs.

use super::{Stage, TAKE_OVER_PATIENCE};
use std::time::Duration;

/// So long after the take-over it wakes up, in the middle of what the others do by then.
const OVERLAP: Duration = Duration::from_millis(500);

pub(super) async fn inject(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    let victim = stage.busiest_worker().await?;
    let at = stage.now();
    stage.cluster.freeze(&victim.name).await?;
    stage.incident(at, &victim.name, &victim.busy).await?;
    let patience = stage.cluster.lease() + TAKE_OVER_PATIENCE;
    let took = stage.cluster.until_taken_over(&victim.name, victim.life, patience).await?;
    tokio::time::sleep(OVERLAP).await;
    stage.cluster.thaw(&victim.name).await?;
    stage.prove(format!("{} stood still; others owned all its shards {took:.1?} later, and it went on after that", victim.name));
    Ok(())
}
