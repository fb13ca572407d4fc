//! How a cluster is started.

use super::{
    Cluster,
    folder::Folder,
    node::{Node, Part},
    ports::Ports,
    process::Launch,
};
use crate::{
    cli::drill::{http::Http, proxy::Network},
    config::Environment,
};
use anyhow::{Context, ensure};
use cowork_store::{PrivatePostgres, PrivatePostgresOptions, Store, StoreOptions};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

/// The server's socket in its folder.
const SOCKET: &str = ".s.PGSQL.5432";
/// What a process can't do without.
const PASSED_ON: [&str; 4] = ["PATH", "HOME", "TMPDIR", "PG_BIN"];
/// What the private server takes, without our own and what it keeps for itself.
const CONNECTIONS: usize = 85;
/// A node has a journal lane per core, up to so many, and others that aren't of its pool.
const MOST_LANES: usize = 8;
const BESIDE_LANES: usize = 7;
/// The default.
const LARGEST_POOL: usize = 10;
const SMALLEST_POOL: usize = 2;
/// Nodes that start at the same time: a debug build uses a core for a while.
const STARTING_AT_ONCE: usize = 2;

/// What a cluster consists of.
#[derive(Debug, Clone)]
pub(in super::super) struct ClusterPlan {
    pub(in super::super) workers: usize,
    pub(in super::super) webs: usize,
    pub(in super::super) lease: Duration,
    /// What signs the clients' headers.
    pub(in super::super) header_secret: String,
    /// What nodes prove to each other.
    pub(in super::super) cluster_secret: String,
    /// What lets us see the operator's view of the cluster.
    pub(in super::super) operator_token: String,
    /// Leave the folder behind at the end.
    pub(in super::super) keep: bool,
}

impl ClusterPlan {
    /// Starts everything and waits until every node serves.
    pub(in super::super) async fn start(&self) -> anyhow::Result<Cluster> {
        let environment = Environment::of_process();
        let folder = Folder::create(self.keep)?;
        let options =
            PrivatePostgresOptions { data_dir: folder.path().join("postgres"), pg_bin: environment.get("PG_BIN").map(PathBuf::from) };
        let postgres = PrivatePostgres::start(options).await.context("no database for the drill")?;
        let database_started = Instant::now();
        match self.start_on(postgres.url(), &folder, &environment).await {
            Ok((store, network, nodes)) => Ok(Cluster {
                nodes,
                postgres,
                database_started,
                store,
                network,
                lease: self.lease,
                http: Http::new(),
                operator_token: self.operator_token.clone(),
                folder,
            }),
            Err(error) => {
                postgres.stop().await;
                Err(error)
            }
        }
    }

    async fn start_on(&self, url: &str, folder: &Folder, environment: &Environment) -> anyhow::Result<(Store, Network, Vec<Node>)> {
        let store = Store::connect(StoreOptions::new(url)).await.context("the drill's database can't be used")?;
        store.migrate().await.context("the drill's database can't be set up")?;
        let mut network = Network::new(socket_of(url).context("the database's url names no socket")?);
        let program = std::env::current_exe().context("this program doesn't find itself")?;
        let setpriv = environment.program_path().into_iter().map(|folder| folder.join("setpriv")).find(|path| path.is_file());
        let passed_on: Vec<_> = PASSED_ON.iter().filter_map(|name| Some(((*name).to_owned(), environment.get(name)?.to_owned()))).collect();
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let pool = pool_of_a_node(self.workers + self.webs, cores)?;
        let mut ports = Ports::new();
        let mut nodes = Vec::new();
        for (name, part) in self.parts() {
            let (listen, link) = (ports.free()?, ports.free()?);
            let (node_address, database_url) = network.join(&name, link).await?;
            let arguments = [
                ("--role", part.role().to_owned()),
                ("--node-id", name.clone()),
                ("--node-address", node_address.to_string()),
                ("--node-listen", link.to_string()),
                ("--listen", listen.to_string()),
                ("--data-dir", folder.data_dir(&name)?.display().to_string()),
                ("--database-url", database_url),
            ];
            let flags = arguments.into_iter().flat_map(|(flag, value)| [flag.to_owned(), value]);
            let settings = self.environment(pool).map(|(name, value)| (format!("OPEN_COWORK_CLOUD_{name}"), value));
            let launch = Launch {
                program: program.clone(),
                arguments: std::iter::once("serve".to_owned()).chain(flags).collect(),
                environment: passed_on.iter().cloned().chain(settings).collect(),
                log: folder.path().join(format!("{name}.log")),
                setpriv: setpriv.clone(),
            };
            nodes.push(Node { name, part, url: format!("http://{listen}"), launch, process: None });
        }
        let starting = stream::iter(nodes).map(|mut node| async move { node.start().await.map(|()| node) });
        let nodes = starting.buffered(STARTING_AT_ONCE).try_collect().await?;
        Ok((store, network, nodes))
    }

    fn parts(&self) -> impl Iterator<Item = (String, Part)> {
        let workers = (1..=self.workers).map(|number| (format!("w{number}"), Part::Worker));
        let webs = (1..=self.webs).map(|number| (format!("web{number}"), Part::Web));
        workers.chain(webs)
    }

    fn environment(&self, pool: usize) -> impl Iterator<Item = (&'static str, String)> {
        [
            ("CLUSTER_SECRET", self.cluster_secret.clone()),
            ("LEASE", format!("{}ms", self.lease.as_millis())),
            ("AUTH_MODE", "header".to_owned()),
            ("HEADER_AUTH_SECRET", self.header_secret.clone()),
            ("OPERATOR_TOKEN", self.operator_token.clone()),
            ("PG_POOL_MAX", pool.to_string()),
            ("MAX_SSE_CONNECTIONS_PER_ORG", "10000".to_owned()),
            // So that a subscriber notices soon that its node is frozen.
            ("SSE_POLL_INTERVAL_MS", "1000".to_owned()),
            ("LOG_FORMAT", "text".to_owned()),
        ]
        .into_iter()
    }
}

/// The connections of a node's pool, if all nodes fit on one server.
fn pool_of_a_node(nodes: usize, cores: usize) -> anyhow::Result<usize> {
    let beside_the_pool = cores.min(MOST_LANES) + BESIDE_LANES;
    let pool = (CONNECTIONS / nodes.max(1)).saturating_sub(beside_the_pool).min(LARGEST_POOL);
    ensure!(pool >= SMALLEST_POOL, "{nodes} nodes need more connections than one database server takes: lower --workers or --webs");
    Ok(pool)
}

/// The socket that a URL of the private server names: `…?host=<folder>`, percent-encoded.
fn socket_of(url: &str) -> Option<PathBuf> {
    let encoded = url.split_once("?host=")?.1;
    let mut folder = Vec::new();
    let mut bytes = encoded.bytes();
    while let Some(byte) = bytes.next() {
        folder.push(match byte {
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            byte => byte,
        });
    }
    Some(PathBuf::from(String::from_utf8(folder).ok()?).join(SOCKET))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_nodes_are_started_than_the_database_takes() {
        assert_eq!(pool_of_a_node(4, 2).expect("they fit"), LARGEST_POOL);
        assert!(pool_of_a_node(18, 2).is_err());
        for (nodes, cores) in [(2, 64), (5, 16), (7, 2)] {
            let pool = pool_of_a_node(nodes, cores).expect("they fit");
            assert!(nodes * (pool + cores.min(MOST_LANES) + BESIDE_LANES) <= CONNECTIONS, "{nodes} nodes on {cores} cores");
        }
    }

    #[test]
    fn the_socket_of_a_private_server_is_found() {
        let socket = socket_of("postgres://cowork@localhost:5432/cowork?host=/tmp/a%20b/socket").expect("it names one");
        assert_eq!(socket, PathBuf::from("/tmp/a b/socket/.s.PGSQL.5432"));
        assert_eq!(socket_of("postgres://cowork@localhost:5432/cowork"), None);
    }
}
