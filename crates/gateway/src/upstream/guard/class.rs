//! What kind of place an address is, also where it carries another one inside.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A kind of place; a later one is to be approached with more care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// Anywhere in the public networks.
    Public,
    /// A private network, or one that is shared or kept for tests.
    Private,
    /// This machine, or its link.
    Local,
    /// A service that tells secrets of a machine in a cloud.
    Metadata,
    /// No single machine: multicast, broadcast, reserved.
    Never,
}

/// Services for machines in clouds (IPv4).
const METADATA_V4: [Ipv4Addr; 5] = [
    // AWS, Azure, Google and most others.
    Ipv4Addr::new(169, 254, 169, 254),
    // AWS, for containers.
    Ipv4Addr::new(169, 254, 170, 2),
    // Alibaba.
    Ipv4Addr::new(100, 100, 100, 200),
    // Oracle.
    Ipv4Addr::new(192, 0, 0, 192),
    // Azure, for its agents.
    Ipv4Addr::new(168, 63, 129, 16),
];

impl Class {
    /// The kind of an address.
    pub(super) fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => of_v4(address),
            IpAddr::V6(address) => {
                let inner = inner(address).map_or(Self::Public, of_v4);
                of_v6(address).max(inner)
            }
        }
    }

    /// What it is called in a log.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Public => "a public address",
            Self::Private => "a private network",
            Self::Local => "this machine or its link",
            Self::Metadata => "a metadata service",
            Self::Never => "no address of a machine",
        }
    }
}

fn of_v4(address: Ipv4Addr) -> Class {
    if METADATA_V4.contains(&address) {
        return Class::Metadata;
    }
    match address.octets() {
        [0 | 127, ..] | [169, 254, ..] => Class::Local,
        [10, ..] | [192, 168, ..] | [192, 0, 0, _] => Class::Private,
        [172, second, ..] if second & 0xf0 == 16 => Class::Private,
        // Shared by providers (RFC 6598), and for benchmarks (RFC 2544).
        [100, second, ..] if second & 0xc0 == 64 => Class::Private,
        [198, 18 | 19, ..] => Class::Private,
        [224..=255, ..] => Class::Never,
        _ => Class::Public,
    }
}

fn of_v6(address: Ipv6Addr) -> Class {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => Class::Local,
        // AWS and Google.
        [0xfd00, 0x0ec2, ..] | [0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254] => Class::Metadata,
        [first, ..] if first & 0xff00 == 0xff00 => Class::Never,
        [first, ..] if first & 0xffc0 == 0xfe80 => Class::Local,
        // Unique local (RFC 4193), site-local of old, and local translation (RFC 8215).
        [first, ..] if first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfec0 => Class::Private,
        [0x64, 0xff9b, 1, ..] => Class::Private,
        _ => Class::Public,
    }
}

/// The IPv4 address that an IPv6 address stands for, or leads to.
fn inner(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match address.segments() {
        // Mapped, translated (RFC 2765) and compatible.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0, 0, 0, 0, 0xffff, 0, high, low] => v4(high, low),
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => v4(high, low),
        // NAT64 (RFC 6052, RFC 8215).
        [0x64, 0xff9b, 0 | 1, .., high, low] => v4(high, low),
        // 6to4 (RFC 3056) and Teredo (RFC 4380).
        [0x2002, high, low, ..] => v4(high, low),
        [0x2001, 0, .., high, low] => v4(!high, !low),
        // ISATAP (RFC 5214).
        [.., 0 | 0x200, 0x5efe, high, low] => v4(high, low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]

    use super::*;

    #[test]
    fn the_kinds_of_addresses() {
        use Class::{Local, Metadata, Never, Private, Public};
        for (text, expected) in [
            ("9.9.9.9", Public),
            ("172.15.0.1", Public),
            ("172.32.0.1", Public),
            ("100.63.0.1", Public),
            ("100.128.0.1", Public),
            ("10.0.0.1", Private),
            ("172.16.0.1", Private),
            ("172.31.255.255", Private),
            ("192.168.1.1", Private),
            ("100.64.0.1", Private),
            ("198.19.0.1", Private),
            ("0.0.0.0", Local),
            ("0.1.2.3", Local),
            ("127.0.0.1", Local),
            ("127.255.255.254", Local),
            ("169.254.1.1", Local),
            ("169.254.169.254", Metadata),
            ("169.254.170.2", Metadata),
            ("100.100.100.200", Metadata),
            ("192.0.0.192", Metadata),
            ("168.63.129.16", Metadata),
            ("224.0.0.1", Never),
            ("240.0.0.1", Never),
            ("255.255.255.255", Never),
            ("2606:4700::1111", Public),
            ("::", Local),
            ("::1", Local),
            ("fe80::1", Local),
            ("febf::1", Local),
            ("fec0::1", Private),
            ("fd00::1", Private),
            ("fc00::1", Private),
            ("fd00:ec2::254", Metadata),
            ("fd20:ce::254", Metadata),
            ("ff02::1", Never),
            ("::ffff:9.9.9.9", Public),
            ("::ffff:127.0.0.1", Local),
            ("::ffff:169.254.169.254", Metadata),
            ("::ffff:0:127.0.0.1", Local),
            ("::127.0.0.1", Local),
            ("64:ff9b::127.0.0.1", Local),
            ("64:ff9b::a9fe:a9fe", Metadata),
            ("64:ff9b::808:808", Public),
            ("64:ff9b:1::808:808", Private),
            ("64:ff9b:1::a9fe:a9fe", Metadata),
            ("2002:7f00:1::", Local),
            ("2002:a9fe:a9fe::1", Metadata),
            ("2002:0a00:0001::1", Private),
            ("2001:0:1:2:3:4:80ff:fffe", Local),
            ("2606::5efe:7f00:1", Local),
        ] {
            assert_eq!(Class::of(text.parse().unwrap()), expected, "{text}");
        }
    }
}
