//! Peers of other makes, where they are installed: curl, nghttp, h2load and Python.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Output, Stdio};

use testkit::Backend;

use crate::gateway::{Weir, shop};

/// What a program says; `None`, and a line on standard error, where it is not installed.
async fn run(program: &'static str, arguments: &[&str]) -> Option<Output> {
    let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
    let call = move || Command::new(program).args(arguments).output();
    let ended = testkit::bounded(program, tokio::task::spawn_blocking(call)).await.unwrap();
    match ended {
        Ok(output) => Some(output),
        Err(error) => {
            skipped(program, &error);
            None
        }
    }
}

#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn skipped(program: &str, error: &std::io::Error) {
    eprintln!("skipped: {program}: {error}");
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test]
async fn curl_is_served() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    let url = weir.url("/shop/1.0/a?b=1");
    let dir = tempfile::TempDir::new().unwrap();
    let file = dir.path().join("body");
    std::fs::write(&file, "x".repeat(3_000_000)).unwrap();
    let upload = format!("@{}", file.display());
    // So large a body makes curl ask first, with `Expect: 100-continue`.
    let post = ["-sS", "--data-binary", &upload, "-H", "Expect: 100-continue", &url];
    let Some(output) = run("curl", &post).await else { return };
    assert_eq!(output.stdout.len(), 3_000_000, "{}", text(&output.stderr));
    for version in ["--http1.0", "--http1.1", "--http2-prior-knowledge", "--http2"] {
        let output = run("curl", &["-sS", "-i", version, &url]).await.unwrap();
        let answer = text(&output.stdout).to_ascii_lowercase();
        assert!(answer.contains(" 200"), "{version}: {answer} {}", text(&output.stderr));
        assert!(answer.contains("x-echo-target: /a?b=1"), "{version}: {answer}");
    }
    let output = run("curl", &["-sS", "--head", &url, &url]).await.unwrap();
    assert_eq!(text(&output.stdout).matches("HTTP/1.1 200").count(), 2);
    let chunked = ["-sS", "-T", &file.to_string_lossy(), "-H", "Transfer-Encoding: chunked", &url];
    let output = run("curl", &chunked).await.unwrap();
    assert_eq!(output.stdout.len(), 3_000_000, "{}", text(&output.stderr));
}

#[tokio::test]
async fn nghttp_is_served() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    let urls = [weir.url("/shop/1.0/a"), weir.url("/shop/1.0/b"), weir.url("/none")];
    let arguments = ["-v", "-n", &urls[0], &urls[1], &urls[2]];
    let Some(output) = run("nghttp", &arguments).await else { return };
    let said = text(&output.stdout);
    assert_eq!(said.matches(":status: 200").count(), 2, "{said}");
    assert_eq!(said.matches(":status: 404").count(), 1, "{said}");
    assert!(!said.contains("PROTOCOL_ERROR"), "{said}");
}

#[tokio::test]
async fn h2load_loses_nothing() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    let url = weir.url("/shop/1.0/a");
    let Some(output) = run("h2load", &["-n", "1000", "-c", "4", "-m", "20", &url]).await else {
        return;
    };
    let said = text(&output.stdout);
    assert!(said.contains("1000 succeeded, 0 failed"), "{said}");
    assert_eq!(backend.requests().len(), 1000);
    assert!(weir.records(1000).await.iter().all(|record| record["status"] == 200));
}

/// Half an answer, and then nothing for as long as the process lives.
const HALF: &str = "
import socket, time
server = socket.create_server(('127.0.0.1', 0))
print(server.getsockname()[1], flush=True)
peer, _ = server.accept()
peer.recv(65536)
peer.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 1000\\r\\n\\r\\nhalf')
time.sleep(60)
";

#[tokio::test]
async fn a_backend_process_that_is_killed_breaks_the_answer() {
    let mut command = Command::new("python3");
    let spawned = command.args(["-c", HALF]).stdout(Stdio::piped()).spawn();
    let mut backend = match spawned {
        Ok(backend) => backend,
        Err(error) => return skipped("python3", &error),
    };
    let mut port = String::new();
    BufReader::new(backend.stdout.take().unwrap()).read_line(&mut port).unwrap();
    let weir = Weir::start(&shop(&format!("http://127.0.0.1:{}", port.trim())));
    let mut client = weir.client().await;
    client.send("GET /shop/1.0/a HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert_eq!(client.head().await.unwrap().status, 200);
    assert_eq!(client.read_exact(4).await.unwrap(), b"half");
    // SIGKILL.
    backend.kill().unwrap();
    backend.wait().unwrap();
    assert_eq!(client.rest().await, b"");
    assert_eq!(weir.record().await["aborted"], true);
    assert_eq!(weir.state().await, "ACTIVE");
    let refused = weir.get("/shop/1.0/a").await;
    assert_eq!((refused.status, refused.json()["code"].as_str()), (500, Some("101503")));
}

/// A head that needs CONTINUATION frames, a body in padded DATA frames, and trailers.
const ODD_HTTP2: &str = "
import socket, sys, h2.connection, h2.config, h2.events
peer = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
link = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding='utf-8'))
link.initiate_connection()
head = [(':method', 'POST'), (':path', '/shop/1.0/a'), (':scheme', 'http'), (':authority', 'x')]
link.send_headers(1, head + [('x-long-%d' % i, 'v' * 1000) for i in range(20)])
for part in (b'one', b'two'):
    link.send_data(1, part, pad_length=200)
link.send_headers(1, [('x-sum', '6')], end_stream=True)
peer.sendall(link.data_to_send())
body, status, done = b'', None, False
while not done:
    data = peer.recv(65536)
    assert data, 'closed early'
    for event in link.receive_data(data):
        if isinstance(event, h2.events.ResponseReceived):
            status = dict(event.headers)[':status']
        elif isinstance(event, h2.events.DataReceived):
            body += event.data
            link.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            done = True
        elif isinstance(event, h2.events.StreamReset):
            raise SystemExit('reset %s' % event.error_code)
    peer.sendall(link.data_to_send())
assert status == '200', status
assert body == b'onetwo', body
";

#[tokio::test]
async fn an_odd_http2_client_in_python_is_served() {
    let python = testkit::workspace_root().join("target/venv/bin/python");
    let known = Command::new(&python).args(["-c", "import h2"]).stderr(Stdio::null()).status();
    if !known.is_ok_and(|status| status.success()) {
        return skipped("h2 for Python", &std::io::Error::other("not in target/venv"));
    }
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    let port = weir.address().port().to_string();
    let call = move || Command::new(python).args(["-c", ODD_HTTP2, &port]).output();
    let run = tokio::task::spawn_blocking(call);
    let output = testkit::bounded("the Python client", run).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let seen = backend.last();
    assert_eq!(seen.header("x-long-19").map(str::len), Some(1000));
}

/// Conformance to HTTP/2 in the manner of h2spec.
#[tokio::test]
async fn http2_is_spoken_as_it_is_written() {
    let root = testkit::workspace_root();
    let python = root.join("target/venv/bin/python");
    let known = Command::new(&python).args(["-c", "import h2"]).stderr(Stdio::null()).status();
    if !known.is_ok_and(|status| status.success()) {
        return skipped("h2 for Python", &std::io::Error::other("not in target/venv"));
    }
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    let script = root.join("crates/gateway/tests/python/http2_conformance.py");
    let port = weir.address().port().to_string();
    let call = move || Command::new(python).arg(script).arg(&port).output();
    let output = tokio::task::spawn_blocking(call).await.unwrap().unwrap();
    let said = text(&output.stdout);
    let failed: Vec<&str> = said.lines().filter(|line| !line.starts_with("ok")).collect();
    assert!(output.status.success(), "{failed:#?} {}", text(&output.stderr));
    assert!(said.lines().count() > 100, "{said}");
    assert_eq!(weir.metric("gateway_panics_total").await, 0.0);
}
