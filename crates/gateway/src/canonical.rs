//! A path as a server behind the gateway may read it.
//!
//! The gateway matches and forwards a path as it came, byte for byte. A server that resolves dot
//! segments, decodes escapes, merges slashes or drops `;parameters` would then see another path
//! than the one that was admitted: neither `/open/../secret` nor `/%73ecret` must be a way past the
//! security of `/secret`. So the gateway looks where such a path leads.

use std::borrow::Cow;

/// Where a path leads in the eyes of a server that takes every liberty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reading {
    /// There is only one way to read it.
    Plain,
    /// To this path.
    Other {
        /// The path, with single slashes, without escapes, dot segments and parameters.
        path: String,
        /// Whether there were dot segments, which have no business in a request.
        has_dots: bool,
    },
    /// Above the root.
    Outside,
}

/// Reads a path that begins with a slash (RFC 3986 §3.3, §5.2.4, §6.2.2).
pub(crate) fn read(path: &str) -> Reading {
    let is_special = |byte: u8| matches!(byte, b'.' | b'%' | b';' | b'\\');
    if !path.bytes().any(is_special) && !path.contains("//") {
        return Reading::Plain;
    }
    let plain = unescaped(path);
    let mut kept: Vec<&str> = Vec::new();
    let mut has_dots = false;
    for segment in plain.split(['/', '\\']).map(without_parameters) {
        match segment {
            "" => {}
            "." => has_dots = true,
            ".." => {
                has_dots = true;
                if kept.pop().is_none() {
                    return Reading::Outside;
                }
            }
            _ => kept.push(segment),
        }
    }
    let read = format!("/{}", kept.join("/"));
    if read.trim_end_matches('/') == path.trim_end_matches('/') {
        return Reading::Plain;
    }
    Reading::Other { path: read, has_dots }
}

fn without_parameters(segment: &str) -> &str {
    segment.split(';').next().unwrap_or(segment)
}

/// The path without escapes, also where some servers decode twice.
fn unescaped(path: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(path);
    for _ in 0..3 {
        if !text.contains('%') {
            break;
        }
        let decoded = percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned();
        text = Cow::Owned(decoded);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn other(path: &str, has_dots: bool) -> Reading {
        Reading::Other { path: path.to_owned(), has_dots }
    }

    #[test]
    fn every_way_of_writing_dots_is_seen() {
        for path in [
            "/open/../secret/1",
            "/open/%2e%2e/secret/1",
            "/open/%2E./secret/1",
            "/open/..%2fsecret/1",
            "/open/..%5csecret/1",
            "/open\\..\\secret/1",
            "/open/..;x=1/secret/1",
            "/open/%252e%252e/secret/1",
            "/open/./../secret/./1",
        ] {
            assert_eq!(read(path), other("/secret/1", true), "{path}");
        }
    }

    #[test]
    fn other_disguises_are_seen() {
        for path in ["/%73ecret/1", "//secret/1", "/secret;a=b/1", "/secret%2f1", "\\secret\\1"] {
            assert_eq!(read(path), other("/secret/1", false), "{path}");
        }
    }

    #[test]
    fn what_leads_above_the_root_is_outside() {
        for path in ["/..", "/../x", "/a/../../b", "/%2e%2e/x"] {
            assert_eq!(read(path), Reading::Outside, "{path}");
        }
    }

    #[test]
    fn what_reads_one_way_is_plain() {
        for path in ["/", "/a/b", "/a/b/", "/menu.json", "/...", "/a..b/..c", ""] {
            assert_eq!(read(path), Reading::Plain, "{path}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_reads_one_way(path in "/[a./;\\\\]{0,40}") {
            if let Reading::Other { path: read_once, .. } = read(&path) {
                prop_assert_eq!(read(&read_once), Reading::Plain);
            }
        }

        #[test]
        fn nothing_breaks_the_reader(path in "/.{0,60}") {
            let _read = read(&path);
        }
    }
}
