//! TLS towards upstreams: whom the gateway trusts, and what it says when it does not.

use std::path::Path;

use serde_json::json;
use tempfile::TempDir;
use testkit::{Backend, Ca, Leaf, Project, WeirProcess};

use super::support::{Ask, home, open, serve, serve_with};

async fn secure(ca: &Ca, leaf: &Leaf) -> Backend {
    Backend::builder()
        .tls(ca.server_config(leaf, &["h2", "http/1.1"]))
        .answer(200, &[], "secure")
        .await
}

/// With certificates for endpoints, as `apictl` writes them.
fn trusting(project: Project, certificates: &[(&str, &str)]) -> Project {
    let names: Vec<String> =
        (0..certificates.len()).map(|index| format!("given{index}.crt")).collect();
    let entries: Vec<_> = certificates
        .iter()
        .zip(&names)
        .map(|((endpoint, _), name)| json!({ "alias": name, "endpoint": endpoint, "certificate": name }))
        .collect();
    let document = json!({ "type": "endpoint_certificates", "version": "v4.7.0", "data": entries });
    let project =
        project.file("Endpoint-certificates/endpoint_certificates.yaml", document.to_string());
    certificates.iter().zip(&names).fold(project, |project, ((_, pem), name)| {
        project.file(&format!("Endpoint-certificates/{name}"), *pem)
    })
}

async fn check_refused(process: &WeirProcess, target: &str, told: &[&str]) {
    let answer = process.get(target).await;
    assert_eq!(answer.status, 500, "{answer:?}");
    let body = answer.json();
    assert_eq!(
        (&body["code"], &body["type"]),
        (&json!("101500"), &json!("Status report")),
        "{body}"
    );
    let id = answer.header("x-request-id").unwrap();
    let logged = process.logged(id).await;
    for word in told {
        assert!(logged.contains(word), "{word}: {logged}");
        let is_told = answer.text().contains(word) && *word != "localhost";
        assert!(!is_told, "the caller learns {word}: {answer:?}");
    }
}

#[tokio::test]
async fn a_certificate_counts_for_the_host_it_was_given_for() {
    let ca = Ca::new();
    let backend = secure(&ca, &ca.leaf(&["localhost"])).await;
    let (url, pem) = (backend.url(), ca.pem());
    let apis = TempDir::new().unwrap();
    trusting(open("Given", &url), &[(&url, &pem)]).write(apis.path());
    trusting(open("Elsewhere", &url), &[("https://elsewhere.test", &pem)]).write(apis.path());
    trusting(open("Port", &url), &[("https://localhost:1", &pem)]).write(apis.path());
    open("None", &url).write(apis.path());
    let process = serve(apis.path(), "").await;
    assert_eq!(process.get("/given/1/a").await.text(), "secure");
    for name in ["elsewhere", "port", "none"] {
        check_refused(&process, &format!("/{name}/1/a"), &["authority", "Endpoint-certificates"])
            .await;
    }
    let tls = backend.last().tls.unwrap();
    assert_eq!((tls.server_name.as_deref(), tls.alpn.as_deref()), (Some("localhost"), Some("h2")));
}

#[tokio::test]
async fn an_expired_certificate_is_refused_whoever_gave_it() {
    let ca = Ca::new();
    let leaf = ca.expired(&["localhost"]);
    let backend = secure(&ca, &leaf).await;
    let apis = TempDir::new().unwrap();
    let pem = ca.pem();
    trusting(open("Root", &backend.url()), &[(&backend.url(), &pem)]).write(apis.path());
    trusting(open("Leaf", &backend.url()), &[(&backend.url(), &leaf.cert_pem)]).write(apis.path());
    let process = serve(apis.path(), "").await;
    for name in ["root", "leaf"] {
        check_refused(&process, &format!("/{name}/1/a"), &["expired"]).await;
    }
}

/// An installation that trusts this authority for every upstream.
fn trusting_home(ca: &Ca, verifier: &str) -> TempDir {
    let verifier = match verifier {
        "" => String::new(),
        word => {
            format!("[transport.passthru_https.sender.parameters]\nHostnameVerifier = \"{word}\"\n")
        }
    };
    let home = home(&format!("[weir.tls]\nroots = [\"ca.pem\"]\n{verifier}"));
    let stores = home.path().join("repository/resources/security");
    std::fs::create_dir_all(&stores).unwrap();
    ca.write(&stores);
    home
}

async fn trusted(apis: &Path, ca: &Ca, verifier: &str) -> WeirProcess {
    serve_with(apis, trusting_home(ca, verifier), &[], &[]).await
}

#[tokio::test]
async fn each_verifier_has_its_meaning() {
    let ca = Ca::new();
    let right = secure(&ca, &ca.leaf(&["localhost"])).await;
    let wrong = secure(&ca, &ca.leaf(&["other.test"])).await;
    let stranger = secure(&Ca::new(), &Ca::new().leaf(&["localhost"])).await;
    let apis = TempDir::new().unwrap();
    open("Right", &right.url()).write(apis.path());
    open("Wrong", &wrong.url()).write(apis.path());
    open("Stranger", &stranger.url()).write(apis.path());
    for (verifier, is_wrong_served) in [
        ("Strict", false),
        ("Default", false),
        ("DefaultAndLocalhost", true),
        ("", true),
        ("AllowAll", true),
    ] {
        let process = trusted(apis.path(), &ca, verifier).await;
        assert_eq!(process.get("/right/1/a").await.text(), "secure", "{verifier}");
        if is_wrong_served {
            assert_eq!(process.get("/wrong/1/a").await.text(), "secure", "{verifier}");
        } else {
            check_refused(&process, "/wrong/1/a", &["other.test", "localhost"]).await;
        }
        check_refused(&process, "/stranger/1/a", &["authority", "Endpoint-certificates"]).await;
    }
}

#[tokio::test]
async fn clear_text_behind_https_is_told() {
    let plain = Backend::echo().await;
    let url = plain.url().replace("http://", "https://");
    let apis = open("Shop", &url).write_temp();
    let process = serve(apis.dir(), "").await;
    check_refused(&process, "/shop/1/a", &["TLS"]).await;
}
