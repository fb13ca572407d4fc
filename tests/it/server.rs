//! A server under test: the real binary on a database of its own.

use crate::{
    answer::{Answer, is_settled, messages},
    caller::Caller,
    event_stream::EventStream,
    program::{GLANCE, wait_for_end},
    setting::Setting,
};
use cowork_store::test_database::TestDatabase;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};
use std::{
    fmt::Write,
    io::Read,
    path::{Path, PathBuf},
    process::{Child, Command},
    time::{Duration, Instant},
};

/// How long anything may take before a test gives up on it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A running server and a client for it.
pub(crate) struct Server {
    pub(crate) url: String,
    child: Child,
    setting: Setting,
    http: reqwest::Client,
}

impl Server {
    /// On a database of its own, with the defaults of tier `local`.
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// With more environment, without the common prefix.
    pub(crate) async fn with(environment: &[(&str, &str)]) -> Self {
        Self::launch(Setting::new(Some(TestDatabase::create().await), environment))
    }

    /// With a configuration file.
    pub(crate) async fn with_file(path: &Path) -> Self {
        Self::launch(Setting::new(Some(TestDatabase::create().await), &[]).with_file(path))
    }

    /// On a private PostgreSQL in its own data directory.
    pub(crate) fn private() -> Self {
        Self::launch(Setting::new(None, &[]))
    }

    /// On what a setting says.
    pub(crate) fn launch(setting: Setting) -> Self {
        let (child, url) = setting.run();
        // The binary installs its own; here nobody else would. A second call changes nothing.
        rustls::crypto::ring::default_provider().install_default().ok();
        // Each test has a client of its own, so that no connection outlives its runtime.
        let http = reqwest::Client::builder().timeout(PATIENCE).build().expect("a client can be made");
        Self { url, child, setting, http }
    }

    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("a pid fits")
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.setting.data_dir()
    }

    /// Everything that the server logged, over all its lives.
    pub(crate) fn log(&self) -> String {
        self.setting.log()
    }

    /// The command line of this server, for a second one on the same things.
    pub(crate) fn command(&self) -> Command {
        self.setting.command()
    }

    pub(crate) fn database_url(&self) -> &str {
        self.setting.database_url()
    }

    /// Kills the server as the kernel would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    /// Starts it again on what it left.
    pub(crate) fn start_again(&mut self) {
        (self.child, self.url) = self.setting.run();
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid()), signal).expect("it runs");
    }

    /// The exit code, once it has ended by itself.
    pub(crate) fn exit_code(&mut self) -> Option<i32> {
        wait_for_end(&mut self.child).code()
    }

    /// What else was written to standard output, once it has ended.
    pub(crate) fn rest_of_stdout(&mut self) -> String {
        let mut rest = String::new();
        self.child.stdout.take().expect("piped").read_to_string(&mut rest).expect("its output can be read");
        rest
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(&body)).await
    }

    /// Asks as somebody, in header mode.
    pub(crate) async fn ask(&self, caller: &Caller, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.request(method, path).headers(caller.headers());
        if let Some(body) = body {
            request = request.json(&body);
        }
        Answer::of(request).await
    }

    /// A new session's id.
    pub(crate) async fn session(&self) -> String {
        let created = self.post("/api/sessions", json!({})).await;
        assert_eq!(created.status, StatusCode::CREATED, "{created:?}");
        session_id(&created)
    }

    pub(crate) async fn prompt(&self, session: &str, text: &str) -> Answer {
        let accepted = self.post(&format!("/api/sessions/{session}/prompt"), json!({ "text": text })).await;
        assert_eq!(accepted.status, StatusCode::ACCEPTED, "{accepted:?}");
        accepted
    }

    pub(crate) async fn view(&self, session: &str) -> Value {
        let answer = self.get(&format!("/api/sessions/{session}/view")).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.body
    }

    /// Waits until a session's view is as wanted.
    pub(crate) async fn until(&self, session: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let view = self.view(session).await;
            if wanted(&view) {
                return view;
            }
            assert!(Instant::now() < deadline, "the session never came to what is wanted: {view:#}");
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Asks again and again until the answer is as wanted.
    pub(crate) async fn until_answer(&self, path: &str, wanted: impl Fn(&Answer) -> bool) -> Answer {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.get(path).await;
            if wanted(&answer) {
                return answer;
            }
            assert!(Instant::now() < deadline, "{path} never answered what is wanted: {answer:?}");
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Prompts and waits until the turn is over.
    pub(crate) async fn run(&self, session: &str, text: &str) -> Value {
        let before = self.view(session).await["projection"]["sequence"].as_u64().unwrap_or(0);
        self.prompt(session, text).await;
        self.until(session, |view| {
            // A turn that moves to another node rests for a moment; its prompt is still without an answer then.
            let is_answered = view["session"]["status"] == "errored" || messages(view).last().is_some_and(|last| last["role"] != "user");
            is_settled(view) && is_answered && view["projection"]["sequence"].as_u64() > Some(before + 1)
        })
        .await
    }

    /// Follows a stream.
    pub(crate) async fn stream(&self, path: &str) -> EventStream {
        EventStream::open(self.request(Method::GET, path)).await
    }

    /// Follows a session from its beginning.
    pub(crate) async fn events(&self, session: &str) -> EventStream {
        self.stream(&format!("/api/sessions/{session}/events?after=0")).await
    }

    /// The log of a session as far as its projection goes.
    pub(crate) async fn log_of(&self, session: &str) -> Vec<Value> {
        let view = self.view(session).await;
        let latest = view["projection"]["sequence"].as_u64().expect("a session has events");
        let is_late = |record: &Value| record["sequence"].as_u64() >= Some(latest);
        let mut stream = self.events(session).await;
        // A session that works may be further by now.
        let records = stream.until(|records| records.last().is_some_and(is_late)).await;
        records.iter().filter(|record| record["sequence"].as_u64() <= Some(latest)).cloned().collect()
    }

    /// Changes the server's database behind its back.
    pub(crate) async fn sql(&self, statement: &str) {
        let mut connection = self.connect(None).await;
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.expect("the statement is right");
        connection.close().await.ok();
    }

    /// The rows of a query, one JSON text each.
    pub(crate) async fn rows(&self, query: &str) -> Vec<Value> {
        let mut connection = self.connect(None).await;
        let statement = format!("select to_jsonb(q)::text from ({query}) q");
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(statement)).fetch_all(&mut connection).await.expect("the query is right");
        connection.close().await.ok();
        rows.iter().map(|row| serde_json::from_str(row).expect("JSON")).collect()
    }

    /// Everything in the database, as text.
    pub(crate) async fn dump(&self) -> String {
        let tables = self.rows("select table_name from information_schema.tables where table_schema = 'public'").await;
        let mut dump = String::new();
        for table in tables {
            let name = table["table_name"].as_str().expect("a name");
            for row in self.rows(&format!("select * from {name}")).await {
                writeln!(dump, "{name} {row}").expect("a string takes any text");
            }
        }
        dump
    }

    /// Asks with a bearer token.
    pub(crate) async fn ask_with(&self, token: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.request(method, path).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        Answer::of(request).await
    }

    /// Lets nobody into the server's database, and ends who is in there; or lets them in again.
    pub(crate) async fn set_database_reachable(&self, reachable: bool) {
        let url: PgConnectOptions = self.setting.database_url().parse().expect("a database url");
        let name = url.get_database().expect("it names a database").to_owned();
        let mut connection = self.connect(Some("postgres")).await;
        let statements = [
            format!("alter database {name} allow_connections {reachable}"),
            format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}' and not {reachable}"),
        ];
        for statement in statements {
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.expect("the statement is right");
        }
        connection.close().await.ok();
    }

    async fn connect(&self, database: Option<&str>) -> PgConnection {
        let mut options: PgConnectOptions = self.setting.database_url().parse().expect("a database url");
        if let Some(database) = database {
            options = options.database(database);
        }
        PgConnection::connect_with(&options.disable_statement_logging()).await.expect("the database answers")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let ended = self.child.try_wait().ok().flatten().map_or_else(|| "runs".to_owned(), |status| format!("ended: {status}"));
            let log = self.log();
            let last: Vec<&str> = log.lines().rev().take(30).collect();
            eprintln!("the server {ended}; it said last:\n{}", last.into_iter().rev().collect::<Vec<_>>().join("\n"));
        }
        if self.setting.is_private() && self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            // Its private PostgreSQL ends in order only if it is asked nicely. The second signal is for a turn that hangs.
            for _ in 0..2 {
                kill(Pid::from_raw(self.pid()), Signal::SIGTERM).ok();
                let deadline = Instant::now() + Duration::from_secs(5);
                while Instant::now() < deadline && self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
                    std::thread::sleep(GLANCE);
                }
            }
        }
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The id in the envelope of a session.
pub(crate) fn session_id(answer: &Answer) -> String {
    answer.body["session"]["sessionId"].as_str().unwrap_or_else(|| panic!("no session: {answer:?}")).to_owned()
}
