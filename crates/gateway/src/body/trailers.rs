//! Fields behind a body: what would mean something else there than in front of it is left out.

use bytes::Bytes;
use http::{HeaderMap, HeaderName};
use http_body::Frame;

/// What the gateway itself says of a request; behind a body nobody but the client would say it.
const OURS: [&str; 6] = [
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-request-id",
    "traceparent",
];

/// A frame as it may go on.
pub(super) fn cleaned(frame: Frame<Bytes>) -> Frame<Bytes> {
    match frame.into_trailers() {
        Ok(trailers) => Frame::trailers(clean(trailers)),
        Err(data) => data,
    }
}

fn clean(mut trailers: HeaderMap) -> HeaderMap {
    let is_bad =
        |name: &&HeaderName| !http1::write::may_follow_body(name) || OURS.contains(&name.as_str());
    let bad: Vec<HeaderName> = trailers.keys().filter(is_bad).cloned().collect();
    for name in bad {
        trailers.remove(name);
    }
    trailers
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn what_frames_routes_or_identifies_is_left_out() {
        let mut trailers = HeaderMap::new();
        for name in ["x-checksum", "content-length", "connection", "cookie", "x-forwarded-for"] {
            trailers.insert(name, HeaderValue::from_static("1"));
        }
        let cleaned = cleaned(Frame::trailers(trailers)).into_trailers().expect("trailers");
        let names: Vec<_> = cleaned.keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["x-checksum"]);
    }
}
