//! Upstreams behind a real proxy, where one is installed.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use gateway::config::GatewayConfig;
use gateway::config::proxies::{HostPattern, Proxies, Proxy, ProxyRule};
use gateway::config::upstream::ClientChoice;
use http::HeaderValue;
use tempfile::TempDir;
use testkit::{Backend, Ca, Project};
use tokio::net::TcpStream;

use crate::gateway::{Weir, shop};

/// A running tinyproxy that wants a password; it ends when this is dropped.
pub(crate) struct Tinyproxy {
    child: Child,
    pub(crate) port: u16,
    _dir: TempDir,
}

impl Tinyproxy {
    /// `None`, and a line on standard error, where it is not installed.
    #[allow(clippy::print_stderr, reason = "a skipped test says so")]
    pub(crate) async fn start() -> Option<Self> {
        let program = ["/usr/bin/tinyproxy", "/usr/sbin/tinyproxy"];
        let Some(program) = program.into_iter().find(|path| Path::new(path).exists()) else {
            eprintln!("skipped: tinyproxy is not installed (Debian package tinyproxy)");
            return None;
        };
        let dir = TempDir::with_prefix("weir-proxy-").unwrap();
        let port = testkit::free_port();
        let file = dir.path().join("tinyproxy.conf");
        let text = format!(
            "Port {port}\nListen 127.0.0.1\nAllow 127.0.0.1\nTimeout 30\nMaxClients 20\n\
             LogLevel Critical\nBasicAuth user pass\n"
        );
        std::fs::write(&file, text).unwrap();
        let child = Command::new(program)
            .arg("-d")
            .arg("-c")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut proxy = Self { child, port, _dir: dir };
        testkit::bounded("tinyproxy to listen", proxy.ready()).await;
        Some(proxy)
    }

    async fn ready(&mut self) {
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await.is_err() {
            assert!(self.child.try_wait().unwrap().is_none(), "tinyproxy ended at once");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Sends everything through it, but what goes to `bypass`.
    fn rules(&self, password: &'static str, bypass: &[&str]) -> Proxies {
        let rule = ProxyRule {
            targets: vec![HostPattern::any()],
            bypass: bypass.iter().map(|host| HostPattern::parse(host).unwrap()).collect(),
            proxy: Arc::new(Proxy {
                host: "127.0.0.1".into(),
                port: self.port,
                authorization: (!password.is_empty()).then(|| HeaderValue::from_static(password)),
            }),
        };
        Proxies { clear: vec![rule.clone()], secured: vec![rule] }
    }
}

impl Drop for Tinyproxy {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

const RIGHT: &str = "Basic dXNlcjpwYXNz";
const WRONG: &str = "Basic dXNlcjp3cm9uZw==";
const NONE: &str = "";

fn through(project: &Project, proxies: Proxies, also: impl FnOnce(&mut GatewayConfig)) -> Weir {
    Weir::with(&[project], |config| {
        config.upstream.proxies = proxies;
        also(config);
    })
}

#[tokio::test]
async fn clear_text_goes_through_a_real_proxy() {
    let Some(proxy) = Tinyproxy::start().await else { return };
    let backend = Backend::echo().await;
    let weir = through(&shop(&backend.url()), proxy.rules(RIGHT, &[]), |_| {});
    for body in [&b"hello"[..], &[b'x'; 300_000]] {
        let answer = weir.call("POST", "/shop/1.0/a?b=c", &[], body).await;
        assert_eq!(answer.status, 200);
        assert!(answer.body == body);
        let seen = backend.last();
        assert!(seen.header("via").is_some_and(|via| via.contains("tinyproxy")));
        assert_eq!((&*seen.target, seen.header("proxy-authorization")), ("/a?b=c", None));
        assert_eq!(seen.header("host"), Some(&*backend.address().to_string()));
    }
    assert_eq!(weir.get("/shop/1.0/b").await.status, 200);
}

#[tokio::test]
async fn tls_goes_through_a_real_proxy() {
    let Some(proxy) = Tinyproxy::start().await else { return };
    let ca = Ca::new();
    let dir = TempDir::with_prefix("weir-it-").unwrap();
    let roots = dir.path().join("roots.pem");
    std::fs::write(&roots, ca.pem()).unwrap();
    let backend = Backend::builder()
        .tls(ca.server_config(&ca.leaf(&["localhost"]), &["h2", "http/1.1"]))
        .echo()
        .await;
    let weir = through(&shop(&backend.url()), proxy.rules(RIGHT, &[]), |config| {
        config.upstream_tls.extra_roots = vec![roots];
    });
    for body in [&b"hello"[..], &[b'x'; 300_000]] {
        let answer = weir.call("POST", "/shop/1.0/a", &[], body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(answer.body == body);
        let seen = backend.last();
        assert_eq!((seen.header("via"), seen.header("proxy-authorization")), (None, None));
        assert_eq!(backend.last().tls.unwrap().server_name.as_deref(), Some("localhost"));
    }
}

#[tokio::test]
async fn who_may_not_use_the_proxy_does_not_get_through() {
    let Some(proxy) = Tinyproxy::start().await else { return };
    let backend = Backend::echo().await;
    let weir = through(&shop(&backend.url()), proxy.rules(WRONG, &[]), |_| {});
    assert_eq!(weir.get("/shop/1.0/a").await.status, 401, "what tinyproxy says");
    assert_eq!(backend.connections(), 0);
    for password in [WRONG, NONE] {
        let weir = through(&shop("https://localhost:1"), proxy.rules(password, &[]), |_| {});
        let answer = weir.get("/shop/1.0/a").await;
        assert_eq!((answer.status, &*crate::gateway::code(&answer)), (500, "101503"));
        assert_eq!(answer.header("proxy-authenticate"), None);
    }
}

#[tokio::test]
async fn what_a_proxy_asks_for_is_no_answer() {
    if crate::gateway::client() == ClientChoice::Library {
        return;
    }
    let Some(proxy) = Tinyproxy::start().await else { return };
    let backend = Backend::echo().await;
    let weir = through(&shop(&backend.url()), proxy.rules(NONE, &[]), |_| {});
    let answer = weir.get("/shop/1.0/a").await;
    assert_eq!((answer.status, &*crate::gateway::code(&answer)), (500, "101503"));
    assert_eq!((answer.header("proxy-authenticate"), backend.connections()), (None, 0));
}

#[tokio::test]
async fn some_hosts_are_reached_without_the_proxy() {
    let Some(proxy) = Tinyproxy::start().await else { return };
    let backend = Backend::echo().await;
    let rules = proxy.rules(WRONG, &["127.*"]);
    let weir = through(&shop(&backend.url()), rules, |_| {});
    assert_eq!(weir.get("/shop/1.0/a").await.status, 200);
    assert_eq!(backend.last().header("via"), None);
}
