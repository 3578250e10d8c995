//! Where the requests of a leaf go.

use std::borrow::Cow;
use std::sync::Arc;

use compiler::plan::{Dialect, Http2};
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Uri, Version, header};
use model::fault::FaultCode;

use super::HttpLeaf;
use crate::endpoint::dynamic;
use crate::exchange::Exchange;
use crate::fault::{Failure, Fault};
use crate::forward::{self, Wish};
use crate::snapshot::LiveApi;
use crate::upstream::Target;
use crate::variables;

/// Where a request goes.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    pub(crate) target: Arc<Target>,
    /// The `Host` to send.
    pub(crate) host: HeaderValue,
    /// Path and query of the endpoint's own address, possibly empty.
    pub(crate) base: Box<str>,
}

impl HttpLeaf {
    /// The address for this request.
    pub(crate) fn resolve(
        &self,
        exchange: &Exchange,
        api: &LiveApi,
    ) -> Result<Cow<'_, Address>, Failure> {
        let http2 = self.http2(exchange);
        if self.plan.dialect == Dialect::Dynamic {
            return self.computed(exchange, http2);
        }
        if let Some(fixed) = self.fixed.as_ref().filter(|fixed| fixed.target.http2 == http2) {
            return Ok(Cow::Borrowed(fixed));
        }
        let expanded = self.plan.url.expand(|name| variables::lookup(exchange, api, name));
        self.address(&expanded, http2)
            // Text that is no address after expansion is tried as it was written (spec/01 §3.3).
            .or_else(|_invalid| self.address(self.plan.url.as_str(), http2))
            .map(Cow::Owned)
            .map_err(|detail| Fault::new(FaultCode::NoTransport).internal(detail).into())
    }

    /// The target of this leaf with the path that was computed for this request.
    fn computed(&self, exchange: &Exchange, http2: Http2) -> Result<Cow<'_, Address>, Failure> {
        let to = exchange.destination.as_ref().map_or("", |destination| &destination.to);
        let base = dynamic::base(to);
        let address = match &self.fixed {
            Some(fixed) if fixed.target.http2 == http2 && *fixed.base == *base => {
                return Ok(Cow::Borrowed(fixed));
            }
            Some(fixed) if fixed.target.http2 == http2 => Ok(fixed.clone()),
            _ => self.address(self.plan.url.as_str(), http2),
        };
        let address = address
            .map_err(|detail| Failure::from(Fault::new(FaultCode::NoTransport).internal(detail)))?;
        Ok(Cow::Owned(Address { base: base.into(), ..address }))
    }

    /// Where connections are counted each call has one for itself, which HTTP/2 would not give it.
    pub(super) fn protocol(&self) -> Http2 {
        match self.plan.http2 {
            Http2::Negotiate if self.shared.is_some() => Http2::Never,
            choice => choice,
        }
    }

    /// gRPC has no other way over clear text than HTTP/2 with prior knowledge.
    fn http2(&self, exchange: &Exchange) -> Http2 {
        let is_clear = self.fixed.as_ref().is_none_or(|fixed| fixed.target.tls.is_none());
        let is_grpc = || {
            exchange.head.version == Version::HTTP_2
                && exchange
                    .head
                    .headers
                    .get(header::CONTENT_TYPE)
                    .is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
        };
        match self.protocol() {
            Http2::Negotiate if is_clear && is_grpc() => Http2::Always,
            // A tunnel needs a connection of its own.
            Http2::Negotiate if !is_clear && forward::wish(exchange) == Wish::Upgrade => {
                Http2::Never
            }
            choice => choice,
        }
    }

    pub(super) fn address(&self, url: &str, http2: Http2) -> Result<Address, String> {
        let uri = Uri::try_from(url).map_err(|error| format!("`{url}` is no address: {error}"))?;
        let authority = uri.authority().ok_or_else(|| format!("`{url}` names no host"))?;
        let is_secure = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => false,
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            _ => return Err(format!("`{url}` has neither http nor https as scheme")),
        };
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        let default_port = if is_secure { 443 } else { 80 };
        let port =
            port(authority, default_port).ok_or_else(|| format!("`{url}` has no valid port"))?;
        let tls = if is_secure {
            Some(self.trust.connector_for(
                host,
                port,
                &self.certificates,
                &self.identity,
                http2.into(),
            ))
        } else {
            None
        };
        let proxy = self.proxies.choose(is_secure, host);
        let shown = if port == default_port { authority.host() } else { authority.as_str() };
        let shown = shown.rsplit_once('@').map_or(shown, |(_user, host)| host);
        Ok(Address {
            target: Arc::new(
                Target::new(host, port, tls, http2)
                    .through(proxy)
                    .sharing(self.shared.clone())
                    .guarded(self.guard.clone()),
            ),
            host: HeaderValue::from_str(shown).map_err(|error| error.to_string())?,
            base: base(url, authority.as_str()).into(),
        })
    }
}

/// The port that is named, or the default; `None` where what is named is no port.
fn port(authority: &Authority, default: u16) -> Option<u16> {
    let (_, tail) = authority.as_str().rsplit_once(authority.host())?;
    match tail.strip_prefix(':') {
        None | Some("") => Some(default),
        Some(digits) => digits.parse().ok(),
    }
}

/// Everything after the authority, as it was written.
fn base<'a>(url: &'a str, authority: &str) -> &'a str {
    url.split_once("://")
        .and_then(|(_scheme, rest)| rest.strip_prefix(authority))
        .and_then(|rest| rest.split('#').next())
        .unwrap_or_default()
}
