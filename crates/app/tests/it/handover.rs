//! One process takes another one's place, and no client notices.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rustls::ClientConfig;
use testkit::{Backend, Ca, Client, H2Client, Reply, WeirProcess};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::support::{Ask as _, WEIR, configure, eventually, home, open, serve_with};

const TLS: &str = "[weir.tls]\ncertificate = \"one.pem\"\nkey = \"one.key\"\n";

/// Where and how a client of the load connects.
#[derive(Clone)]
struct Door {
    address: SocketAddr,
    tls: Option<Arc<ClientConfig>>,
}

impl Door {
    async fn connect(&self) -> Client {
        let connected = match &self.tls {
            None => Client::connect(self.address).await,
            Some(tls) => Client::connect_tls(self.address, "localhost", Arc::clone(tls)).await,
        };
        connected.unwrap_or_else(|error| panic!("a connection was lost: {error}"))
    }
}

/// Clients that call without a pause until they are told to stop; each fails with the first answer
/// that is not as it should be.
struct Load {
    clients: JoinSet<()>,
    is_over: Arc<AtomicBool>,
    count: Arc<AtomicUsize>,
    /// Connections that were opened.
    opened: Arc<AtomicUsize>,
}

impl Load {
    fn new() -> Self {
        Self {
            clients: JoinSet::new(),
            is_over: Arc::default(),
            count: Arc::default(),
            opened: Arc::default(),
        }
    }

    /// Adds a client that makes so many requests on each connection at most.
    fn add(&mut self, name: String, door: Door, requests: usize) {
        let (is_over, count) = (Arc::clone(&self.is_over), Arc::clone(&self.count));
        let opened = Arc::clone(&self.opened);
        self.clients.spawn(async move {
            let mut number = 0;
            while !is_over.load(Ordering::Relaxed) {
                let mut client = door.connect().await;
                opened.fetch_add(1, Ordering::Relaxed);
                for _ in 0..requests {
                    number += 1;
                    let target = format!("/shop/1/a?{name}-{number}");
                    let answer = client.get(&target).await;
                    let answer = answer.unwrap_or_else(|error| panic!("{target}: {error}"));
                    assert_eq!(answer.status, 200, "{target}: {answer:?}");
                    assert_eq!(answer.text(), format!("{name}-{number}"));
                    count.fetch_add(1, Ordering::Relaxed);
                    let is_last = answer.header("connection") == Some("close");
                    if is_last || is_over.load(Ordering::Relaxed) {
                        break;
                    }
                }
            }
        });
    }

    /// Waits until so many further requests were answered.
    async fn go_on(&mut self, more: usize) {
        let until = self.count.load(Ordering::Relaxed) + more;
        let count = Arc::clone(&self.count);
        eventually("progress of the load", async || {
            (count.load(Ordering::Relaxed) >= until).then_some(())
        })
        .await;
        while let Some(ended) = self.clients.try_join_next() {
            ended.unwrap();
        }
    }

    /// How many requests were answered, and over how many connections.
    async fn stop(mut self) -> (usize, usize) {
        self.is_over.store(true, Ordering::Relaxed);
        while let Some(ended) = self.clients.join_next().await {
            ended.unwrap();
        }
        (self.count.load(Ordering::Relaxed), self.opened.load(Ordering::Relaxed))
    }
}

/// A backend that answers what the query says; `/slow` only when it is let go.
struct Shop {
    backend: Backend,
    gate: Arc<Semaphore>,
    /// How many calls of `/slow` have come.
    slow: watch::Receiver<usize>,
}

impl Shop {
    async fn open() -> Self {
        let gate = Arc::new(Semaphore::new(0));
        let (arrived, slow) = watch::channel(0);
        let (waiting, arrived) = (Arc::clone(&gate), Arc::new(arrived));
        let backend = Backend::with(move |request| {
            let (waiting, arrived) = (Arc::clone(&waiting), Arc::clone(&arrived));
            async move {
                if request.target.contains("/slow") {
                    arrived.send_modify(|count| *count += 1);
                    waiting.acquire().await.unwrap().forget();
                }
                let (_, query) = request.target.split_once('?').unwrap_or_default();
                Reply::new(200).body(query.to_owned())
            }
        });
        Self { backend: backend.await, gate, slow }
    }

    /// Waits until so many calls of `/slow` have come.
    async fn slow_ones(&mut self, count: usize) {
        let come = self.slow.wait_for(|come| *come >= count);
        testkit::bounded("a slow request", come).await.unwrap();
    }
}

/// Starts a process that takes the place of `old`.
async fn take_over(old: &WeirProcess, apis: &Path, more: &[&str]) -> WeirProcess {
    let arguments = [&["--apis", apis.to_str().unwrap(), "--takeover"], more].concat();
    match old.again(WEIR, &arguments).await {
        Ok(process) => process,
        Err(exit) => panic!("{}: {}", exit.status, exit.stderr),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_restarts_under_load_lose_nothing() {
    let mut shop = Shop::open().await;
    let apis = open("Shop", &shop.backend.url()).write_temp();
    let (ca, home) = (Ca::new(), home(TLS));
    let stores = home.path().join("repository/resources/security");
    fs::create_dir_all(&stores).unwrap();
    ca.leaf(&["localhost"]).write(&stores, "one");
    let mut process = serve_with(apis.dir(), home, &["--workers", "2"], &[]).await;
    let (address, line) = (process.http_address(), process.line().to_owned());
    let clear = Door { address, tls: None };
    let tls = Some(ca.client_config(&["http/1.1"]));
    let secure = Door { address: process.https_address(), tls };
    let admin = process.listener("admin").await;

    let mut load = Load::new();
    for index in 0..4 {
        load.add(format!("kept{index}"), clear.clone(), usize::MAX);
        load.add(format!("new{index}"), clear.clone(), 1);
    }
    for index in 0..2 {
        load.add(format!("tls-kept{index}"), secure.clone(), usize::MAX);
        load.add(format!("tls-new{index}"), secure.clone(), 1);
    }
    load.go_on(200).await;
    // With more workers than before, with fewer, and with fewer than there are sockets.
    for (round, workers) in ["3", "1", "2"].into_iter().enumerate() {
        let slow = tokio::spawn({
            let url = format!("http://{address}/shop/1/slow?late");
            async move { testkit::get(&url).await }
        });
        shop.slow_ones(round + 1).await;
        let next = take_over(&process, apis.dir(), &["--workers", workers]).await;
        assert_eq!(next.line(), line);
        assert_eq!(next.listener("admin").await, admin);
        process.logged("another process serves in place of this one").await;
        load.go_on(200).await;
        // What is in flight holds the old process, and is answered by it.
        shop.gate.add_permits(1);
        let answer = slow.await.unwrap().unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (200, "late"));
        let exit = process.ended().await;
        assert_eq!(exit.status.code(), Some(0), "{}", exit.stderr);
        assert!(exit.stderr.contains("everything in flight had ended"), "{}", exit.stderr);
        load.go_on(200).await;
        assert_eq!(next.admin("/readyz").await.status, 200);
        process = next;
    }
    let (count, opened) = load.stop().await;
    assert!(count > 1000 && opened > 100, "{count} requests, {opened} connections");
    assert_eq!(process.terminate().await.status.code(), Some(0));
}

#[tokio::test]
async fn http2_streams_survive() {
    let mut shop = Shop::open().await;
    let apis = open("Shop", &shop.backend.url()).write_temp();
    let mut process = serve_with(apis.dir(), home(""), &[], &[]).await;
    let mut client = H2Client::connect(process.http_address()).await.unwrap();
    let url = format!("{}/shop/1/slow?late", process.http());
    let slow = tokio::spawn(async move { client.get(&url).await });
    shop.slow_ones(1).await;
    let next = take_over(&process, apis.dir(), &[]).await;
    process.logged("another process serves in place of this one").await;
    shop.gate.add_permits(1);
    assert_eq!(slow.await.unwrap().unwrap().text(), "late");
    assert_eq!(process.ended().await.status.code(), Some(0));
    assert_eq!(next.get("/shop/1/a?now").await.text(), "now");
}

#[tokio::test]
async fn a_successor_that_does_not_get_ready_changes_nothing() {
    let shop = Shop::open().await;
    let apis = open("Shop", &shop.backend.url()).write_temp();
    let mut process = serve_with(apis.dir(), home(""), &[], &[]).await;
    let mut client = Client::connect(process.http_address()).await.unwrap();
    assert_eq!(client.get("/shop/1/a?one").await.unwrap().text(), "one");
    let folder = apis.dir().to_str().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    // Before and after it has the sockets of the other one.
    for (toml, more, told) in [
        ("[weir.gateway]\nworkers = \"many\"\n", None, "workers"),
        ("[[weir.tls.certificate]]\ncertificate = \"none.pem\"\n", None, "none.pem"),
        ("", Some(["--manage-http", taken.as_str()]), taken.as_str()),
        ("", Some(["--https", taken.as_str()]), taken.as_str()),
    ] {
        configure(process.home(), toml);
        let more = more.as_ref().map_or(&[][..], |more| &more[..]);
        let arguments = [&["--apis", folder, "--takeover"], more].concat();
        let exit = process.again(WEIR, &arguments).await.expect_err("it cannot serve");
        assert_eq!(exit.status.code(), Some(1), "{}", exit.stderr);
        assert!(exit.stderr.contains(told), "{}", exit.stderr);
        assert_eq!(process.admin("/readyz").await.status, 200);
        let answer = client.get("/shop/1/a?two").await.unwrap();
        assert_eq!((answer.text().as_str(), answer.header("connection")), ("two", None));
    }
    assert!(!process.stderr().contains("Draining"), "{}", process.stderr());
    // And the next one may take over all the same.
    configure(process.home(), "");
    let next = take_over(&process, apis.dir(), &[]).await;
    // The old process tells its clients that an answer is the last, as soon as it drains.
    loop {
        let answer = client.get("/shop/1/a?three").await.unwrap();
        assert_eq!(answer.text(), "three");
        if answer.header("connection") == Some("close") {
            break;
        }
    }
    assert!(client.rest().await.is_empty());
    assert_eq!(process.ended().await.status.code(), Some(0));
    assert_eq!(next.get("/shop/1/a?four").await.text(), "four");
}

#[tokio::test]
async fn a_listener_may_move_or_go_away() {
    let shop = Shop::open().await;
    let apis = open("Shop", &shop.backend.url()).write_temp();
    let mut process = serve_with(apis.dir(), home(""), &[], &[]).await;
    let (old, kept) = (process.http_address(), process.https_address());
    let free = std::net::TcpListener::bind("127.0.0.2:0").unwrap().local_addr().unwrap();
    let free = free.to_string();
    let next = take_over(&process, apis.dir(), &["--http", &free, "--admin", "off"]).await;
    assert!(next.line().contains(&format!("http://{free} https://{kept} ")), "{}", next.line());
    assert_eq!(process.ended().await.status.code(), Some(0));
    eventually("a refusal", async || Client::connect(old).await.err()).await;
    Client::connect(kept).await.unwrap();
}

#[tokio::test]
async fn without_another_process_it_starts_as_usual() {
    let shop = Shop::open().await;
    let apis = open("Shop", &shop.backend.url()).write_temp();
    let home = home("");
    let variables = [("WEIR_TAKEOVER", "true")];
    let process = serve_with(apis.dir(), home, &[], &variables).await;
    process.logged("there is none to take over from").await;
    assert_eq!(process.get("/shop/1/a?one").await.text(), "one");
    // A process that was killed leaves its socket, which is no process.
    let control = process.home().join("data/control.sock");
    let mode = fs::metadata(&control).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    process.signal("KILL");
    let next = take_over(&process, apis.dir(), &[]).await;
    next.logged("there is none to take over from").await;
    // One that ends takes it along.
    let kept = next.home().to_owned();
    assert_eq!(next.terminate().await.status.code(), Some(0));
    assert!(!kept.join("data/control.sock").exists());
}

#[tokio::test]
async fn nobody_takes_over_by_mistake() {
    let shop = Shop::open().await;
    let apis = open("Shop", &shop.backend.url()).write_temp();
    let process = serve_with(apis.dir(), home(""), &[], &[]).await;
    let (folder, address) = (apis.dir().to_str().unwrap(), process.http_address().to_string());
    let refused = process.again(WEIR, &["--apis", folder, "--http", &address]).await;
    let exit = refused.expect_err("the port is taken");
    assert_eq!(exit.status.code(), Some(1));
    assert!(exit.stderr.contains("with --takeover this process takes"), "{}", exit.stderr);
    // With ports of its own it serves beside the other one, which stays the one to take over from.
    let beside = process.again(WEIR, &["--apis", folder]).await.unwrap();
    beside.logged("No other process can take the place of this one.").await;
    let next = take_over(&process, apis.dir(), &[]).await;
    assert_eq!(next.http_address(), process.http_address());
    assert_eq!(beside.get("/shop/1/a?one").await.text(), "one");
}
