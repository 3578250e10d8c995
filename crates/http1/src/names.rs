//! Names of headers that come often, in the two spellings that are usual.
//!
//! The general way makes every name lower-case first and allocates those that the `http` crate does
//! not know; here it is one comparison of a few words.

use http::{HeaderName, header};

use crate::HeadError;

/// What a field means for the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Host,
    Expect,
    Connection,
    Length,
    Coding,
    /// Nothing.
    Other,
}

macro_rules! known {
    ($($length:literal: { $($usual:literal | $lower:literal => $name:expr, $role:ident;)* })*) => {
        /// The name and its role, if it is one of those that come often.
        #[allow(clippy::collapsible_match, reason = "some lengths have several names")]
        fn known(name: &[u8]) -> Option<(HeaderName, Role)> {
            match name.len() {
                $($length => {
                    $(if name == $usual || name == $lower {
                        return Some(($name, Role::$role));
                    })*
                })*
                _ => {}
            }
            None
        }

        /// Every spelling with its length.
        #[cfg(test)]
        const SPELLINGS: &[(usize, &[u8])] = &[$($(($length, $usual), ($length, $lower),)*)*];
    };
}

macro_rules! other {
    ($name:literal) => {
        const { HeaderName::from_static($name) }
    };
}

known! {
    3: {
        b"DNT" | b"dnt" => header::DNT, Other;
        b"Via" | b"via" => header::VIA, Other;
        b"Age" | b"age" => header::AGE, Other;
    }
    4: {
        b"Host" | b"host" => header::HOST, Host;
        b"Date" | b"date" => header::DATE, Other;
        b"ETag" | b"etag" => header::ETAG, Other;
        b"Vary" | b"vary" => header::VARY, Other;
    }
    6: {
        b"Accept" | b"accept" => header::ACCEPT, Other;
        b"Cookie" | b"cookie" => header::COOKIE, Other;
        b"Origin" | b"origin" => header::ORIGIN, Other;
        b"Server" | b"server" => header::SERVER, Other;
        b"Expect" | b"expect" => header::EXPECT, Expect;
        b"Pragma" | b"pragma" => header::PRAGMA, Other;
        b"ApiKey" | b"apikey" => other!("apikey"), Other;
    }
    7: {
        b"Referer" | b"referer" => header::REFERER, Other;
        b"Expires" | b"expires" => header::EXPIRES, Other;
        b"Upgrade" | b"upgrade" => header::UPGRADE, Other;
    }
    8: {
        b"Location" | b"location" => header::LOCATION, Other;
        b"Priority" | b"priority" => other!("priority"), Other;
    }
    9: {
        b"X-Real-IP" | b"x-real-ip" => other!("x-real-ip"), Other;
        b"Sec-CH-UA" | b"sec-ch-ua" => other!("sec-ch-ua"), Other;
    }
    10: {
        b"User-Agent" | b"user-agent" => header::USER_AGENT, Other;
        b"Connection" | b"connection" => header::CONNECTION, Connection;
        b"Set-Cookie" | b"set-cookie" => header::SET_COOKIE, Other;
        b"Keep-Alive" | b"keep-alive" => other!("keep-alive"), Other;
        b"Tracestate" | b"tracestate" => other!("tracestate"), Other;
        b"ActivityID" | b"activityid" => other!("activityid"), Other;
    }
    11: {
        b"Traceparent" | b"traceparent" => other!("traceparent"), Other;
    }
    12: {
        b"Content-Type" | b"content-type" => header::CONTENT_TYPE, Other;
        b"X-Request-ID" | b"x-request-id" => other!("x-request-id"), Other;
        b"X-Request-Id" | b"x-request-id" => other!("x-request-id"), Other;
        b"X-Powered-By" | b"x-powered-by" => other!("x-powered-by"), Other;
    }
    13: {
        b"Authorization" | b"authorization" => header::AUTHORIZATION, Other;
        b"Cache-Control" | b"cache-control" => header::CACHE_CONTROL, Other;
        b"Last-Modified" | b"last-modified" => header::LAST_MODIFIED, Other;
        b"Accept-Ranges" | b"accept-ranges" => header::ACCEPT_RANGES, Other;
        b"If-None-Match" | b"if-none-match" => header::IF_NONE_MATCH, Other;
    }
    14: {
        b"Content-Length" | b"content-length" => header::CONTENT_LENGTH, Length;
        b"Accept-Charset" | b"accept-charset" => header::ACCEPT_CHARSET, Other;
        b"Sec-Fetch-Site" | b"sec-fetch-site" => other!("sec-fetch-site"), Other;
        b"Sec-Fetch-Mode" | b"sec-fetch-mode" => other!("sec-fetch-mode"), Other;
        b"Sec-Fetch-Dest" | b"sec-fetch-dest" => other!("sec-fetch-dest"), Other;
        b"Sec-Fetch-User" | b"sec-fetch-user" => other!("sec-fetch-user"), Other;
    }
    15: {
        b"Accept-Encoding" | b"accept-encoding" => header::ACCEPT_ENCODING, Other;
        b"Accept-Language" | b"accept-language" => header::ACCEPT_LANGUAGE, Other;
        b"X-Forwarded-For" | b"x-forwarded-for" => other!("x-forwarded-for"), Other;
        b"X-Frame-Options" | b"x-frame-options" => header::X_FRAME_OPTIONS, Other;
    }
    16: {
        b"Content-Encoding" | b"content-encoding" => header::CONTENT_ENCODING, Other;
        b"X-Correlation-ID" | b"x-correlation-id" => other!("x-correlation-id"), Other;
        b"X-Forwarded-Host" | b"x-forwarded-host" => other!("x-forwarded-host"), Other;
        b"X-Forwarded-Port" | b"x-forwarded-port" => other!("x-forwarded-port"), Other;
        b"X-Requested-With" | b"x-requested-with" => other!("x-requested-with"), Other;
        b"Sec-CH-UA-Mobile" | b"sec-ch-ua-mobile" => other!("sec-ch-ua-mobile"), Other;
    }
    17: {
        b"Transfer-Encoding" | b"transfer-encoding" => header::TRANSFER_ENCODING, Coding;
        b"If-Modified-Since" | b"if-modified-since" => header::IF_MODIFIED_SINCE, Other;
        b"X-Forwarded-Proto" | b"x-forwarded-proto" => other!("x-forwarded-proto"), Other;
    }
    22: {
        b"X-Content-Type-Options" | b"x-content-type-options" =>
            header::X_CONTENT_TYPE_OPTIONS, Other;
    }
    27: {
        b"Access-Control-Allow-Origin" | b"access-control-allow-origin" =>
            header::ACCESS_CONTROL_ALLOW_ORIGIN, Other;
    }
}

/// Reads a name in any spelling.
pub(crate) fn read(name: &str) -> Result<(HeaderName, Role), HeadError> {
    let name = name.as_bytes();
    if let Some(known) = known(name) {
        return Ok(known);
    }
    let name = HeaderName::from_bytes(name).map_err(|_invalid| HeadError::NameInvalid)?;
    let role = role(&name);
    Ok((name, role))
}

fn role(name: &HeaderName) -> Role {
    match name.as_str() {
        "host" => Role::Host,
        "expect" => Role::Expect,
        "connection" => Role::Connection,
        "content-length" => Role::Length,
        "transfer-encoding" => Role::Coding,
        _ => Role::Other,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]

    use super::*;

    #[test]
    fn a_quick_name_is_the_one_that_the_general_way_finds() {
        for (length, spelling) in SPELLINGS {
            assert_eq!(*length, spelling.len());
            let general = HeaderName::from_bytes(spelling).unwrap();
            let (name, quick) = known(spelling).unwrap();
            assert_eq!(name, general);
            assert_eq!(quick, role(&general));
        }
    }

    #[test]
    fn a_name_in_any_spelling_has_its_role() {
        let roles = [
            ("HOST", Role::Host),
            ("eXPECT", Role::Expect),
            ("CONNECTION", Role::Connection),
            ("Content-length", Role::Length),
            ("TRANSFER-encoding", Role::Coding),
            ("X-Content-Length", Role::Other),
        ];
        for (spelling, role) in roles {
            assert_eq!(read(spelling).map(|(_, role)| role), Ok(role));
        }
    }
}
