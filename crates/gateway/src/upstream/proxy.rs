//! Reaching upstreams through HTTP proxies.
//!
//! What goes to an upstream in clear text is handed to the proxy, which names the upstream in the
//! request's target (RFC 9112 §3.2.2). TLS and HTTP/2 go through a tunnel (RFC 9110 §9.3.6).

use std::fmt::Write as _;

use bytes::BytesMut;
use http::header::{HeaderMap, HeaderValue, PROXY_AUTHORIZATION};
use http::{Method, Request};
use http1::{Framing, HeadLimits, HeadReader, write};
use model::fault::{FaultCode, ProtocolState};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Target;
use super::failure::SendFailure;
use crate::body::RequestBody;
use crate::config::proxies::Proxy;

/// What a proxy may answer to a request for a tunnel.
const LIMITS: HeadLimits = HeadLimits { bytes: 16 * 1024, fields: 100 };

/// Why a proxy gave no tunnel.
#[derive(Debug)]
pub(crate) enum NoTunnel {
    /// It could not be talked to, or refused.
    Failed(String),
    /// What it answered is no HTTP.
    Garbled(String),
}

/// Opens a tunnel to `target` on a connection to its proxy.
pub(super) async fn tunnel(
    proxy: &Proxy,
    stream: &mut TcpStream,
    target: &Target,
) -> Result<(), SendFailure> {
    let opened = open_tunnel(proxy, stream, &authority(&target.host, target.port, None)).await;
    opened.map_err(|problem| match problem {
        NoTunnel::Failed(detail) => failed(proxy, &detail),
        NoTunnel::Garbled(detail) => SendFailure {
            code: FaultCode::ProtocolViolation,
            state: ProtocolState::RequestReady,
            ..failed(proxy, &detail)
        },
    })
}

/// Asks a proxy for a tunnel to `authority`, a host with its port.
pub(crate) async fn open_tunnel(
    proxy: &Proxy,
    stream: &mut TcpStream,
    authority: &str,
) -> Result<(), NoTunnel> {
    let failed = |error: &dyn std::fmt::Display| NoTunnel::Failed(error.to_string());
    let garbled = |error: &dyn std::fmt::Display| NoTunnel::Garbled(error.to_string());
    let mut out = BytesMut::new();
    let mut headers = HeaderMap::with_capacity(2);
    let host = HeaderValue::try_from(authority).map_err(|error| failed(&error))?;
    headers.insert(http::header::HOST, host);
    if let Some(authorization) = &proxy.authorization {
        headers.insert(PROXY_AUTHORIZATION, authorization.clone());
    }
    write::request_head(&mut out, &Method::CONNECT, authority, &headers, Framing::None);
    stream.write_all(&out).await.map_err(|error| failed(&error))?;
    let mut reader = HeadReader::default();
    let mut buffer = BytesMut::new();
    let status = loop {
        let head = reader.answer(&mut buffer, LIMITS, &Method::CONNECT);
        match head.map_err(|error| garbled(&error))? {
            Some(head) if !head.status.is_informational() => break head.status,
            Some(_) => {}
            None => {
                let read = stream.read_buf(&mut buffer).await;
                if read.map_err(|error| failed(&error))? == 0 {
                    return Err(failed(&"it closed the connection"));
                }
            }
        }
    };
    if !status.is_success() {
        return Err(failed(&format_args!("it answered {status} for {authority}")));
    }
    // The other side waits for us, so that nothing can have come yet.
    if buffer.is_empty() { Ok(()) } else { Err(garbled(&"bytes follow its answer")) }
}

/// Names the upstream in the target, and shows the proxy what it wants to be shown.
pub(super) fn hand_over(request: &mut Request<RequestBody>, target: &Target) -> Option<String> {
    let proxy = target.forwarder()?;
    if let Some(authorization) = &proxy.authorization {
        request.headers_mut().insert(PROXY_AUTHORIZATION, authorization.clone());
    }
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    Some(format!("http://{}{path}", authority(&target.host, target.port, Some(80))))
}

/// Host and port, without the port that goes without saying. An IPv6 address comes without
/// brackets.
pub(crate) fn authority(host: &str, port: u16, usual: Option<u16>) -> String {
    let mut text = String::with_capacity(host.len() + 8);
    match host.contains(':') {
        true => text.extend(["[", host, "]"]),
        false => text.push_str(host),
    }
    if usual != Some(port) {
        // Writing to a text cannot fail.
        let _infallible = write!(text, ":{port}");
    }
    text
}

/// The failure where a proxy that was handed a request wants to be shown something else.
pub(super) fn unauthorized(target: &Target) -> SendFailure {
    let detail = "it asks for credentials (407); set those of its profile";
    match target.forwarder() {
        Some(proxy) => failed(proxy, &detail),
        None => SendFailure::before(FaultCode::ConnectFailed, detail),
    }
}

fn failed(proxy: &Proxy, detail: &dyn std::fmt::Display) -> SendFailure {
    let Proxy { host, port, .. } = proxy;
    let detail = format!("no way through the proxy {host}:{port}: {detail}");
    SendFailure::before(FaultCode::ConnectFailed, detail)
}
