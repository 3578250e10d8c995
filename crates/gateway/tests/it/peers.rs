//! Clients of other makes, where they are installed: curl, nghttp and h2load.

use std::process::{Command, Output};

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
