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

/// The known headers that a message has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Present(u32);

impl Present {
    /// Looks at every name once.
    pub(crate) fn scan(headers: &HeaderMap) -> Self {
        let mut bits = 0;
        for name in headers.keys() {
            if let Some(known) = known(name.as_str()) {
                bits |= 1 << known as u32;
            }
        }
        Self(bits)
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

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

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
