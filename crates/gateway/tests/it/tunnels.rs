//! WebSocket and other upgrades.

use std::process::{Command, Stdio};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use testkit::{Backend, Reply};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::gateway::{Weir, shop};

/// A WebSocket server that sends everything back; gives its URL.
async fn echo_server() -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(echo(stream));
        }
    });
    (url, task)
}

async fn echo(stream: TcpStream) {
    let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else { return };
    while let Some(Ok(message)) = socket.next().await {
        if (message.is_text() || message.is_binary()) && socket.send(message).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn a_websocket_goes_through() {
    let (url, server) = echo_server().await;
    let weir = Weir::start(&shop(&url));
    let target = weir.url("/shop/1.0/chat?room=1").replace("http:", "ws:");
    let (mut socket, answer) = tokio_tungstenite::connect_async(target).await.unwrap();
    assert_eq!(answer.status(), 101);
    assert!(answer.headers().contains_key("x-request-id"));
    for size in [0, 1, 200, 70_000, 1_000_000] {
        let sent = Message::text("x".repeat(size));
        socket.send(sent.clone()).await.unwrap();
        assert_eq!(testkit::bounded("an echo", socket.next()).await.unwrap().unwrap(), sent);
    }
    socket.close(None).await.unwrap();
    while let Some(Ok(_)) = testkit::bounded("the end", socket.next()).await {}
    drop(socket);
    // The record comes with the end of the tunnel, and says what went through.
    let record = weir.record().await;
    assert_eq!((&record["status"], record.get("aborted")), (&101.into(), None));
    for name in ["request_bytes", "response_bytes"] {
        assert!((1_070_000..1_080_000).contains(&record[name].as_u64().unwrap()), "{record}");
    }
    server.abort();
    weir.quiet().await;
}

/// A group switches where a member answers, and counts the tunnel against the limits of that member
/// to its end.
#[tokio::test]
async fn a_websocket_goes_to_the_member_that_answers() {
    let dead = testkit::RefusedPort::new();
    let (url, server) = echo_server().await;
    let project = shop(&url).endpoint_config(serde_json::json!({
        "endpoint_type": "failover",
        "production_endpoints": { "url": dead.url() },
        "production_failovers": [{ "url": url, "x-weir": { "limits": { "requestsInFlight": 1 } } }],
    }));
    let weir = Weir::start(&project);
    let target = weir.url("/shop/1.0/chat").replace("http:", "ws:");
    let (mut socket, answer) = tokio_tungstenite::connect_async(&target).await.unwrap();
    assert_eq!(answer.status(), 101);
    socket.send(Message::text("hello")).await.unwrap();
    let echoed = testkit::bounded("an echo", socket.next()).await.unwrap().unwrap();
    assert_eq!(echoed, Message::text("hello"));
    assert_eq!(weir.get("/shop/1.0/a").await.status, 503);
    socket.close(None).await.unwrap();
    while let Some(Ok(_)) = testkit::bounded("the end", socket.next()).await {}
    drop(socket);
    let records = weir.records(2).await;
    let tunnel = records.iter().find(|record| record["status"] == 101).unwrap();
    assert_eq!(tunnel["tries"].as_array().map(Vec::len), Some(2), "{tunnel}");
    weir.quiet().await;
    let (socket, answer) = tokio_tungstenite::connect_async(&target).await.unwrap();
    assert_eq!(answer.status(), 101);
    drop(socket);
    server.abort();
}

#[tokio::test]
async fn a_websocket_over_tls() {
    let (url, server) = echo_server().await;
    let weir = Weir::tls(&[&shop(&url)], |_| {});
    let mut client = weir.tls_client().await;
    client
        .send(
            "GET /shop/1.0/chat HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        )
        .await
        .unwrap();
    let answer = client.response().await.unwrap();
    assert_eq!(answer.status, 101);
    assert_eq!(answer.header("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    // A masked text frame that says "Hi".
    client.send([0x81, 0x82, 1, 2, 3, 4, b'H' ^ 1, b'i' ^ 2]).await.unwrap();
    assert_eq!(client.read_exact(4).await.unwrap(), [0x81, 2, b'H', b'i']);
    server.abort();
}

#[tokio::test]
async fn another_protocol_goes_through() {
    let backend = Backend::with(|_| async { Reply::tunnel("my-protocol/1") }).await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut client = weir.client().await;
    let upgrade = "GET /shop/1.0/a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n\
                   Upgrade: my-protocol/1\r\n\r\n";
    client.send(upgrade).await.unwrap();
    let answer = client.response().await.unwrap();
    assert_eq!((answer.status, answer.header("upgrade")), (101, Some("my-protocol/1")));
    assert_eq!(
        answer.header("connection").map(str::to_ascii_lowercase).as_deref(),
        Some("upgrade")
    );
    client.send("first").await.unwrap();
    assert_eq!(client.read_exact(5).await.unwrap(), b"first");
    client.send("second").await.unwrap();
    assert_eq!(client.read_exact(6).await.unwrap(), b"second");
    client.finish().await.unwrap();
    assert_eq!(client.rest().await, b"");
    let seen = backend.last();
    assert_eq!(seen.header("upgrade"), Some("my-protocol/1"));
    assert_eq!(seen.header("connection").map(str::to_ascii_lowercase).as_deref(), Some("upgrade"));
}

/// Bytes that come before the switch could be a request to one reader and not to another.
#[tokio::test]
async fn nothing_may_come_before_the_switch() {
    let backend = Backend::with(|_| async { Reply::tunnel("echo") }).await;
    let weir = Weir::start(&shop(&backend.url()));
    let upgrade = "GET /shop/1.0/a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n";
    let get = "GET /shop/1.0/b HTTP/1.1\r\nHost: x\r\n\r\n";
    for early in [format!("{upgrade}\r\n{get}"), format!("{upgrade}Content-Length: 3\r\n\r\nab")] {
        let mut client = weir.client().await;
        client.send(early).await.unwrap();
        let answer = client.response().await.unwrap();
        assert_eq!((answer.status, answer.header("connection")), (400, Some("close")));
        assert!(answer.text().contains("Bytes follow the request to upgrade"), "{}", answer.text());
        assert_eq!(client.rest().await, b"");
    }
    // Without a tunnel they are the next request, whatever the client had in mind.
    let other = upgrade.replace("Upgrade: echo", "Upgrade: h2c");
    let text = weir.raw(format!("{other}Connection: close\r\n\r\n{get}")).await;
    assert_eq!(text.matches("HTTP/1.1 ").count(), 1, "{text}");
}

#[tokio::test]
async fn a_refused_upgrade_is_an_ordinary_answer() {
    let backend = Backend::answer(403, &[], "no").await;
    let weir = Weir::start(&shop(&backend.url()));
    let target = weir.url("/shop/1.0/chat").replace("http:", "ws:");
    let error = tokio_tungstenite::connect_async(target).await.unwrap_err();
    let tokio_tungstenite::tungstenite::Error::Http(answer) = error else {
        unreachable!("the handshake was answered: {error}");
    };
    assert_eq!(answer.status(), 403);
    // An API that is not there answers itself.
    let mut request = weir.url("/none").replace("http:", "ws:").into_client_request().unwrap();
    request.headers_mut().insert("origin", "https://a.example".parse().unwrap());
    assert!(tokio_tungstenite::connect_async(request).await.is_err());
}

/// `h2c` would carry requests past the gateway.
#[tokio::test]
async fn http_is_no_protocol_to_switch_to() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    for (offered, passed) in [
        ("h2c", None),
        ("HTTP/1.1", None),
        ("HTTP/2.0", None),
        ("TLS/1.2, HTTP/1.1", None),
        ("websocket, h2c", Some("websocket")),
        ("H2C, websocket , http/2", Some("websocket")),
        ("my-protocol/1, other", Some("my-protocol/1, other")),
        ("h2g2", Some("h2g2")),
    ] {
        let headers = [
            ("Connection", "Upgrade, HTTP2-Settings"),
            ("Upgrade", offered),
            ("HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA"),
        ];
        let answer = weir.call("GET", "/shop/1.0/a", &headers, b"").await;
        assert_eq!(answer.status, 200, "{offered}");
        let seen = backend.last();
        assert_eq!(seen.header("upgrade"), passed, "{offered}");
        assert_eq!(seen.header("connection"), passed.map(|_| "upgrade"), "{offered}");
        assert_eq!(seen.header("http2-settings"), None, "{offered}");
    }
}

#[tokio::test]
async fn a_switch_that_nobody_asked_for_is_a_fault() {
    let answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n";
    let backend = testkit::RawBackend::bytes(answer).await;
    let weir = Weir::start(&shop(&backend.url()));
    let answer = weir.get("/shop/1.0/a").await;
    assert_eq!(answer.status, 500);
    assert!(crate::gateway::code(&answer).starts_with("1015"));
}

#[tokio::test]
async fn a_tunnel_counts_as_a_connection_and_ends_when_idle() {
    let backend = Backend::with(|_| async { Reply::tunnel("echo") }).await;
    let weir = Weir::with(&[&shop(&backend.url())], |config| {
        config.limits.connections = 1;
        config.timeouts.socket = Duration::from_millis(300);
    });
    let mut client = weir.client().await;
    client
        .send("GET /shop/1.0/a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(client.response().await.unwrap().status, 101);
    client.send("a").await.unwrap();
    assert_eq!(client.read_exact(1).await.unwrap(), b"a");
    assert_eq!(weir.get("/shop/1.0/a").await.status, 503);
    assert_eq!(client.rest().await, b"");
    weir.until("a free place", || async { weir.get("/none").await.status == 404 }).await;
}

/// Python's `websockets` as a peer of another make.
#[tokio::test]
async fn a_python_client_is_served() {
    let python = testkit::workspace_root().join("target/venv/bin/python");
    let script = "import asyncio, sys, websockets\n\
                  async def main():\n\
                  \x20   async with websockets.connect(sys.argv[1]) as socket:\n\
                  \x20       for text in ['a', 'b' * 100000]:\n\
                  \x20           await socket.send(text)\n\
                  \x20           assert await socket.recv() == text\n\
                  \x20       await (await socket.ping())\n\
                  asyncio.run(main())\n";
    let known =
        Command::new(&python).args(["-c", "import websockets"]).stderr(Stdio::null()).status();
    if !known.is_ok_and(|status| status.success()) {
        skipped("target/venv has no websockets for Python");
        return;
    }
    let (url, server) = echo_server().await;
    let weir = Weir::start(&shop(&url));
    let target = weir.url("/shop/1.0/chat").replace("http:", "ws:");
    let run = move || Command::new(python).args(["-c", script, &target]).output();
    let run = tokio::task::spawn_blocking(run);
    let output = testkit::bounded("the Python client", run).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    server.abort();
}

#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}
