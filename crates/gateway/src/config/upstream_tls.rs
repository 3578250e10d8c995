//! TLS towards upstreams: whom the gateway trusts there, and who it says that it is.

mod store;

use std::path::PathBuf;

use rustls::CipherSuite;

use super::{KeyFiles, Secret};
pub(crate) use store::{STORE_PASSWORD, Store, StoreKind, locate};

/// TLS towards upstreams.
#[derive(Debug, Clone)]
pub struct UpstreamTls {
    /// How names are checked (`HostnameVerifier`).
    pub hostname_verifier: HostnameVerifier,
    /// Further roots, PEM files.
    pub extra_roots: Vec<PathBuf>,
    /// Further roots, PKCS#12 stores.
    pub root_stores: Vec<RootStore>,
    /// Whether the system's roots are trusted.
    pub system_roots: bool,
    /// Whether TLS 1.2 is offered.
    pub tls12: bool,
    /// Whether TLS 1.3 is offered.
    pub tls13: bool,
    /// The ciphers that are offered, the preferred one first; empty for all.
    pub ciphers: Vec<CipherSuite>,
    /// WSO2's profiles for some upstreams.
    pub profiles: Vec<TlsProfile>,
    /// A file with more of them.
    pub profile_file: Option<ProfileFile>,
    /// Our own rules: who the gateway is to some upstreams.
    pub clients: Vec<ClientRule>,
    /// Who it is to all others.
    pub identity: Option<KeyFiles>,
}

impl Default for UpstreamTls {
    fn default() -> Self {
        Self {
            hostname_verifier: HostnameVerifier::DefaultAndLocalhost,
            extra_roots: Vec::new(),
            root_stores: Vec::new(),
            system_roots: true,
            tls12: true,
            tls13: true,
            ciphers: Vec::new(),
            profiles: Vec::new(),
            profile_file: None,
            clients: Vec::new(),
            identity: None,
        }
    }
}

/// A PKCS#12 store of trusted roots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootStore {
    /// The file.
    pub file: PathBuf,
    /// Its password.
    pub password: Secret,
}

/// `HostnameVerifier` (spec/03 §5.4). The chain is verified under every value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostnameVerifier {
    /// A wildcard covers one label.
    Strict,
    /// A wildcard may cover several labels.
    Default,
    /// As `Default`, and localhost always passes.
    DefaultAndLocalhost,
    /// No name is checked.
    AllowAll,
}

/// One of WSO2's SSL profiles (spec/03 §5.3). The best fitting one says everything of its servers:
/// one without a certificate means that none is shown to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsProfile {
    /// Which upstreams it is for.
    pub servers: Vec<ServerPattern>,
    /// Who the gateway is to them.
    pub identity: Option<KeyFiles>,
    /// Whom it trusts there.
    pub roots: ProfileRoots,
}

/// Whom a profile trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProfileRoots {
    /// Whoever is trusted elsewhere.
    General,
    /// Nobody: its store cannot be read by this gateway.
    Nobody,
    /// The certificates of a PEM file alone.
    Pem(PathBuf),
    /// The certificates of a PKCS#12 store alone.
    Pkcs12(RootStore),
}

/// A file of profiles as WSO2 writes it (`sslprofiles.xml`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileFile {
    /// The file; it may be absent.
    pub path: PathBuf,
    /// The folder that the stores in it are relative to.
    pub home: PathBuf,
}

/// Who the gateway is to some upstreams (`[[weir.tls.client]]`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientRule {
    /// Which upstreams.
    pub servers: Vec<ServerPattern>,
    /// Its certificate and key.
    pub identity: KeyFiles,
}

/// Upstreams by host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerPattern {
    host: HostRule,
    /// `None` is any port.
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum HostRule {
    Any,
    /// What follows the first dot of `*.example.com`.
    Below(String),
    Exact(String),
}

/// How closely a pattern fits; a greater one wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fit {
    kind: u8,
    length: usize,
    has_port: bool,
}

impl ServerPattern {
    /// Reads `host:port`, `host`, `*.example.com` or `*`; an IPv6 address with a port stands in
    /// brackets. `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let (host, port) = split_port(&text)?;
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
        let is_name = |name: &str| !name.is_empty() && name.bytes().all(is_allowed);
        let host = match host.strip_prefix("*.") {
            _ if host == "*" => HostRule::Any,
            Some(parent) if is_name(parent) => HostRule::Below(parent.to_owned()),
            None if is_name(host) => HostRule::Exact(host.to_owned()),
            _ => return None,
        };
        Some(Self { host, port })
    }

    /// How closely it fits an upstream, where it does. `host` is in lower case, without brackets.
    pub(crate) fn fit(&self, host: &str, port: u16) -> Option<Fit> {
        if self.port.is_some_and(|only| only != port) {
            return None;
        }
        let (kind, length) = match &self.host {
            HostRule::Any => (0, 0),
            HostRule::Below(parent) => {
                let label = host.strip_suffix(parent.as_str())?.strip_suffix('.')?;
                if label.is_empty() {
                    return None;
                }
                (1, parent.len())
            }
            HostRule::Exact(name) if name == host => (2, 0),
            HostRule::Exact(_) => return None,
        };
        Some(Fit { kind, length, has_port: self.port.is_some() })
    }
}

/// Host and port; the host comes without brackets.
fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, Some(port.parse().ok()?))),
            None => rest.is_empty().then_some((host, None)),
        };
    }
    match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') => Some((host, Some(port.parse().ok()?))),
        _ => Some((text, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::ServerPattern;

    #[test]
    fn patterns_name_servers() {
        for (pattern, host, port, expected) in [
            ("a.test:8443", "a.test", 8443, true),
            ("a.test:8443", "a.test", 8444, false),
            (" A.Test ", "a.test", 1, true),
            ("a.test", "b.a.test", 1, false),
            ("*.a.test", "b.a.test", 1, true),
            ("*.a.test", "c.b.a.test", 1, true),
            ("*.a.test", "a.test", 1, false),
            ("*.a.test", "ba.test", 1, false),
            ("*.a.test:2", "b.a.test", 1, false),
            ("*", "anything", 1, true),
            ("*:2", "anything", 1, false),
            ("[::1]:2", "::1", 2, true),
            ("[::1]", "::1", 3, true),
            ("::1", "::1", 3, true),
            ("127.0.0.1:2", "127.0.0.1", 2, true),
        ] {
            let fit = ServerPattern::parse(pattern).and_then(|pattern| pattern.fit(host, port));
            assert_eq!(fit.is_some(), expected, "{pattern} {host}:{port}");
        }
        for text in ["", "a b", "a:port", "a:", "*a", "a.*", "*.", "[::1", "a:70000", "https://a"] {
            assert_eq!(ServerPattern::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_closest_pattern_wins() {
        let order = [
            "*",
            "*:443",
            "*.test",
            "*.test:443",
            "*.a.test",
            "*.a.test:443",
            "b.a.test",
            "b.a.test:443",
        ];
        let fits =
            order.map(|text| ServerPattern::parse(text).and_then(|p| p.fit("b.a.test", 443)));
        assert!(fits.iter().all(Option::is_some) && fits.is_sorted(), "{fits:?}");
    }
}
