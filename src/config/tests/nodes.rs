//! Nodes of a cluster: what they must be told, and what must not start.

use super::*;

const DATABASE: (&str, &str) = ("OPEN_COWORK_CLOUD_CONTROL_PLANE_URL", "postgres://db/cowork");
const CLUSTER_SECRET: (&str, &str) = ("OPEN_COWORK_CLOUD_CLUSTER_SECRET", STRONG);

const fn role(name: &'static str) -> (&'static str, &'static str) {
    ("OPEN_COWORK_CLOUD_ROLE", name)
}

const fn address(host_and_port: &'static str) -> (&'static str, &'static str) {
    ("OPEN_COWORK_CLOUD_NODE_ADDRESS", host_and_port)
}

#[test]
fn several_processes_need_one_database_and_one_secret() {
    let here = address("127.0.0.1:7946");
    assert_refused(&[role("worker")], "the role worker shares its database");
    assert_refused(&[here, CLUSTER_SECRET], "NODE_ADDRESS makes this node one of several");
    assert_refused(&[here, DATABASE], "set OPEN_COWORK_CLOUD_CLUSTER_SECRET");
    let config = load(&[role("worker"), here, DATABASE, CLUSTER_SECRET]).unwrap().config;
    assert_eq!(config.cluster.link.unwrap().listen.to_string(), "127.0.0.1:7946");
    let alone = load(&[role("web"), DATABASE]).unwrap();
    assert!(alone.config.cluster.link.is_none() && alone.warnings[0].contains("through the database only"), "{:?}", alone.warnings);
}

#[test]
fn a_node_says_where_it_is_and_listens_there_unless_told_otherwise() {
    let link = |more: &[(&'static str, &'static str)]| {
        let all: Vec<_> = [DATABASE, CLUSTER_SECRET].into_iter().chain(more.iter().copied()).collect();
        load(&all).unwrap().config.cluster.link.unwrap()
    };
    let named = link(&[address("worker-1.internal:7946")]);
    assert_eq!((named.address.to_string(), named.listen.to_string()), ("worker-1.internal:7946".into(), "0.0.0.0:7946".into()));
    assert_eq!(link(&[address("[fd00::5]:7946")]).listen.to_string(), "[::]:7946");
    for (loopback, listen) in [("localhost:7946", "127.0.0.1:7946"), ("127.0.0.2:7946", "127.0.0.2:7946"), ("[::1]:7946", "[::1]:7946")] {
        assert_eq!(link(&[address(loopback)]).listen.to_string(), listen);
    }
    let behind = link(&[address("10.0.0.5:7946"), ("OPEN_COWORK_CLOUD_NODE_LISTEN", "10.1.0.5:9000")]);
    assert_eq!(behind.listen.to_string(), "10.1.0.5:9000");
    for wrong in ["worker-1", ":7946", "worker 1:7946", "worker-1:0", "fd00::5:7946", "http://worker-1:7946", "[]:1"] {
        assert_refused(&[DATABASE, CLUSTER_SECRET, address(wrong)], "expected a host and a port");
    }
    assert_refused(&[("OPEN_COWORK_CLOUD_NODE_LISTEN", "0.0.0.0:7946")], "no effect without OPEN_COWORK_CLOUD_NODE_ADDRESS");
    let listen = ("OPEN_COWORK_CLOUD_NODE_LISTEN", "worker-1:7946");
    assert_refused(&[DATABASE, CLUSTER_SECRET, address("10.0.0.5:7946"), listen], "expected an IP address and a port");
}

#[test]
fn what_travels_between_machines_is_protected_outside_tier_local() {
    let tier = ("OPEN_COWORK_CLOUD_DEPLOYMENT_TIER", "self_host_beta");
    let [certificate, key, authority] = [
        ("OPEN_COWORK_CLOUD_CLUSTER_TLS_CERTIFICATE", "node.pem"),
        ("OPEN_COWORK_CLOUD_CLUSTER_TLS_KEY", "node.key"),
        ("OPEN_COWORK_CLOUD_CLUSTER_TLS_AUTHORITY", "authority.pem"),
    ];
    let node: &[(&str, &str)] = &[tier, role("worker"), address("10.0.0.5:7946"), DATABASE];
    let with = |more: &[(&'static str, &'static str)]| node.iter().chain(more).copied().collect::<Vec<_>>();
    assert_refused(&with(&[CLUSTER_SECRET]), "which others on the network can listen to");
    assert_refused(&with(&[CLUSTER_SECRET, certificate, key]), "needs all of");
    assert_refused(&with(&[("OPEN_COWORK_CLOUD_CLUSTER_SECRET", "fifteen-bytes-x"), certificate, key, authority]), "at least 16 bytes");
    let config = load(&with(&[CLUSTER_SECRET, certificate, key, authority])).unwrap().config;
    assert_eq!(config.cluster.tls.unwrap().authority, std::path::Path::new("authority.pem"));
    assert_eq!(problems(&[tier, address("127.0.0.1:7946"), DATABASE, CLUSTER_SECRET]), Vec::<String>::new());
    assert_eq!(problems(&[address("10.0.0.5:7946"), DATABASE, ("OPEN_COWORK_CLOUD_CLUSTER_SECRET", "short")]), Vec::<String>::new());
}

#[test]
fn what_opens_secrets_has_no_place_in_front_of_the_world() {
    let current = ("OPEN_COWORK_CLOUD_SECRET_KEY", STRONG);
    for name in ["SECRET_KEY", "SECRET_KEY_PREVIOUS", "OPENING_KEY", "OPENING_KEY_REF", "OPENING_KEY_PREVIOUS"] {
        let given = (&*format!("OPEN_COWORK_CLOUD_{name}"), "env:A_KEY");
        for other in ["web", "scheduler"] {
            assert_refused(&[role(other), DATABASE, given], &format!("{name}, which opens stored secrets: only workers need it"));
        }
    }
    assert_eq!(problems(&[role("worker"), DATABASE, current]), Vec::<String>::new());
    assert_eq!(problems(&[role("worker"), DATABASE, current, ("OPEN_COWORK_CLOUD_SECRET_KEY_PREVIOUS", "a, b")]), Vec::<String>::new());
    assert_refused(&[role("worker"), DATABASE, ("OPEN_COWORK_CLOUD_SECRET_KEY_PREVIOUS", STRONG)], "no effect without a current key");
}

#[test]
fn a_node_without_a_name_is_called_after_its_machine_and_role() {
    let name = |variables: &[(&str, &str)]| load(variables).unwrap().config.cluster.node_id;
    let machine = ("HOSTNAME", "Box-7");
    assert_eq!(name(&[machine]), "box-7");
    assert_eq!(name(&[machine, role("worker"), DATABASE]), "box-7-worker");
    assert_eq!(name(&[machine, role("worker"), DATABASE, ("OPEN_COWORK_CLOUD_NODE_ID", "w1")]), "w1");
    let long = "x".repeat(63);
    let longest = name(&[("HOSTNAME", &long), role("scheduler"), DATABASE]);
    assert!(longest.len() == 63 && longest.ends_with("-scheduler"), "{longest}");
}

#[test]
fn times_are_written_with_their_unit_and_within_bounds() {
    let lease = |text| ("OPEN_COWORK_CLOUD_LEASE", text);
    assert_eq!(load(&[]).unwrap().config.cluster.lease, Duration::from_secs(5));
    assert_eq!(load(&[lease("2500ms")]).unwrap().config.cluster.lease, Duration::from_millis(2500));
    for wrong in ["5", "1s", "61s", "2m", "soon"] {
        assert_refused(&[lease(wrong)], "expected a time with its unit such as 5s, from 2s to 1m");
    }
    assert_eq!(load(&[("OPEN_COWORK_CLOUD_DRAIN_DELAY", "10s")]).unwrap().config.server.drain_delay, Duration::from_secs(10));
}

#[test]
fn a_mounted_secret_is_read_without_its_line_feed() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "{STRONG}").unwrap();
    let reference = format!("file:{}", file.path().display());
    let node = [address("127.0.0.1:7946"), DATABASE, ("OPEN_COWORK_CLOUD_CLUSTER_SECRET_REF", reference.as_str())];
    assert_eq!(load(&node).unwrap().config.cluster.secret.unwrap().expose(), STRONG);
    file.as_file().set_len(0).unwrap();
    assert_refused(&node, "which is empty");
    assert_refused(&[node[0], node[1], ("OPEN_COWORK_CLOUD_CLUSTER_SECRET_REF", "file:/nowhere/at/all")], "cannot be read");
}

#[test]
fn an_operator_token_is_long_enough_not_to_be_guessed() {
    assert_refused(&[("OPEN_COWORK_CLOUD_OPERATOR_TOKEN", "short")], "at least 32 bytes");
    let config = load(&[("OPEN_COWORK_CLOUD_OPERATOR_TOKEN", STRONG)]).unwrap().config;
    assert_eq!(config.auth.operator_token.unwrap().expose(), STRONG);
}
