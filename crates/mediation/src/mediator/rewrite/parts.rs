//! A URL in parts; a path alone is one too.

use crate::sequence::Fragment;

/// The parts of a URL, each empty where it is not there.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parts {
    protocol: String,
    user: String,
    host: String,
    port: String,
    path: String,
    query: String,
    reference: String,
}

impl Parts {
    /// Takes a URL apart (RFC 3986 appendix B).
    pub(super) fn of(text: &str) -> Self {
        let (rest, reference) = text.split_once('#').unwrap_or((text, ""));
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (protocol, rest) = rest.split_once("://").unwrap_or(("", rest));
        let (authority, path) = match (protocol.is_empty(), rest.find('/')) {
            (true, _) => ("", rest),
            (false, Some(slash)) => rest.split_at(slash),
            (false, None) => (rest, ""),
        };
        let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (host, port) = match host.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, port),
            _ => (host, ""),
        };
        let own = str::to_owned;
        Self {
            protocol: own(protocol),
            user: own(user),
            host: own(host),
            port: own(port),
            path: own(path),
            query: own(query),
            reference: own(reference),
        }
    }

    /// One part.
    pub(super) fn get(&self, fragment: Fragment) -> String {
        match fragment {
            Fragment::Protocol => self.protocol.clone(),
            Fragment::User => self.user.clone(),
            Fragment::Host => self.host.clone(),
            Fragment::Port => self.port.clone(),
            Fragment::Path => self.path.clone(),
            Fragment::Query => self.query.clone(),
            Fragment::Reference => self.reference.clone(),
            Fragment::Full => self.text(),
        }
    }

    /// Changes one part.
    pub(super) fn set(&mut self, fragment: Fragment, value: &str) {
        let place = match fragment {
            Fragment::Protocol => &mut self.protocol,
            Fragment::User => &mut self.user,
            Fragment::Host => &mut self.host,
            Fragment::Port => &mut self.port,
            Fragment::Path => &mut self.path,
            Fragment::Query => &mut self.query,
            Fragment::Reference => &mut self.reference,
            Fragment::Full => {
                *self = Self::of(value);
                return;
            }
        };
        value.clone_into(place);
    }

    /// Takes a query parameter away, wherever it stands.
    pub(super) fn remove_parameter(&mut self, name: &str) {
        let kept: Vec<&str> = self
            .query
            .split('&')
            .filter(|pair| pair.split('=').next().unwrap_or_default() != name)
            .collect();
        self.query = kept.join("&");
    }

    /// The URL.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        if !self.host.is_empty() {
            let protocol = if self.protocol.is_empty() { "http" } else { &self.protocol };
            text.push_str(protocol);
            text.push_str("://");
            if !self.user.is_empty() {
                text.push_str(&self.user);
                text.push('@');
            }
            text.push_str(&self.host);
            if !self.port.is_empty() {
                text.push(':');
                text.push_str(&self.port);
            }
            if !self.path.is_empty() && !self.path.starts_with('/') {
                text.push('/');
            }
        }
        text.push_str(&self.path);
        for (mark, part) in [('?', &self.query), ('#', &self.reference)] {
            if !part.is_empty() {
                text.push(mark);
                text.push_str(part);
            }
        }
        text
    }
}
