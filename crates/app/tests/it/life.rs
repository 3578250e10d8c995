//! From the first line to the last signal.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::Instant;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tempfile::TempDir;
use testkit::{Backend, Client, RawBackend, RefusedPort, Reply};
use tokio::sync::Semaphore;

use super::support::{
    Ask, configure, copy, eventually, home, open, serve, serve_with, until_status,
};

/// A backend that answers `/slow` only when it is let go.
async fn gated() -> (Backend, Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(0));
    let waiting = Arc::clone(&gate);
    let backend = Backend::with(move |request| {
        let waiting = Arc::clone(&waiting);
        async move {
            if request.target.ends_with("/slow") {
                waiting.acquire().await.unwrap().forget();
            }
            Reply::new(200).body(format!("answered {}", request.target))
        }
    });
    (backend.await, gate)
}

#[tokio::test]
async fn the_first_line_says_where_it_serves() {
    let backend = Backend::echo().await;
    let apis = open("Shop", &backend.url()).write_temp();
    let process = serve(apis.dir(), "").await;
    let (http, https) = (process.http_address(), process.https_address());
    assert_ne!(http.port(), 0);
    assert_eq!(process.line(), format!("Weir is serving: http://{http} https://{https} (1 API)"));
    assert_eq!(process.get("/shop/1/a").await.status, 200);

    let empty = TempDir::new().unwrap();
    let process = serve_with(empty.path(), home(""), &["--https", "off"], &[]).await;
    assert_eq!(
        process.line(),
        format!("Weir is serving: http://{} (0 APIs)", process.http_address())
    );
}

#[tokio::test]
async fn a_self_signed_certificate_is_made_once() {
    let empty = TempDir::new().unwrap();
    let first = serve(empty.path(), "").await;
    let data = first.home().join("data");
    let file = data.join("self-signed.pem");
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&data), mode(&file)), (0o700, 0o600));
    assert!(first.logged("self-signed").await.contains("self-signed.pem"));
    let made = fs::read(&file).unwrap();
    let again = home("");
    copy(&data, &again.path().join("data"));
    drop(first);

    let second = serve_with(empty.path(), again, &[], &[]).await;
    assert_eq!(fs::read(second.home().join("data/self-signed.pem")).unwrap(), made);
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&made).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let address = second.https_address();
    let mut client = Client::connect_tls(address, "localhost", Arc::new(config)).await.unwrap();
    assert_eq!(client.get("/nothing").await.unwrap().status, 404);
    assert!(!second.stderr().contains("was made"), "{}", second.stderr());
}

#[tokio::test]
async fn the_admin_listener_shows_everything_but_secrets() {
    let backend = Backend::echo().await;
    let apis = open("Shop", &backend.url()).write_temp();
    let toml = "[super_admin]\nusername = \"admin\"\npassword = \"hunter2\"\n\
                [truststore]\nfile_name = \"roots.pem\"\ntype = \"PEM\"\npassword = \"hunter2\"\n";
    let home = home(toml);
    let stores = home.path().join("repository/resources/security");
    fs::create_dir_all(&stores).unwrap();
    testkit::Ca::new().write(&stores);
    fs::rename(stores.join("ca.pem"), stores.join("roots.pem")).unwrap();
    let process = serve_with(apis.dir(), home, &[], &[]).await;
    assert_eq!(process.get("/shop/1/a").await.status, 200);
    for path in ["/healthz", "/readyz"] {
        assert_eq!(process.admin(path).await.status, 200, "{path}");
    }
    let metrics = process.admin("/metrics").await.text();
    let counted = |line: &str| line.starts_with("gateway_requests_total{") && line.contains("Shop");
    assert!(metrics.lines().any(counted), "{metrics}");
    let project = process.project("Shop-1").await.unwrap();
    assert_eq!(project["state"], "deployed");
    assert_eq!(project["context"], "/shop/1");
    assert_eq!(project["id"], "Shop/1");
    let endpoints = process.admin("/endpoints").await.json();
    assert_eq!(endpoints["count"], 2, "{endpoints:#}");
    assert_eq!(endpoints["list"][0]["health"]["state"], "ACTIVE", "{endpoints:#}");
    assert_eq!(endpoints["list"][0]["url"], backend.url(), "{endpoints:#}");
    let config = process.admin("/config").await.text();
    assert!(config.contains("\"from\"") && !config.contains("hunter2"), "{config}");
    assert_eq!(process.admin("/nothing").await.status, 404);
}

#[tokio::test]
async fn a_drain_lets_what_is_in_flight_end() {
    for signal in ["TERM", "INT"] {
        let (backend, gate) = gated().await;
        let apis = open("Shop", &backend.url()).write_temp();
        let mut process = serve(apis.dir(), "").await;
        let address = process.http_address();
        let mut idle = Client::connect(address).await.unwrap();
        assert_eq!(idle.get("/shop/1/a").await.unwrap().status, 200);
        let slow = tokio::spawn({
            let url = format!("{}/shop/1/slow", process.http());
            async move { testkit::get(&url).await }
        });
        backend.arrived(2).await;
        process.signal(signal);
        eventually("not ready", async || {
            (process.admin("/readyz").await.status == 503).then_some(())
        })
        .await;
        assert_eq!(process.admin("/healthz").await.status, 200);
        eventually("a refusal", async || Client::connect(address).await.err()).await;
        // An idle connection is closed, and holds nothing up.
        assert!(idle.rest().await.is_empty());
        gate.add_permits(1);
        let answer = slow.await.unwrap().unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (200, "answered /slow"));
        let exit = process.ended().await;
        assert_eq!(exit.status.code(), Some(0), "{}", exit.stderr);
        assert!(exit.stderr.contains("everything in flight had ended"), "{}", exit.stderr);
        let records = exit.stderr.lines().filter(|line| line.contains("\"path\":\"/shop/1/slow\""));
        assert_eq!(records.count(), 1, "{}", exit.stderr);
    }
}

#[tokio::test]
async fn a_client_that_has_sent_nothing_holds_no_drain() {
    let backend = Backend::echo().await;
    let apis = open("Shop", &backend.url()).write_temp();
    let process = serve(apis.dir(), "").await;
    let clear = Client::connect(process.http_address()).await.unwrap();
    let secure = Client::connect(process.https_address()).await.unwrap();
    let other = process.http();
    assert_eq!(testkit::get(&format!("{other}/shop/1/a")).await.unwrap().status, 200);
    let started = Instant::now();
    let exit = process.terminate().await;
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
    assert!(exit.stderr.contains("everything in flight had ended"), "{}", exit.stderr);
    drop((clear, secure));
}

#[tokio::test]
async fn a_drain_that_takes_too_long_is_cut() {
    let backend = RawBackend::silent().await;
    let apis = open("Shop", &backend.url()).write_temp();
    let process = serve(apis.dir(), "[weir.gateway]\ndrain = \"200ms\"\n").await;
    let mut client = Client::connect(process.http_address()).await.unwrap();
    client.send("GET /shop/1/slow HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    backend.accepted(1).await;
    let started = Instant::now();
    let exit = process.terminate().await;
    assert_eq!(exit.status.code(), Some(0), "{}", exit.stderr);
    assert!(started.elapsed().as_millis() >= 200);
    assert!(exit.stderr.contains("were cut"), "{}", exit.stderr);
    assert!(client.rest().await.is_empty());
}

#[tokio::test]
async fn a_second_signal_cuts_the_drain_short() {
    let backend = RawBackend::silent().await;
    let apis = open("Shop", &backend.url()).write_temp();
    let mut process = serve(apis.dir(), "[weir.gateway]\ndrain = \"1h\"\n").await;
    let mut client = Client::connect(process.http_address()).await.unwrap();
    client.send("GET /shop/1/slow HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    backend.accepted(1).await;
    process.signal("TERM");
    process.logged("Draining").await;
    process.signal("INT");
    let exit = process.ended().await;
    assert_eq!(exit.status.code(), Some(0));
    assert!(exit.stderr.contains("were cut"), "{}", exit.stderr);
}

#[tokio::test]
async fn what_needs_a_start_is_told() {
    let empty = TempDir::new().unwrap();
    let process = serve(empty.path(), "").await;
    configure(process.home(), "[weir.gateway]\nworkers = 7\n");
    process.signal("HUP");
    process.logged("until the next start").await;
    let nothing = testkit::WeirProcess::serve(super::support::WEIR, &[]).await.unwrap();
    nothing.logged("nothing is served").await;
}

#[tokio::test]
async fn a_hangup_reads_the_configuration_anew() {
    let refused = RefusedPort::new();
    let apis = open("Shop", &refused.url()).write_temp();
    let process = serve(apis.dir(), "").await;
    // A signal right after the line neither ends the process nor gets lost.
    process.signal("HUP");
    process.logged("The configuration was read anew.").await;
    assert_eq!(process.get("/shop/1/a").await.status, 500);
    configure(process.home(), "[weir.gateway]\nfault_status = \"precise\"\n");
    process.signal("HUP");
    until_status(&process, "/shop/1/a", 503).await;
    for broken in ["[weir.gateway", "[[apim.jwt.issuer]]\nscopes_claim = \"a\"\n"] {
        configure(process.home(), broken);
        let before = process.stderr().matches("was not taken").count();
        process.signal("HUP");
        let news =
            async || (process.stderr().matches("was not taken").count() > before).then_some(());
        eventually("a refusal in the log", news).await;
        assert_eq!(process.get("/shop/1/a").await.status, 503);
    }
    let metrics = process.admin("/metrics").await.text();
    assert!(metrics.contains("reload"), "{metrics}");
    configure(process.home(), "");
    process.signal("HUP");
    until_status(&process, "/shop/1/a", 500).await;
    let exit = process.terminate().await;
    assert_eq!(exit.status.code(), Some(0));
}

#[tokio::test]
async fn the_drain_time_of_a_reload_counts() {
    let backend = RawBackend::silent().await;
    let apis = open("Shop", &backend.url()).write_temp();
    let process = serve(apis.dir(), "").await;
    configure(process.home(), "[weir.gateway]\ndrain = \"100ms\"\n");
    process.signal("HUP");
    process.logged("The configuration was read anew.").await;
    let mut client = Client::connect(process.http_address()).await.unwrap();
    client.send("GET /shop/1/slow HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    backend.accepted(1).await;
    assert!(process.terminate().await.stderr.contains("were cut"));
}

#[tokio::test]
async fn the_sample_backend_is_there_when_asked_for() {
    let empty = TempDir::new().unwrap();
    for (more, status) in [(&["--sample-backend"][..], 200), (&[], 404)] {
        let process = serve_with(empty.path(), home(""), more, &[]).await;
        let url = format!(
            "http://{}/am/sample/pizzashack/v1/api/menu",
            process.listener("manage_http").await
        );
        assert_eq!(testkit::get(&url).await.unwrap().status, status, "{more:?}");
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_an_error() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for listener in ["--http", "--https", "--admin", "--manage-http"] {
        let exit = testkit::WeirProcess::serve(super::support::WEIR, &[listener, &address]).await;
        let exit = exit.expect_err("the port is taken");
        assert_eq!(exit.status.code(), Some(1), "{}", exit.stderr);
        assert!(exit.stderr.contains(&address), "{}", exit.stderr);
    }
}

#[test]
fn it_is_not_ready_before_the_first_snapshot() {
    use std::io::{BufRead as _, Read as _};
    let (home, apis) = (home(""), TempDir::new().unwrap());
    // So many errors that they do not fit into a pipe: who does not read them stops the reading.
    for index in 0..300 {
        let project = apis.path().join(format!("{}-{index}", "broken".repeat(33)));
        fs::create_dir(&project).unwrap();
        fs::write(project.join("api.yaml"), "type: [").unwrap();
    }
    let mut command = std::process::Command::new(super::support::WEIR);
    command.arg("serve").arg("--home").arg(home.path()).arg("--apis").arg(apis.path());
    command.args(["--http", "127.0.0.1:0", "--https", "off", "--manage", "off"]);
    command.args(["--manage-http", "off", "--admin", "127.0.0.1:0"]);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = Killed(command.spawn().unwrap());
    let mut errors = std::io::BufReader::new(child.0.stderr.take().unwrap());
    let address = errors.by_ref().lines().map_while(Result::ok).find_map(|line| {
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        let is_it = line["message"] == "The projects are being read.";
        is_it.then(|| line["address"].as_str().unwrap().to_owned())
    });
    let address = address.unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let status = async |path: &str| {
            testkit::get(&format!("http://{address}{path}")).await.unwrap().status
        };
        assert_eq!((status("/healthz").await, status("/readyz").await), (200, 503));
        let rest = std::thread::spawn(move || errors.read_to_end(&mut Vec::new()));
        eventually("ready", async || (status("/readyz").await == 200).then_some(())).await;
        drop(child);
        rest.join().unwrap().unwrap();
    });
}

/// A process that ends with the test.
struct Killed(std::process::Child);

impl Drop for Killed {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn it_serves_though_nobody_reads_its_output() {
    use std::io::BufRead as _;
    let (home, empty) = (home(""), TempDir::new().unwrap());
    let mut command = std::process::Command::new(super::support::WEIR);
    command.arg("serve").arg("--home").arg(home.path()).arg("--apis").arg(empty.path());
    command.args(["--http", "127.0.0.1:0", "--https", "off", "--manage", "off"]);
    command.args(["--manage-http", "off", "--admin", "127.0.0.1:0"]);
    let piped = std::process::Stdio::piped;
    let mut child = command.stdout(piped()).stderr(piped()).spawn().unwrap();
    drop(child.stdout.take());
    let lines = std::io::BufReader::new(child.stderr.take().unwrap()).lines();
    let told = lines.map_while(Result::ok).find(|line| line.contains("listeners are open"));
    let is_running = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(told.is_some() && is_running, "{told:?}");
}

#[tokio::test]
async fn a_second_process_does_not_share_the_port() {
    let backend = Backend::echo().await;
    let apis = open("Shop", &backend.url()).write_temp();
    let process = serve(apis.dir(), "").await;
    let address = process.http_address().to_string();
    let arguments = ["--apis", apis.dir().to_str().unwrap(), "--http", &address];
    let refused = testkit::WeirProcess::serve(super::support::WEIR, &arguments).await;
    let exit = refused.expect_err("the port is taken");
    assert!(exit.stderr.contains(&format!("cannot listen on {address}")), "{}", exit.stderr);
}

#[tokio::test]
async fn too_few_open_files_are_told() {
    let empty = TempDir::new().unwrap();
    let arguments = ["--apis", empty.path().to_str().unwrap()];
    // A shell sets the limits, and becomes the program.
    let bin = TempDir::new().unwrap();
    let wrapper = bin.path().join("weir");
    for (limits, connections, told) in [
        ("ulimit -S -n 256; ulimit -H -n 2000", 100, &["The limit on open files was raised."][..]),
        ("ulimit -n 2000", 1000, &["Fewer files may be open", "\"needed\":2512"]),
    ] {
        let script = format!("#!/bin/sh\n{limits}\nexec {} \"$@\"\n", super::support::WEIR);
        fs::write(&wrapper, script).unwrap();
        fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).unwrap();
        let home = home(&format!("[weir.limits]\nconnections = {connections}\n"));
        let wrapper = wrapper.to_str().unwrap();
        let process = testkit::WeirProcess::serve_in(wrapper, home, &arguments, &[]).await.unwrap();
        let stderr = process.stderr();
        for told in told {
            assert!(stderr.contains(told), "{stderr}");
        }
        assert_eq!(stderr.contains("Fewer files"), connections == 1000, "{stderr}");
    }
}
