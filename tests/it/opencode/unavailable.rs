//! An OpenCode that can't be had.

use crate::{event_stream::of_type, server::Server};
use cowork_runtime::opencode;
use std::path::Path;

/// A program that ends at once, whatever it is asked for.
const BROKEN: &str = "/bin/true";

#[tokio::test]
async fn a_program_that_does_not_start_ends_the_turn_and_says_so() {
    if let Err(reason) = opencode::try_out(Path::new(BROKEN), &std::env::temp_dir()).await {
        return eprintln!("skipped: {reason}");
    }
    let server = Server::with(&[("RUNTIME", "opencode"), ("ISOLATION_OPENCODE_BIN", BROKEN)]).await;
    let session = server.session().await;
    server.prompt(&session, "hello").await;
    let view = server.until(&session, |view| view["session"]["status"] == "errored").await;
    let log = server.log_of(&session).await;
    let errors: Vec<_> = of_type(&log, "runtime.error").map(|error| &error["payload"]).collect();
    let [error] = errors[..] else { panic!("one error: {view:#}") };
    assert_eq!(error["code"], "runtime.opencode_unavailable");
    assert!(error["message"].as_str().is_some_and(|message| message.starts_with("OpenCode is not available: ")), "{error}");
}
