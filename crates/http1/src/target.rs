//! Targets of requests in their four forms (RFC 9112 §3.2).

use bytes::Bytes;
use http::uri::Scheme;
use http::{Method, Uri};

use crate::{HeadError, host};

/// The longest target that [`Uri`] takes.
const LONGEST: usize = u16::MAX as usize - 1;

/// Reads a target.
pub(crate) fn read(method: &Method, target: Bytes) -> Result<Uri, HeadError> {
    if target.len() > LONGEST {
        return Err(HeadError::TargetTooLong);
    }
    // Uri would drop a fragment.
    if memchr::memchr(b'#', &target).is_some() {
        return Err(HeadError::TargetInvalid);
    }
    let first = target.first().copied();
    let uri = Uri::from_maybe_shared(target).map_err(|_invalid| HeadError::TargetInvalid)?;
    let is_connect = *method == Method::CONNECT;
    match first {
        Some(b'/') if !is_connect => Ok(uri),
        Some(b'*') if uri.path() == "*" && uri.authority().is_none() => {
            if *method == Method::OPTIONS { Ok(uri) } else { Err(HeadError::TargetInvalid) }
        }
        _ if is_connect => authority_form(uri),
        _ => absolute_form(uri),
    }
}

/// `host:port`, for CONNECT.
fn authority_form(uri: Uri) -> Result<Uri, HeadError> {
    check_authority(&uri)?;
    if uri.scheme().is_some() || uri.port_u16().is_none() {
        return Err(HeadError::TargetInvalid);
    }
    Ok(uri)
}

/// `http://host:port/path?query`, as proxies are asked.
fn absolute_form(uri: Uri) -> Result<Uri, HeadError> {
    check_authority(&uri)?;
    let known = uri.scheme().is_some_and(|it| *it == Scheme::HTTP || *it == Scheme::HTTPS);
    if known { Ok(uri) } else { Err(HeadError::TargetInvalid) }
}

fn check_authority(uri: &Uri) -> Result<(), HeadError> {
    let authority = uri.authority().ok_or(HeadError::TargetInvalid)?;
    if memchr::memchr(b'@', authority.as_str().as_bytes()).is_some() {
        return Err(HeadError::TargetUser);
    }
    let named = !authority.host().is_empty() && host::is_host(authority.as_str().as_bytes());
    if named { Ok(()) } else { Err(HeadError::TargetInvalid) }
}
