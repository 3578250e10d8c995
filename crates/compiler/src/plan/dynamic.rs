//! Endpoints whose address is computed for each request: where they may lead.
//!
//! What a pattern says of names holds for the text of an address; what it says of networks holds
//! for the addresses that are connected to as well.

use std::net::{IpAddr, Ipv6Addr};

use super::HttpPlan;

/// A leaf that learns from each request where it goes (`endpoint_type: default`).
#[derive(Debug, Clone, PartialEq)]
pub struct DynamicPlan {
    /// What holds for every target; its URL says nothing.
    pub leaf: HttpPlan,
    /// Where it may lead.
    pub targets: TargetPolicy,
}

/// Where a computed address may lead.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TargetPolicy {
    /// What the address has to match; `None` is anything (`x-weir.allow`).
    pub allow: Option<Vec<TargetPattern>>,
    /// Which networks may be reached (`x-weir.allowPrivate`).
    pub reach: Reach,
    /// Hosts that the author has written into policies and rules: they are called wherever they
    /// are, this machine included, but for the services of metadata.
    pub trusted: Vec<TargetPattern>,
}

/// Which networks may be reached without being named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reach {
    /// `allowPrivate: false`: public addresses alone.
    Public,
    /// Private networks too, but neither this machine nor its link.
    #[default]
    Networks,
    /// `allowPrivate: true`: this machine and its link too.
    Local,
}

/// One entry of `allow`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetPattern {
    /// Whether it is for `https` (true) or `http`; `None` is either.
    pub is_secure: Option<bool>,
    /// The hosts.
    pub hosts: HostPattern,
    /// The port; `None` is any.
    pub port: Option<u16>,
}

/// The hosts of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostPattern {
    /// `*`.
    Any,
    /// One name, lower case.
    Name(String),
    /// `*.suffix`: all names below it, and not the suffix itself; with the dot, lower case.
    Below(String),
    /// An address, or a network.
    Network(Network),
}

/// Addresses with a prefix in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// An address of it.
    pub address: IpAddr,
    /// The bits that are the same.
    pub prefix: u8,
}

impl TargetPolicy {
    /// Whether an address may be tried; a host is a lower-case name without a dot at its end, or an
    /// address without brackets.
    #[must_use]
    pub fn allows(&self, is_secure: bool, host: &str, port: u16) -> bool {
        let Some(allow) = &self.allow else { return true };
        allow.iter().any(|pattern| pattern.matches(is_secure, host, port))
    }

    /// Whether the author has written this host himself.
    #[must_use]
    pub fn trusts(&self, is_secure: bool, host: &str, port: u16) -> bool {
        let default = if is_secure { 443 } else { 80 };
        self.trusted.iter().any(|pattern| {
            pattern.matches(is_secure, host, port) && pattern.port.unwrap_or(default) == port
        })
    }

    /// Whether an entry other than `*` names this host.
    #[must_use]
    pub fn names(&self, is_secure: bool, host: &str, port: u16) -> bool {
        let named = self.allow.iter().flatten().filter(|one| one.hosts != HostPattern::Any);
        named.into_iter().any(|pattern| pattern.matches(is_secure, host, port))
    }
}

impl TargetPattern {
    /// Reads an entry; `None` where it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let lower = text.trim().to_ascii_lowercase();
        let (is_secure, rest) = match lower.split_once("://") {
            Some(("https", rest)) => (Some(true), rest),
            Some(("http", rest)) => (Some(false), rest),
            Some(_) => return None,
            None => (None, &*lower),
        };
        if let Some(network) = Network::parse(rest) {
            return Some(Self { is_secure, hosts: HostPattern::Network(network), port: None });
        }
        let (host, port) = split_port(rest)?;
        Some(Self { is_secure, hosts: HostPattern::parse(host)?, port })
    }

    /// Whether an address matches.
    #[must_use]
    pub fn matches(&self, is_secure: bool, host: &str, port: u16) -> bool {
        self.is_secure.is_none_or(|wanted| wanted == is_secure)
            && self.port.is_none_or(|wanted| wanted == port)
            && self.hosts.matches(host)
    }
}

impl HostPattern {
    fn parse(host: &str) -> Option<Self> {
        if host == "*" {
            return Some(Self::Any);
        }
        if let Some(network) = Network::parse(host) {
            return Some(Self::Network(network));
        }
        let name = host.strip_prefix("*.").unwrap_or(host);
        let is_name = !name.is_empty()
            && name.split('.').all(|label| !label.is_empty() && label.bytes().all(is_of_label));
        // What ends in a number is an address that was written in another way.
        let is_number = name.rsplit('.').next().is_some_and(|last| last.parse::<u64>().is_ok());
        if !is_name || is_number {
            return None;
        }
        let is_suffix = name.len() < host.len();
        Some(if is_suffix { Self::Below(format!(".{name}")) } else { Self::Name(name.to_owned()) })
    }

    fn matches(&self, host: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Name(name) => name == host,
            Self::Below(suffix) => host.len() > suffix.len() && host.ends_with(suffix.as_str()),
            Self::Network(network) => host.parse().is_ok_and(|host| network.contains(host)),
        }
    }
}

impl Network {
    /// Reads an address, or an address with its prefix; `None` where it is neither.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = unbracketed(address).parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Some(most), |prefix| prefix.parse().ok())?;
        (prefix <= most).then_some(Self { address, prefix })
    }

    /// Whether it is one address.
    #[must_use]
    pub fn is_single(&self) -> bool {
        self.prefix == if self.address.is_ipv4() { 32 } else { 128 }
    }

    /// Whether an address belongs to it; an IPv4 address that is written as IPv6 is the IPv4 one.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let shift = 32_u32.saturating_sub(self.prefix.into());
                (u32::from(own) ^ u32::from(other)).checked_shr(shift).unwrap_or(0) == 0
            }
            (IpAddr::V6(own), other) => {
                let other = match other {
                    IpAddr::V4(other) => other.to_ipv6_mapped(),
                    IpAddr::V6(other) => other,
                };
                same_prefix(own, other, self.prefix)
            }
            (IpAddr::V4(_), IpAddr::V6(_)) => false,
        }
    }
}

fn same_prefix(one: Ipv6Addr, other: Ipv6Addr, prefix: u8) -> bool {
    let shift = 128_u32.saturating_sub(prefix.into());
    (u128::from(one) ^ u128::from(other)).checked_shr(shift).unwrap_or(0) == 0
}

/// Host and port; `None` where what follows the colon is no port.
fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    let after = text.rfind(']').unwrap_or(0);
    match text.rsplit_once(':').filter(|(host, _)| host.len() > after) {
        None => Some((text, None)),
        Some((host, port)) => {
            let port: u16 = port.parse().ok().filter(|port| *port > 0)?;
            Some((host, Some(port)))
        }
    }
}

/// An IPv6 address as URLs have it, without its brackets.
fn unbracketed(text: &str) -> &str {
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    inner.filter(|inner| inner.contains(':')).unwrap_or(text)
}

fn is_of_label(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

#[cfg(test)]
mod tests;
