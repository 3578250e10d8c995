//! Client certificates, SSL profiles and what is offered to upstreams.

use std::path::PathBuf;

use super::*;
use crate::config::{ClientRule, ProfileRoots, RootStore, ServerPattern, TlsProfile, UpstreamTls};

fn security(file: &str) -> PathBuf {
    Path::new("weir-home/repository/resources/security").join(file)
}

fn patterns(texts: &[&str]) -> Vec<ServerPattern> {
    texts.iter().map(|text| ServerPattern::parse(text).unwrap()).collect()
}

fn pkcs12(file: impl Into<PathBuf>, password: &str, alias: Option<&str>) -> KeyFiles {
    let (password, alias) = (Secret(password.to_owned()), alias.map(str::to_owned));
    KeyFiles::Pkcs12 { file: file.into(), password, alias }
}

/// Reads a text in which nothing is wrong or unknown.
fn tls(text: &str) -> UpstreamTls {
    let outcome = read(text);
    assert!(outcome.diagnostics.is_empty(), "{text}: {:?}", outcome.diagnostics);
    assert!(outcome.settings.unknown().is_empty(), "{text}: {:?}", outcome.settings.unknown());
    outcome.config.upstream_tls
}

#[test]
fn profiles_are_those_of_wso2() {
    let read = tls("[[keystore.ssl_profile.custom]]\nservers = 'a.test:8443, b.test:443'\n\
        keystore.location = 'repository/x/a.p12'\nkeystore.type = 'PKCS12'\n\
        keystore.password = 'pw'\nkeystore.key_password = 'pw'\n\
        [[keystore.ssl_profile.custom]]\nservers = ['c.test:1']\n\
        truststore.location = 'c.pem'\ntruststore.type = 'PEM'\ntruststore.password = ''\n\
        [keystore.ssl_profile.default]\nservers = '*'\nkeystore.location = '/d.p12'");
    let expected = [
        TlsProfile {
            servers: patterns(&["a.test:8443", "b.test:443"]),
            identity: Some(pkcs12("weir-home/repository/x/a.p12", "pw", None)),
            roots: ProfileRoots::General,
        },
        TlsProfile {
            servers: patterns(&["c.test:1"]),
            identity: None,
            roots: ProfileRoots::Pem(security("c.pem")),
        },
        TlsProfile {
            servers: patterns(&["*"]),
            identity: Some(pkcs12("/d.p12", "wso2carbon", None)),
            roots: ProfileRoots::General,
        },
    ];
    assert_eq!(read.profiles, expected);
}

#[test]
fn our_rules_have_files_of_their_own() {
    let read = tls("[[weir.tls.client]]\nhosts = ['a.test', '*.b.test:8443']\n\
        certificate = 'a.pem'\nkey = '/run/a.key'\n\
        [[weir.tls.client]]\nhosts = 'c.test'\ncertificate = 'c.pem'\n\
        [[weir.tls.client]]\nhosts = 'd.test'\nkey_store = 'd.p12'\npassword = 'pw'\nalias = 'me'");
    let pem = |certificate: &str, key: &str| KeyFiles::Pem {
        certificate: security(certificate),
        key: security(key),
    };
    let rule = |servers: &[&str], identity| ClientRule { servers: patterns(servers), identity };
    let expected = [
        rule(&["a.test", "*.b.test:8443"], pem("a.pem", "/run/a.key")),
        rule(&["c.test"], pem("c.pem", "c.pem")),
        rule(&["d.test"], pkcs12(security("d.p12"), "pw", Some("me"))),
    ];
    assert_eq!(read.clients, expected);
}

#[test]
fn the_sender_has_stores_of_its_own() {
    for (keys, roots) in [
        (
            "transport.passthru_https.sender.key_store",
            "transport.passthru_https.sender.trust_store",
        ),
        ("transport.http.sender.keystore", "transport.http.sender.truststore"),
    ] {
        let read = tls(&format!(
            "[truststore]\nfile_name = 'other.pem'\n\
             [{keys}]\nlocation = 'a.p12'\npassword = 'pw'\nkey_password = 'pw'\n\
             [{roots}]\nlocation = 'r.p12'\ntype = 'PKCS12'\npassword = 'pw'"
        ));
        assert_eq!(read.identity, Some(pkcs12(security("a.p12"), "pw", None)), "{keys}");
        let store = RootStore { file: security("r.p12"), password: Secret("pw".to_owned()) };
        assert_eq!((read.root_stores, read.extra_roots), (vec![store], vec![]), "{roots}");
    }
    let read =
        tls("[transport.passthru_https.sender.ssl_profile]\nfile_path = 'p.xml'\ninterval = 60000");
    assert_eq!(read.profile_file.unwrap().path, Path::new("weir-home/p.xml"));
}

#[test]
fn what_is_incomplete_is_told_at_its_line() {
    for (text, expected) in [
        ("[[keystore.ssl_profile.custom]]\nkeystore.location = 'a.p12'", "CF038:1"),
        ("[[keystore.ssl_profile.custom]]\nservers = 'a b'", "CF038:2"),
        ("[[weir.tls.client]]\nhosts = 'a.test'", "CF038:1"),
        ("[[weir.tls.client]]\ncertificate = 'a.pem'", "CF038:1"),
        (
            "[[weir.tls.client]]\nhosts = 'a.test'\ncertificate = 'a.pem'\nkey_store = 'a.p12'",
            "CF038:3",
        ),
        ("[transport.passthru_https.sender]\nkey_store.location = 'a.jks'", "CF026:2"),
        (
            "[[keystore.ssl_profile.custom]]\nservers = 'a.test'\ntruststore.location = 'a.jks'",
            "CF026:3",
        ),
        (
            "[transport.passthru_https.sender.parameters]\nPreferredCiphers = 'TLS_RSA_WITH_AES_128_CBC_SHA, TLS_AES_256_GCM_SHA384'",
            "CF039:2",
        ),
    ] {
        assert_eq!(read(text).found(), [expected], "{text}");
    }
}

#[test]
fn a_store_that_cannot_be_read_opens_nothing() {
    let read = read(
        "[[keystore.ssl_profile.custom]]\nservers = 'a.test'\n\
        keystore.location = 'k.jks'\ntruststore.location = 'a.jks'",
    );
    let profile = &read.config.upstream_tls.profiles[0];
    assert_eq!((&profile.identity, &profile.roots), (&None, &ProfileRoots::Nobody));
}

#[test]
fn protocols_and_ciphers_are_offered_as_they_are_listed() {
    let shown = |text: &str| {
        let tls = read(&format!("[transport.passthru_https.sender.parameters]\n{text}"))
            .config
            .upstream_tls;
        let ciphers: Vec<_> = tls.ciphers.iter().map(|cipher| cipher.as_str().unwrap()).collect();
        format!("{} {} {}", tls.tls12, tls.tls13, ciphers.join(" "))
    };
    for (text, expected) in [
        ("HttpsProtocols = 'TLSv1.2'", "true false "),
        ("HttpsProtocols = 'TLSv1.3'", "false true "),
        ("HttpsProtocols = 'TLSv1,TLSv1.1,TLSv1.2,TLSv1.3'", "true true "),
        ("HttpsProtocols = 'TLSv1'", "false true "),
        (
            "PreferredCiphers = 'TLS_CHACHA20_POLY1305_SHA256,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'",
            "true true TLS13_CHACHA20_POLY1305_SHA256 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        ),
        (
            "HttpsProtocols = 'TLSv1.3'\nPreferredCiphers = 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'",
            "false true ",
        ),
    ] {
        assert_eq!(shown(text), expected, "{text}");
    }
}
