#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use tempfile::TempDir;
use testkit::Ca;

use super::*;
use crate::config::{ClientRule, ProfileRoots, UpstreamTls};

/// A folder with certificates by their names.
struct Shelf {
    dir: TempDir,
    ca: Ca,
}

impl Shelf {
    fn new() -> Self {
        Self { dir: TempDir::new().unwrap(), ca: Ca::new() }
    }

    fn identity(&self, name: &str) -> KeyFiles {
        let (certificate, key) = self.ca.leaf(&[name]).write(self.dir.path(), name);
        KeyFiles::Pem { certificate, key }
    }

    fn profile(&self, servers: &str, name: Option<&str>, roots: ProfileRoots) -> TlsProfile {
        let identity = name.map(|name| self.identity(name));
        TlsProfile { servers: patterns(servers), identity, roots }
    }
}

fn patterns(texts: &str) -> Vec<ServerPattern> {
    texts.split(',').map(|text| ServerPattern::parse(text).unwrap()).collect()
}

fn load(settings: &UpstreamTls) -> Result<Profiles, TrustError> {
    Profiles::load(settings, &mut Watched::new(settings))
}

/// The common name of the certificate that is shown.
fn shown(profiles: &Profiles, host: &str, port: u16) -> String {
    let Some(key) = profiles.identity_for(host, port) else { return "none".to_owned() };
    let leaf = key.certified().cert.first().unwrap();
    let (_, parsed) = x509_parser::parse_x509_certificate(leaf).unwrap();
    parsed.subject().iter_common_name().next().unwrap().as_str().unwrap().to_owned()
}

#[test]
fn the_closest_of_all_says_who_the_gateway_is() {
    let shelf = Shelf::new();
    let settings = UpstreamTls {
        system_roots: false,
        profiles: vec![
            shelf.profile("*", Some("any"), ProfileRoots::General),
            shelf.profile("a.test:443,b.test", Some("profile"), ProfileRoots::General),
            shelf.profile("c.test", None, ProfileRoots::General),
        ],
        clients: vec![
            ClientRule { servers: patterns("b.test"), identity: shelf.identity("ours") },
            ClientRule { servers: patterns("a.test"), identity: shelf.identity("wide") },
        ],
        identity: Some(shelf.identity("sender")),
        ..UpstreamTls::default()
    };
    let profiles = load(&settings).unwrap();
    for (host, port, expected) in [
        ("a.test", 443, "profile"),
        ("a.test", 444, "wide"),
        ("b.test", 1, "ours"),
        ("c.test", 1, "none"),
        ("d.test", 1, "any"),
    ] {
        assert_eq!(shown(&profiles, host, port), expected, "{host}:{port}");
    }
    let settings = UpstreamTls { profiles: Vec::new(), ..settings };
    assert_eq!(shown(&load(&settings).unwrap(), "d.test", 1), "sender");
}

#[test]
fn a_profile_has_roots_of_its_own_where_it_names_them() {
    let shelf = Shelf::new();
    let own = ProfileRoots::Pem(shelf.ca.write(shelf.dir.path()));
    let settings = UpstreamTls {
        system_roots: false,
        profiles: vec![
            shelf.profile("a.test", None, own),
            shelf.profile("b.test", None, ProfileRoots::Nobody),
            shelf.profile("c.test", None, ProfileRoots::General),
        ],
        clients: vec![ClientRule { servers: patterns("a.test:1"), identity: shelf.identity("x") }],
        ..UpstreamTls::default()
    };
    let profiles = load(&settings).unwrap();
    let roots = |host: &str| {
        let (index, roots) = profiles.roots_for(host, 1);
        (index, roots.len())
    };
    assert_eq!([roots("a.test"), roots("b.test"), roots("c.test")], [(1, 1), (2, 0), (0, 0)]);
}

#[test]
fn what_cannot_be_used_is_named() {
    let shelf = Shelf::new();
    let KeyFiles::Pem { certificate, key } = shelf.identity("one") else { panic!("PEM") };
    let KeyFiles::Pem { key: other, .. } = shelf.identity("two") else { panic!("PEM") };
    let pem = |certificate: &std::path::Path, key: &std::path::Path| KeyFiles::Pem {
        certificate: certificate.to_owned(),
        key: key.to_owned(),
    };
    let absent = shelf.dir.path().join("absent.pem");
    for (identity, told) in [
        (pem(&certificate, &other), "does not belong"),
        (pem(&certificate, &certificate), "no private key"),
        (pem(&key, &key), "no certificate"),
        (pem(&absent, &key), "absent.pem"),
    ] {
        let settings =
            UpstreamTls { system_roots: false, identity: Some(identity), ..UpstreamTls::default() };
        let problem = load(&settings).unwrap_err().to_string();
        assert!(problem.contains(told), "{told}: {problem}");
    }
}

#[test]
fn a_written_file_is_noticed_once() {
    let shelf = Shelf::new();
    let identity = shelf.identity("one");
    let settings =
        UpstreamTls { system_roots: false, identity: Some(identity), ..UpstreamTls::default() };
    let watched = Watched::new(&settings);
    assert!(!watched.has_changed());
    let KeyFiles::Pem { certificate, .. } = shelf.identity("one") else { panic!("PEM") };
    std::fs::write(certificate, "another length").unwrap();
    assert_eq!([watched.has_changed(), watched.has_changed()], [true, false]);
}
