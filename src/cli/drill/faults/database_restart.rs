//! The database server stops and starts: every connection breaks and every lock is free.

use super::Stage;
use anyhow::ensure;
use std::time::Instant;

pub(super) async fn inject(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    let busy = stage.all_busy().await?;
    let (at, begin) = (stage.now(), Instant::now());
    let (before, after) = stage.cluster.restart_database().await?;
    let took = begin.elapsed();
    ensure!(before != after, "the database server is still process {before}");
    stage.incident(at, "database", &busy).await?;
    stage.prove(format!("the server's process {before} became {after} within {took:.1?}"));
    Ok(())
}
