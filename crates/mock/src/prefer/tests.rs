//! `Prefer`, as clients write it.

use super::*;

#[test]
fn preferences_are_read() {
    let check = |fields: &[&str], code: Option<&str>, example: Option<&str>, is_dynamic| {
        let expected = Prefer {
            code: code.map(str::to_owned),
            example: example.map(str::to_owned),
            is_dynamic,
        };
        assert_eq!(Prefer::parse(fields.iter().copied()), expected, "{fields:?}");
    };
    check(&[], None, None, false);
    check(&["code=404"], Some("404"), None, false);
    check(&["code=404, example=cat"], Some("404"), Some("cat"), false);
    check(&["Code = 404 ; x=1", "code=500, dynamic=true"], Some("404"), None, true);
    check(&["example=\"a, b\\\"c\""], None, Some("a, b\"c"), false);
    check(&["dynamic"], None, None, true);
    check(&["dynamic=false"], None, None, false);
    check(&["respond-async, wait=10"], None, None, false);
    check(&["", ",,", "=", "\""], None, None, false);
}
