//! The real binary, as a child process on free ports of the loopback and a data directory of its own.

use crate::place::{NOT_FOR_SERVERS, Place};
use crate::s3::SECRET_KEY;
use crate::settings::binary;
use crate::{Database, Gate, Http, Person, Room, S3, S3Fault, until_within};
use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// The people of the development mode, by their names before the `@`.
pub const PEOPLE: [&str; 4] = ["AdeleV", "AlexW", "ChristieC", "MeganB"];

/// The address of one of the [`PEOPLE`].
pub fn address(name: &str) -> String {
    format!("{name}@contoso.com")
}

/// A server. A test ends with [`Server::finish`], or it fails.
pub struct Server {
    child: Child,
    /// What is started.
    binary: PathBuf,
    /// Nodes of one store have it together.
    place: Arc<Place>,
    home: Arc<TempDir>,
    config: Option<PathBuf>,
    /// Outside development mode, what the log was like before the last start: it alone says where the server listens.
    production: Option<usize>,
    dev: Value,
    http: Http,
    finished: bool,
}

impl Server {
    /// Starts a server without a config file.
    pub async fn start() -> Server {
        Server::launch(None).await
    }

    /// Starts a server with the text of a config file.
    pub async fn with_config(text: &str) -> Server {
        Server::launch(Some(text)).await
    }

    /// Starts a server outside development mode, with these settings beside the domain's. Its people are those of development
    /// mode, which was there before; the app of that mode is locked up.
    pub async fn in_production(settings: &str) -> Server {
        let mut server = Server::start().await;
        server.stop().await;
        server.demand_order().await;
        let path = server.home.path().join("restante.toml");
        fs::write(&path, format!("domain = \"contoso.com\"\n{settings}")).expect("the config can be written");
        (server.config, server.production) = (Some(path), Some(0));
        server.restart().await;
        server
    }

    /// Starts a server on PostgreSQL and object storage, whatever others run on, with a gate between it and the database.
    pub async fn behind_gate() -> (Server, Gate) {
        let gate = Gate::before(Database::address()).await;
        (Server::launch_in(Arc::new(Place::shared(Some(gate.address()))), None).await, gate)
    }

    /// Starts so many nodes of one store, on PostgreSQL and object storage, whatever others run on; all at once.
    pub async fn nodes<const COUNT: usize>() -> [Server; COUNT] {
        Server::nodes_in(Place::shared(None), None).await
    }

    /// The same with the text of a config file, and with a gate between them and the database.
    pub async fn nodes_behind_gate<const COUNT: usize>(config: &str) -> ([Server; COUNT], Gate) {
        let gate = Gate::before(Database::address()).await;
        (Server::nodes_in(Place::shared(Some(gate.address())), Some(config)).await, gate)
    }

    /// The same on a database of the test's own.
    pub async fn nodes_on<const COUNT: usize>(rows: String) -> [Server; COUNT] {
        Server::nodes_in(Place::own(rows), None).await
    }

    /// The same, with the text of a config file.
    pub async fn nodes_told<const COUNT: usize>(rows: String, config: &str) -> [Server; COUNT] {
        Server::nodes_in(Place::own(rows), Some(config)).await
    }

    /// The same of another binary, until they are replaced.
    pub async fn nodes_of<const COUNT: usize>(binary: &Path) -> [Server; COUNT] {
        Server::nodes_with(binary, Place::shared(None), None).await
    }

    async fn nodes_in<const COUNT: usize>(place: Place, config: Option<&str>) -> [Server; COUNT] {
        Server::nodes_with(&binary(), place, config).await
    }

    async fn nodes_with<const COUNT: usize>(binary: &Path, place: Place, config: Option<&str>) -> [Server; COUNT] {
        let place = Arc::new(place);
        let mut nodes = [(); COUNT].map(|()| Server::begin(binary, place.clone(), config));
        for node in &mut nodes {
            node.until_ready().await;
        }
        nodes
    }

    /// Starts a server where a store is, or is to be.
    pub async fn open(room: Room) -> Server {
        let mut server = Server::begin_in(room.home, &binary(), room.place, None);
        server.until_ready().await;
        server
    }

    /// Where its store is.
    pub fn room(&self) -> Room {
        Room { home: self.home.clone(), place: self.place.clone() }
    }

    /// Has the process do nothing for a while, as on a machine that stands still.
    pub async fn pause(&self, time: Duration) {
        self.signal(Signal::STOP);
        tokio::time::sleep(time).await;
    }

    /// Has it go on.
    pub fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    /// Ends without a word where the store may not be served any more; its room stays as it is.
    pub async fn leave(mut self) -> Room {
        self.finished = true;
        self.stop().await;
        self.demand_order().await;
        self.room()
    }

    async fn launch(config: Option<&str>) -> Server {
        Server::launch_in(Arc::new(Place::new()), config).await
    }

    async fn launch_in(place: Arc<Place>, config: Option<&str>) -> Server {
        let mut server = Server::begin(&binary(), place, config);
        server.until_ready().await;
        server
    }

    fn begin(binary: &Path, place: Arc<Place>, config: Option<&str>) -> Server {
        Server::begin_in(Arc::new(tempfile::tempdir().expect("a temporary directory can be made")), binary, place, config)
    }

    fn begin_in(home: Arc<TempDir>, binary: &Path, place: Arc<Place>, config: Option<&str>) -> Server {
        let config = config.map(|text| {
            let path = home.path().join("restante.toml");
            fs::write(&path, text).expect("the config can be written");
            path
        });
        let child = spawn(binary, home.path(), config.as_deref(), &place);
        let (binary, http) = (binary.to_owned(), Http::new());
        Server { child, binary, place, home, config, production: None, dev: Value::Null, http, finished: false }
    }

    /// Starts the server again, after it was stopped or killed.
    pub async fn restart(&mut self) {
        self.spawn_again();
        self.until_ready().await;
    }

    /// Starts the server again without waiting until it listens.
    pub fn spawn_again(&mut self) {
        // A server that is gone has left its own: its ports may be another test's by now.
        let _ = fs::remove_file(self.data_dir().join("dev.json"));
        self.production = self.production.map(|_| self.log().len());
        self.child = spawn(&self.binary, self.home.path(), self.config.as_deref(), &self.place);
        self.http = Http::new();
    }

    /// Stops another binary that serves, and starts the one under test on what it has left.
    pub async fn replace(&mut self) {
        self.stop().await;
        self.binary = binary();
        self.restart().await;
    }

    /// Kills the process as `kill -9` does.
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("the process can be killed");
    }

    /// Asks the process to stop (SIGTERM) and demands that it does within 10 seconds, with exit code 0.
    pub async fn stop(&mut self) {
        self.signal(Signal::TERM);
        let status = tokio::time::timeout(Duration::from_secs(10), self.child.wait()).await;
        let status = status.expect("SIGTERM ends it within 10 seconds").expect("it can be waited for");
        assert_eq!(status.code(), Some(0), "the exit code after SIGTERM");
    }

    /// Tells the process that what it read may have changed (SIGHUP).
    pub fn hang_up(&self) {
        self.signal(Signal::HUP);
    }

    fn signal(&self, signal: Signal) {
        let process = i32::try_from(self.process()).ok().and_then(Pid::from_raw).expect("a process has a number");
        kill_process(process, signal).expect("the process can be told");
    }

    /// Stops the server and demands that its store is in order and nothing panicked.
    pub async fn finish(mut self) {
        self.finished = true; // what fails from here on says so itself
        self.stop().await;
        self.demand_order().await;
        assert!(!self.log().contains("panicked at"), "something panicked:\n{}", self.log());
        assert!(!self.log().contains(SECRET_KEY), "a secret is in the log:\n{}", self.log());
    }

    /// Demands that `restante check` has nothing to say.
    pub async fn demand_order(&self) {
        let found = self.restante(&["check"]).await;
        let (out, err) = (String::from_utf8_lossy(&found.stdout), String::from_utf8_lossy(&found.stderr));
        assert!(found.status.success() && out.is_empty(), "restante check: {}\n{out}{err}", found.status);
    }

    /// Runs another command of the binary on this server's data.
    pub async fn restante(&self, arguments: &[&str]) -> Output {
        let mut command = command_of(&self.binary, &self.place);
        command.args(arguments).arg("--data").arg(self.data_dir()).stdin(Stdio::null());
        command.output().await.expect("the binary can be started")
    }

    /// Somebody with a token that is good for all mail scopes.
    pub fn person(&self, name: &str) -> Person {
        let token = self.entry(name)["token"].as_str().expect("dev.json holds tokens").to_owned();
        self.bearer(Some(token))
    }

    /// Somebody with a token of these scopes only.
    pub async fn person_with_scopes(&self, name: &str, scopes: &str) -> Person {
        let made = self.restante(&["token", "--user", &address(name), "--scope", scopes]).await;
        assert!(made.status.success(), "restante token: {}", String::from_utf8_lossy(&made.stderr));
        let token = String::from_utf8(made.stdout).expect("a token is text");
        self.bearer(Some(token.trim_end().to_owned()))
    }

    /// Somebody without a token.
    pub fn anonymous(&self) -> Person {
        self.bearer(None)
    }

    /// Somebody who shows this token.
    pub fn bearer(&self, token: Option<String>) -> Person {
        Person::new(self.http.clone(), self.origin(), token)
    }

    /// The app of dev.json for itself, by client credentials.
    pub async fn app(&self) -> Person {
        self.bearer(Some(self.app_token().await))
    }

    /// The token of the app of dev.json for itself.
    pub async fn app_token(&self) -> String {
        let member = |name: &str| self.dev[name].as_str().expect("dev.json names the app").to_owned();
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default",
            member("client_id"),
            member("client_secret")
        );
        // The endpoint stands on the plain port too; a client that insists on https is tested elsewhere.
        let request = Request::post(format!("{}/{}/oauth2/v2.0/token", self.origin(), member("tenant")))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(form)))
            .expect("this is a request");
        let granted = self.http.attempt(request).await.expect("the token endpoint answers").demand(200).json();
        granted["access_token"].as_str().expect("a token was given").to_owned()
    }

    pub(crate) fn client(&self) -> &Http {
        &self.http
    }

    /// What dev.json says.
    pub fn dev(&self) -> &Value {
        &self.dev
    }

    /// What dev.json says of a person, by the name before the `@`, or by the address where the domain is another.
    pub fn entry(&self, name: &str) -> &Value {
        let people = self.dev["people"].as_array().expect("dev.json lists people");
        let wanted = if name.contains('@') { name.to_owned() } else { address(name) };
        people.iter().find(|one| one["userPrincipalName"] == wanted.as_str()).expect("the person is in dev.json")
    }

    /// Where it takes mail from other servers: outside development mode its log says so.
    pub fn smtp(&self) -> String {
        match self.production {
            None => self.dev["smtp"].as_str().expect("dev.json tells where SMTP is").to_owned(),
            Some(_) => {
                let log = self.log();
                let (_, behind) = log.rsplit_once(" smtp=").expect("it listens");
                behind.split_whitespace().next().expect("an address").to_owned()
            }
        }
    }

    /// `http://HOST:PORT`
    pub fn origin(&self) -> String {
        let base = self.dev["base_url"].as_str().expect("dev.json names the base URL");
        base.strip_suffix("/v1.0").expect("the base URL ends in its version").to_owned()
    }

    /// The data directory.
    pub fn data_dir(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// Its store, beside it.
    pub fn store(&self) -> Store {
        let location = self.place.location(&self.data_dir());
        Store::beside(location).expect("the store can be opened beside the server")
    }

    /// What its database answers to a statement.
    pub fn ask_database(&self, sql: &str) -> String {
        self.place.rows().expect("its mail is in a database").ask(sql)
    }

    /// What is wrong with its object storage from now on, if anything.
    pub fn set_fault(&self, fault: Option<S3Fault>) {
        self.place.octets().expect("it has object storage").set_fault(fault);
    }

    /// Whether its objects are known to be this store's.
    pub fn has_claimed_objects(&self) -> bool {
        self.place.octets().is_some_and(S3::are_claimed)
    }

    /// Requests that its object storage has had; none where octets stand in files.
    pub fn object_requests(&self) -> usize {
        self.place.octets().map_or(0, S3::requests)
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// A directory with the server's keys, as `identity::Keys` reads them.
    pub(crate) fn keys_dir(&self) -> PathBuf {
        let Some(rows) = self.place.rows() else { return self.data_dir() };
        let dir = self.home.path().join("secrets");
        for line in rows.ask("SELECT name, encode(octets, 'hex') FROM secret WHERE name LIKE 'keys/%'").lines() {
            let (name, hex) = line.split_once('|').expect("two columns");
            let octets = hex.as_bytes().chunks(2).map(|pair| {
                let pair = std::str::from_utf8(pair).expect("hexadecimal");
                u8::from_str_radix(pair, 16).expect("hexadecimal")
            });
            fs::create_dir_all(dir.join("keys")).expect("a folder can be made");
            fs::write(dir.join(name), octets.collect::<Vec<u8>>()).expect("a key can be written");
        }
        dir
    }

    /// The number of the process.
    pub fn process(&self) -> u32 {
        self.child.id().expect("the process runs")
    }

    /// What the server has said so far, since its first start.
    pub fn log(&self) -> String {
        fs::read_to_string(self.home.path().join("log")).unwrap_or_default()
    }

    async fn until_ready(&mut self) {
        let (file, http) = (self.data_dir().join("dev.json"), self.http.clone());
        let child = &mut self.child;
        let log = self.home.path().join("log");
        let (said, production) = (self.dev.clone(), self.production);
        self.dev = until_within(Duration::from_secs(30), "the server listens", async || {
            if let Some(status) = ended(child) {
                panic!("the server ended with {status}:\n{}", fs::read_to_string(&log).unwrap_or_default());
            }
            let dev: Value = match production {
                Some(before) => listening(&said, fs::read_to_string(&log).ok()?.get(before..)?)?,
                None => serde_json::from_slice(&fs::read(&file).ok()?).expect("dev.json is whole at every moment"),
            };
            let base = dev["base_url"].as_str().expect("dev.json names the base URL");
            let health = format!("{}/healthz", base.trim_end_matches("/v1.0"));
            let request = Request::get(health).body(Full::default()).expect("this is a request");
            let answer = http.attempt(request).await.ok()?;
            answer.status.is_success().then_some(dev)
        })
        .await;
    }
}

/// What dev.json would say of a server that is where its log says.
fn listening(dev: &Value, log: &str) -> Option<Value> {
    let line = log.lines().find(|line| line.contains("listening http="))?;
    let address = line.split_once("http=")?.1.split(' ').next()?;
    let mut dev = dev.clone();
    dev["base_url"] = format!("http://{address}/v1.0").into();
    Some(dev)
}

fn ended(child: &mut Child) -> Option<ExitStatus> {
    child.try_wait().expect("the process can be looked at")
}

/// The binary, told where mail is.
pub(crate) fn command(place: &Place) -> Command {
    command_of(&binary(), place)
}

fn command_of(binary: &Path, place: &Place) -> Command {
    let mut command = Command::new(binary);
    for name in NOT_FOR_SERVERS {
        command.env_remove(name);
    }
    command.envs(place.variables());
    command
}

fn spawn(binary: &Path, home: &Path, config: Option<&Path>, place: &Place) -> Child {
    let log = File::options().create(true).append(true).open(home.join("log")).expect("the log can be written");
    let mut command = command_of(binary, place);
    command.arg("serve").arg("--data").arg(home.join("data"));
    command.args(["--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--smtp", "127.0.0.1:0"]);
    if let Some(path) = config {
        command.arg("--config").arg(path);
    }
    command.stdin(Stdio::null()).stdout(log.try_clone().expect("the log can be shared")).stderr(log);
    command.kill_on_drop(true).spawn().expect("the binary can be started")
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            eprintln!("the server's last words:\n{}", lines[lines.len().saturating_sub(20)..].join("\n"));
        } else {
            assert!(self.finished, "a test ends with Server::finish");
        }
    }
}
