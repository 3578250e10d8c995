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

/// Opens a tunnel to `target` on a connection to its proxy.
pub(super) async fn tunnel(
    proxy: &Proxy,
    stream: &mut TcpStream,
    target: &Target,
) -> Result<(), SendFailure> {
    let mut out = BytesMut::new();
    let authority = authority(target, None);
    let mut headers = HeaderMap::with_capacity(2);
    let host = HeaderValue::try_from(&*authority).map_err(|error| failed(proxy, &error))?;
    headers.insert(http::header::HOST, host);
    if let Some(authorization) = &proxy.authorization {
        headers.insert(PROXY_AUTHORIZATION, authorization.clone());
    }
    write::request_head(&mut out, &Method::CONNECT, &authority, &headers, Framing::None);
    stream.write_all(&out).await.map_err(|error| failed(proxy, &error))?;
    let mut reader = HeadReader::default();
    let mut buffer = BytesMut::new();
    let status = loop {
        let head = reader.answer(&mut buffer, LIMITS, &Method::CONNECT);
        match head.map_err(|error| garbled(proxy, &error.to_string()))? {
            Some(head) if !head.status.is_informational() => break head.status,
            Some(_) => {}
            None => {
                let read = stream.read_buf(&mut buffer).await;
                if read.map_err(|error| failed(proxy, &error))? == 0 {
                    return Err(failed(proxy, &"it closed the connection"));
                }
            }
        }
    };
    if !status.is_success() {
        return Err(failed(proxy, &format!("it answered {status} for {authority}")));
    }
    // Upstreams wait for us, so that nothing can have come yet.
    if buffer.is_empty() { Ok(()) } else { Err(garbled(proxy, "bytes follow its answer")) }
}

/// Names the upstream in the target, and shows the proxy what it wants to be shown.
pub(super) fn hand_over(request: &mut Request<RequestBody>, target: &Target) -> Option<String> {
    let proxy = target.forwarder()?;
    if let Some(authorization) = &proxy.authorization {
        request.headers_mut().insert(PROXY_AUTHORIZATION, authorization.clone());
    }
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    Some(format!("http://{}{path}", authority(target, Some(80))))
}

/// Host and port of an upstream, without the port that goes without saying.
fn authority(target: &Target, usual: Option<u16>) -> String {
    let mut text = String::with_capacity(target.host.len() + 8);
    match target.host.contains(':') {
        true => text.extend(["[", &target.host, "]"]),
        false => text.push_str(&target.host),
    }
    if usual != Some(target.port) {
        // Writing to a text cannot fail.
        let _infallible = write!(text, ":{}", target.port);
    }
    text
}

fn failed(proxy: &Proxy, detail: &dyn std::fmt::Display) -> SendFailure {
    let Proxy { host, port, .. } = proxy;
    let detail = format!("no way through the proxy {host}:{port}: {detail}");
    SendFailure::before(FaultCode::ConnectFailed, detail)
}

fn garbled(proxy: &Proxy, detail: &str) -> SendFailure {
    let failure = failed(proxy, &detail);
    SendFailure {
        code: FaultCode::ProtocolViolation,
        state: ProtocolState::RequestReady,
        ..failure
    }
}
