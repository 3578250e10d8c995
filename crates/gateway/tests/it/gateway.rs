//! A whole gateway inside the test process: one worker, ports of the system's choice, and an
//! access log that is kept.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gateway::admin::Admin;
use gateway::config::upstream::ClientChoice;
use gateway::config::{GatewayConfig, KeyFiles};
use gateway::deploy::{self, Deployer};
use gateway::endpoint::check::Checker;
use gateway::listener::tls::ServerCertificates;
use gateway::serve::Gateway;
use gateway::source::folder::ProjectFolders;
use gateway::telemetry::log::{AccessLog, Format};
use http::{Method, Request};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Answer, Ca, Client, H2Client, Project};

/// A running gateway; it ends when this is dropped.
pub(crate) struct Weir {
    gateway: Gateway,
    admin: Admin,
    deployer: Deployer,
    folders: ProjectFolders,
    dir: TempDir,
    ca: Option<Ca>,
    log: Sink,
    _checker: Checker,
}

/// What the access log has written.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Weir {
    /// Serves one project with defaults.
    pub(crate) fn start(project: &Project) -> Self {
        Self::with(&[project], |_| {})
    }

    /// Serves projects with a changed configuration.
    pub(crate) fn with(projects: &[&Project], change: impl FnOnce(&mut GatewayConfig)) -> Self {
        Self::launch(projects, None, change)
    }

    /// As [`Weir::with`], over TLS as well, with a certificate for `localhost`.
    pub(crate) fn tls(projects: &[&Project], change: impl FnOnce(&mut GatewayConfig)) -> Self {
        Self::launch(projects, Some(Ca::new()), change)
    }

    /// Serves nothing, since the one project is refused.
    pub(crate) fn refused(project: &Project) -> Self {
        Self::launch_expecting(&[project], 0, None, |_| {})
    }

    fn launch(
        projects: &[&Project],
        ca: Option<Ca>,
        change: impl FnOnce(&mut GatewayConfig),
    ) -> Self {
        Self::launch_expecting(projects, projects.len(), ca, change)
    }

    fn launch_expecting(
        projects: &[&Project],
        served: usize,
        ca: Option<Ca>,
        change: impl FnOnce(&mut GatewayConfig),
    ) -> Self {
        let dir = TempDir::with_prefix("weir-it-").unwrap();
        let apis = dir.path().join("apis");
        std::fs::create_dir(&apis).unwrap();
        for project in projects {
            project.write(&apis);
        }
        let mut config = config(&dir, ca.as_ref());
        change(&mut config);
        let config = Arc::new(config);
        let checker = Checker::start(&config).unwrap();
        let deployer = deploy::deployer(Arc::clone(&config), None).unwrap();
        let mut deployer = deployer.watched_by(checker.handle());
        let mut folders = ProjectFolders::new(vec![apis]);
        let snapshot = deployer.apply(folders.changes());
        assert_deployed(&deployer, served);
        let log = Sink::default();
        let access_log = AccessLog::start(Box::new(log.clone()), Format::Json, 1).unwrap();
        let certificates =
            ca.as_ref().map(|_| ServerCertificates::load(&config.server_tls).unwrap());
        let gateway = Gateway::start(snapshot, access_log, certificates.as_ref()).unwrap();
        let admin = Admin::new(Arc::clone(&gateway.shared));
        Self { gateway, admin, deployer, folders, dir, ca, log, _checker: checker }
    }

    /// Writes a project (again) and serves what follows.
    pub(crate) fn deploy(&mut self, project: &Project) {
        let apis = self.dir.path().join("apis");
        let path = project.write(&apis).canonicalize().unwrap();
        let changes = self.folders.changes_at(&[path]);
        assert!(!changes.is_empty(), "the project has changed");
        self.publish(changes);
    }

    /// Removes a project.
    pub(crate) fn remove(&mut self, folder: &str) {
        std::fs::remove_dir_all(self.dir.path().join("apis").join(folder)).unwrap();
        let changes = self.folders.changes();
        self.publish(changes);
    }

    /// What was found in projects that are not served.
    pub(crate) fn refusal(&self) -> String {
        let refused = self.deployer.statuses().filter(|status| status.live.is_none());
        let problems = refused.flat_map(|status| status.diagnostics.iter());
        problems.map(|problem| format!("{problem}\n")).collect()
    }

    /// What was found in projects, served or not.
    pub(crate) fn findings(&self) -> String {
        let problems = self.deployer.statuses().flat_map(|status| status.diagnostics.iter());
        problems.map(|problem| format!("{problem}\n")).collect()
    }

    fn publish(&mut self, changes: Vec<gateway::source::Change>) {
        let snapshot = self.deployer.apply(changes);
        self.gateway.shared.publish(snapshot);
    }

    /// Leaves to another process what it does not have in hand yet; whether all of that has ended.
    pub(crate) fn hand_over(self, limit: Duration) -> tokio::task::JoinHandle<bool> {
        let gateway = self.gateway;
        tokio::task::spawn_blocking(move || gateway.hand_over(limit))
    }

    /// Where it serves TLS.
    pub(crate) fn tls_address(&self) -> SocketAddr {
        self.gateway.https.unwrap()
    }

    /// Where it serves clear text.
    pub(crate) fn address(&self) -> SocketAddr {
        self.gateway.http.unwrap()
    }

    /// A URL in clear text.
    pub(crate) fn url(&self, target: &str) -> String {
        format!("http://{}{target}", self.address())
    }

    /// A connection in clear text.
    pub(crate) async fn client(&self) -> Client {
        Client::connect(self.address()).await.unwrap()
    }

    /// A connection over TLS that speaks HTTP/1.1.
    pub(crate) async fn tls_client(&self) -> Client {
        let config = self.ca.as_ref().unwrap().client_config(&["http/1.1"]);
        Client::connect_tls(self.gateway.https.unwrap(), "localhost", config).await.unwrap()
    }

    /// A connection in clear text that speaks HTTP/2.
    pub(crate) async fn h2(&self) -> H2Client {
        H2Client::connect(self.address()).await.unwrap()
    }

    /// A connection over TLS on which HTTP/2 is agreed.
    pub(crate) async fn tls_h2(&self) -> H2Client {
        let config = self.ca.as_ref().unwrap().client_config(&["h2"]);
        H2Client::connect_tls(self.gateway.https.unwrap(), "localhost", config).await.unwrap()
    }

    /// The answer to a `GET` on a connection of its own.
    pub(crate) async fn get(&self, target: &str) -> Answer {
        testkit::get(&self.url(target)).await.unwrap()
    }

    /// The answer to a request on a connection of its own.
    pub(crate) async fn call(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        testkit::request(method, &self.url(target), headers, body).await.unwrap()
    }

    /// What is answered to these bytes until the connection ends.
    pub(crate) async fn raw(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut client = self.client().await;
        client.send(bytes).await.unwrap();
        String::from_utf8_lossy(&client.rest().await).into_owned()
    }

    /// Waits for the access records of that many exchanges and gives all.
    pub(crate) async fn records(&self, count: usize) -> Vec<Value> {
        testkit::bounded("access records", async {
            loop {
                self.gateway.shared.access_log.flush(0);
                let records = self.seen();
                if records.len() >= count {
                    return records;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await
    }

    /// The access record of the first exchange.
    pub(crate) async fn record(&self) -> Value {
        self.records(1).await.remove(0)
    }

    fn seen(&self) -> Vec<Value> {
        let bytes = self.log.0.lock().unwrap_or_else(PoisonError::into_inner);
        bytes
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect()
    }

    /// What the admin listener answers, with its status.
    pub(crate) async fn admin(&self, method: Method, path: &str) -> (u16, Value) {
        let request = Request::builder().method(method).uri(path).body(()).unwrap();
        let answer = self.admin.answer(&request);
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    /// The first endpoint as the admin listener shows it.
    pub(crate) async fn endpoint(&self) -> Value {
        self.admin(Method::GET, "/endpoints").await.1["list"][0].clone()
    }

    /// The state of the first endpoint.
    pub(crate) async fn state(&self) -> String {
        self.endpoint().await["health"]["state"].as_str().unwrap().to_owned()
    }

    /// The metrics as text.
    pub(crate) async fn metrics(&self) -> String {
        let request = Request::get("/metrics").body(()).unwrap();
        let body = self.admin.answer(&request).into_body().collect().await.unwrap().to_bytes();
        String::from_utf8_lossy(&body).into_owned()
    }

    /// The sum of all samples of a metric, or of those whose labels are named too.
    pub(crate) async fn metric(&self, name: &str) -> f64 {
        let of =
            |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']));
        let text = self.metrics().await;
        let value = |line: &str| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap();
        assert!(text.lines().any(|line| of(&line)), "no metric {name}");
        text.lines().filter(of).map(value).sum()
    }

    /// Waits until something holds.
    pub(crate) async fn until<F: Future<Output = bool>>(&self, what: &str, holds: impl Fn() -> F) {
        testkit::bounded(what, async {
            while !holds().await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
    }

    /// Waits until nothing is in flight towards the first endpoint.
    pub(crate) async fn quiet(&self) {
        self.until("nothing in flight", || async { self.endpoint().await["inFlight"] == 0 }).await;
    }
}

fn config(dir: &TempDir, ca: Option<&Ca>) -> GatewayConfig {
    let local = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut config = GatewayConfig { workers: 1, ..GatewayConfig::default() };
    config.listeners.http = Some(local);
    config.listeners.https = ca.map(|_| local);
    config.upstream_tls.system_roots = false;
    config.upstream.client = client();
    if let Some(ca) = ca {
        let (certificate, key) = ca.leaf(&["localhost"]).write(dir.path(), "server");
        config.server_tls.certificates = vec![KeyFiles::Pem { certificate, key }];
    }
    config
}

/// The client towards upstreams: the gateway's own, or with `WEIR_TEST_CLIENT=hyper` the library's.
pub(crate) fn client() -> ClientChoice {
    match std::env::var("WEIR_TEST_CLIENT").as_deref() {
        Ok("hyper") => ClientChoice::Library,
        _ => ClientChoice::Own,
    }
}

fn assert_deployed(deployer: &Deployer, count: usize) {
    let live = deployer.statuses().filter(|status| status.live.is_some()).count();
    let problems: Vec<String> = deployer
        .statuses()
        .flat_map(|status| status.diagnostics.iter().map(ToString::to_string))
        .collect();
    assert_eq!(live, count, "{problems:#?}");
}

/// An API `/shop/1.0` whose operations need no token: every method at `/*`.
pub(crate) fn shop(url: &str) -> Project {
    open(Project::new("Shop", "1.0", "/shop").endpoint(url), "/*")
}

/// As [`shop`], with a `config` for its production endpoint.
pub(crate) fn shop_with(url: &str, config: Value) -> Project {
    let endpoint = json!({ "url": url, "config": config });
    open(Project::new("Shop", "1.0", "/shop"), "/*").endpoint_config(json!({
        "endpoint_type": "http",
        "production_endpoints": endpoint,
    }))
}

/// Adds operations without tokens at a template.
pub(crate) fn open(mut project: Project, template: &str) -> Project {
    for verb in ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"] {
        project = project.operation(verb, template).open();
    }
    project
}

/// The `code` of a fault's body.
pub(crate) fn code(answer: &Answer) -> String {
    answer.json()["code"].as_str().unwrap().to_owned()
}
