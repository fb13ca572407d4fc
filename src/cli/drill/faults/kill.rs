//! A worker's process is gone from one moment to the next.

use super::{Stage, TAKE_OVER_PATIENCE};

pub(super) async fn inject(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    let victim = stage.busiest_worker().await?;
    let at = stage.now();
    stage.cluster.kill(&victim.name).await?;
    stage.incident(at, &victim.name, &victim.busy).await?;
    let patience = stage.cluster.lease() + TAKE_OVER_PATIENCE;
    let took = stage.cluster.until_taken_over(&victim.name, victim.life, patience).await?;
    stage.prove(format!("{} was killed; others owned all its shards {took:.1?} later", victim.name));
    stage.cluster.start_node(&victim.name).await
}
