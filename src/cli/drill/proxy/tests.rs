use super::{Line, Switchboard, database::DatabaseProxy, links::LinkProxy};
use std::{net::SocketAddr, path::Path, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixListener},
    task::JoinSet,
    time::timeout,
};

/// Long enough for anything that is going to happen on loopback.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long silence is listened to. Only a proxy that leaks could make a test fail here, a slow machine can't.
const SILENCE: Duration = Duration::from_millis(150);

/// Sends back what it gets, on a TCP port.
async fn echo() -> (SocketAddr, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((socket, _)) = listener.accept().await {
            connections.spawn(send_back(socket));
        }
    });
    (address, tasks)
}

async fn send_back(socket: impl AsyncRead + AsyncWrite) {
    let (mut read, mut write) = tokio::io::split(socket);
    tokio::io::copy(&mut read, &mut write).await.ok();
    write.shutdown().await.ok();
}

async fn dial(proxy: &LinkProxy, name: &str) -> TcpStream {
    let mut socket = TcpStream::connect(proxy.address()).await.expect("the proxy listens");
    socket.write_all(format!("{{\"magic\":\"link/1\",\"node\":\"{name}\"}}\n").as_bytes()).await.expect("it reads");
    socket
}

async fn expect_line(socket: &mut (impl AsyncRead + Unpin), wanted: &str) {
    let mut line = Vec::new();
    let read = async {
        while line.last() != Some(&b'\n') {
            line.push(socket.read_u8().await.expect("the connection stands"));
        }
    };
    timeout(PATIENCE, read).await.unwrap_or_else(|_| panic!("{wanted:?} does not come"));
    assert_eq!(String::from_utf8_lossy(&line), wanted);
}

async fn expect_silence(socket: &mut (impl AsyncRead + Unpin)) {
    let mut byte = [0];
    assert!(timeout(SILENCE, socket.read(&mut byte)).await.is_err(), "something came over a cut line");
}

#[tokio::test]
async fn a_cut_between_two_nodes_stops_only_them_and_loses_nothing() {
    let (target, _echo) = echo().await;
    let switchboard = Switchboard::new();
    let proxy = LinkProxy::start("w2", target, &switchboard).await.expect("started");
    let (mut cut, mut other) = (dial(&proxy, "w1").await, dial(&proxy, "web1").await);
    expect_line(&mut cut, "{\"magic\":\"link/1\",\"node\":\"w1\"}\n").await;
    expect_line(&mut other, "{\"magic\":\"link/1\",\"node\":\"web1\"}\n").await;

    let line = Line::between("w2", "w1");
    assert_eq!(switchboard.traffic(&line).connections, 1);
    switchboard.cut(line.clone());
    cut.write_all(b"one\n").await.expect("nobody is told");
    other.write_all(b"two\n").await.expect("it passes");
    expect_line(&mut other, "two\n").await;
    let mut late = dial(&proxy, "w1").await;
    expect_silence(&mut cut).await;
    expect_silence(&mut late).await;
    assert_eq!(switchboard.traffic(&line).connections, 1, "the frozen connection stands, the new one gets nowhere");

    switchboard.heal(&line);
    expect_line(&mut cut, "one\n").await;
    expect_line(&mut late, "{\"magic\":\"link/1\",\"node\":\"w1\"}\n").await;
}

#[tokio::test]
async fn an_end_on_one_side_reaches_the_other_but_not_over_a_cut_line() {
    let (target, _echo) = echo().await;
    let switchboard = Switchboard::new();
    let proxy = LinkProxy::start("w2", target, &switchboard).await.expect("started");
    let line = Line::between("w1", "w2");
    let mut ended = dial(&proxy, "w1").await;
    expect_line(&mut ended, "{\"magic\":\"link/1\",\"node\":\"w1\"}\n").await;
    switchboard.cut(line.clone());
    // Gives up while the line is cut: it never reaches the other side, before or after.
    drop(dial(&proxy, "w1").await);
    drop(ended);
    tokio::time::sleep(SILENCE).await;
    assert_eq!(switchboard.traffic(&line).connections, 1, "the other side can't know yet");
    switchboard.heal(&line);
    timeout(PATIENCE, async {
        while switchboard.traffic(&line).connections > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("both sides end after the heal");
}

#[tokio::test]
async fn what_a_sender_can_send_over_a_cut_line_is_bounded() {
    let (target, _echo) = echo().await;
    let switchboard = Switchboard::new();
    let proxy = LinkProxy::start("w2", target, &switchboard).await.expect("started");
    let mut socket = dial(&proxy, "w1").await;
    expect_line(&mut socket, "{\"magic\":\"link/1\",\"node\":\"w1\"}\n").await;
    switchboard.cut(Line::between("w1", "w2"));
    let much = vec![0; 64 * 1024];
    let flood = async {
        loop {
            socket.write_all(&much).await.expect("the connection stands");
        }
    };
    let before = switchboard.traffic(&Line::between("w1", "w2")).bytes;
    assert!(timeout(SILENCE * 4, flood).await.is_err(), "the sender is stopped by its own buffers");
    assert_eq!(switchboard.traffic(&Line::between("w1", "w2")).bytes, before);
}

#[tokio::test]
async fn a_node_is_cut_from_the_database_and_comes_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join(".s.PGSQL.5432");
    let switchboard = Switchboard::new();
    let proxy = DatabaseProxy::start("w1", socket.clone(), &switchboard).await.expect("started");
    let mut refused = connect(&proxy).await;
    assert_eq!(timeout(PATIENCE, refused.read(&mut [0])).await.expect("told at once").unwrap_or(0), 0, "no server, no connection");

    let _server = serve_on(&socket);
    let mut connection = connect(&proxy).await;
    connection.write_all(b"select 1\n").await.expect("open");
    expect_line(&mut connection, "select 1\n").await;
    let line = Line::Database("w1".to_owned());
    switchboard.cut(line.clone());
    connection.write_all(b"select 2\n").await.expect("nobody is told");
    let mut second = connect(&proxy).await;
    second.write_all(b"start\n").await.expect("nobody is told");
    expect_silence(&mut connection).await;
    expect_silence(&mut second).await;
    switchboard.heal_all();
    expect_line(&mut connection, "select 2\n").await;
    expect_line(&mut second, "start\n").await;
}

async fn connect(proxy: &DatabaseProxy) -> TcpStream {
    let url = proxy.url("cowork", "cowork");
    let address = url.split(['@', '/']).find(|part| part.starts_with("127.")).expect("the url names the port").to_owned();
    TcpStream::connect(address).await.expect("the proxy listens")
}

fn serve_on(socket: &Path) -> JoinSet<()> {
    let listener = UnixListener::bind(socket).expect("a socket");
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((socket, _)) = listener.accept().await {
            connections.spawn(send_back(socket));
        }
    });
    tasks
}
