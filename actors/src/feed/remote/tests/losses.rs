//! Everything at once, by dice: whatever happens to the links, all subscribers see the log.

use super::{
    board::{Board, Faults},
    cluster::{Cluster, Node, Reader, Story, message, owner},
};
use crate::feed::Log;
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{
    sync::{Mutex, watch},
    task::JoinHandle,
};

const ROUNDS: usize = 80;
const READERS: usize = 40;

/// Where each log ends, once that is known.
type Ends = watch::Receiver<Option<HashMap<Log, u64>>>;

#[tokio::test(flavor = "multi_thread")]
async fn subscribers_see_the_log_whatever_the_links_do() {
    for seed in [11, 12, 13] {
        eprintln!("seed {seed}");
        play(seed).await;
    }
}

async fn play(seed: u64) {
    let cluster = Cluster::new(seed).await;
    let board = &cluster.board;
    let nodes = Arc::new([cluster.node(0).await, cluster.node(1).await, cluster.node(2).await]);
    let mut stories = Vec::new();
    for (index, user) in ["kim", "kim", "kim", "lee"].into_iter().enumerate() {
        stories.push(Arc::new(Mutex::new(cluster.session(user, &nodes[index % 3]).await)));
    }
    let writers: Vec<_> = stories.iter().map(|story| tokio::spawn(write(board.clone(), nodes.clone(), story.clone()))).collect();
    let (tell_ends, ends) = watch::channel(None);
    let mut readers = Vec::new();
    while writers.iter().any(|writer| !writer.is_finished()) {
        let story = stories[board.roll(stories.len())].lock().await;
        let node = &nodes[board.roll(3)];
        match board.roll(8) {
            0 => board.set(node.name(), Faults::default()),
            1 => board.set(node.name(), Faults { cut: true, ..Faults::default() }),
            2 | 3 => board.set(node.name(), Faults { loss: 20, swallowed: 10, delay: 15, ..Faults::default() }),
            4 => board.give(story.identity.session, node.name()),
            5 | 6 if readers.len() < READERS => readers.push(Watcher::begin(board, node, &story, ends.clone())),
            _ => drop(readers.pop()),
        }
        drop(story);
        tokio::time::sleep(Duration::from_millis(board.roll(20) as u64)).await;
    }
    for writer in writers {
        writer.await.expect("the writer ends well");
    }
    nodes.iter().for_each(|node| board.set(node.name(), Faults::default()));
    let mut logs = HashMap::new();
    for story in &stories {
        let story = story.lock().await;
        let (session, workspace) = (story.identity.session, story.identity.workspace());
        logs.insert(Log::Session { session, workspace }, (cluster.session_bytes(&story).await, story.written));
        logs.insert(Log::Workspace(workspace), cluster.workspace_bytes(&story).await);
    }
    tell_ends.send_replace(Some(logs.iter().map(|(log, (_, end))| (*log, *end)).collect()));
    for mut reader in readers {
        let seen = (&mut reader.task).await.expect("the reader ends well");
        let Watcher { log, after, .. } = reader;
        let (bytes, end) = &logs[&log];
        let begins = after == *end || seen.starts_with(&format!("id: {}\n", after + 1));
        assert!(begins && bytes.ends_with(&seen), "seed {seed}: a reader saw something else than the log");
    }
}

/// A reader that is at it all the time.
struct Watcher {
    log: Log,
    after: u64,
    task: JoinHandle<String>,
}

impl Watcher {
    fn begin(board: &Board, node: &Node, story: &Story, ends: Ends) -> Self {
        // A user's stream is at least as long as each session.
        let after = board.roll(usize::try_from(story.written).expect("few") + 1) as u64;
        let (session, workspace) = (story.identity.session, story.identity.workspace());
        let (log, reader) = if board.roll(2) == 0 {
            (Log::Session { session, workspace }, node.follow(story, after))
        } else {
            (Log::Workspace(workspace), node.follow_user(story, after))
        };
        Self { log, after, task: tokio::spawn(read_all(reader, log, ends)) }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn read_all(mut reader: Reader, log: Log, mut ends: Ends) -> String {
    tokio::select! {
        _ = ends.wait_for(Option::is_some) => {}
        () = reader.read_on() => {}
    }
    let end = ends.borrow().as_ref().expect("it is known")[&log];
    reader.read_to(end).await;
    reader.seen
}

async fn write(board: Arc<Board>, nodes: Arc<[Node; 3]>, story: Arc<Mutex<Story>>) {
    let all: Vec<&Node> = nodes.iter().collect();
    for _ in 0..ROUNDS {
        let payloads: Vec<String> = (0..=board.roll(4)).map(|_| message(board.roll(1500))).collect();
        let (writer, append, first) = {
            let mut story = story.lock().await;
            let writer = owner(&all, &board, story.identity.session);
            let (append, first) = writer.commit(&mut story, &payloads).await;
            (writer, append, first)
        };
        if board.roll(20) == 0 {
            writer.hub.forget(append.identity.session, append.workspace);
        } else {
            writer.hub.publish(&append, first);
        }
        tokio::time::sleep(Duration::from_millis(board.roll(10) as u64)).await;
    }
}
