use super::pair;
use crate::{program::finish, server::Server, setting::Setting};
use cowork_domain::secret::Secret;
use cowork_secrets::sealing::OpeningKey;
use cowork_store::test_database::TestDatabase;
use serde_json::Value;
use std::{os::unix::fs::MetadataExt, sync::Arc};

async fn check(server: &Server, name: &str) -> Option<Value> {
    let answer = server.get("/readyz").await;
    answer.body["checks"].as_array().expect("checks").iter().find(|check| check["name"] == name).cloned()
}

async fn published(server: &Server) -> Option<String> {
    let rows = server.rows("select value from deployment_facts where name = 'sealing_key'").await;
    rows.first().and_then(|row| row["value"].as_str()).map(str::to_owned)
}

#[tokio::test]
async fn a_machine_that_was_told_nothing_makes_its_key_once_and_shows_it_to_nobody() {
    let mut server = Server::start().await;
    let file = server.data_dir().join("opening.key");
    let text = std::fs::read_to_string(&file).expect("the first start made a key");
    assert_eq!(std::fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    let key = OpeningKey::parse(&Secret::new(text.clone())).expect("it is a key");
    assert_eq!(published(&server).await, Some(key.sealing_key().to_string()));
    assert_eq!(check(&server, "opener").await.expect("it executes")["status"], "ok");
    server.kill();
    server.start_again();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    assert!(!server.log().contains(&text.trim()[32..]), "the key is in the log");
    assert!(!server.dump().await.contains(&text.trim()[32..]), "the key is in the database");
}

#[tokio::test]
async fn a_web_node_seals_to_the_key_of_its_workers_and_refuses_to_hold_theirs() {
    let database = Arc::new(TestDatabase::create().await);
    let web = Server::launch(Setting::sharing(database.clone(), &[("ROLE", "web")]));
    let before = check(&web, "secret_adapter").await.expect("it is looked at");
    assert!(before["status"] == "ok" && before["detail"].as_str().is_some_and(|text| text.contains("No sealing key")), "{before}");
    assert_eq!(check(&web, "opener").await, None, "a web node opens nothing");

    let (key, text) = pair();
    let worker = Server::launch(Setting::sharing(database.clone(), &[("ROLE", "worker"), ("OPENING_KEY", &text)]));
    assert_eq!(published(&worker).await, Some(key.sealing_key().to_string()));
    let after = web
        .until_answer("/readyz", |answer| {
            let checks = answer.body["checks"].clone();
            checks
                .as_array()
                .is_some_and(|checks| checks.iter().any(|check| check["name"] == "secret_adapter" && check["detail"].is_null()))
        })
        .await;
    drop(after);

    for name in ["OPENING_KEY", "SECRET_KEY"] {
        let refused = Setting::sharing(database.clone(), &[("ROLE", "web"), (name, &text)]);
        let ended = finish(refused.command()).expect_code(2);
        assert!(ended.stderr().contains(&format!("the role web must not be given OPEN_COWORK_CLOUD_{name}")), "{}", ended.stderr());
        assert!(!ended.stderr().contains(&text[32..]), "the key is shown");
    }
}

#[tokio::test]
async fn a_worker_with_a_later_key_takes_over_only_from_a_key_that_it_knows() {
    let (old, old_text) = pair();
    let (new, new_text) = pair();
    let database = Arc::new(TestDatabase::create().await);
    let first = Server::launch(Setting::sharing(database.clone(), &[("OPENING_KEY", &old_text)]));
    super::Customer::new(&first, "acme", old.sealing_key()).await;
    drop(first);
    let stranger = Server::launch(Setting::sharing(database.clone(), &[("OPENING_KEY", &new_text)]));
    assert_eq!(published(&stranger).await, Some(old.sealing_key().to_string()), "what is sealed to the old key would be forgotten");
    let seen = check(&stranger, "opener").await.expect("it executes");
    assert!(seen["detail"].as_str().is_some_and(|text| text.contains("can't open")), "{seen}");
    drop(stranger);
    let rotating = Server::launch(Setting::sharing(database, &[("OPENING_KEY", &new_text), ("OPENING_KEY_PREVIOUS", &old_text)]));
    assert_eq!(published(&rotating).await, Some(new.sealing_key().to_string()));
}

#[tokio::test]
async fn a_worker_unwraps_the_key_that_a_service_guards_before_it_is_ready() {
    let folder = tempfile::tempdir().unwrap();
    let guard = folder.path().join("guard.key");
    std::fs::write(&guard, OpeningKey::generate().to_text().expose()).unwrap();
    let (key, text) = pair();
    let reference = format!("file://{}", guard.display());
    let wrapped = crate::program::run_with(&["secrets", "wrap", "--with", &reference], &[("OPEN_COWORK_CLOUD_OPENING_KEY", &text)]);
    let wrapped = wrapped.expect_code(0).stdout();
    let wrapped = wrapped.trim().strip_prefix("OPEN_COWORK_CLOUD_OPENING_KEY=").expect("a setting is printed").to_owned();
    assert!(!wrapped.contains(&text[32..]));
    let server = Server::with(&[("OPENING_KEY", &wrapped)]).await;
    assert_eq!(published(&server).await, Some(key.sealing_key().to_string()));
    let database = server.database_url().to_owned();
    std::fs::remove_file(&guard).unwrap();
    let mut again = Setting::new(None, &[("OPENING_KEY", &wrapped), ("CONTROL_PLANE_URL", &database)]).command();
    again.stdout(std::process::Stdio::null());
    let ended = finish(again).expect_code(1);
    assert!(ended.stderr().contains("can't be unwrapped"), "{}", ended.stderr());
}
