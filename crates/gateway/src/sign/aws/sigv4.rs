//! The signature of a request (Signature Version 4), by the library of AWS.

use std::fmt;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign as library};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::identity::Identity;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderName, HeaderValue};
use model::secret::Secret;

use super::{NoKeys, Signed};

/// What is shown in the library's own texts as the source of keys.
const SOURCE: &str = "weir";

/// What a signature is made with.
pub(crate) struct Keys(Identity);

impl Keys {
    /// Keys that are written down.
    pub(crate) fn new(id: &str, secret: &Secret, token: Option<&Secret>) -> Self {
        let token = token.map(|token| token.expose().to_owned());
        Self::from(Credentials::new(id, secret.expose(), token, None, SOURCE))
    }
}

impl From<Credentials> for Keys {
    fn from(credentials: Credentials) -> Self {
        Self(credentials.into())
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

/// Puts date, token and signature into the headers. Signed are the host, the content type, and
/// every header whose name begins with `x-amz-`.
///
/// # Errors
///
/// Headers or a path that cannot be signed.
pub(crate) fn sign(
    request: Signed<'_>,
    keys: &Keys,
    headers: &mut HeaderMap,
    time: SystemTime,
) -> Result<(), NoKeys> {
    let failed = |error: &dyn fmt::Display| NoKeys(format!("it cannot be signed: {error}").into());
    let params = SigningParams::builder()
        .identity(&keys.0)
        .region(request.region)
        .name(request.service)
        .time(time)
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| failed(&error))?;
    let uri = format!("https://{}{}", request.host, request.path_and_query);
    let body = SignableBody::Bytes(request.body);
    let signed = headers.iter().filter(|(name, _)| is_signed(name));
    let signed = signed.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let signable = SignableRequest::new(request.method, uri, signed, body);
    let signable = signable.map_err(|error| failed(&error))?;
    let made = library(signable, &params.into()).map_err(|error| failed(&error))?;
    let (instructions, _signature) = made.into_parts();
    let (lines, _query) = instructions.into_parts();
    for line in lines {
        let mut value = HeaderValue::from_str(line.value()).map_err(|error| failed(&error))?;
        value.set_sensitive(line.sensitive() || line.name() == "authorization");
        headers.insert(HeaderName::from_static(line.name()), value);
    }
    Ok(())
}

fn is_signed(name: &HeaderName) -> bool {
    *name == HOST || *name == CONTENT_TYPE || name.as_str().starts_with("x-amz-")
}

#[cfg(test)]
mod tests;
