//! Dot segments of a path, as servers behind a gateway may resolve them (RFC 3986 §5.2.4).
//!
//! The gateway forwards a path as it came, dots and all. A server that resolves them would then
//! see another path than the one that was admitted: `/open/../secret` must not be a way past the
//! security of `/secret`. So the gateway looks where such a path leads.

use std::borrow::Cow;

/// Where a path leads once its dot segments are resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Resolved {
    /// It has none.
    Same,
    /// To this path.
    To(String),
    /// Above its root.
    Outside,
}

/// Resolves the dot segments of a path that begins with a slash.
///
/// Escaped dots and slashes, backslashes and `;parameters` count as some servers take them.
pub(crate) fn resolve(path: &str) -> Resolved {
    if !path.bytes().any(|byte| matches!(byte, b'.' | b'%')) {
        return Resolved::Same;
    }
    let plain = unescaped(path);
    let is_dots = |segment: &str| matches!(name(segment), "." | "..");
    if !segments(&plain).any(is_dots) {
        return Resolved::Same;
    }
    let mut kept: Vec<&str> = Vec::new();
    for segment in segments(&plain) {
        match name(segment) {
            "." => {}
            ".." => {
                if kept.pop().is_none() {
                    return Resolved::Outside;
                }
            }
            _ => kept.push(segment),
        }
    }
    Resolved::To(format!("/{}", kept.join("/")))
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split(['/', '\\']).filter(|segment| !segment.is_empty())
}

/// A segment without its parameters (RFC 3986 §3.3).
fn name(segment: &str) -> &str {
    segment.split(';').next().unwrap_or(segment)
}

/// The path with its escapes decoded until none that matters is left, since some servers decode
/// twice.
fn unescaped(path: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(path);
    // Each round shortens the text; three are more than any server takes.
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
            assert_eq!(resolve(path), Resolved::To("/secret/1".to_owned()), "{path}");
        }
    }

    #[test]
    fn what_leads_above_the_root_is_outside() {
        for path in ["/..", "/../x", "/a/../../b", "/%2e%2e/x"] {
            assert_eq!(resolve(path), Resolved::Outside, "{path}");
        }
    }

    #[test]
    fn other_dots_and_escapes_stand() {
        for path in ["/", "/a/b", "/menu.json", "/...", "/a..b/..c", "/a%2Fb", "/100%25", "/a%20b"]
        {
            assert_eq!(resolve(path), Resolved::Same, "{path}");
        }
    }

    proptest! {
        #[test]
        fn what_is_resolved_has_no_dots_left(path in "/[a./%2eE;\\\\]{0,40}") {
            if let Resolved::To(resolved) = resolve(&path) {
                prop_assert!(segments(&resolved).all(|segment| !matches!(name(segment), "." | "..")));
            }
        }
    }
}
