//! Every node is stopped in order and started again, one after the other, as an update does it.

use super::Stage;
use crate::cli::drill::cluster::Part;
use anyhow::ensure;
use std::time::{Duration, Instant};

/// A node hands its work over in a second or so; it may also wait for a turn that can't be parked.
const STOP_PATIENCE: Duration = Duration::from_secs(45);
const SETTLE_PATIENCE: Duration = Duration::from_secs(60);

pub(super) async fn inject(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    for name in stage.cluster.names(Part::Worker) {
        let victim = stage.worker(&name).await?;
        let (at, before) = (stage.now(), stage.cluster.pid(&name)?);
        stage.incident(at, &name, &victim.busy).await?;
        restart(stage, &name, before).await?;
    }
    for name in stage.cluster.names(Part::Web) {
        let before = stage.cluster.pid(&name)?;
        restart(stage, &name, before).await?;
    }
    Ok(())
}

async fn restart(stage: &mut Stage<'_>, name: &str, before: i32) -> anyhow::Result<()> {
    let begin = Instant::now();
    let status = stage.cluster.terminate(name, STOP_PATIENCE).await?;
    ensure!(status.success(), "{name} did not stop in order ({status})");
    let stopped = begin.elapsed();
    stage.cluster.start_node(name).await?;
    ensure!(stage.cluster.pid(name)? != before, "{name} is still process {before}");
    stage.cluster.settle(SETTLE_PATIENCE).await?;
    stage.prove(format!("{name} stopped in order within {stopped:.1?} and was back after {:.1?}", begin.elapsed()));
    Ok(())
}
