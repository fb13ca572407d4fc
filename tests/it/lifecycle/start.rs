//! A server that can't start says what to do.

use crate::{
    program::{finish, program},
    server::Server,
    setting::Setting,
};
use std::{net::TcpListener, os::unix::fs::PermissionsExt, process::Command};

fn serve(listen: &str, data_dir: &std::path::Path) -> Command {
    let mut command = program();
    command.args(["serve", "--listen", listen, "--data-dir"]).arg(data_dir);
    command
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("some port is free");
    let address = taken.local_addr().expect("it has one").to_string();
    let setting = Setting::new(None, &[]);
    let failed = finish(serve(&address, &setting.data_dir())).expect_code(1);
    assert!(failed.stderr().contains(&address) && failed.stderr().contains("another server"), "{}", failed.stderr());
    assert_eq!(failed.stdout(), "");
    let left: Vec<_> = std::fs::read_dir(setting.data_dir()).expect("a folder").collect();
    assert!(left.is_empty(), "it touched nothing before it had its port: {left:?}");
}

#[tokio::test]
async fn two_servers_never_share_a_data_directory() {
    let server = Server::private();
    let failed = finish(server.command()).expect_code(1);
    assert!(failed.stderr().contains("in use by another process"), "{}", failed.stderr());
    let session = server.session().await;
    server.run(&session, "the first one goes on").await;
}

#[test]
fn data_of_another_postgresql_is_left_alone() {
    let setting = Setting::new(None, &[]);
    let cluster = setting.data_dir().join("postgres/cluster");
    std::fs::create_dir_all(&cluster).expect("a folder");
    std::fs::set_permissions(&cluster, std::fs::Permissions::from_mode(0o700)).expect("ours");
    std::fs::write(cluster.join("PG_VERSION"), "9\n").expect("written");
    let failed = finish(serve("127.0.0.1:0", &setting.data_dir())).expect_code(1);
    let words = failed.stderr();
    assert!(words.contains("belongs to PostgreSQL 9") && words.contains("dump"), "{words}");
    assert_eq!(std::fs::read_to_string(cluster.join("PG_VERSION")).expect("still there"), "9\n");
}

#[test]
fn everything_that_is_wrong_with_a_configuration_is_told_at_once() {
    let setting = Setting::new(
        None,
        &[
            ("MAX_CONECTIONS", "5"),
            ("MAX_QUEUED_COMMANDS_PER_ORG", "many"),
            ("CORS_ORIGIN", "*"),
            ("AUTH_MODE", "magic"),
            ("HEADER_AUTH_SECRET", "s3cret-that-nobody-may-see"),
        ],
    );
    let failed = finish(setting.command()).expect_code(2);
    let words = failed.stderr();
    for expected in [
        "OPEN_COWORK_CLOUD_MAX_CONECTIONS",
        "did you mean OPEN_COWORK_CLOUD_MAX_CONNECTIONS?",
        "OPEN_COWORK_CLOUD_MAX_QUEUED_COMMANDS_PER_ORG",
        "OPEN_COWORK_CLOUD_CORS_ORIGIN",
        "OPEN_COWORK_CLOUD_AUTH_MODE",
    ] {
        assert!(words.contains(expected), "{expected} is missing in:\n{words}");
    }
    assert!(!words.contains("s3cret"), "{words}");
    assert_eq!(failed.stdout(), "");

    let unknown = Setting::new(None, &[("NOTHING_LIKE_IT", "1")]);
    let failed = finish(unknown.command()).expect_code(2);
    assert!(failed.stderr().contains("OPEN_COWORK_CLOUD_NOTHING_LIKE_IT"), "{}", failed.stderr());
    let exposed = Setting::new(None, &[("HOST", "0.0.0.0")]);
    let failed = finish({
        let mut command = program();
        command.args(["serve", "--data-dir"]).arg(exposed.data_dir()).env("OPEN_COWORK_CLOUD_HOST", "0.0.0.0");
        command
    })
    .expect_code(2);
    assert!(failed.stderr().contains("auth mode none may only listen on loopback"), "{}", failed.stderr());
}

#[tokio::test]
async fn an_exception_from_the_rules_is_listed_at_the_start_and_in_the_audit_log() {
    let waived = "split-roles,separate-migrations,object-store,object-store-bucket,opening-key,retention,public-url,cookie-secret,token-lives,token-scopes";
    let server = Server::with(&[
        ("DEPLOYMENT_TIER", "private_beta"),
        ("AUTH_MODE", "header"),
        ("HEADER_AUTH_SECRET", "vJ4q0ZrT8mXw1LkYb6HsNc9FgPu3Ea5D"),
        ("SIGNUP_MODE", "invite"),
        ("START_RULE_WAIVERS", waived),
    ])
    .await;
    for rule in waived.split(',') {
        assert!(server.log().contains(&format!("[{rule}]")), "{rule} is not listed: {}", server.log());
    }
    server
        .sql(
            "do $$ begin
                 assert (select count(distinct target_id) from audit_events where event_type = 'start_rule.waived' and org = 'operators') = 10;
             end $$",
        )
        .await;
}
