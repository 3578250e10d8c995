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

/// The same for an address that was computed for the request (spec/02 §1.3).
///
/// A slash is added only where `address` has none at its end and `postfix` begins neither with one
/// nor with `?`; two slashes stay two, and an empty `postfix` leaves the address as it is.
pub fn join_computed(address: &str, postfix: &str, out: &mut String) {
    out.reserve(address.len() + postfix.len() + 1);
    out.push_str(address);
    if !postfix.is_empty() && !address.ends_with('/') && !postfix.starts_with(['/', '?']) {
        out.push('/');
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

    #[test]
    fn computed_addresses_keep_their_slashes() {
        let table = [
            ("/x", "/y?q=1", "/x/y?q=1"),
            ("/x/", "/y", "/x//y"),
            ("/x", "y", "/x/y"),
            ("/x/", "y", "/x/y"),
            ("/x", "?q=1", "/x?q=1"),
            ("/x/", "?q=1", "/x/?q=1"),
            ("/customers/123", "/", "/customers/123/"),
            ("/x", "", "/x"),
            ("/x/", "", "/x/"),
            ("", "y", "/y"),
            ("", "/y", "/y"),
            ("/x?a=1", "/y", "/x?a=1/y"),
            ("/x/../%2e", "//y", "/x/../%2e//y"),
        ];
        for (address, postfix, expected) in table {
            let mut out = String::new();
            join_computed(address, postfix, &mut out);
            assert_eq!(out, expected, "{address} {postfix}");
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
