//! A node as a test sees it: a process, what it says, and what it logs.

use super::peer::{Call, Certificates, MARK, Order, Setup};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use parking_lot::Mutex;
use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, SocketAddr},
    process::{Child, ChildStdin, Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

/// Generous: the machine may be busy with anything.
const DEADLINE: Duration = Duration::from_secs(60);

/// As the program itself caps what ractor logs.
const LOG: &str = "debug,ractor=warn,ractor_cluster=error";

pub(super) struct Node {
    pub(super) setup: Setup,
    child: Child,
    stdin: ChildStdin,
    said: Arc<Mutex<Vec<Value>>>,
    logged: Arc<Mutex<String>>,
    orders: u64,
}

pub(super) fn named(name: &str) -> Setup {
    Setup {
        name: name.into(),
        listen: (Ipv4Addr::LOCALHOST, 0).into(),
        secret: "a secret of sixteen bytes".into(),
        tls: None,
        log: LOG.into(),
        // A busy machine must not look like a peer that stands still.
        heartbeat_ms: 10_000,
    }
}

/// A call with nothing special about it.
pub(super) fn call(peer: &Node, text: &str) -> Call {
    Call { peer: peer.setup.name.clone(), text: text.into(), bytes: 0, times: 1, within_ms: 20_000, patience_ms: 60_000 }
}

impl Setup {
    pub(super) fn with_secret(mut self, secret: &str) -> Self {
        self.secret = secret.into();
        self
    }

    pub(super) fn with_tls(mut self, certificates: Certificates) -> Self {
        self.tls = Some(certificates);
        self
    }

    pub(super) fn with_heartbeat(mut self, millis: u64) -> Self {
        self.heartbeat_ms = millis;
        self
    }

    pub(super) fn logging(mut self, filter: &str) -> Self {
        self.log = filter.into();
        self
    }

    pub(super) fn start(self) -> Node {
        Node::start(self)
    }
}

impl Node {
    fn start(mut setup: Setup) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this test has a file"))
            .args(["cluster::link::tests::peer::node", "--exact", "--ignored", "--nocapture", "--test-threads=1"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a node starts");
        let mut stdin = child.stdin.take().expect("piped");
        writeln!(stdin, "{}", serde_json::to_string(&setup).expect("a setup serialises")).expect("the node reads");
        let (said, logged) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(String::new())));
        let (stdout, stderr) = (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));
        let (said_by, logged_by) = (said.clone(), logged.clone());
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                // The harness doesn't end its own line before the first of the program.
                if let Some((_, line)) = line.split_once(MARK) {
                    said_by.lock().push(serde_json::from_str(line).expect("JSON"));
                }
            }
        });
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let mut logged = logged_by.lock();
                logged.push_str(&line);
                logged.push('\n');
            }
        });
        let mut node = Self { setup: setup.clone(), child, stdin, said, logged, orders: 0 };
        let listening = node.heard("the node doesn't start", |line| line.get("listening").or(line.get("failed")).cloned());
        setup.listen = listening.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{listening}"));
        node.setup = setup;
        node
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.setup.listen
    }

    pub(super) fn obey(&mut self, order: &Order) -> Value {
        let id = self.order(order);
        self.answered(id)
    }

    /// Gives an order whose answer is waited for later.
    pub(super) fn order(&mut self, order: &Order) -> u64 {
        self.orders += 1;
        writeln!(self.stdin, "{}", serde_json::to_string(&(self.orders, order)).expect("an order serialises")).expect("the node reads");
        self.orders
    }

    pub(super) fn answered(&self, id: u64) -> Value {
        self.heard("the node doesn't answer", |line| (line["id"] == id).then(|| line["answer"].clone()))
    }

    pub(super) fn expect(&mut self, peers: &[&Node]) {
        let peers = peers.iter().map(|peer| (peer.setup.name.clone(), peer.address().to_string())).collect();
        self.obey(&Order::Expect(peers));
    }

    pub(super) fn call(&mut self, call: Call) -> Value {
        self.obey(&Order::Call(call))
    }

    /// The link with a peer, once it is in this state.
    pub(super) fn until(&mut self, peer: &str, state: &str) -> Value {
        let mut last = Value::Null;
        eventually(|| {
            let report = self.obey(&Order::Report);
            last = report.as_array()?.iter().find(|link| link["peer"] == peer)?.clone();
            (last["state"] == state).then(|| last.clone())
        })
        .unwrap_or_else(|| panic!("the link with {peer} isn't {state}: {last}\n{}", self.logged()))
    }

    pub(super) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).expect("a pid")), signal).expect("the node is there");
    }

    /// `kill -9`, and the same node again at the same address.
    pub(super) fn restarted(self) -> Self {
        let setup = self.setup.clone();
        drop(self);
        setup.start()
    }

    pub(super) fn logged(&self) -> String {
        self.logged.lock().clone()
    }

    /// What the node told its membership: `up` and `down` of a peer, in order.
    pub(super) fn events(&self, peer: &str) -> Vec<String> {
        let said = self.said.lock();
        said.iter().filter(|line| line["peer"] == peer).filter_map(|line| Some(line["event"].as_str()?.to_owned())).collect()
    }

    fn heard<T>(&self, complaint: &str, matches: impl Fn(&Value) -> Option<T>) -> T {
        eventually(|| self.said.lock().iter().find_map(&matches)).unwrap_or_else(|| panic!("{complaint}\n{}", self.logged()))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Two nodes that are linked. The first dials.
pub(super) fn pair() -> (Node, Node) {
    let (mut a, mut b) = (named("a").start(), named("b").start());
    link(&mut a, &mut b);
    (a, b)
}

pub(super) fn link(a: &mut Node, b: &mut Node) {
    a.expect(&[b]);
    b.expect(&[a]);
    a.until("b", "up");
    b.until("a", "up");
}

pub(super) fn eventually<T>(mut probe: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Some(seen) = probe() {
            return Some(seen);
        }
        if Instant::now() > deadline {
            return None;
        }
        thread::sleep(Duration::from_millis(5));
    }
}
