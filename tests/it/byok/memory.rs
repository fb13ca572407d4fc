//! What an organisation costs while it does nothing.

use super::{
    PROVIDER, owner, prompt,
    provider::{Provider, with},
    save,
};
use crate::{answer::answer, program::resident_bytes, server::Server, setting::Setting};
use cowork_store::test_database::TestDatabase;
use futures_util::{StreamExt as _, stream};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;

const KEY: &str = "sk-a-good-key-0123456789";
/// Organisations that prompt at a time.
const AT_ONCE: usize = 8;

/// Resident memory after so many organisations had a key and a prompt. The allocator gives back at once what is free, so the
/// difference is what they keep, and what they tear into its pages.
async fn grow(idle: &str, counts: [usize; 3]) {
    let provider = Provider::start(&[KEY]).await;
    let environment = provider.environment();
    let settings = with(&environment, &[("LOG_LEVEL", "warn"), ("ACTOR_IDLE_MS", idle), ("BYOK_REVALIDATE_EVERY", "0")]);
    let setting = Setting::new(Some(TestDatabase::create().await), &settings);
    let server = Server::launch(setting.with_foreign("_RJEM_MALLOC_CONF", "dirty_decay_ms:0,muzzy_decay_ms:0"));
    let (mut before, mut made) = (None, 0);
    for count in counts {
        stream::iter(made..count)
            .for_each_concurrent(AT_ONCE, |number| {
                let server = &server;
                async move {
                    let kim = owner(&format!("org-{number}"));
                    save(server, &kim, KEY).await;
                    let path = format!("/api/byok/{PROVIDER}/override");
                    server.ask(&kim, Method::POST, &path, Some(json!({ "reason": "a measurement" }))).await;
                    assert_eq!(answer(&prompt(server, &kim, "ping").await), "pong");
                }
            })
            .await;
        made = count;
        tokio::time::sleep(Duration::from_secs(8)).await;
        let resident = resident_bytes(server.pid());
        eprint!("actors rest after {idle} ms, {count} organisations: {} KiB resident", resident / 1024);
        if let Some((fewer, less)) = before.replace((count, resident)) {
            let each = resident.saturating_sub(less) / u64::try_from(count - fewer).expect("a count");
            eprint!(", {each} bytes for each further one");
        }
        eprintln!();
    }
}

#[tokio::test]
#[ignore = "a measurement: run it alone, with --no-capture"]
async fn idle_organisations_cost_little_memory() {
    grow("1000", [50, 100, 1000]).await;
}

#[tokio::test]
#[ignore = "a measurement: run it alone, with --no-capture"]
async fn organisations_that_were_at_work_just_now_cost_more_memory() {
    grow("3600000", [50, 100, 1000]).await;
}
