use cowork_store::{PrivatePostgres, PrivatePostgresError, PrivatePostgresOptions, Store, StoreOptions};
use nix::{
    sys::signal::{self, Signal},
    unistd::Pid,
};
use std::{
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// A folder that the server's own user can get to.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
    folder
}

fn options(data_dir: &Path) -> PrivatePostgresOptions {
    PrivatePostgresOptions { data_dir: data_dir.to_owned(), pg_bin: None }
}

async fn connect(server: &PrivatePostgres) -> Store {
    Store::connect(StoreOptions::new(server.url())).await.unwrap()
}

fn kill_hard(pid: u32) {
    signal::kill(Pid::from_raw(pid.try_into().unwrap()), Signal::SIGKILL).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn data_outlives_a_stop_a_killed_server_and_a_second_server_is_refused() {
    let folder = folder();
    let data = folder.path().join("data");
    let server = PrivatePostgres::start(options(&data)).await.unwrap();
    let store = connect(&server).await;
    store.migrate().await.unwrap();
    store.close().await;

    let second = PrivatePostgres::start(options(&data)).await;
    assert!(matches!(second, Err(PrivatePostgresError::InUse(_))), "{second:?}");
    let foreseen = PrivatePostgres::inspect(options(&data)).await;
    assert!(matches!(foreseen, Err(PrivatePostgresError::InUse(_))), "{foreseen:?}");
    server.stop().await;
    assert!(PrivatePostgres::inspect(options(&data)).await.unwrap().is_some(), "it would start again");

    let mut server = PrivatePostgres::start(options(&data)).await.unwrap();
    assert!(connect(&server).await.migration_status().await.unwrap().pending.is_empty());

    let (pid, url) = (server.pid(), server.url().to_owned());
    kill_hard(pid);
    server.exited().await;
    server.restart().await.unwrap();
    assert_eq!(server.url(), url);
    assert_ne!(server.pid(), pid);
    assert!(connect(&server).await.migration_status().await.unwrap().pending.is_empty());

    // Not waited for: the next start finds it still going down.
    drop(server);
    let server = PrivatePostgres::start(options(&data)).await.unwrap();
    assert_eq!(server.url(), url);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_too_long_for_a_socket_works() {
    let folder = folder();
    let data = folder.path().join("d".repeat(120));
    let server = PrivatePostgres::start(options(&data)).await.unwrap();
    connect(&server).await.ping().await.unwrap();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_the_way_is_named() {
    let folder = folder();
    let missing = folder.path().join("no").join("data");
    let error = PrivatePostgres::start(options(&missing)).await.unwrap_err();
    assert!(matches!(&error, PrivatePostgresError::NoParent(parent) if parent.ends_with("no")), "{error}");

    let other = folder.path().join("other");
    std::fs::create_dir_all(other.join("cluster")).unwrap();
    std::fs::write(other.join("cluster/PG_VERSION"), "9\n").unwrap();
    let error = PrivatePostgres::start(options(&other)).await.unwrap_err().to_string();
    assert!(error.contains("PostgreSQL 9"), "{error}");
    let foreseen = PrivatePostgres::inspect(options(&other)).await.unwrap_err().to_string();
    assert_eq!(foreseen, error);

    let closed = folder.path().join("closed");
    std::fs::DirBuilder::new().mode(0o700).create(&closed).unwrap();
    let foreseen = PrivatePostgres::inspect(options(&closed.join("later").join("data"))).await;
    if nix::unistd::geteuid().is_root() {
        assert!(matches!(&foreseen, Err(PrivatePostgresError::Unreachable { folder, .. }) if *folder == closed), "{foreseen:?}");
    } else {
        assert!(foreseen.is_ok(), "{foreseen:?}");
    }
    assert_eq!(std::fs::read_dir(&closed).unwrap().count(), 0, "nothing was made");

    let options = PrivatePostgresOptions { data_dir: folder.path().join("data"), pg_bin: Some(PathBuf::from("/nonexistent")) };
    let error = PrivatePostgres::start(options).await.unwrap_err();
    assert!(matches!(error, PrivatePostgresError::UnusableBinaries { .. }), "{error}");
}
