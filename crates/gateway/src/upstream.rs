//! Talking to upstreams: targets, connections, and one call at a time.
//!
//! The rest of the gateway sees one function, `Client::send`: a request in, an answer out, whose
//! body gives its connection back by itself.
//! Which HTTP implementation runs underneath stays behind it.

pub mod tls;

mod answer;
mod any;
mod connect;
mod failure;
mod h1;
mod http2_pool;
mod hyper_client;
mod pool;
mod proxy;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use compiler::plan::Http2;
use http::Request;
use http1::HeadLimits;
use rustls::ClientConfig;

use crate::body::RequestBody;
use crate::config::proxies::Proxy;
use crate::interim::Interim;

pub use answer::AnswerError;
pub(crate) use answer::{Answer, AnswerBody};
pub(crate) use any::AnyClient;
pub use failure::SendFailure;
pub(crate) use failure::io_cause;

/// Where connections of one kind go. Equal targets share connections.
#[derive(Clone)]
pub struct Target {
    /// The host to connect to, a name or an address without brackets.
    pub host: Box<str>,
    /// The port.
    pub port: u16,
    /// TLS settings; `None` is clear text.
    pub tls: Option<Arc<ClientConfig>>,
    /// How HTTP/2 is chosen.
    pub http2: Http2,
    /// The proxy on the way.
    pub proxy: Option<Arc<Proxy>>,
    /// Scheme, host and port, for people.
    pub name: Box<str>,
}

impl Target {
    /// Where connections to this host and port go.
    #[must_use]
    pub fn new(host: &str, port: u16, tls: Option<Arc<ClientConfig>>, http2: Http2) -> Self {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let shown = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let name = format!("{scheme}://{shown}:{port}").into();
        Self { host: host.into(), port, tls, http2, proxy: None, name }
    }

    /// The same through a proxy.
    #[must_use]
    pub fn through(self, proxy: Option<Arc<Proxy>>) -> Self {
        Self { proxy, ..self }
    }

    /// The proxy that is handed requests to send on, where it does not give a tunnel.
    fn forwarder(&self) -> Option<&Proxy> {
        let is_plain = self.tls.is_none() && self.http2 != Http2::Always;
        self.proxy.as_deref().filter(|_| is_plain)
    }
}

impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        let same_tls = match (&self.tls, &other.tls) {
            (None, None) => true,
            (Some(one), Some(two)) => Arc::ptr_eq(one, two),
            _ => false,
        };
        same_tls
            && self.port == other.port
            && self.http2 == other.http2
            && self.host == other.host
            && self.proxy == other.proxy
    }
}

impl Eq for Target {}

impl Hash for Target {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.host.hash(state);
        self.port.hash(state);
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({self})")
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// What holds for one call besides its request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms<'a> {
    /// How large the head of the answer may be.
    pub(crate) head: HeadLimits,
    /// How long the upstream may take nothing of what is sent.
    pub(crate) stall: Duration,
    /// Whether the client waits for 100 before it sends its body; so the upstream is asked whether
    /// it wants the body, where the client in use can ask.
    pub(crate) awaits_continue: bool,
    /// Who hears of interim answers.
    pub(crate) interim: &'a Interim,
}

/// Sends requests to targets over connections that it keeps.
///
/// The request has its path and query as target and a `Host` header.
pub(crate) trait Client: Send + Sync {
    /// Sends one request and waits for the head of the answer.
    ///
    /// The request is the caller's place for it: what is left in it afterwards means nothing.
    /// Dropping the future gives the call up and closes its connection.
    ///
    /// # Errors
    ///
    /// [`SendFailure`] says how far the exchange had come.
    fn send(
        &self,
        target: &Arc<Target>,
        request: &mut Request<RequestBody>,
        terms: Terms<'_>,
    ) -> impl Future<Output = Result<Answer, SendFailure>> + Send;

    /// Closes connections that have been idle for longer than this.
    fn close_idle(&self, older_than: Duration);
}

#[cfg(test)]
mod tests;
