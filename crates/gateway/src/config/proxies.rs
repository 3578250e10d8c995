//! HTTP proxies between the gateway and upstreams, and which upstreams are reached through which.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::HeaderValue;

/// Which upstreams are reached through a proxy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// For upstreams in clear text; the first rule for a host counts.
    pub clear: Vec<ProxyRule>,
    /// The same for upstreams that speak TLS.
    pub secured: Vec<ProxyRule>,
}

/// A proxy with the hosts that it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyRule {
    /// The hosts that it is for.
    pub targets: Vec<HostPattern>,
    /// Those of them that are reached without it.
    pub bypass: Vec<HostPattern>,
    /// The proxy.
    pub proxy: Arc<Proxy>,
}

/// An HTTP proxy that is reached in clear text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Its name or address, without brackets.
    pub host: Box<str>,
    /// Its port.
    pub port: u16,
    /// What it wants to be shown (`Proxy-Authorization`); marked as sensitive.
    pub authorization: Option<HeaderValue>,
}

/// Hosts by name, in which `*` stands for any characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern {
    /// What lies between the wildcards, in lower case.
    pieces: Vec<String>,
}

impl Proxies {
    /// The proxy for a host, a name or an address without brackets.
    #[must_use]
    pub fn choose(&self, is_secured: bool, host: &str) -> Option<Arc<Proxy>> {
        let rules = if is_secured { &self.secured } else { &self.clear };
        if rules.is_empty() {
            return None;
        }
        let host = host.to_ascii_lowercase();
        let named = |patterns: &[HostPattern]| patterns.iter().any(|one| one.matches(&host));
        let rule = rules.iter().find(|rule| named(&rule.targets))?;
        (!named(&rule.bypass)).then(|| Arc::clone(&rule.proxy))
    }
}

impl Proxy {
    /// `Basic` credentials (RFC 7617) for it, marked so that they are never printed.
    pub(crate) fn basic(user: &str, password: &str) -> Option<HeaderValue> {
        let encoded = BASE64_STANDARD.encode(format!("{user}:{password}"));
        let mut value = HeaderValue::try_from(format!("Basic {encoded}")).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl HostPattern {
    /// Every host.
    #[must_use]
    pub fn any() -> Self {
        Self { pieces: vec![String::new(), String::new()] }
    }

    /// Reads a host with `*`, or the part of WSO2's regular expressions that says the same:
    /// `.*` for any characters and `\.` for a dot. `None` for any other expression.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.trim().to_ascii_lowercase().replace("\\.", ".");
        let plain = if plain.starts_with('[') {
            plain.trim_start_matches('[').trim_end_matches(']').to_owned()
        } else {
            plain.replace(".*.", "*.").replace(".*", "*")
        };
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:*".contains(&byte);
        let is_pattern = !plain.is_empty() && plain.bytes().all(is_allowed);
        is_pattern.then(|| Self { pieces: plain.split('*').map(str::to_owned).collect() })
    }

    /// Whether it is for every host.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.pieces.len() > 1 && self.pieces.iter().all(String::is_empty)
    }

    fn matches(&self, host: &str) -> bool {
        let [first, rest @ ..] = &*self.pieces else { return false };
        let Some(mut host) = host.strip_prefix(first.as_str()) else { return false };
        let Some((last, middle)) = rest.split_last() else { return host.is_empty() };
        for piece in middle {
            match host.split_once(piece.as_str()) {
                Some((_, behind)) => host = behind,
                None => return false,
            }
        }
        host.ends_with(last.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_name_hosts() {
        for (pattern, host, expected) in [
            ("a.example", "a.example", true),
            ("A.Example", "a.example", true),
            ("a.example", "b.a.example", false),
            ("*.example", "a.example", true),
            ("*.example", "example", false),
            (".*.example", "a.b.example", true),
            (".*\\.example", "a.example", true),
            ("10.0.*", "10.0.3.4", true),
            ("10.0.*", "110.0.3.4", false),
            ("10.*.*.4", "10.0.3.4", true),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "a-c", false),
            ("*aa", "a", false),
            ("*", "anything", true),
            (".*", "anything", true),
            ("[::1]", "::1", true),
        ] {
            let found = HostPattern::parse(pattern).map(|pattern| pattern.matches(host));
            assert_eq!(found, Some(expected), "{pattern} {host}");
        }
        for pattern in ["", " ", "(a|b).example", "a+", "[a-z].example", "a b", "h/i"] {
            assert_eq!(HostPattern::parse(pattern), None, "{pattern:?}");
        }
        assert!(HostPattern::parse("**").is_some_and(|pattern| pattern.is_any()));
        assert!(HostPattern::parse("a").is_some_and(|pattern| !pattern.is_any()));
    }
}
