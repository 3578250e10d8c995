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
pub(crate) mod guard;
mod h1;
mod http2_pool;
mod hyper_client;
mod pool;
pub(crate) mod proxy;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use compiler::plan::Http2;
use http::Request;
use http1::HeadLimits;
use rustls::ClientConfig;
use tokio::io::AsyncWriteExt as _;

use crate::body::RequestBody;
use crate::config::proxies::Proxy;
use crate::interim::Interim;

pub use answer::AnswerError;
pub(crate) use answer::{Answer, AnswerBody};
pub(crate) use any::AnyClient;
pub use failure::SendFailure;
pub(crate) use failure::{code_of, io_cause};
use guard::Guard;
pub(crate) use h1::SharedIdle;

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
    /// The connections that all workers share, where there may be so many only.
    pub(crate) shared: Option<Arc<SharedIdle>>,
    /// What says whether an address of the host may be connected to, where the host was computed.
    pub(crate) guard: Option<Arc<Guard>>,
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
        Self { host: host.into(), port, tls, http2, proxy: None, shared: None, guard: None, name }
    }

    /// The same over connections that all workers share.
    #[must_use]
    pub(crate) fn sharing(self, shared: Option<Arc<SharedIdle>>) -> Self {
        Self { shared, ..self }
    }

    /// The same under a guard.
    #[must_use]
    pub(crate) fn guarded(self, guard: Option<Arc<Guard>>) -> Self {
        Self { guard, ..self }
    }

    /// The same through a proxy.
    #[must_use]
    pub fn through(self, proxy: Option<Arc<Proxy>>) -> Self {
        Self { proxy, ..self }
    }

    /// Whether connections to it may speak HTTP/2.
    pub(crate) fn may_speak_http2(&self) -> bool {
        match self.http2 {
            Http2::Always => true,
            Http2::Negotiate => self.tls.is_some(),
            Http2::Never => false,
        }
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
            && self.shared.as_ref().map(Arc::as_ptr) == other.shared.as_ref().map(Arc::as_ptr)
            && self.guard.as_ref().map(Arc::as_ptr) == other.guard.as_ref().map(Arc::as_ptr)
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
    /// Learns whether anything of the request can have reached the upstream.
    pub(crate) reached: &'a Reached,
}

/// Whether anything of a request can have reached an upstream. It is known also when the call is
/// given up.
#[derive(Debug, Default)]
pub(crate) struct Reached(AtomicBool);

impl Reached {
    /// Bytes are on their way, or may be.
    pub(crate) fn note(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// The upstream says that it has not looked at what it was sent.
    pub(crate) fn take_back(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    /// Whether anything can have arrived.
    pub(crate) fn is_possible(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Connects to a target as for a call, TLS included, within `limit`, and closes that connection.
///
/// Where a proxy is handed requests to send on, it is the proxy that is connected to.
///
/// # Errors
///
/// [`SendFailure`] says what stood in the way.
pub(crate) async fn try_connection(target: &Target, limit: Duration) -> Result<(), SendFailure> {
    let mut opened = connect::dial(target, limit).await?;
    // TLS takes its leave, so that no upstream logs a connection that was cut. How that goes says
    // nothing: there was a connection.
    let _closed = opened.transport.shutdown().await;
    Ok(())
}

/// Sends requests to targets over connections that it keeps.
///
/// The request has its path and query as target and a `Host` header.
pub(crate) trait Client: Send + Sync {
    /// Sends one request and waits for the head of the answer.
    ///
    /// The request is the caller's place for it: what is left in it afterwards means nothing, but
    /// for its headers where [`Client::keeps_headers`] says so.
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

    /// Whether a call that fails leaves the headers in the request, but for those of a proxy.
    fn keeps_headers(&self, target: &Target) -> bool;

    /// Closes connections that have been idle for longer than this.
    fn close_idle(&self, older_than: Duration);
}

#[cfg(test)]
mod tests;
