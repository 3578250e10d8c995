//! Servers of other makes, where they are installed: nginx, and gRPC's own for Python.

use std::path::Path;

use rustls::ClientConfig;
use testkit::{Ca, Nginx, RefusedPort, Script};

use super::*;

const NGINX: &str = r#"
    location = /up { return 200 'it says: "UP"'; }
    location = /down { return 503 '"UP"'; }
    location = /moved { return 302 /up; }
    location = /who { return 200 "$request_method $host $http_user_agent [$http_x_probe]"; }
    location = /count { return 200 "request $connection_requests."; }
    location = /empty { return 204; }
"#;

#[tokio::test]
async fn nginx_is_asked_by_http() {
    let Some(nginx) = Nginx::server(NGINX).await else { return };
    let mut who = with_text("/who", "OPTIONS shop.example weir-health-check [weir]");
    who.method = Method::OPTIONS;
    who.headers.append("x-probe", HeaderValue::from_static("weir"));
    let mut moved = http("/moved");
    moved.statuses = StatusSet::from_ranges(vec![300..=399]);
    let found = || good("answered 200 with the text");
    for (probe, verdict) in [
        (http("/up"), good("answered 200")),
        (http("/empty"), good("answered 204")),
        (http("/down"), bad("answered 503")),
        (http("/none"), bad("answered 404")),
        (http("/moved"), bad("answered 302")),
        (moved, good("answered 302")),
        (HttpProbe { method: Method::HEAD, ..http("/up") }, good("answered 200")),
        (with_text("/up", "\"UP\""), found()),
        (with_text("/up", "DOWN"), bad("the body does not hold `DOWN`")),
        (with_text("/down", "UP"), bad("answered 503")),
        (who, found()),
    ] {
        for choice in CLIENTS {
            let target = clear(nginx.address());
            let verdict_now = ask(&asker(choice), Probe::Http(probe.clone()), target).await;
            assert_eq!(verdict_now, verdict, "{choice:?} {probe:?}");
        }
    }
}

#[tokio::test]
async fn nginx_is_asked_again_on_the_same_connection() {
    let Some(nginx) = Nginx::server(NGINX).await else { return };
    for choice in CLIENTS {
        let asker = asker(choice);
        for turn in 1..=3 {
            let probe = with_text("/count", &format!("request {turn}."));
            let verdict = ask(&asker, Probe::Http(probe), clear(nginx.address())).await;
            assert!(verdict.is_ok(), "{choice:?}: {verdict:?}");
        }
        asker.close_idle(Duration::ZERO);
        let probe = Probe::Http(with_text("/count", "request 1."));
        assert!(ask(&asker, probe, clear(nginx.address())).await.is_ok(), "{choice:?}");
    }
}

/// A target at the name that the certificate is for.
fn secure(address: SocketAddr, config: &Arc<ClientConfig>, http2: Http2) -> Target {
    Target::new("localhost", address.port(), Some(Arc::clone(config)), http2)
}

#[tokio::test]
async fn nginx_is_connected_to() {
    let (ca, dir) = (Ca::new(), tempfile::TempDir::new().unwrap());
    let (cert, key) = ca.leaf(&["localhost"]).write(dir.path(), "server");
    let tls = format!("ssl_certificate {}; ssl_certificate_key {};", cert.display(), key.display());
    let Some(plain) = Nginx::server("return 500;").await else { return };
    let block = format!("server {{ listen 127.0.0.1:@PORT@ ssl; {tls} {NGINX} }}");
    let Some(nginx) = Nginx::http(&block).await else { return };
    let trusting = ca.client_config(&["http/1.1"]);
    let strict = Ca::new().client_config(&["http/1.1"]);
    let to = |address, config| secure(address, config, Http2::Never);
    let refused = RefusedPort::new();
    for (target, reason) in [
        (clear(plain.address()), None),
        (to(nginx.address(), &trusting), None),
        (to(nginx.address(), &strict), Some("certificate")),
        (to(plain.address(), &trusting), Some("TLS")),
        (to(refused.address(), &trusting), Some("refused")),
        (clear(refused.address()), Some("refused")),
    ] {
        let verdict = ask(&asker(ClientChoice::Own), Probe::Tcp, target.clone()).await;
        match reason {
            None => assert_eq!(verdict, good("connected"), "{target}"),
            Some(reason) => {
                let said = verdict.unwrap_err();
                assert!(said.contains(reason), "{target}: {said}");
            }
        }
    }
    let target = to(nginx.address(), &trusting);
    let verdict = ask(&asker(ClientChoice::Own), Probe::Http(http("/up")), target).await;
    assert_eq!(verdict, good("answered 200"));
}

/// Serves gRPC in clear text, or with TLS where it is given a key and a certificate.
const GRPC: &str = "
import sys, grpc
from concurrent import futures
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
server = grpc.server(futures.ThreadPoolExecutor(2))
if 'bare' not in sys.argv:
    servicer = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    servicer.set('shop.Orders', health_pb2.HealthCheckResponse.SERVING)
    servicer.set('shop.Down', health_pb2.HealthCheckResponse.NOT_SERVING)
if len(sys.argv) > 2:
    key, cert = (open(name, 'rb').read() for name in sys.argv[1:3])
    credentials = grpc.ssl_server_credentials([(key, cert)])
    port = server.add_secure_port('127.0.0.1:0', credentials)
else:
    port = server.add_insecure_port('127.0.0.1:0')
server.start()
print(port, flush=True)
server.wait_for_termination()
";

async fn python(arguments: &[&str]) -> Option<Script> {
    Script::venv("grpc_health", GRPC, arguments).await
}

#[tokio::test]
async fn python_is_asked_by_grpc() {
    let Some(server) = python(&[]).await else { return };
    for choice in CLIENTS {
        // All on one connection.
        let asker = asker(choice);
        for (service, verdict) in [
            ("", good("SERVING")),
            ("shop.Orders", good("SERVING")),
            ("shop.Down", bad("NOT_SERVING")),
            ("shop.None", bad("grpc status 5")),
        ] {
            let target = Target { http2: Http2::Always, ..clear(server.address()) };
            assert_eq!(ask(&asker, grpc(service), target).await, verdict, "{choice:?} {service}");
        }
    }
}

#[tokio::test]
async fn python_without_the_service_is_bad() {
    let Some(server) = python(&["bare"]).await else { return };
    let target = Target { http2: Http2::Always, ..clear(server.address()) };
    let verdict = ask(&asker(ClientChoice::Own), grpc(""), target).await;
    assert_eq!(verdict, bad("grpc status 12: Method not found!"));
    let target = clear(server.address());
    assert!(ask(&asker(ClientChoice::Own), grpc(""), target).await.is_err(), "by HTTP/1.1");
}

#[tokio::test]
async fn python_is_asked_by_grpc_with_tls() {
    let (ca, dir) = (Ca::new(), tempfile::TempDir::new().unwrap());
    let (cert, key) = ca.leaf(&["localhost"]).write(dir.path(), "server");
    let path = |path: &Path| path.to_string_lossy().into_owned();
    let Some(server) = python(&[&path(&key), &path(&cert)]).await else { return };
    for choice in CLIENTS {
        let config = ca.client_config(&["h2", "http/1.1"]);
        let target = secure(server.address(), &config, Http2::Negotiate);
        let verdict = ask(&asker(choice), grpc("shop.Orders"), target).await;
        assert_eq!(verdict, good("SERVING"), "{choice:?}");
    }
}
