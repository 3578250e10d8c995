//! Who the gateway is to upstreams, and whom it trusts at some of them: WSO2's SSL profiles
//! (spec/03 §5.3), the stores of its sender, and rules of our own.

use std::path::Path;

use settings::{Section, Settings};

use super::tls::{jks, security};
use super::values::{choice, text, text_or, texts_or};
use crate::config::{
    ClientRule, KeyFiles, ProfileFile, ProfileRoots, STORE_PASSWORD, Secret, ServerPattern, Store,
    StoreKind, TlsProfile, UpstreamTls, locate,
};

/// The tables of the sender's stores: WSO2's name, and the one that older versions had.
const KEY_STORES: [&str; 2] =
    ["transport.passthru_https.sender.key_store", "transport.http.sender.keystore"];
const TRUST_STORES: [&str; 2] =
    ["transport.passthru_https.sender.trust_store", "transport.http.sender.truststore"];

/// What a store is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Keys,
    Roots,
}

/// Reads all of it. Whether the sender has a trust store, which stands for `truststore` then.
pub(super) fn read(settings: &Settings, home: &Path, tls: &mut UpstreamTls) -> bool {
    tls.profiles = profiles(settings, home);
    tls.profile_file = profile_file(settings, home);
    tls.clients = clients(settings, home);
    let key_stores = KEY_STORES.map(|path| store(&settings.section(path), home, Purpose::Keys));
    tls.identity = key_stores.into_iter().flatten().next().and_then(|store| store.key_files());
    let trust_stores =
        TRUST_STORES.map(|path| store(&settings.section(path), home, Purpose::Roots));
    let Some(store) = trust_stores.into_iter().flatten().next() else { return false };
    match store.roots() {
        ProfileRoots::Pem(file) => tls.extra_roots.push(file),
        ProfileRoots::Pkcs12(store) => tls.root_stores.push(store),
        ProfileRoots::General | ProfileRoots::Nobody => {}
    }
    true
}

fn profiles(settings: &Settings, home: &Path) -> Vec<TlsProfile> {
    let root = settings.section("keystore.ssl_profile");
    let custom = root.tables("custom");
    let mut profiles: Vec<_> = custom.iter().filter_map(|table| profile(table, home)).collect();
    let default = settings.section("keystore.ssl_profile.default");
    let is_set =
        ["servers", "keystore.location", "truststore.location"].map(|key| default.has(key));
    if is_set.contains(&true) {
        profiles.extend(profile(&default, home));
    }
    profiles
}

fn profile(section: &Section<'_>, home: &Path) -> Option<TlsProfile> {
    let servers = servers(section, "servers");
    let key_store = store_below(section, "keystore.", home, Purpose::Keys);
    let trust_store = store_below(section, "truststore.", home, Purpose::Roots);
    Some(TlsProfile {
        servers: servers?,
        identity: key_store.and_then(|store| store.key_files()),
        roots: trust_store.map_or(ProfileRoots::General, |store| store.roots()),
    })
}

/// `None`, with an error, where nothing of use is listed.
fn servers(section: &Section<'_>, name: &str) -> Option<Vec<ServerPattern>> {
    let written = texts_or(section, name, &[]);
    let mut patterns = Vec::new();
    for text in &written {
        match ServerPattern::parse(text) {
            Some(pattern) => patterns.push(pattern),
            None => {
                let message = format!("{text:?} names no server.");
                let help = "Write host:port, host, *.example.com or *.";
                section.error("CF038", name, message, help);
            }
        }
    }
    if written.is_empty() {
        let message = format!("{} is missing: this is for no server.", section.key(name));
        section.error("CF038", name, message, "List servers such as backend.example:8443.");
    }
    (!patterns.is_empty()).then_some(patterns)
}

fn store(section: &Section<'_>, home: &Path, purpose: Purpose) -> Option<Store> {
    store_below(section, "", home, purpose)
}

/// A store by its location, type and password; a warning tells of one that cannot be read.
fn store_below(
    section: &Section<'_>,
    prefix: &str,
    home: &Path,
    purpose: Purpose,
) -> Option<Store> {
    let key = |name: &str| format!("{prefix}{name}");
    // Asked for, so that they are not reported as unknown.
    let _asked = ["type", "password"].map(|name| section.has(&key(name)));
    let consequence = match purpose {
        Purpose::Keys => {
            let _asked = section.has(&key("key_password"));
            "no client certificate is shown"
        }
        Purpose::Roots => "its roots are not trusted",
    };
    let location = text(section, &key("location"))?;
    let by_name = StoreKind::of_name(&location);
    let kind = choice(section, &key("type"), by_name, &StoreKind::WORDS).unwrap_or(StoreKind::Jks);
    if kind == StoreKind::Jks {
        jks(section, &key("location"), &location, consequence);
    }
    let password = Secret(text_or(section, &key("password"), STORE_PASSWORD));
    Some(Store { file: locate(home, &location), kind, password })
}

/// WSO2's file of profiles. It is read only where it is named: WSO2 ships one that names JKS
/// stores.
fn profile_file(settings: &Settings, home: &Path) -> Option<ProfileFile> {
    let section = settings.section("transport.passthru_https.sender.ssl_profile");
    // Files are looked at every half second, whatever is said here.
    let _asked = section.has("interval");
    let path = text(&section, "file_path")?;
    Some(ProfileFile { path: home.join(path), home: home.to_owned() })
}

fn clients(settings: &Settings, home: &Path) -> Vec<ClientRule> {
    let section = settings.section("weir.tls");
    let stores = security(home);
    section.tables("client").iter().filter_map(|table| client(table, &stores)).collect()
}

fn client(section: &Section<'_>, stores: &Path) -> Option<ClientRule> {
    let servers = servers(section, "hosts");
    let certificate = text(section, "certificate").map(|file| stores.join(file));
    let key = text(section, "key").map(|file| stores.join(file));
    let store = text(section, "key_store").map(|file| stores.join(file));
    let password = section.has("password").then(|| text_or(section, "password", ""));
    let alias = text(section, "alias");
    let identity = match (certificate, key, store) {
        (Some(certificate), key, None) => {
            let key = key.unwrap_or_else(|| certificate.clone());
            KeyFiles::Pem { certificate, key }
        }
        (None, None, Some(file)) => {
            let password = Secret(password.unwrap_or_default());
            KeyFiles::Pkcs12 { file, password, alias }
        }
        _ => {
            let message = "This needs a certificate with its key, from one place.".to_owned();
            let help =
                "Write certificate and key (PEM files), or key_store and password (PKCS#12).";
            section.error("CF038", "certificate", message, help);
            return None;
        }
    };
    Some(ClientRule { servers: servers?, identity })
}
