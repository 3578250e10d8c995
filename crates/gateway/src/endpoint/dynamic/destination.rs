//! The address that was computed for a request, taken apart.
//!
//! It may stem from what a caller has sent, so that it is read strictly: what two readers could
//! take for two hosts is refused. Path and query are kept as they were written.

use std::borrow::Cow;
use std::net::Ipv6Addr;

use url::Url;

/// Scheme, host and port of a computed address, with the rest of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    pub(crate) is_secure: bool,
    /// A lower-case name, or an address without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Path and query, possibly empty.
    pub(crate) base: &'a str,
}

/// Why a computed address leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    /// It is none: nothing, or a path alone.
    Absent,
    /// It is malformed; the text is for the log.
    Malformed(&'static str),
    /// It is of a kind that is never called; the text is for the log.
    Refused(&'static str),
}

impl<'a> Place<'a> {
    /// Takes an address apart.
    pub(crate) fn parse(to: &'a str) -> Result<Self, Problem> {
        let to = to.trim();
        if to.is_empty() || to.starts_with(['/', '?']) {
            return Err(Problem::Absent);
        }
        if to.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\') {
            return Err(Problem::Malformed("it has a blank, a control character or a backslash"));
        }
        let no_scheme = Problem::Malformed("it has no scheme");
        let (scheme, rest) = to.split_once("://").ok_or(no_scheme)?;
        let is_secure = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err(Problem::Refused("its scheme is neither http nor https")),
        };
        let (authority, tail) = split_authority(rest);
        if authority.contains('@') {
            return Err(Problem::Refused("it carries credentials"));
        }
        if authority.is_empty() {
            return Err(Problem::Malformed("it names no host"));
        }
        let (host, port) = host_and_port(is_secure, authority)?;
        let base = tail.split('#').next().unwrap_or_default();
        Ok(Self { is_secure, host, port, base })
    }

    /// Scheme, host and port: what tells targets apart.
    pub(crate) fn origin(&self) -> String {
        let Self { is_secure, host, port, .. } = self;
        let scheme = if *is_secure { "https" } else { "http" };
        match host.contains(':') {
            true => format!("{scheme}://[{host}]:{port}"),
            false => format!("{scheme}://{host}:{port}"),
        }
    }
}

/// Scheme, host and port as they are written, with the port that goes without saying.
///
/// Among the origins of targets only those are found that [`Place::parse`] would give as well: an
/// origin that is taken apart is itself.
pub(crate) fn plain_origin(to: &str) -> Option<Cow<'_, str>> {
    if !to.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
        return None;
    }
    let (start, port) = match to.strip_prefix("http://") {
        Some(_) => ("http://".len(), 80),
        None => ("https://".len(), 443),
    };
    let (scheme, rest) = to.split_at_checked(start).filter(|(it, _)| it.ends_with("://"))?;
    let (authority, tail) = split_authority(rest);
    if authority.contains(':') {
        return to.strip_suffix(tail).map(Cow::Borrowed);
    }
    Some(Cow::Owned(format!("{scheme}{authority}:{port}")))
}

/// Path and query of an address that can be taken apart.
pub(crate) fn base(to: &str) -> &str {
    let rest = to.trim().split_once("://").map_or("", |(_scheme, rest)| rest);
    split_authority(rest).1.split('#').next().unwrap_or_default()
}

fn split_authority(rest: &str) -> (&str, &str) {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    rest.split_at_checked(end).unwrap_or((rest, ""))
}

/// The host in its one spelling: whatever way a number is written, it becomes an address.
fn host_and_port(is_secure: bool, authority: &str) -> Result<(String, u16), Problem> {
    let scheme = if is_secure { "https" } else { "http" };
    let malformed = |_| Problem::Malformed("its host or port is malformed");
    let url = Url::parse(&format!("{scheme}://{authority}/")).map_err(malformed)?;
    let host = match url.host() {
        Some(url::Host::Domain(name)) => name.strip_suffix('.').unwrap_or(name).to_owned(),
        Some(url::Host::Ipv4(address)) => address.to_string(),
        Some(url::Host::Ipv6(address)) => canonical(address),
        None => String::new(),
    };
    let port = url.port_or_known_default().unwrap_or_default();
    if host.is_empty() || host.ends_with('.') || port == 0 {
        return Err(Problem::Malformed("its host or port is malformed"));
    }
    Ok((host, port))
}

/// An IPv4 address that is written as IPv6 is the IPv4 one, so that it has one state.
fn canonical(address: Ipv6Addr) -> String {
    std::net::IpAddr::V6(address).to_canonical().to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_spelling_for_each_target() {
        for (to, origin, base) in [
            ("http://b", "http://b:80", ""),
            ("HTTPS://B.Example.COM/X/y", "https://b.example.com:443", "/X/y"),
            (" http://b:80/x/ ", "http://b:80", "/x/"),
            ("http://b:/x", "http://b:80", "/x"),
            ("http://b./x", "http://b:80", "/x"),
            ("http://b:8080?q=1#f", "http://b:8080", "?q=1"),
            ("http://b/a/../%2e/;v=1?x=/&x=", "http://b:80", "/a/../%2e/;v=1?x=/&x="),
            ("http://b/x@y", "http://b:80", "/x@y"),
            ("http://[FD00::0:1]:81/x", "http://[fd00::1]:81", "/x"),
            ("http://[::ffff:10.0.0.1]/", "http://10.0.0.1:80", "/"),
            ("http://127.1/", "http://127.0.0.1:80", "/"),
            ("http://2130706433/", "http://127.0.0.1:80", "/"),
            ("http://0x7f.0.0.1/", "http://127.0.0.1:80", "/"),
            ("http://0177.0.0.1/", "http://127.0.0.1:80", "/"),
            ("http://0xa9fea9fe/latest", "http://169.254.169.254:80", "/latest"),
            ("http://%31%32%37.0.0.1/", "http://127.0.0.1:80", "/"),
            ("http://１２７.0.0.1/", "http://127.0.0.1:80", "/"),
            ("http://ＬＯＣＡＬＨＯＳＴ/", "http://localhost:80", "/"),
            ("http://bücher.example/", "http://xn--bcher-kva.example:80", "/"),
        ] {
            let place = Place::parse(to).unwrap();
            assert_eq!((place.origin().as_str(), place.base), (origin, base), "{to}");
            assert_eq!(super::base(to), base, "{to}");
        }
    }

    #[test]
    fn what_leads_nowhere() {
        let malformed = |problem: &Problem| matches!(problem, Problem::Malformed(_));
        let refused = |problem: &Problem| matches!(problem, Problem::Refused(_));
        for to in ["", "  ", "/x", "/x?u=http://b", "?q"] {
            assert_eq!(Place::parse(to).unwrap_err(), Problem::Absent, "{to}");
        }
        for to in [
            "b",
            "b:80/x",
            "http:b",
            "http:/b",
            "http://",
            "http:///x",
            "http://:80",
            "http://b:0",
            "http://b:99999",
            "http://b:x",
            "http://[::1",
            "http://a b",
            "http://a\\@b",
            "http://a/\tb",
            "http://a/\r\nX: y",
            "http://1.2.3.999/",
            "http://a%00b/",
            "http://./",
            "http://a../",
            "http://[fe80::1%25eth0]/",
            "http://a|b/",
        ] {
            assert!(malformed(&Place::parse(to).unwrap_err()), "{to}");
        }
        for to in [
            "ftp://b",
            "file:///etc/passwd",
            "gopher://b",
            "jms:x://b",
            "http://u@b/",
            "http://u:p@b/",
            "http://@b/",
            "https://a.example@127.0.0.1/",
        ] {
            assert!(refused(&Place::parse(to).unwrap_err()), "{to}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(to in "\\PC{0,40}") {
            let place = Place::parse(&to);
            prop_assert!(place.is_err() || place.is_ok_and(|place| !place.host.is_empty()));
        }

        #[test]
        fn the_short_way_finds_no_other_target(
            to in "(http|https|HTTP|ftp)?(://|:/|//)[a-cA-C.@:\\[\\]%01\\\\ ]{0,8}(:(80|443|81|0))?([/?#][@:a/?# ]{0,4})?",
        ) {
            // Among the targets there are only origins of addresses that were taken apart.
            if let Some(short) = plain_origin(&to)
                && Place::parse(&short).is_ok_and(|place| place.origin() == short)
            {
                let place = Place::parse(&to).unwrap();
                prop_assert_eq!(place.origin(), short);
            }
        }

        #[test]
        fn an_origin_is_its_own_spelling(to in "(http|https)://[a-z0-9.\\[\\]:x]{1,20}(/[a-z]{0,3})?") {
            if let Ok(place) = Place::parse(&to) {
                let origin = place.origin();
                prop_assert_eq!(Place::parse(&origin).unwrap().origin(), origin);
            }
        }
    }
}
