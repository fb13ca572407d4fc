use super::{CANARY, Customer, pair};
use crate::{
    program::{Finished, run, run_with},
    server::Server,
};
use serde_json::{Value, json};

/// Runs `cowork secrets …` with the settings of a worker.
fn secrets(server: &Server, arguments: &[&str], keys: &[(&str, &str)]) -> Finished {
    let mut environment = vec![("OPEN_COWORK_CLOUD_CONTROL_PLANE_URL", server.database_url())];
    environment.extend(keys);
    let finished = run_with(&[&["secrets"], arguments].concat(), &environment);
    for said in [finished.stdout(), finished.stderr()] {
        assert!(!said.contains(CANARY), "a customer's key is shown: {said}");
    }
    finished
}

fn json_of(done: &Finished) -> Value {
    serde_json::from_str(&done.stdout()).unwrap_or_else(|_| panic!("data is JSON: {}", done.stdout()))
}

const OPENING: &str = "OPEN_COWORK_CLOUD_OPENING_KEY";
const PREVIOUS: &str = "OPEN_COWORK_CLOUD_OPENING_KEY_PREVIOUS";

#[tokio::test]
async fn a_rotation_seals_everything_anew_and_then_needs_the_old_key_no_more() {
    let (old, old_text) = pair();
    let (new, new_text) = pair();
    let server = Server::with(&[("OPENING_KEY", &old_text)]).await;
    for org in ["acme", "globex.test"] {
        let customer = Customer::new(&server, org, old.sealing_key()).await;
        customer.save(&server, "openai").await;
        customer.save(&server, "anthropic").await;
    }
    let before = json_of(&secrets(&server, &["doctor", "--output", "json"], &[(OPENING, &old_text)]).expect_code(0));
    assert_eq!((&before["opened"], &before["failures"]), (&json!(6), &json!([])));

    // With the new key alone nothing opens, nothing is renewed, and nothing is lost.
    let blind = json_of(&secrets(&server, &["rewrap", "--output", "json"], &[(OPENING, &new_text)]).expect_code(1));
    assert_eq!(blind["rewrapped"]["failures"].as_array().map(Vec::len), Some(6), "{blind}");
    assert_eq!(blind["rewrapped"]["failures"][0]["reason"], "unknown_key");

    let both = [(OPENING, new_text.as_str()), (PREVIOUS, old_text.as_str())];
    let done = json_of(&secrets(&server, &["rewrap", "--output", "json"], &both).expect_code(0));
    assert_eq!((&done["rewrapped"]["dataKeys"], &done["rewrapped"]["secrets"], &done["stillNeeded"]), (&json!(2), &json!(4), &json!([])));
    let again = json_of(&secrets(&server, &["rewrap", "--output", "json"], &both).expect_code(0));
    assert_eq!((&again["rewrapped"]["dataKeys"], &again["rewrapped"]["secrets"]), (&json!(0), &json!(0)));

    let after = json_of(&secrets(&server, &["doctor", "--output", "json"], &both).expect_code(0));
    assert_eq!((&after["opened"], &after["published"]), (&json!(6), &json!(new.id().to_string())));
    let state = |id: &str| after["keys"].as_array().unwrap().iter().find(|key| key["keyId"] == id).unwrap()["state"].clone();
    assert_eq!((state(&new.id().to_string()), state(&old.id().to_string())), (json!("current"), json!("previous-unused")));
    secrets(&server, &["doctor"], &[(OPENING, &new_text)]).expect_code(0);
    let late = secrets(&server, &["doctor"], &[(OPENING, &old_text)]).expect_code(1).stdout();
    assert!(late.contains("missing") && late.contains("unknown_key"), "{late}");
}

#[tokio::test]
async fn what_was_moved_in_the_database_is_named_and_left_alone() {
    let (key, text) = pair();
    let server = Server::with(&[("OPENING_KEY", &text)]).await;
    for org in ["acme", "globex.test"] {
        let customer = Customer::new(&server, org, key.sealing_key()).await;
        customer.save(&server, "openai").await;
        customer.save(&server, "anthropic").await;
    }
    server.sql("update byok_secrets a set sealed = b.sealed from byok_secrets b where a.org = 'acme' and b.org <> 'acme' and a.provider = b.provider").await;
    server.sql("update byok_secrets set provider = 'xai' where org = 'globex.test' and provider = 'openai'").await;
    let found = json_of(&secrets(&server, &["doctor", "--output", "json"], &[(OPENING, &text)]).expect_code(1));
    assert_eq!((&found["opened"], found["failures"].as_array().map(Vec::len)), (&json!(3), Some(3)), "{found}");
    assert!(found["failures"].as_array().unwrap().iter().all(|failure| failure["reason"] == "refused"), "{found}");
    let (_, next) = pair();
    let kept = server.rows("select sealed::text as sealed from byok_secrets where org = 'acme' order by secret").await;
    secrets(&server, &["rewrap"], &[(OPENING, &next), (PREVIOUS, &text)]).expect_code(1);
    assert_eq!(server.rows("select sealed::text as sealed from byok_secrets where org = 'acme' order by secret").await, kept);
}

#[tokio::test]
async fn an_organisation_that_leaves_takes_its_keys_with_it() {
    let (key, text) = pair();
    let server = Server::with(&[("OPENING_KEY", &text)]).await;
    for org in ["acme", "globex.test"] {
        Customer::new(&server, org, key.sealing_key()).await.save(&server, "openai").await;
    }
    let keys = [(OPENING, text.as_str())];
    assert!(secrets(&server, &["shred", "--org", "acme"], &keys).expect_code(1).stderr().contains("--yes"));
    secrets(&server, &["shred", "--org", "acne", "--yes"], &keys).expect_code(1);
    let gone = json_of(&secrets(&server, &["shred", "--org", "acme", "--yes", "--output", "json"], &keys).expect_code(0));
    assert_eq!(gone["shredded"], json!({ "dataKeys": 1, "secrets": 1 }));
    let left = server
        .rows(
            "select jsonb_build_array(org, status, sealed is null, (select count(*) from byok_changes c where c.org = s.org)) as row
                 from byok_secrets s order by org",
        )
        .await;
    assert_eq!(left, [json!({ "row": ["acme", "disabled", true, 1] }), json!({ "row": ["globex.test", "pending_validation", false, 0] })]);
    let doctor = json_of(&secrets(&server, &["doctor", "--output", "json"], &keys).expect_code(0));
    assert_eq!(doctor["opened"], 2, "the other organisation's data key and secret");
    let audited = server.rows("select metadata from audit_events where org = 'acme' and event_type = 'byok_secret.shredded'").await;
    assert_eq!(audited, [json!({ "metadata": { "destroyed": 1, "disabled": 1 } })]);
}

#[test]
fn a_pair_of_keys_is_made_and_the_private_one_is_kept_from_the_screen() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("opening.key");
    let path = file.to_str().unwrap();
    let made = json_of(&run(&["secrets", "keygen", "--out", path, "--output", "json"]).expect_code(0));
    assert_eq!(made["openingKey"], Value::Null);
    let reference = format!("file:{path}");
    let public = run_with(&["secrets", "public-key"], &[("OPEN_COWORK_CLOUD_OPENING_KEY_REF", &reference)]).expect_code(0);
    assert_eq!(json!(public.stdout().trim()), made["sealingKey"]);
    assert!(run(&["secrets", "keygen", "--out", path]).expect_code(1).stderr().contains("can't be written"), "a key is never overwritten");
    let printed = run(&["secrets", "keygen"]).expect_code(0).stdout();
    assert!(printed.contains("OPENING_KEY=occ-opening-v1.") && printed.contains("SEALING_KEY=occ-sealing-v1."), "{printed}");
}
