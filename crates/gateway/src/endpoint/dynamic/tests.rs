//! Whole requests over real sockets, with the address set as policies will set it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test may panic")]
#![allow(clippy::disallowed_methods, reason = "bodies are the tests' own")]
#![allow(clippy::needless_pass_by_value, reason = "`json!` at the call reads better than `&json!`")]

use std::net::{Ipv4Addr, SocketAddr};

use http::{Method, Request};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Backend, Project};

use super::*;
use crate::deploy;
use crate::endpoint::{self, Endpoint};
use crate::exchange::{Arrival, Connection, Destination};
use crate::source::folder::ProjectFolders;
use crate::worker::{Shared, Worker};
use crate::{explain, locate, normalise};

struct Rig {
    connection: Arc<Connection>,
    _dir: TempDir,
}

/// What came of a request: the status with the code of a fault, or the body.
type Came = (u16, String);

impl Rig {
    fn new(extension: Value, config: Value) -> Self {
        let endpoint = json!({
            "endpoint_type": "default",
            "production_endpoints": { "url": "default", "config": config },
            "x-weir": extension,
        });
        let project = Project::new("Shop", "1.0", "/shop").endpoint_config(endpoint);
        let mut project = project;
        for verb in ["GET", "POST", "PUT"] {
            project = project.operation(verb, "/*").open();
        }
        Self::of(&project)
    }

    /// One that may call backends on this machine.
    fn local() -> Self {
        Self::new(json!({ "allowPrivate": true }), json!({}))
    }

    fn of(project: &Project) -> Self {
        let dir = TempDir::new().unwrap();
        project.write(dir.path());
        let mut config = GatewayConfig { workers: 1, ..GatewayConfig::default() };
        config.upstream_tls.system_roots = false;
        let mut deployer = deploy::deployer(Arc::new(config), None).unwrap();
        let mut folders = ProjectFolders::new(vec![dir.path().to_owned()]);
        let snapshot = deployer.apply(folders.changes());
        let shared = Arc::new(Shared::offline(snapshot).unwrap());
        let worker = Arc::new(Worker::new(0, shared));
        let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        Self { connection: Arc::new(Connection::new(worker, peer, false)), _dir: dir }
    }

    fn api(&self) -> Arc<LiveApi> {
        let snapshot = self.connection.worker.shared.snapshot.load();
        Arc::clone(&snapshot.apis[0])
    }

    fn exchange(&self, request: Request<()>, to: Option<&str>) -> Exchange {
        let (head, ()) = request.into_parts();
        let arrival = Arrival::new(head, crate::body::RequestSource::Empty);
        let mut exchange = Exchange::begin(&self.connection, arrival);
        normalise::normalise(&mut exchange).unwrap();
        locate::find_api(&mut exchange).unwrap();
        assert!(locate::find_operation(&mut exchange).unwrap().is_none());
        exchange.destination = to.map(|to| Destination { to: to.into() });
        exchange
    }

    async fn serve(&self, mut exchange: Exchange) -> Came {
        let api = self.api();
        let endpoint = endpoint::choose(&exchange, &api).unwrap();
        match endpoint.call(&mut exchange, &api).await {
            Ok(answer) => {
                let status = answer.status().as_u16();
                let body = answer.into_body().collect().await.unwrap().to_bytes();
                (status, String::from_utf8(body.to_vec()).unwrap())
            }
            Err(Failure::Fault(fault)) => (fault.code.status(), fault.number().to_string()),
            Err(Failure::Silence) => (0, String::new()),
        }
    }

    async fn get(&self, path: &str, to: Option<&str>) -> Came {
        self.serve(self.exchange(request(Method::GET, path, &[]), to)).await
    }

    fn with_endpoint<T>(&self, look: impl FnOnce(&Dynamic) -> T) -> T {
        let api = self.api();
        let Some(Endpoint::Dynamic(dynamic)) = &api.endpoints.production else {
            panic!("the endpoint is dynamic");
        };
        look(dynamic)
    }
}

fn request(method: Method, path: &str, headers: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::builder().method(method).uri(format!("/shop/1.0{path}"));
    request = request.header("host", "gateway.example");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

fn refused(number: &str, status: u16) -> Came {
    (status, number.to_owned())
}

/// Rows 1 to 4 and 14 of spec/02 §6.1, and the table of §1.3.
#[tokio::test]
async fn the_address_and_the_rest_of_the_path_are_joined() {
    let backend = Backend::echo().await;
    let rig = Rig::local();
    for (base, path, rewritten, expected) in [
        ("/x", "/y?q=1", None, "/x/y?q=1"),
        ("/x/", "/y?q=1", None, "/x//y?q=1"),
        ("/customers/123", "/", None, "/customers/123/"),
        ("", "/y", None, "/y"),
        ("/x", "", None, "/x"),
        ("/x", "?q=%20", None, "/x?q=%20"),
        ("/x?a=1#f", "/y", None, "/x?a=1/y"),
        ("/x", "/y?q=1", Some(""), "/x"),
        ("/x", "/y?q=1", Some("/new?x=1"), "/x/new?x=1"),
        ("/x", "/y", Some("new"), "/x/new"),
        ("", "/y", Some(""), "/"),
        ("?a=1", "/y", Some(""), "/?a=1"),
        ("/%2e%2e/A%2Fb;c", "/d%2F", None, "/%2e%2e/A%2Fb;c/d%2F"),
    ] {
        let to = format!("{}{base}", backend.url());
        let mut exchange = rig.exchange(request(Method::GET, path, &[]), Some(&to));
        exchange.postfix = rewritten.map(str::to_owned);
        let (status, _) = rig.serve(exchange).await;
        assert_eq!((status, backend.last().target.as_str()), (200, expected), "{to} {path}");
    }
    assert_eq!(backend.last().header("host"), backend.url().strip_prefix("http://"));
    assert_eq!(rig.with_endpoint(Dynamic::target_count), 1);
}

#[tokio::test]
async fn a_soap_message_goes_to_the_bare_address() {
    let backend = Backend::echo().await;
    let rig = Rig::local();
    let to = format!("{}/service", backend.url());
    let (text, soap) = ("text/xml; charset=utf-8", "application/soap+xml");
    for (method, headers, expected) in [
        (Method::POST, vec![("content-type", text), ("soapaction", "\"a\"")], "/service"),
        (Method::POST, vec![("content-type", soap)], "/service"),
        (Method::POST, vec![("content-type", text)], "/service/y"),
        (Method::POST, vec![("content-type", "application/json")], "/service/y"),
        (Method::PUT, vec![("content-type", soap)], "/service/y"),
    ] {
        let exchange = rig.exchange(request(method, "/y", &headers), Some(&to));
        assert_eq!(rig.serve(exchange).await.0, 200);
        assert_eq!(backend.last().target, expected, "{headers:?}");
    }
}

#[tokio::test]
async fn what_is_no_address_or_may_not_be_called() {
    let rig = Rig::new(json!({}), json!({}));
    for to in [None, Some(""), Some("/shop/1.0/y")] {
        assert_eq!(rig.get("/y", to).await, refused("303001", 500), "{to:?}");
    }
    for to in ["b", "http://a b/", "http://b:0/"] {
        assert_eq!(rig.get("/y", Some(to)).await, refused("0", 500), "{to}");
    }
    for to in [
        "ftp://b.example/",
        "http://user:secret@b.example/",
        "http://127.0.0.1:1/",
        "http://127.1:1/",
        "http://2130706433:1/",
        "http://0x7f000001:1/",
        "http://0177.0.0.1:1/",
        "http://[::1]:1/",
        "http://[::ffff:127.0.0.1]:1/",
        "http://[::ffff:7f00:1]:1/",
        "http://[64:ff9b::127.0.0.1]:1/",
        "http://[2002:7f00:1::]:1/",
        "http://0.0.0.0:1/",
        "http://[::]:1/",
        "http://169.254.169.254/latest/meta-data",
        "http://[fd00:ec2::254]/latest/meta-data",
        "http://100.100.100.200/latest/meta-data",
        "http://[fe80::1]/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://localhost:1/",
        "http://LOCALHOST.:1/",
    ] {
        assert_eq!(rig.get("/y", Some(to)).await, refused("303902", 403), "{to}");
    }
    // Names are looked up at the target, all else is refused before it becomes one.
    assert_eq!(rig.with_endpoint(Dynamic::target_count), 1);
}

#[tokio::test]
async fn only_what_is_named_is_called() {
    let backend = Backend::echo().await;
    let port = backend.address().port();
    let allow = json!([format!("127.0.0.1:{port}"), format!("http://localhost:{port}")]);
    let rig = Rig::new(json!({ "allow": allow }), json!({}));
    assert_eq!(rig.get("/y", Some(&backend.url())).await.0, 200);
    assert_eq!(rig.get("/y", Some(&format!("http://localhost:{port}"))).await.0, 200);
    let other = Backend::echo().await;
    assert_eq!(rig.get("/y", Some(&other.url())).await, refused("303902", 403));
    let secure = format!("https://localhost:{port}");
    assert_eq!(rig.get("/y", Some(&secure)).await, refused("303902", 403));
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn a_suspended_target_concerns_no_other() {
    let backend = Backend::echo().await;
    let gone = Backend::echo().await;
    let url = gone.url();
    gone.stop();
    drop(gone);
    let config = json!({ "suspendDuration": "60000" });
    let rig = Rig::new(json!({ "allowPrivate": true }), config);
    assert_eq!(rig.get("/y", Some(&url)).await, refused("101503", 500));
    assert_eq!(rig.get("/y", Some(&url)).await, refused("303001", 500));
    assert_eq!(rig.get("/y", Some(&backend.url())).await.0, 200);
    assert_eq!(rig.get("/y", Some(&url)).await, refused("303001", 500));
    rig.with_endpoint(|dynamic| {
        let mut states: Vec<_> = dynamic
            .targets()
            .iter()
            .map(|target| (target.plan.url.as_str() == url, target.health.report().state))
            .collect();
        states.sort_unstable_by_key(|(is_gone, _)| *is_gone);
        assert_eq!(states, [(false, State::Active), (true, State::Suspended)]);
        // All that is counted is counted once for the target and once for the endpoint.
        let whole = dynamic.metrics.read();
        let parts = dynamic.targets().into_iter().map(|target| target.metrics.read().attempts);
        let parts = parts.flatten().sum::<u64>();
        assert_eq!((whole.attempts.iter().sum::<u64>(), parts), (4, 4));
    });
}

#[tokio::test]
async fn limits_and_credentials_are_those_of_each_target() {
    let (one, two) = (Backend::echo().await, Backend::echo().await);
    let rig = Rig::new(
        json!({
            "allowPrivate": true,
            "limits": { "requestsInFlight": 1 },
            "security": { "type": "BASIC", "username": "u", "password": "p" },
        }),
        json!({}),
    );
    let held = rig.with_endpoint(|dynamic| {
        let target =
            dynamic.targets.get_or_add("http://x:1", Instant::now(), || unreachable_leaf(dynamic));
        target.unwrap().gate.try_enter().unwrap()
    });
    for backend in [&one, &two] {
        assert_eq!(rig.get("/y", Some(&backend.url())).await.0, 200);
        assert_eq!(backend.last().header("authorization"), Some("Basic dTpw"));
    }
    rig.with_endpoint(|dynamic| {
        assert_eq!((dynamic.target_count(), dynamic.in_flight()), (3, 1));
    });
    drop(held);
}

fn unreachable_leaf(dynamic: &Dynamic) -> HttpLeaf {
    dynamic.leaf("http://x:1")
}

#[tokio::test]
async fn a_redirect_goes_to_the_caller() {
    let other = Backend::echo().await;
    let location = other.url();
    let backend = Backend::answer(302, &[("Location", &location)], "").await;
    let rig = Rig::local();
    assert_eq!(rig.get("/y", Some(&backend.url())).await.0, 302);
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn one_that_is_switched_off_calls_nobody() {
    let backend = Backend::echo().await;
    let rig = Rig::local();
    let to = backend.url();
    rig.with_endpoint(|dynamic| dynamic.health.switch_off(Instant::now(), None));
    assert_eq!(rig.get("/y", Some(&to)).await, refused("303001", 500));
    rig.with_endpoint(|dynamic| dynamic.resume(Instant::now(), None));
    assert_eq!(rig.get("/y", Some(&to)).await.0, 200);
}

#[test]
fn what_would_happen_is_told_without_being_remembered() {
    let rig = Rig::local();
    let shared = &rig.connection.worker.shared;
    let request = request(Method::GET, "/y", &[]);
    let request = request.map(|_nothing| bytes::Bytes::new());
    let explanation = explain::explain(shared, request, false);
    let steps: Vec<_> = explanation.steps.iter().map(|(name, text)| (*name, &**text)).collect();
    assert!(steps.iter().any(|(name, text)| *name == "endpoint" && text.contains("computed")));
    assert!(steps.iter().any(|(name, _)| *name == "target"), "{steps:?}");
    assert_eq!(explanation.answer.as_ref().map(|it| &it["code"]), Some(&json!("303001")));
    assert!(explanation.request.is_none());
    assert_eq!(rig.with_endpoint(Dynamic::target_count), 0);
}
