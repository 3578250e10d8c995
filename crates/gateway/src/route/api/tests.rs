#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::super::sample::api;
use super::*;

fn on_hosts(context: &str, hosts: &[&str]) -> ApiPlan {
    ApiPlan { hosts: hosts.iter().map(|&it| it.to_owned()).collect(), ..api(context) }
}

fn default_of(context: &str, default: &str) -> ApiPlan {
    ApiPlan { default_context: Some(default.to_owned()), ..api(context) }
}

/// A router whose values are the places of the plans.
fn router(plans: &[ApiPlan], strict: bool) -> Router<usize> {
    Router::new(plans.iter().enumerate().map(|(index, plan)| (plan, index)), strict)
}

/// Which plan serves a path: its place, the prefix, and `*` for the default version.
fn route(router: &Router<usize>, host: Option<&str>, path: &str) -> Option<String> {
    let found = router.api(host, path)?;
    let star = if found.default_version { "*" } else { "" };
    Some(format!("{} {}{star}", found.value, path.get(..found.prefix_len).unwrap()))
}

fn check(router: &Router<usize>, host: Option<&str>, table: &[(&str, Option<&str>)]) {
    for (path, expected) in table {
        assert_eq!(route(router, host, path).as_deref(), *expected, "{path} on {host:?}");
    }
}

#[test]
fn a_path_is_the_context_or_below_it() {
    let router = router(&[api("/shop/1.0"), api("/1.0/shop"), api("/t/b.org/shop/1.0")], false);
    check(
        &router,
        None,
        &[
            ("/shop/1.0", Some("0 /shop/1.0")),
            ("/shop/1.0/", Some("0 /shop/1.0")),
            ("/shop/1.0/items/7/", Some("0 /shop/1.0")),
            ("/shop/1.0//x", Some("0 /shop/1.0")),
            ("/shop/1.01", None),
            ("/shop/1.0;x", None),
            ("/Shop/1.0", None),
            ("/shop/1%2E0", None),
            ("/shop", None),
            ("/shop/", None),
            ("/", None),
            ("", None),
            ("*", None),
            ("/1.0/shop/items/7", Some("1 /1.0/shop")),
            ("/t/b.org/shop/1.0/x", Some("2 /t/b.org/shop/1.0")),
        ],
    );
}

#[test]
fn the_longest_context_wins() {
    let router = router(&[api("/a/1"), api("/a/1/b/2"), api("/a/1/b")], false);
    check(
        &router,
        None,
        &[
            ("/a/1/b/2/x", Some("1 /a/1/b/2")),
            ("/a/1/b/3", Some("2 /a/1/b")),
            ("/a/1/bb", Some("0 /a/1")),
        ],
    );
}

#[test]
fn a_context_without_version_leads_to_the_default_version() {
    let router = router(&[api("/shop/1.0"), default_of("/shop/2.0", "/shop")], false);
    check(
        &router,
        None,
        &[
            ("/shop/items/7", Some("1 /shop*")),
            ("/shop", Some("1 /shop*")),
            ("/shop/1.0/items", Some("0 /shop/1.0")),
            ("/shop/2.0/items", Some("1 /shop/2.0")),
            ("/shop/3.0/items", Some("1 /shop*")),
        ],
    );
}

#[test]
fn a_context_may_end_like_its_version() {
    let plans = [default_of("/crm/v1/v1", "/crm/v1")];
    check(
        &router(&plans, false),
        None,
        &[
            ("/crm/v1/customers/1", Some("0 /crm/v1*")),
            ("/crm/v1/v1/customers/1", Some("0 /crm/v1/v1")),
            ("/crm/v1", Some("0 /crm/v1*")),
        ],
    );
    let both = router(&[default_of("/crm/v1/v1", "/crm/v1"), api("/crm/v1")], false);
    check(&both, None, &[("/crm/v1/x", Some("1 /crm/v1")), ("/crm/v1/v1", Some("0 /crm/v1/v1"))]);
    let [conflict] = both.conflicts() else { panic!("one conflict") };
    assert_eq!((conflict.loser, conflict.winner, conflict.default_only), (0, 1, true));
}

#[test]
fn hosts_tell_equal_contexts_apart() {
    let plans = [on_hosts("/a/1", &["one.org"]), on_hosts("/a/1", &["Two.org"]), api("/b/1")];
    for strict in [false, true] {
        let router = router(&plans, strict);
        assert_eq!(router.conflicts(), []);
        for (host, expected) in [
            ("one.org", "0 /a/1"),
            ("ONE.org:8443", "0 /a/1"),
            ("one.org.", "0 /a/1"),
            ("two.org", "1 /a/1"),
        ] {
            let both = [("/a/1/x", Some(expected)), ("/b/1", Some("2 /b/1"))];
            check(&router, Some(host), &both);
        }
        let elsewhere = (!strict).then_some("0 /a/1");
        for host in [None, Some("three.org"), Some("[::1]:80"), Some(""), Some(":")] {
            check(&router, host, &[("/a/1", elsewhere), ("/b/1", Some("2 /b/1"))]);
        }
        let long = "A".repeat(300);
        check(&router, Some(&long), &[("/a/1", elsewhere)]);
    }
}

#[test]
fn the_longer_context_wins_on_a_virtual_host_too() {
    let plans = [on_hosts("/a/1", &["one.org"]), api("/a/1/b"), api("/a/1")];
    let router = router(&plans, false);
    check(&router, Some("one.org"), &[("/a/1/b", Some("1 /a/1/b")), ("/a/1/c", Some("0 /a/1"))]);
    check(&router, Some("two.org"), &[("/a/1/b", Some("1 /a/1/b")), ("/a/1/c", Some("2 /a/1"))]);
    assert_eq!(router.conflicts(), []);
}

#[test]
fn of_two_that_want_the_same_the_first_has_it_and_the_other_is_named() {
    let plans = [
        on_hosts("/a/1", &["one.org", "two.org"]),
        on_hosts("/a/1", &["two.org", "three.org", "three.org"]),
        api("/b/1"),
        api("/b/1/"),
    ];
    let router = router(&plans, false);
    check(&router, Some("two.org"), &[("/a/1", Some("0 /a/1")), ("/b/1", Some("2 /b/1"))]);
    check(&router, Some("three.org"), &[("/a/1", Some("1 /a/1"))]);
    let named = |it: &Conflict| (it.loser, it.winner, it.context.to_string(), it.host.clone());
    assert_eq!(
        router.conflicts().iter().map(named).collect::<Vec<_>>(),
        [(1, 0, "/a/1".to_owned(), Some("two.org".to_owned())), (3, 2, "/b/1".to_owned(), None),]
    );
}

#[test]
fn a_context_of_nothing_serves_every_path() {
    let router = router(&[api("/"), api("/a/1")], false);
    check(&router, None, &[("/x", Some("0 ")), ("/a/1/x", Some("1 /a/1")), ("", Some("0 "))]);
}

fn probes(router: &Router<usize>, host: Option<&str>, path: &str) -> usize {
    let mut count = 0;
    router.find(host, path, &mut |_| count += 1);
    count
}

#[test]
fn ten_thousand_apis_cost_as_many_probes_as_ten() {
    let of = |count: usize| {
        let plan = |n| match n % 3 {
            0 => on_hosts(&format!("/api{n}/1.0"), &["one.org"]),
            _ => default_of(&format!("/api{n}/1.0"), &format!("/api{n}")),
        };
        router(&(0..count).map(plan).collect::<Vec<_>>(), false)
    };
    let (few, many) = (of(10), of(10_000));
    let tail = "/x".repeat(2_000);
    for host in [None, Some("one.org"), Some("two.org")] {
        for path in ["/api3/1.0/a/b", "/api4/a", "/api4/1.0", "/none/a/b/c/d", "/", &tail] {
            let count = probes(&few, host, path);
            assert_eq!(probes(&many, host, path), count, "{path}");
            assert!(count <= 6, "{count} probes for {path}");
        }
    }
    assert_eq!(route(&many, None, "/api9998/1.0/x").as_deref(), Some("9998 /api9998/1.0"));
}
