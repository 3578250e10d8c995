//! Joining an endpoint address and the rest of a request (spec/01 §3.3).
//!
//! Deliberately absent: any normalisation.
//! Escapes, dot segments, repeated parameters and their order are the upstream's business.

/// Writes `endpoint`, followed by `postfix`, to the end of `out`.
///
/// `postfix` is the request path after the context, with its query.
/// Where both have a slash at the seam one is left, where neither has one it is added, and a slash
/// before a `?` is dropped; an empty `postfix` leaves the endpoint as it is.
pub fn join(endpoint: &str, postfix: &str, out: &mut String) {
    out.reserve(endpoint.len() + postfix.len() + 1);
    match postfix.bytes().next() {
        None => out.push_str(endpoint),
        Some(b'/' | b'?') => out.push_str(endpoint.trim_end_matches('/')),
        Some(_) => {
            out.push_str(endpoint.trim_end_matches('/'));
            out.push('/');
        }
    }
    out.push_str(postfix);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn joined(endpoint: &str, postfix: &str) -> String {
        let mut out = String::from(">");
        join(endpoint, postfix, &mut out);
        out.split_off(1)
    }

    #[test]
    fn the_table() {
        let table = [
            ("http://b:1/base", "/items/7?x=%2Fa&x=2", "http://b:1/base/items/7?x=%2Fa&x=2"),
            ("http://b:1/base/", "/items/7", "http://b:1/base/items/7"),
            ("http://b:1/base//", "/items/7", "http://b:1/base/items/7"),
            ("http://b", "items", "http://b/items"),
            ("http://b/", "items", "http://b/items"),
            ("http://b", "?q=1", "http://b?q=1"),
            ("http://b/", "?q=1", "http://b?q=1"),
            ("http://b/base", "", "http://b/base"),
            ("http://b/base/", "", "http://b/base/"),
            ("http://b", "/", "http://b/"),
            ("http://b/", "/", "http://b/"),
            ("http://b", "//x", "http://b//x"),
            ("http://b", "/../x;v=1,2/%2e%2E", "http://b/../x;v=1,2/%2e%2E"),
            ("http://b/a?key=1", "/x", "http://b/a?key=1/x"),
        ];
        for (endpoint, postfix, expected) in table {
            assert_eq!(joined(endpoint, postfix), expected, "{endpoint} {postfix}");
        }
    }

    proptest! {
        #[test]
        fn one_slash_at_the_seam_and_the_rest_byte_for_byte(
            endpoint in "http://[a-z]{1,4}(:[0-9]{1,4})?(/[a-z%2F.]{1,4}){0,3}",
            slashes in "/{0,3}",
            path in "(/?[a-z%2F.;,]{1,5}(/[a-z%2F.;,]{0,5}){0,3})?",
            query in "(\\?[a-z=&/%?]{0,8})?",
        ) {
            let postfix = format!("{path}{query}");
            let result = joined(&format!("{endpoint}{slashes}"), &postfix);
            prop_assert!(result.starts_with(&endpoint));
            prop_assert!(result.ends_with(&postfix));
            let seam = result.get(endpoint.len()..).unwrap_or_default();
            if !postfix.is_empty() {
                prop_assert!(!seam.starts_with("//") && !seam.starts_with("/?"));
            }
            if !path.is_empty() {
                prop_assert!(seam.starts_with('/'));
                let doubled = seam.strip_prefix('/').and_then(|it| it.strip_prefix('/'));
                prop_assert!(doubled.is_none());
            }
        }
    }
}
