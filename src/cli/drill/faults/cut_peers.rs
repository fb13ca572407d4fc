//! Two nodes don't reach each other any more, although both reach the database and everybody else.

use super::Stage;
use crate::cli::drill::{cluster::Part, proxy::Line};
use anyhow::ensure;
use std::time::{Duration, Instant};

/// A cut link is noticed by missed heartbeats, of which there are two a second.
const NOTICE_PATIENCE: Duration = Duration::from_secs(15);
const GLANCE: Duration = Duration::from_millis(50);

pub(super) async fn inject(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    let victim = stage.busiest_worker().await?;
    let others: Vec<String> = stage.cluster.names(Part::Web).into_iter().chain(stage.cluster.names(Part::Worker)).collect();
    let others: Vec<String> = others.into_iter().filter(|name| *name != victim.name).collect();
    ensure!(!others.is_empty(), "there is nobody to cut {} off from", victim.name);
    let other = &others[stage.dice.below(others.len())];
    let (line, switchboard) = (Line::between(&victim.name, other), stage.cluster.switchboard().clone());

    let at = stage.now();
    switchboard.cut(line.clone());
    stage.incident(at, &victim.name, &victim.busy).await?;
    // By now what was being passed on in the moment of the cut has arrived.
    let before = switchboard.traffic(&line);
    ensure!(before.connections > 0, "there was no connection between {line} to cut");
    let begin = Instant::now();
    while stage.cluster.is_linked(other, &victim.name).await? {
        ensure!(begin.elapsed() < NOTICE_PATIENCE, "{other} doesn't notice within {NOTICE_PATIENCE:?} that it lost {}", victim.name);
        tokio::time::sleep(GLANCE).await;
    }
    let noticed = begin.elapsed();
    // Long enough that something that leans on the link would be missed.
    tokio::time::sleep(stage.cluster.lease().saturating_sub(noticed)).await;
    let after = switchboard.traffic(&line);
    switchboard.heal(&line);
    ensure!(after.bytes == before.bytes, "{} bytes passed a cut line", after.bytes - before.bytes);
    stage.prove(format!("nothing passed between {line} for {:.1?}; noticed after {noticed:.1?}", begin.elapsed()));
    Ok(())
}
