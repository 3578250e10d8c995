//! Keys in a header or in the query.

use http::Method;
use testkit::{Backend, RawBackend};

use super::{key, secured};
use crate::gateway::Weir;

#[tokio::test]
async fn a_key_in_a_header_replaces_the_callers() {
    let backend = Backend::echo().await;
    let weir = Weir::start(&secured(&backend.url(), key("HEADER", "X-API-Key", "s3cret, \"q\"")));
    let headers = [("x-api-key", "mine"), ("x-api-key", "mine too")];
    assert_eq!(weir.call("GET", "/shop/1.0/a", &headers, b"").await.status, 200);
    let seen = backend.last();
    let keys: Vec<_> = seen.headers.get_all("x-api-key").iter().collect();
    assert_eq!(keys, ["s3cret, \"q\""]);
    let explained = weir.admin(Method::GET, "/explain?method=GET&url=/shop/1.0/a").await.1;
    let headers = explained["request"]["headers"].as_array().unwrap();
    let value =
        |name: &str| headers.iter().find(|one| one["name"] == name).unwrap()["value"].clone();
    assert_eq!(value("x-api-key"), "***");
    assert_ne!(value("x-request-id"), "***");
}

#[tokio::test]
async fn a_key_in_the_query_replaces_the_callers() {
    let backend = Backend::echo().await;
    let url = format!("{}/base", backend.url());
    let weir = Weir::start(&secured(&url, key("QUERY_PARAMETER", "api key", "s&c=r+t/ü")));
    for (target, expected) in [
        ("/shop/1.0/a", "/base/a?api%20key=s%26c%3Dr%2Bt%2F%C3%BC"),
        ("/shop/1.0/a?x=%2f&api+key=mine", "/base/a?x=%2f&api%20key=s%26c%3Dr%2Bt%2F%C3%BC"),
    ] {
        assert_eq!(weir.get(target).await.status, 200);
        assert_eq!(backend.last().target, expected);
    }
    // Neither the log nor an explanation gives it away.
    for record in weir.records(2).await {
        assert!(!record.to_string().contains("s%26c"), "{record}");
    }
    let path = "/explain?method=GET&url=/shop/1.0/a";
    let (status, explained) = weir.admin(Method::GET, path).await;
    assert_eq!(status, 200, "{explained}");
    let text = explained.to_string();
    assert!(text.contains("api%20key=***") && !text.contains("s%26c"), "{text}");
}

#[tokio::test]
async fn an_upstream_that_repeats_the_key_in_a_redirect_does_not_give_it_away() {
    let answer = "HTTP/1.1 302 Found\r\nLocation: /a/?key=s3cret&x=1\r\nContent-Length: 0\r\n\r\n";
    let backend = RawBackend::bytes(answer).await;
    let weir = Weir::start(&secured(&backend.url(), key("QUERY_PARAMETER", "key", "s3cret")));
    let answer = weir.get("/shop/1.0/a").await;
    assert_eq!((answer.status, answer.header("location")), (302, Some("/a/?x=1")));
}
