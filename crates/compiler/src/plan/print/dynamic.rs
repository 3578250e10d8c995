//! Where a computed address may lead, as text.

use std::fmt::{self, Display, Formatter};

use super::{line, list};
use crate::plan::{DynamicPlan, HostPattern, Reach, TargetPattern};

impl Display for DynamicPlan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "dynamic {}", self.leaf)?;
        let allow = self.targets.allow.as_ref().map(|allow| {
            let allow: Vec<_> = allow.iter().map(ToString::to_string).collect();
            list(&allow, "nothing")
        });
        line(f, "allow", allow.as_deref().unwrap_or("anything"))?;
        let reach = match self.targets.reach {
            Reach::Public => "public addresses",
            Reach::Networks => "public addresses and private networks",
            Reach::Local => "public addresses, private networks and this machine",
        };
        line(f, "reach", reach)
    }
}

impl Display for TargetPattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.is_secure {
            Some(true) => f.write_str("https://")?,
            Some(false) => f.write_str("http://")?,
            None => {}
        }
        match &self.hosts {
            HostPattern::Any => f.write_str("*")?,
            HostPattern::Name(name) => f.write_str(name)?,
            HostPattern::Below(suffix) => write!(f, "*{suffix}")?,
            HostPattern::Network(network) if network.is_single() && network.address.is_ipv6() => {
                write!(f, "[{}]", network.address)?;
            }
            HostPattern::Network(network) if network.is_single() => {
                write!(f, "{}", network.address)?;
            }
            HostPattern::Network(network) => write!(f, "{}/{}", network.address, network.prefix)?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}
