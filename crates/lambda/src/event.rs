//! What a function is given: a request as an event.
//!
//! Written straight into bytes, so that a body of megabytes is escaped once and copied nowhere
//! else. Nothing longer than the limit is ever held.
//!
//! Where JSON cannot hold what came, this holds everywhere:
//! * A value of a header that is not UTF-8 is read as Latin-1, which loses no byte, and is what
//!   API Manager reads headers as.
//! * What is not UTF-8 after unescaping a query becomes U+FFFD.
//! * Of several headers or parameters with one name, a format with room for one has the last.
//! * A header's name is as the gateway knows it: in lower case.

mod alb;
mod body;
mod json;
mod multipart;
mod proxy1;
mod proxy2;
mod query;
mod wso2;

use std::borrow::Cow;
use std::net::IpAddr;

use indexmap::IndexMap;

use json::Json;

/// The form of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// API Manager's own.
    Wso2 {
        /// The body is base64 (`amznResourceContentEncoded`).
        is_encoded: bool,
        /// `isBase64Encoded` is true also for a body that is the `{}` in place of none, which is
        /// not encoded: as API Manager does it. Otherwise that `{}` is encoded too.
        has_flag_bug: bool,
    },
    /// The payload format 1.0 of API Gateway.
    Proxy1,
    /// The payload format 2.0 of API Gateway.
    Proxy2,
    /// An Application Load Balancer's.
    Alb {
        /// Headers and parameters as lists (`multiValueHeaders`), in place of single values.
        is_multi_value: bool,
    },
    /// The body as it is, which has to be JSON.
    Raw,
}

/// A request, as far as events tell of it.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// `GET` and the like.
    pub method: &'a str,
    /// `HTTP/1.1` and the like.
    pub protocol: &'a str,
    /// `http` or `https`.
    pub scheme: &'a str,
    /// What the client takes the gateway for, with a port or without.
    pub host: &'a str,
    /// The API's context with its version, such as `/shop/1.0`.
    pub context: &'a str,
    /// The URI template of the operation, such as `/user/{id}`.
    pub template: &'a str,
    /// The path behind the context, escaped as it came.
    pub path: &'a str,
    /// What stands behind the `?`, escaped as it came; `None` without one.
    pub query: Option<&'a str>,
    /// Names in lower case, and values, in the order in which they came.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The variables of the template, unescaped.
    pub variables: &'a [(&'a str, &'a str)],
    /// The whole body.
    pub body: &'a [u8],
    /// The address of the client.
    pub client: Option<IpAddr>,
    /// The id of the request.
    pub id: &'a str,
    /// When it came, in milliseconds of Unix time.
    pub time_ms: i64,
    /// What `stage` says. Libraries for functions put it in front of the path, unless it is
    /// `$default`.
    pub stage: &'a str,
    /// The id of the API.
    pub api: &'a str,
    /// The AWS account that is named; the owner's of the function, where it is known.
    pub account: Option<&'a str>,
    /// The target group that an event of a load balancer names.
    pub target_group: &'a str,
    /// Who calls.
    pub caller: Caller<'a>,
}

/// Who calls, as the gateway has found out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Caller<'a> {
    /// Claims of the token, or what is known in another way; empty for an anonymous caller.
    pub claims: &'a [(&'a str, &'a str)],
    /// The scopes of the token.
    pub scopes: &'a [&'a str],
}

/// Why there is no event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// The event is longer than the function can be given.
    #[error("the event is longer than {limit} bytes")]
    TooLarge {
        /// Bytes.
        limit: usize,
    },
    /// A raw body has to be JSON.
    #[error("the body is not JSON: {0}")]
    NotJson(String),
}

impl Request<'_> {
    /// The event, of `limit` bytes at most.
    ///
    /// # Errors
    /// See [`EventError`].
    pub fn event(&self, format: Format, limit: usize) -> Result<Vec<u8>, EventError> {
        let mut json = Json::new(self.body.len(), limit);
        match format {
            Format::Wso2 { is_encoded, has_flag_bug } => {
                wso2::write(self, &mut json, is_encoded, has_flag_bug);
            }
            Format::Proxy1 => proxy1::write(self, &mut json),
            Format::Proxy2 => proxy2::write(self, &mut json),
            Format::Alb { is_multi_value } => alb::write(self, &mut json, is_multi_value),
            Format::Raw => body::write_raw(self.body, &mut json)?,
        }
        json.finish().ok_or(EventError::TooLarge { limit })
    }

    /// The last value of a header.
    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        let found = self.headers.iter().rev().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| header_text(value))
    }

    /// Headers with all their values, in the order of their first appearance.
    fn grouped_headers(&self) -> Groups<'_> {
        group(self.headers.iter().map(|(name, value)| (Cow::Borrowed(*name), header_text(value))))
    }

    /// Headers as a proxy of AWS would send them: with the host, and with the client's address,
    /// port and scheme, where nobody has said them yet.
    fn proxied_headers(&self) -> Groups<'_> {
        let mut headers = self.grouped_headers();
        let mut fill = |name: &'static str, value: Option<Cow<'_, str>>| {
            if let Some(value) = value.filter(|_| !headers.contains_key(name)) {
                headers.insert(Cow::Borrowed(name), vec![Cow::Owned(value.into_owned())]);
            }
        };
        let default_port = if self.scheme == "https" { "443" } else { "80" };
        fill("host", Some(Cow::Borrowed(self.host)));
        fill("x-forwarded-for", self.client.map(|address| Cow::Owned(address.to_string())));
        fill("x-forwarded-port", Some(Cow::Borrowed(self.port().unwrap_or(default_port))));
        fill("x-forwarded-proto", Some(Cow::Borrowed(self.scheme)));
        headers
    }

    /// The port of the host, where it is written.
    fn port(&self) -> Option<&str> {
        let (_, port) = self.host.rsplit_once(':')?;
        port.bytes().all(|byte| byte.is_ascii_digit()).then_some(port)
    }

    /// The host without its port.
    fn domain(&self) -> &str {
        let port = self.port().map_or(0, |port| port.len() + 1);
        self.host.get(..self.host.len() - port).unwrap_or_default()
    }

    /// The template as API Gateway would write it: a `*` at its end is `{proxy+}` there.
    fn resource(&self) -> Cow<'_, str> {
        match self.template.strip_suffix("/*") {
            Some(front) => Cow::Owned(format!("{front}/{{proxy+}}")),
            None => Cow::Borrowed(self.template),
        }
    }

    /// What the `*` at the end of the template stands for, unescaped.
    fn rest(&self) -> Option<Cow<'_, str>> {
        let front = self.template.strip_suffix("/*")?;
        let mut rest = self.path;
        for _ in 0..=front.matches('/').count() {
            rest = rest.split_once('/')?.1;
        }
        Some(percent_encoding::percent_decode_str(rest).decode_utf8_lossy())
    }

    /// `10/Oct/2000:13:55:36 +0000`.
    fn time(&self) -> String {
        let time = jiff::Timestamp::from_millisecond(self.time_ms).unwrap_or_default();
        time.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string()
    }
}

/// Values under their names.
type Groups<'a> = IndexMap<Cow<'a, str>, Vec<Cow<'a, str>>>;

fn group<'a>(pairs: impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)>) -> Groups<'a> {
    let mut groups = Groups::default();
    for (name, value) in pairs {
        groups.entry(name).or_default().push(value);
    }
    groups
}

/// UTF-8, or else Latin-1.
fn header_text(value: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(value) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(value.iter().copied().map(char::from).collect()),
    }
}

#[cfg(test)]
mod tests;
