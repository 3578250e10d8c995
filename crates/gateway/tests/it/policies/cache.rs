//! The response cache: both halves of `cache`.

use testkit::{Backend, Reply};

use super::{fixed_endpoint, mediated, open_to_all};
use crate::gateway::Weir;

const FIND: &str = r#"<cache timeout="60"><protocol type="HTTP"><methods>*</methods><headersToExcludeInHash>X-Any</headersToExcludeInHash></protocol><implementation maxSize="100"/></cache>"#;
const KEEP: &str = r#"<cache collector="true"/>"#;

/// A backend that numbers its answers.
async fn counting() -> Backend {
    let count = std::sync::atomic::AtomicUsize::new(0);
    Backend::builder()
        .start(move |request| {
            let number = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            match request.target.as_str() {
                "/long" => Reply::new(200).body(vec![b'x'; 2_000_000]),
                _ => Reply::new(200)
                    .header("x-number", &number.to_string())
                    .body(format!("answer {number}")),
            }
        })
        .await
}

#[tokio::test]
async fn answers_are_kept() {
    let backend = counting().await;
    let weir =
        Weir::start(&open_to_all(mediated(fixed_endpoint(&backend.url()), [FIND, KEEP, ""])));
    for (headers, expected) in [
        (vec![], "answer 0"),
        (vec![], "answer 0"),
        (vec![("x-any", "1")], "answer 0"),
        (vec![("authorization", "Bearer somebody")], "answer 1"),
        (vec![("authorization", "Bearer somebody")], "answer 1"),
        (vec![("authorization", "Bearer other")], "answer 2"),
        (vec![("x-other", "1")], "answer 3"),
        (vec![], "answer 0"),
    ] {
        let answer = weir.call("GET", "/shop/1.0/a", &headers, b"").await;
        assert_eq!((answer.status, answer.text().as_str()), (200, expected), "{headers:?}");
        assert_eq!(answer.header("x-number"), expected.strip_prefix("answer "), "{headers:?}");
    }
    assert_eq!(backend.take().len(), 4);
    for (body, expected) in [("a", "answer 4"), ("b", "answer 5"), ("a", "answer 4")] {
        let answer = weir.call("POST", "/shop/1.0/a", &[], body.as_bytes()).await;
        assert_eq!(answer.text(), expected, "{body}");
    }
    assert_eq!(backend.last().body.as_ref(), b"b");
}

/// Long answers stream on, and what is deployed anew begins with nothing.
#[tokio::test]
async fn long_answers_are_not_kept() {
    let backend = counting().await;
    let weir =
        Weir::start(&open_to_all(mediated(fixed_endpoint(&backend.url()), [FIND, KEEP, ""])));
    for _ in 0..2 {
        let answer = weir.get("/shop/1.0/long").await;
        assert_eq!((answer.status, answer.text().len()), (200, 2_000_000));
    }
    assert_eq!(backend.take().len(), 2);
}
