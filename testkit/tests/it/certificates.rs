//! Certificates hold where they should and fail where they should.

use testkit::{Backend, Ca, Client, H2Client};

#[tokio::test]
async fn tls_agrees_on_a_protocol_and_names_the_server() {
    let ca = Ca::new();
    let config = ca.server_config(&ca.leaf(&["localhost", "127.0.0.1"]), &["h2", "http/1.1"]);
    let backend = Backend::builder().tls(config).answer(200, &[], "tls").await;
    let config = ca.client_config(&["h2"]);
    let mut h2 = H2Client::connect_tls(backend.address(), "localhost", config).await.unwrap();
    assert_eq!(h2.get(&backend.url()).await.unwrap().text(), "tls");
    let tls = backend.last().tls.unwrap();
    assert_eq!(tls.server_name.as_deref(), Some("localhost"));
    assert_eq!(tls.alpn.as_deref(), Some("h2"));
    let config = ca.client_config(&[]);
    let mut h1 = Client::connect_tls(backend.address(), "localhost", config).await.unwrap();
    assert_eq!(h1.get("/").await.unwrap().text(), "tls");
}

#[tokio::test]
async fn a_foreign_name_and_an_old_certificate_are_refused() {
    let ca = Ca::new();
    for leaf in
        [ca.leaf(&["elsewhere"]), ca.expired(&["localhost"]), Ca::new().leaf(&["localhost"])]
    {
        let backend = Backend::builder().tls(ca.server_config(&leaf, &[])).echo().await;
        let config = ca.client_config(&[]);
        assert!(Client::connect_tls(backend.address(), "localhost", config).await.is_err());
    }
}

#[tokio::test]
async fn a_client_shows_its_certificate() {
    let ca = Ca::new();
    let config = ca.mutual_server_config(&ca.leaf(&["localhost"]), &[]);
    let backend = Backend::builder().tls(config).echo().await;
    let leaf = ca.leaf(&["client"]);
    let config = ca.mutual_client_config(&leaf, &[]);
    let mut client = Client::connect_tls(backend.address(), "localhost", config).await.unwrap();
    assert_eq!(client.get("/").await.unwrap().status, 200);
    assert_eq!(backend.last().tls.unwrap().client_certificate, Some(leaf.cert_der));
}

#[test]
fn pem_files_are_written() {
    let dir = tempfile::TempDir::new().unwrap();
    let ca = Ca::new();
    let (cert, key) = ca.leaf(&["localhost"]).write(dir.path(), "server");
    for (file, label) in
        [(cert, "CERTIFICATE"), (key, "PRIVATE KEY"), (ca.write(dir.path()), "CERTIFICATE")]
    {
        let text = std::fs::read_to_string(file).unwrap();
        assert!(text.starts_with(&format!("-----BEGIN {label}-----")), "{text}");
    }
}
