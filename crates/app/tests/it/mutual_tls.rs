//! Client certificates towards upstreams of other makes: nginx and `openssl s_server`.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use testkit::{Backend, Ca, Leaf, Nginx, Project, WeirProcess, free_port};
use tokio::net::TcpStream;

use super::support::{Ask, home, open, serve_with, tool};

const ROOTS: &str = "[weir.tls]\nroots = [\"ca.pem\"]\n";

/// An authority, and a folder with a certificate of it for servers.
struct Site {
    ca: Ca,
    dir: TempDir,
}

impl Site {
    fn new() -> Self {
        let (ca, dir) = (Ca::new(), TempDir::with_prefix("weir-site-").unwrap());
        ca.write(dir.path());
        ca.leaf(&["localhost"]).write(dir.path(), "server");
        Self { ca, dir }
    }

    fn file(&self, name: &str) -> String {
        self.dir.path().join(name).to_string_lossy().into_owned()
    }

    /// An nginx that answers with the subject of the client's certificate.
    async fn nginx(&self, more: &str) -> Option<Nginx> {
        let (server, key) = (self.file("server.pem"), self.file("server.key"));
        let ca = self.file("ca.pem");
        Nginx::http(&format!(
            "server {{ listen 127.0.0.1:@PORT@ ssl http2; {more}\n\
             ssl_certificate {server}; ssl_certificate_key {key}; ssl_client_certificate {ca};\n\
             ssl_verify_client on; location / {{ return 200 \"$ssl_client_s_dn\"; }} }}"
        ))
        .await
    }

    /// An installation that trusts this authority and has client certificates.
    fn home(&self, toml: &str) -> TempDir {
        let home = home(&format!("{ROOTS}{toml}"));
        let stores = stores(home.path());
        self.ca.write(&stores);
        self.client("one").write(&stores, "one");
        home
    }

    fn client(&self, name: &str) -> Leaf {
        self.ca.leaf(&[name])
    }
}

fn stores(home: &Path) -> PathBuf {
    let stores = home.join("repository/resources/security");
    fs::create_dir_all(&stores).unwrap();
    stores
}

fn https(port: u16) -> String {
    format!("https://localhost:{port}")
}

/// Makes a PKCS#12 store of `{name}.pem` and `{name}.key`; whether that is possible here.
async fn pkcs12(dir: &Path, name: &str, password: &str) -> bool {
    let path = |ending: &str| dir.join(format!("{name}.{ending}")).to_string_lossy().into_owned();
    let (pem, key, store) = (path("pem"), path("key"), path("p12"));
    let pass = format!("pass:{password}");
    let arguments =
        ["pkcs12", "-export", "-in", &pem, "-inkey", &key, "-out", &store, "-passout", &pass];
    let Some(done) = tool("openssl", &arguments).await else { return false };
    assert_eq!(done.code, 0, "{}", done.stderr);
    true
}

/// A certificate that nobody has issued, and its key, both PEM.
async fn self_signed(dir: &Path, name: &str) -> (String, String) {
    let files = ["pem", "key"].map(|ending| dir.join(format!("{name}.{ending}")));
    let [pem, key] = files.each_ref().map(|file| file.to_string_lossy());
    let subject = format!("/CN={name}");
    let curve =
        ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", &subject];
    let done =
        tool("openssl", &[&["req", "-x509", "-out", &pem, "-keyout", &key], &curve[..]].concat())
            .await;
    let done = done.expect("a program that ran before");
    assert_eq!(done.code, 0, "{}", done.stderr);
    files.map(|file| fs::read_to_string(file).unwrap()).into()
}

/// With what `x-weir` says of its client certificate, and files.
fn with_certificate(name: &str, url: &str, certificate: &serde_json::Value) -> Project {
    open(name, url).endpoint_config(json!({
        "endpoint_type": "http",
        "production_endpoints": { "url": url },
        "x-weir": { "clientCertificate": certificate },
    }))
}

async fn check_refused(process: &WeirProcess, target: &str, told: &str) {
    let answer = process.get(target).await;
    let logged = process.logged(answer.header("x-request-id").unwrap()).await;
    assert_eq!((answer.status, &answer.json()["code"]), (500, &json!("101500")), "{logged}");
    assert!(logged.contains(told), "{told}: {logged}");
}

#[tokio::test]
async fn the_configuration_says_who_the_gateway_is() {
    let site = Site::new();
    let Some(nginx) = site.nginx("").await else { return };
    let port = nginx.address().port();
    let apis = open("Shop", &https(port)).write_temp();
    let profile = "[[keystore.ssl_profile.custom]]\n";
    let store = "type = \"PKCS12\"\npassword = \"a&b\"\n";
    for (toml, is_shown) in [
        (String::new(), false),
        (
            format!("{profile}servers = \"localhost:{port}\"\nkeystore.location = \"one.pem\"\n"),
            true,
        ),
        (format!("{profile}servers = [\"localhost:1\"]\nkeystore.location = \"one.pem\"\n"), false),
        (
            format!(
                "{profile}servers = [\"other:1\", \"localhost:{port}\"]\n\
                 [keystore.ssl_profile.custom.keystore]\nlocation = \"one.p12\"\n{store}"
            ),
            true,
        ),
        (
            "[keystore.ssl_profile.default]\nservers = \"*\"\nkeystore.location = \"one.pem\"\n"
                .to_owned(),
            true,
        ),
        (
            format!("[transport.passthru_https.sender.key_store]\nlocation = \"one.p12\"\n{store}"),
            true,
        ),
        (
            "[[weir.tls.client]]\nhosts = [\"localhost\"]\ncertificate = \"one.pem\"\n\
             key = \"one.key\"\n"
                .to_owned(),
            true,
        ),
        ("[transport.passthru_https.sender.ssl_profile]\nfile_path = \"p.xml\"\n".to_owned(), true),
    ] {
        let home = site.home(&toml);
        let stores = stores(home.path());
        if !pkcs12(&stores, "one", "a&b").await {
            return;
        }
        // Stores in PEM hold certificate and key.
        let both = [fs::read(stores.join("one.pem")), fs::read(stores.join("one.key"))];
        let both = both.map(Result::unwrap).concat();
        fs::write(stores.join("one.pem"), both).unwrap();
        let xml = format!(
            "<parameter name=\"customSSLProfiles\"><profile><servers>localhost:{port}</servers>\
             <KeyStore><Location>one.p12</Location><Type>PKCS12</Type><Password>a&amp;b</Password>\
             </KeyStore></profile></parameter>"
        );
        fs::write(home.path().join("p.xml"), xml).unwrap();
        let process = serve_with(apis.dir(), home, &[], &[]).await;
        let answer = process.get("/shop/1/a").await;
        if is_shown {
            assert_eq!((answer.status, &*answer.text()), (200, "CN=one"), "{toml}");
        } else {
            // What nginx says, which does not end the handshake.
            assert_eq!(answer.status, 400, "{toml}");
            assert!(answer.text().contains("No required SSL certificate"), "{toml}");
        }
    }
}

#[tokio::test]
async fn a_project_says_who_the_gateway_is() {
    let site = Site::new();
    let Some(nginx) = site.nginx("").await else { return };
    let url = https(nginx.address().port());
    let dir = TempDir::new().unwrap();
    let own = site.client("own");
    own.write(dir.path(), "own");
    if !pkcs12(dir.path(), "own", "secret").await {
        return;
    }
    let store = fs::read(dir.path().join("own.p12")).unwrap();
    let apis = TempDir::new().unwrap();
    with_certificate("Pem", &url, &json!({ "certificate": "tls/c.pem", "key": "tls/c.key" }))
        .file("tls/c.pem", own.cert_pem.clone())
        .file("tls/c.key", own.key_pem.clone())
        .write(apis.path());
    with_certificate("Store", &url, &json!({ "keyStore": "c.p12", "password": "secret" }))
        .file("c.p12", store.clone())
        .write(apis.path());
    with_certificate("Off", &url, &json!(false)).write(apis.path());
    open("Plain", &url).write(apis.path());
    with_certificate("Locked", &url, &json!({ "keyStore": "c.p12", "password": "wrong" }))
        .file("c.p12", store)
        .write(apis.path());
    let other = site.client("other");
    with_certificate("Mixed", &url, &json!({ "certificate": "c.pem", "key": "c.key" }))
        .file("c.pem", own.cert_pem)
        .file("c.key", other.key_pem)
        .write(apis.path());
    let toml = "[[weir.tls.client]]\nhosts = \"localhost\"\ncertificate = \"one.pem\"\nkey = \"one.key\"\n";
    let process = serve_with(apis.path(), site.home(toml), &[], &[]).await;
    for (api, expected) in [("pem", "CN=own"), ("store", "CN=own"), ("plain", "CN=one")] {
        assert_eq!(process.get(&format!("/{api}/1/a")).await.text(), expected, "{api}");
    }
    assert_eq!(process.get("/off/1/a").await.status, 400);
    assert_eq!(process.get("/locked/1/a").await.status, 404);
    assert_eq!(process.get("/mixed/1/a").await.status, 404);
    process.logged("the password does not open the key store").await;
    process.logged("the private key does not belong to the first certificate").await;
    let secrets = [process.stderr(), process.admin("/config").await.text()];
    assert!(secrets.iter().all(|text| !text.contains("PRIVATE KEY")));
}

/// `openssl s_server`, which insists on a client's certificate; it ends when this is dropped.
struct SServer {
    child: Child,
    port: u16,
}

impl SServer {
    async fn start(site: &Site, version: &str) -> Option<Self> {
        let port = free_port();
        let spawned = Command::new("openssl")
            .args(["s_server", "-www", "-quiet", "-Verify", "1", "-verify_return_error", version])
            .args(["-accept", &format!("127.0.0.1:{port}")])
            .args(["-cert", &site.file("server.pem"), "-key", &site.file("server.key")])
            .args(["-CAfile", &site.file("ca.pem")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match spawned {
            Ok(child) => {
                let mut server = Self { child, port };
                testkit::bounded("openssl to listen", server.ready()).await;
                Some(server)
            }
            Err(error) => {
                eprintln!("skipped: openssl cannot be run: {error}");
                None
            }
        }
    }

    async fn ready(&mut self) {
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await.is_err() {
            assert!(self.child.try_wait().unwrap().is_none(), "openssl ended at once");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for SServer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[tokio::test]
async fn openssl_insists_on_a_certificate() {
    let site = Site::new();
    for (version, told) in [("-tls1_2", "client certificate"), ("-tls1_3", "insists on a client")] {
        let Some(server) = SServer::start(&site, version).await else { return };
        let url = https(server.port);
        let stranger = self_signed(site.dir.path(), "stranger").await;
        let apis = TempDir::new().unwrap();
        open("Plain", &url).write(apis.path());
        let certificate = json!({ "certificate": "c.pem", "key": "c.key" });
        let known = site.client("known");
        let known = (known.cert_pem, known.key_pem);
        for (name, (pem, key)) in [("Known", known), ("Stranger", stranger)] {
            with_certificate(name, &url, &certificate)
                .file("c.pem", pem)
                .file("c.key", key)
                .write(apis.path());
        }
        let process = serve_with(apis.path(), site.home(""), &[], &[]).await;
        check_refused(&process, "/plain/1/a", told).await;
        check_refused(&process, "/stranger/1/a", "does not take the gateway's client").await;
        let answer = process.get("/known/1/a").await;
        assert_eq!(answer.status, 200, "{version}: {answer:?}");
        let said = answer.text().replace(' ', "");
        assert!(said.contains("Subject:CN=known"), "{version}: {said}");
    }
}

/// With TLS 1.3 the server looks at the certificate when the client is done already.
#[tokio::test]
async fn a_late_refusal_is_told_once() {
    let site = Site::new();
    for alpn in [&["http/1.1"][..], &["h2", "http/1.1"]] {
        let config = site.ca.mutual_server_config(&site.ca.leaf(&["localhost"]), alpn);
        let backend = Backend::builder().tls(config).answer(200, &[], "in").await;
        let apis = open("Shop", &backend.url()).write_temp();
        let process = serve_with(apis.dir(), site.home(""), &[], &[]).await;
        check_refused(&process, "/shop/1/a", "insists on a client certificate").await;
        assert_eq!((backend.connections(), backend.requests().len()), (1, 0), "{alpn:?}");
    }
}

#[tokio::test]
async fn a_replaced_certificate_is_shown_without_a_restart() {
    let site = Site::new();
    let Some(nginx) = site.nginx("").await else { return };
    let apis = open("Shop", &https(nginx.address().port())).write_temp();
    let toml = "[[weir.tls.client]]\nhosts = \"localhost\"\ncertificate = \"one.pem\"\nkey = \"one.key\"\n";
    let process = serve_with(apis.dir(), site.home(toml), &[], &[]).await;
    let shown = async || process.get("/shop/1/a").await.text();
    assert_eq!(shown().await, "CN=one");
    let stores = stores(process.home());
    // A certificate without its key: the old pair stays.
    let two = site.client("number-two");
    fs::write(stores.join("one.pem"), &two.cert_pem).unwrap();
    let told = process.logged("secrets for upstreams were not taken").await;
    assert!(told.contains("one.key") && told.contains("does not belong"), "{told}");
    assert_eq!(shown().await, "CN=one");
    fs::write(stores.join("one.key"), format!("{}\n", two.key_pem)).unwrap();
    process.logged("secrets for upstreams were read anew").await;
    assert_eq!(shown().await, "CN=number-two");
    // A reload reads them too, or finds them read.
    let three = site.client("the-third");
    three.write(&stores, "one");
    process.signal("HUP");
    process.logged("The configuration was read anew").await;
    assert_eq!(shown().await, "CN=the-third");
}

#[tokio::test]
async fn a_wrong_store_keeps_the_gateway_from_starting() {
    let site = Site::new();
    let apis = open("Shop", "https://localhost:1").write_temp();
    let toml = "[[weir.tls.client]]\nhosts = \"localhost\"\nkey_store = \"one.p12\"\npassword = \"wrong\"\n";
    let home = site.home(toml);
    if !pkcs12(&stores(home.path()), "one", "right").await {
        return;
    }
    let arguments = ["--apis", apis.dir().to_str().unwrap()];
    let ended = WeirProcess::serve_in(super::support::WEIR, home, &arguments, &[]).await;
    let exit = ended.unwrap_err();
    assert!(!exit.status.success());
    assert!(exit.stderr.contains("one.p12: the password does not open"), "{}", exit.stderr);
}
