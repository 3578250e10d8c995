//! Which addresses a computed target may have: looked at after its name was resolved, on the very
//! addresses that are connected to, so that no second answer of a name server slips through.

mod class;

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};

use compiler::plan::{HostPattern, Reach, TargetPattern, TargetPolicy};
use tokio::net::TcpStream;

use class::Class;

/// What watches over the connections of one endpoint.
pub(crate) struct Guard {
    policy: TargetPolicy,
    /// Asked instead of the system.
    #[cfg(test)]
    names: Option<Names>,
}

/// A name server of a test.
#[cfg(test)]
pub(crate) type Names = Box<dyn Fn(&str) -> Vec<IpAddr> + Send + Sync>;

/// Why there is no connection.
#[derive(Debug)]
pub(crate) enum Barred {
    /// None of its addresses may be called.
    Refused(String),
    /// It could not be reached.
    Io(io::Error),
}

/// The host that a connection is for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// A name, or an address without brackets.
    pub(crate) host: &'a str,
    /// The port.
    pub(crate) port: u16,
    /// Whether TLS is spoken.
    pub(crate) is_secure: bool,
}

impl Guard {
    /// One that follows a policy.
    pub(crate) fn new(policy: TargetPolicy) -> Self {
        Self {
            policy,
            #[cfg(test)]
            names: None,
        }
    }

    /// One that asks a test for addresses.
    #[cfg(test)]
    pub(crate) fn asking(self, names: Names) -> Self {
        Self { names: Some(names), ..self }
    }

    /// Whether a target may be tried, as far as its text tells; `by_proxy` is whether a proxy would
    /// look up its name.
    ///
    /// # Errors
    ///
    /// Why not, for the log.
    pub(crate) fn check(&self, wanted: Wanted<'_>, by_proxy: bool) -> Result<(), String> {
        let Wanted { host, port, is_secure } = wanted;
        if !self.policy.allows(is_secure, host, port) {
            return Err(format!("{wanted} is not named by `allow`"));
        }
        if let Ok(address) = host.parse() {
            return self.judge(wanted, address);
        }
        let is_known =
            self.policy.reach == Reach::Local || self.policy.names(is_secure, host, port);
        if by_proxy && !is_known {
            return Err(format!("{wanted} would be looked up by a proxy; name it in `allow`"));
        }
        Ok(())
    }

    /// Connects to a target, to addresses alone that it may have.
    ///
    /// # Errors
    ///
    /// [`Barred`] says whether it may not be called or could not be reached.
    pub(crate) async fn connect(&self, wanted: Wanted<'_>) -> Result<TcpStream, Barred> {
        let found = self.addresses(wanted).await.map_err(Barred::Io)?;
        if found.is_empty() {
            let kind = io::ErrorKind::NotFound;
            return Err(Barred::Io(io::Error::new(kind, "the name has no address")));
        }
        let mut refusal = String::new();
        let mut allowed = Vec::with_capacity(found.len());
        for address in found {
            match self.judge(wanted, address.ip()) {
                Ok(()) => allowed.push(address),
                Err(detail) => refusal = detail,
            }
        }
        if allowed.is_empty() {
            return Err(Barred::Refused(refusal));
        }
        TcpStream::connect(allowed.as_slice()).await.map_err(Barred::Io)
    }

    async fn addresses(&self, wanted: Wanted<'_>) -> io::Result<Vec<SocketAddr>> {
        let Wanted { host, port, .. } = wanted;
        #[cfg(test)]
        if let Some(names) = &self.names {
            return Ok(names(host).into_iter().map(|ip| SocketAddr::new(ip, port)).collect());
        }
        Ok(tokio::net::lookup_host((host, port)).await?.collect())
    }

    /// Whether a target may have an address.
    fn judge(&self, wanted: Wanted<'_>, address: IpAddr) -> Result<(), String> {
        let class = Class::of(address);
        let reach = self.policy.reach;
        let trusts = self.policy.trusts(wanted.is_secure, wanted.host, wanted.port);
        let is_allowed = match class {
            Class::Public => true,
            Class::Private | Class::Local if trusts => true,
            Class::Private => reach != Reach::Public || self.names(wanted, address, false),
            Class::Local => {
                reach == Reach::Local
                    || self.names(wanted, address, false)
                    || self.names_this_machine(wanted, address)
            }
            Class::Metadata => self.names(wanted, address, true),
            Class::Never => false,
        };
        if is_allowed {
            return Ok(());
        }
        Err(format!("{wanted} is at {address}, {}, which `x-weir` does not allow", class.text()))
    }

    /// Whether an entry of `allow` is a network with this address, or is the address.
    fn names(&self, wanted: Wanted<'_>, address: IpAddr, alone: bool) -> bool {
        self.entries(wanted).any(|pattern| match &pattern.hosts {
            HostPattern::Network(network) => {
                network.contains(address) && (network.is_single() || !alone)
            }
            _ => false,
        })
    }

    /// Whether an entry says `localhost`, which can only mean this machine.
    fn names_this_machine(&self, wanted: Wanted<'_>, address: IpAddr) -> bool {
        let is_local = wanted.host == "localhost" || wanted.host.ends_with(".localhost");
        let is_named = |pattern: &TargetPattern| match &pattern.hosts {
            HostPattern::Name(name) => name == wanted.host,
            _ => false,
        };
        is_local && address.to_canonical().is_loopback() && self.entries(wanted).any(is_named)
    }

    fn entries(&self, wanted: Wanted<'_>) -> impl Iterator<Item = &TargetPattern> {
        self.policy.allow.iter().flatten().filter(move |pattern| {
            pattern.is_secure.is_none_or(|is_secure| is_secure == wanted.is_secure)
                && pattern.port.is_none_or(|port| port == wanted.port)
        })
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("policy", &self.policy).finish_non_exhaustive()
    }
}

impl fmt::Display for Wanted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_secure { "https" } else { "http" };
        match self.host.contains(':') {
            true => write!(f, "{scheme}://[{}]:{}", self.host, self.port),
            false => write!(f, "{scheme}://{}:{}", self.host, self.port),
        }
    }
}

#[cfg(test)]
mod tests;
