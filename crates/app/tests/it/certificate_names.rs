//! Certificates of a real server under names that are not `localhost`: the program runs with a
//! `/etc/hosts` of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::json;
use tempfile::TempDir;
use testkit::{Ca, Leaf, Nginx, Project, WeirProcess};

use super::support::{Ask, WEIR, home, open, tool};

/// Names that lead to this machine while the program runs.
const HOSTS: &str = "127.0.0.1 localhost right.test wrong.test a.example.test a.b.example.test \
                     cn.test expired.test stranger.test self.test given.test other.test\n";

const OWN_HOSTS: &str = "mount --bind \"$0\" /etc/hosts && exec \"$@\"";

/// A script that runs the program with these hosts; `None`, and a word about it, where that is not
/// possible.
async fn with_hosts(dir: &Path) -> Option<PathBuf> {
    let hosts = dir.join("hosts");
    fs::write(&hosts, HOSTS).unwrap();
    let hosts = hosts.to_string_lossy().into_owned();
    let own = ["--map-root-user", "--mount", "sh", "-c", OWN_HOSTS, &hosts];
    let done = tool("unshare", &[&own[..], &["getent", "hosts", "right.test"]].concat()).await?;
    if done.code != 0 {
        eprintln!("skipped: no hosts of its own for a process: {}", done.stderr);
        return None;
    }
    let script = dir.join("weir");
    let text = format!(
        "#!/bin/sh\nexec unshare --map-root-user --mount sh -c '{OWN_HOSTS}' '{hosts}' '{WEIR}' \"$@\"\n"
    );
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    Some(script)
}

/// A server with a certificate for each name it is asked for.
struct Site {
    dir: TempDir,
    script: PathBuf,
    nginx: Nginx,
    ca: Ca,
    /// An authority that is not trusted.
    stranger: Ca,
}

impl Site {
    async fn start() -> Option<Self> {
        let dir = TempDir::with_prefix("weir-names-").unwrap();
        let script = with_hosts(dir.path()).await?;
        let (ca, stranger) = (Ca::new(), Ca::named("Weir test stranger"));
        let wildcard = ca.leaf(&["*.example.test"]);
        let shown = [
            ("localhost", ca.leaf(&["elsewhere.test"])),
            ("right.test", ca.leaf(&["right.test"])),
            ("wrong.test", ca.leaf(&["elsewhere.test"])),
            ("a.example.test", wildcard.clone()),
            ("a.b.example.test", wildcard),
            ("cn.test", ca.without_alternatives("cn.test")),
            ("expired.test", ca.expired(&["expired.test"])),
            ("stranger.test", stranger.leaf(&["stranger.test"])),
            ("given.test", stranger.leaf(&["given.test"])),
            ("other.test", stranger.leaf(&["other.test"])),
        ];
        let block = |(name, leaf): &(&str, Leaf)| {
            let (certificate, key) = leaf.write(dir.path(), name);
            server(name, &certificate, &key)
        };
        let servers: String = shown.iter().map(block).collect();
        let own = self_signed(dir.path(), "self.test").await?;
        let nginx = Nginx::http(&format!("{servers}{own}")).await?;
        Some(Self { dir, script, nginx, ca, stranger })
    }

    fn url(&self, name: &str) -> String {
        format!("https://{name}:{}", self.nginx.address().port())
    }

    /// The program with this authority among its roots.
    async fn weir(&self, apis: &Path, verifier: &str) -> WeirProcess {
        let home = home(&format!(
            "[weir.tls]\nroots = [\"ca.pem\"]\nsystem_roots = false\n\
             [transport.passthru_https.sender.parameters]\nHostnameVerifier = \"{verifier}\"\n"
        ));
        let stores = home.path().join("repository/resources/security");
        fs::create_dir_all(&stores).unwrap();
        self.ca.write(&stores);
        let script = self.script.to_string_lossy();
        let arguments = ["--apis", apis.to_str().unwrap()];
        let serving = WeirProcess::serve_in(&script, home, &arguments, &[]).await;
        serving.unwrap_or_else(|exit| panic!("{}: {}", exit.status, exit.stderr))
    }
}

fn server(name: &str, certificate: &Path, key: &Path) -> String {
    let (certificate, key) = (certificate.display(), key.display());
    format!(
        "server {{ listen 127.0.0.1:@PORT@ ssl; server_name {name};\n\
         ssl_certificate {certificate}; ssl_certificate_key {key}; return 200 {name}; }}\n"
    )
}

/// A server with a certificate that is its own issuer.
async fn self_signed(dir: &Path, name: &str) -> Option<String> {
    let [certificate, key] = ["pem", "key"].map(|ending| dir.join(format!("{name}.{ending}")));
    let (subject, alternative) = (format!("/CN={name}"), format!("subjectAltName=DNS:{name}"));
    let key_type = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    let names =
        ["-subj", &subject, "-addext", &alternative, "-addext", "basicConstraints=CA:FALSE"];
    let files = ["-out", &certificate.to_string_lossy(), "-keyout", &key.to_string_lossy()];
    let arguments = [&["req", "-x509"][..], &key_type, &names, &files].concat();
    let done = tool("openssl", &arguments).await?;
    assert_eq!(done.code, 0, "{}", done.stderr);
    Some(server(name, &certificate, &key))
}

/// What a call comes to: the name of the server, or what the log says of the failure.
async fn outcome(process: &WeirProcess, api: &str) -> String {
    let answer = process.get(&format!("/{api}/1/a")).await;
    if answer.status == 200 {
        return answer.text();
    }
    assert_eq!((answer.status, &answer.json()["code"]), (500, &json!("101500")), "{answer:?}");
    let logged = process.logged(answer.header("x-request-id").unwrap()).await;
    let reasons = ["is not for", "has expired", "unknown authority", "self-signed"];
    let found = reasons.into_iter().find(|reason| logged.contains(reason));
    found.unwrap_or_else(|| panic!("no known reason: {logged}")).to_owned()
}

#[tokio::test]
async fn each_verifier_judges_each_certificate() {
    let Some(site) = Site::start().await else { return };
    let names = [
        "right.test",
        "wrong.test",
        "localhost",
        "a.example.test",
        "a.b.example.test",
        "cn.test",
        "expired.test",
        "stranger.test",
        "self.test",
    ];
    let apis = TempDir::new().unwrap();
    let api = |name: &str| name.replace('.', "");
    for name in names {
        open(&api(name), &site.url(name)).write(apis.path());
    }
    let (strict, default) = ("Strict", "Default");
    let (local, all) = ("DefaultAndLocalhost", "AllowAll");
    for verifier in [strict, default, local, all] {
        let process = site.weir(apis.path(), verifier).await;
        for name in names {
            let is_for = match name {
                "wrong.test" => verifier == all,
                "localhost" => verifier == local || verifier == all,
                "a.b.example.test" | "cn.test" => verifier != strict,
                _ => true,
            };
            let expected = match name {
                "expired.test" => "has expired",
                "stranger.test" => "unknown authority",
                "self.test" => "self-signed",
                name if is_for => name,
                _ => "is not for",
            };
            assert_eq!(outcome(&process, &api(name)).await, expected, "{verifier}: {name}");
        }
    }
}

#[tokio::test]
async fn a_certificate_of_a_project_opens_its_host_alone() {
    let Some(site) = Site::start().await else { return };
    let given = |project: Project| {
        let entry =
            json!({ "alias": "ca", "endpoint": site.url("given.test"), "certificate": "ca.crt" });
        let list = json!({ "type": "endpoint_certificates", "version": "v4.7.0", "data": [entry] });
        project
            .file("Endpoint-certificates/endpoint_certificates.yaml", list.to_string())
            .file("Endpoint-certificates/ca.crt", site.stranger.pem())
    };
    let apis = TempDir::new().unwrap();
    given(open("Given", &site.url("given.test"))).write(apis.path());
    given(open("Other", &site.url("other.test"))).write(apis.path());
    open("None", &site.url("given.test")).write(apis.path());
    let process = site.weir(apis.path(), "Default").await;
    assert_eq!(outcome(&process, "given").await, "given.test");
    assert_eq!(outcome(&process, "other").await, "unknown authority");
    assert_eq!(outcome(&process, "none").await, "unknown authority");
}

#[tokio::test]
async fn a_profile_replaces_the_roots_for_its_servers() {
    let Some(site) = Site::start().await else { return };
    let apis = TempDir::new().unwrap();
    for name in ["right.test", "given.test", "other.test"] {
        open(&name.replace('.', ""), &site.url(name)).write(apis.path());
    }
    let roots = site.dir.path().join("stranger.pem");
    fs::write(&roots, site.stranger.pem()).unwrap();
    let process = site.weir(apis.path(), "Default").await;
    assert_eq!(outcome(&process, "righttest").await, "right.test");
    assert_eq!(outcome(&process, "giventest").await, "unknown authority");
    let port = site.nginx.address().port();
    let file = process.home().join("repository/conf/deployment.toml");
    let before = fs::read_to_string(&file).unwrap();
    let profile = format!(
        "[[keystore.ssl_profile.custom]]\nservers = \"given.test:{port}, right.test:{port}\"\n\
         truststore.location = \"{}\"\n",
        roots.display()
    );
    fs::write(&file, before + &profile).unwrap();
    process.signal("HUP");
    process.logged("The configuration was read anew").await;
    assert_eq!(outcome(&process, "giventest").await, "given.test");
    assert_eq!(outcome(&process, "righttest").await, "unknown authority");
    assert_eq!(outcome(&process, "othertest").await, "unknown authority");
}

/// The protocol and the cipher that were agreed, as the server tells them.
async fn agreed(apis: &Path, ca: &Ca, parameters: &str) -> Result<String, u16> {
    let home = home(&format!(
        "[weir.tls]\nroots = [\"ca.pem\"]\n[transport.passthru_https.sender.parameters]\n{parameters}"
    ));
    let stores = home.path().join("repository/resources/security");
    fs::create_dir_all(&stores).unwrap();
    ca.write(&stores);
    let process = super::support::serve_with(apis, home, &[], &[]).await;
    let answer = process.get("/shop/1/a").await;
    if answer.status == 200 { Ok(answer.text()) } else { Err(answer.status) }
}

#[tokio::test]
async fn protocols_and_ciphers_are_those_of_the_configuration() {
    let ca = Ca::new();
    let dir = TempDir::new().unwrap();
    let (certificate, key) = ca.leaf(&["localhost"]).write(dir.path(), "server");
    let (certificate, key) = (certificate.display(), key.display());
    for (offered, wanted, expected) in [
        ("TLSv1.2", "HttpsProtocols = \"TLSv1.3\"", Err(500)),
        ("TLSv1.2", "HttpsProtocols = \"TLSv1.2,TLSv1.3\"", Ok("TLSv1.2")),
        ("TLSv1.3", "HttpsProtocols = \"TLSv1.2\"", Err(500)),
        ("TLSv1.2 TLSv1.3", "HttpsProtocols = \"TLSv1.2\"", Ok("TLSv1.2")),
        ("TLSv1.2 TLSv1.3", "HttpsProtocols = \"TLSv1.2,TLSv1.3\"", Ok("TLSv1.3")),
        (
            "TLSv1.2",
            "PreferredCiphers = \"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256\"",
            Ok("TLSv1.2 ECDHE-ECDSA-CHACHA20-POLY1305"),
        ),
        (
            "TLSv1.3",
            "PreferredCiphers = \"TLS_AES_128_GCM_SHA256\"",
            Ok("TLSv1.3 TLS_AES_128_GCM_SHA256"),
        ),
    ] {
        let nginx = Nginx::http(&format!(
            "server {{ listen 127.0.0.1:@PORT@ ssl; ssl_protocols {offered};\n\
             ssl_certificate {certificate}; ssl_certificate_key {key};\n\
             return 200 \"$ssl_protocol $ssl_cipher\"; }}"
        ))
        .await;
        let Some(nginx) = nginx else { return };
        let port = nginx.address().port();
        let apis = open("Shop", &format!("https://localhost:{port}")).write_temp();
        let got = agreed(apis.dir(), &ca, wanted).await;
        match (&got, expected) {
            (Ok(said), Ok(start)) => {
                assert!(said.starts_with(start), "{offered}, {wanted}: {said}")
            }
            _ => assert_eq!(got.as_ref().err(), expected.as_ref().err(), "{offered}, {wanted}"),
        }
    }
}
