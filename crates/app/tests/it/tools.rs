//! The tools that users have: curl, nghttp and h2load.

use tempfile::TempDir;
use testkit::{Backend, Ca, Nginx, WeirProcess};

use super::support::{home, open, serve, serve_with, tool};

async fn with_tls(apis: &std::path::Path) -> (WeirProcess, String) {
    let ca = Ca::new();
    let home = home("[weir.tls]\ncertificate = \"one.pem\"\nkey = \"one.key\"\n");
    let stores = home.path().join("repository/resources/security");
    std::fs::create_dir_all(&stores).unwrap();
    ca.leaf(&["localhost"]).write(&stores, "one");
    let file = ca.write(&stores).to_str().unwrap().to_owned();
    (serve_with(apis, home, &[], &[]).await, file)
}

#[tokio::test]
async fn curl_speaks_every_protocol() {
    let backend = Backend::answer(200, &[("content-type", "text/plain")], "hello").await;
    let apis = open("Shop", &backend.url()).write_temp();
    let (process, ca) = with_tls(apis.dir()).await;
    let clear = format!("{}/shop/1/a", process.http());
    let secure = format!("https://localhost:{}/shop/1/a", process.https_address().port());
    let write = "%{stderr}%{http_version} %{http_code} %{content_type}";
    for (protocol, url, version) in [
        ("--http1.1", &clear, "1.1"),
        ("--http2-prior-knowledge", &clear, "2"),
        ("--http1.0", &clear, ""),
        ("--http1.1", &secure, "1.1"),
        ("--http2", &secure, "2"),
    ] {
        let arguments = ["-s", "--noproxy", "*", "--cacert", &ca, protocol, "-w", write, url];
        let Some(done) = tool("curl", &arguments).await else { return };
        assert_eq!((done.code, done.stdout.as_str()), (0, "hello"), "{protocol} {url}: {done:?}");
        let told = done.stderr.starts_with(version) && done.stderr.ends_with(" 200 text/plain");
        assert!(told, "{protocol} {url}: {done:?}");
    }
    // The upgrade of HTTP/1.1 in clear text (h2c) is not taken, and the call is served all the same.
    let done = tool("curl", &["-s", "--noproxy", "*", "--http2", &clear]).await.unwrap();
    assert_eq!((done.code, done.stdout.as_str()), (0, "hello"), "{done:?}");
}

#[tokio::test]
async fn nghttp_multiplexes() {
    let backend = Backend::answer(200, &[], "hello").await;
    let apis = open("Shop", &backend.url()).write_temp();
    let (process, _) = with_tls(apis.dir()).await;
    let clear = format!("{}/shop/1/a", process.http());
    let secure = format!("https://localhost:{}/shop/1/a", process.https_address().port());
    for url in [&clear, &secure] {
        let Some(done) = tool("nghttp", &["--no-verify-peer", "-m", "20", "-s", url]).await else {
            return;
        };
        assert_eq!(done.code, 0, "{done:?}");
        assert_eq!(done.stdout.matches("hello").count(), 20, "{done:?}");
        assert_eq!(done.stdout.matches(" 200 ").count(), 20, "{done:?}");
    }
}

#[tokio::test]
async fn h2load_sees_no_failure_before_nginx() {
    let Some(nginx) = Nginx::server("location / { return 200 hello; }").await else { return };
    let apis = open("Shop", &nginx.url()).write_temp();
    let process = serve(apis.dir(), "").await;
    let url = format!("{}/shop/1/a", process.http());
    for protocol in [&["--h1"][..], &["-m", "10"]] {
        let arguments = [&["-n", "2000", "-c", "10"][..], protocol, &[&url]].concat();
        let Some(done) = tool("h2load", &arguments).await else { return };
        let good =
            "2000 total, 2000 started, 2000 done, 2000 succeeded, 0 failed, 0 errored, 0 timeout";
        assert!(done.stdout.contains(good), "{done:?}");
        assert!(done.stdout.contains("2000 2xx"), "{done:?}");
    }
}

#[tokio::test]
async fn openssl_agrees_on_the_protocol() {
    let empty = TempDir::new().unwrap();
    let (process, ca) = with_tls(empty.path()).await;
    let address = process.https_address().to_string();
    for (offered, agreed) in
        [("h2,http/1.1", "ALPN protocol: h2"), ("http/1.1", "ALPN protocol: http/1.1")]
    {
        let arguments = ["s_client", "-connect", &address, "-servername", "localhost"];
        let more = ["-verify_return_error", "-CAfile", &ca, "-alpn", offered];
        let Some(done) = tool("openssl", &[&arguments[..], &more].concat()).await else { return };
        assert!(done.stdout.contains(agreed), "{offered}: {done:?}");
        assert!(done.stdout.contains("Verify return code: 0"), "{done:?}");
    }
}
