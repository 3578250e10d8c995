//! Which of the headers that the gateway deals with a message has, found in one pass.
//!
//! Looking up an absent header costs a hash each; most messages have hardly any of these.

use http::HeaderMap;

macro_rules! known {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// A header that the gateway deals with.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u32)]
        pub(crate) enum Known { $($name,)* }

        fn known(name: &str) -> Option<Known> {
            match name {
                $($text => Some(Known::$name),)*
                _ => None,
            }
        }
    };
}

known! {
    Accept = "accept",
    ApiKey = "apikey",
    Authorization = "authorization",
    Connection = "connection",
    ContentLength = "content-length",
    ContentType = "content-type",
    DefaultVersion = "wso2_am_api_default_version",
    Expect = "expect",
    Forwarded = "forwarded",
    Http2Settings = "http2-settings",
    InternalKey = "internal-key",
    KeepAlive = "keep-alive",
    Location = "location",
    Origin = "origin",
    ProxyAuthenticate = "proxy-authenticate",
    ProxyAuthorization = "proxy-authorization",
    ProxyConnection = "proxy-connection",
    RequestId = "x-request-id",
    Te = "te",
    Traceparent = "traceparent",
    Tracestate = "tracestate",
    TransferEncoding = "transfer-encoding",
    Upgrade = "upgrade",
    UserAgent = "user-agent",
    XForwardedFor = "x-forwarded-for",
    XForwardedHost = "x-forwarded-host",
    XForwardedProto = "x-forwarded-proto",
}

/// The bit for names that are one of these to whoever takes underscores for hyphens.
const DISGUISED: u32 = 1 << 31;
/// No known name is longer.
const LONGEST: usize = 32;

/// The known headers that a message has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Present(u32);

impl Present {
    /// Looks at every name once.
    pub(crate) fn scan(headers: &HeaderMap) -> Self {
        let mut bits = 0;
        for name in headers.keys() {
            match known(name.as_str()) {
                Some(known) => bits |= 1 << known as u32,
                None if is_disguised(name.as_str()) => bits |= DISGUISED,
                None => {}
            }
        }
        Self(bits)
    }

    /// Whether a backend that takes underscores for hyphens, as CGI does (RFC 3875 §4.1.18), would
    /// find more known headers than there are; [`is_disguised`] tells which.
    pub(crate) fn has_disguised(self) -> bool {
        self.0 & DISGUISED != 0
    }

    /// Whether the message has it.
    pub(crate) fn has(self, known: Known) -> bool {
        self.0 & (1 << known as u32) != 0
    }

    /// Whether the message has any of them.
    pub(crate) fn has_any(self, all: &[Known]) -> bool {
        all.iter().any(|known| self.has(*known))
    }
}

/// Whether a name with underscores is that of a known header with hyphens.
pub(crate) fn is_disguised(name: &str) -> bool {
    name.as_bytes().contains(&b'_') && name.len() <= LONGEST && {
        let mut plain = [0; LONGEST];
        let plain = &mut plain[..name.len()];
        plain.copy_from_slice(name.as_bytes());
        plain.iter_mut().filter(|byte| **byte == b'_').for_each(|byte| *byte = b'-');
        known(name).is_none() && std::str::from_utf8(plain).is_ok_and(|name| known(name).is_some())
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn underscores_disguise_nothing() {
        for (name, is_one) in [
            ("content_length", true),
            ("x_forwarded-for", true),
            ("x-forwarded_proto", true),
            ("content-length", false),
            ("wso2_am_api_default_version", false),
            ("x_own", false),
            ("content_length_and_a_name_that_is_too_long", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.append(name, HeaderValue::from_static("1"));
            assert_eq!(Present::scan(&headers).has_disguised(), is_one, "{name}");
        }
    }

    #[test]
    fn only_what_is_there_is_found() {
        let mut headers = HeaderMap::new();
        headers.append("Origin", HeaderValue::from_static("https://a.example"));
        headers.append("X-Forwarded-For", HeaderValue::from_static("192.0.2.1"));
        headers.append("X-Other", HeaderValue::from_static("1"));
        let present = Present::scan(&headers);
        assert!(present.has(Known::Origin) && present.has(Known::XForwardedFor));
        assert!(!present.has(Known::Accept));
        assert!(present.has_any(&[Known::Te, Known::Origin]));
        assert!(!present.has_any(&[Known::Te, Known::Connection]));
    }
}
