//! Connections that are kept, and what happens when they end meanwhile.

use model::fault::FaultCode;

use super::*;

const CLOSES: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
const OLD: &str = "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok";
const OLD_KEPT: &str = "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok";

/// Whether our client uses the connection again after this answer.
async fn is_kept_after(answer: &str) -> bool {
    let backend = RawBackend::script(vec![[read_and(answer), read_and(OK)].concat()]).await;
    let rig = Rig::new(ClientChoice::Own, &backend);
    for _ in 0..2 {
        assert_eq!(rig.get().await.unwrap().status, 200, "{answer}");
    }
    backend.connections() == 1
}

#[tokio::test]
async fn a_connection_is_used_again_where_it_can_be() {
    assert!(is_kept_after(OK).await);
    assert!(is_kept_after(OLD_KEPT).await);
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
    assert!(is_kept_after(chunked).await);
    assert!(!is_kept_after(CLOSES).await);
    assert!(!is_kept_after(OLD).await);
}

/// Bytes behind the end of an answer would be taken for the next one.
#[tokio::test]
async fn what_comes_behind_an_answer_ends_the_connection() {
    assert!(!is_kept_after(&format!("{OK}HTTP/1.1 404 Not Found\r\n\r\n")).await);
    assert!(!is_kept_after(&format!("{OK}x")).await);
}

/// The same when it comes late, while the connection is idle.
#[tokio::test]
async fn what_nobody_asked_for_ends_the_connection() {
    let late = Arc::new(tokio::sync::Notify::new());
    let told = Arc::new(tokio::sync::Notify::new());
    let steps = vec![
        Step::ReadHead,
        Step::write(OK),
        Step::Wait(Arc::clone(&late)),
        Step::write("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
        Step::Wait(Arc::clone(&told)),
    ];
    ours(vec![steps, read_and(OK)], async |rig, backend| {
        assert_eq!(rig.get().await.unwrap().text(), (200, "ok"));
        late.notify_one();
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(rig.get().await.unwrap().text(), (200, "ok"));
        assert_eq!(backend.connections(), 2);
        told.notify_one();
    })
    .await;
}

/// An answer that exactly fills what was asked for leaves the socket marked as readable, which
/// does not mean that there is anything to read.
#[tokio::test]
async fn large_answers_keep_their_connection() {
    for size in [8 * 1024 - 43, 64 * 1024 - 44, 64 * 1024, 200_000, 1_000_000] {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n");
        let answer = [head.as_bytes(), &vec![b'x'; size]].concat();
        let steps = [read_and(answer.clone()), read_and(answer), read_and(OK)].concat();
        ours(vec![steps], async |rig, backend| {
            for expected in [size, size, 2] {
                assert_eq!(rig.get().await.unwrap().body.len(), expected);
            }
            assert_eq!(backend.connections(), 1);
        })
        .await;
    }
}

#[tokio::test]
async fn tls_keeps_connections_too() {
    let ca = testkit::Ca::new();
    let backend = testkit::Backend::builder()
        .tls(ca.server_config(&ca.leaf(&["localhost"]), &["http/1.1"]))
        .answer(200, &[], "ok")
        .await;
    let config = ca.client_config(&["http/1.1"]);
    let target = Target::new("localhost", backend.address().port(), Some(config), Http2::Negotiate);
    let rig = Rig::to(ClientChoice::Own, target);
    for _ in 0..3 {
        assert_eq!(rig.get().await.unwrap().text(), (200, "ok"));
    }
    assert_eq!(backend.last().connection, 0);
}

#[tokio::test]
async fn what_the_handshake_agrees_on_is_spoken() {
    let ca = testkit::Ca::new();
    for (offered, version) in
        [(&["h2", "http/1.1"][..], http::Version::HTTP_2), (&["http/1.1"], http::Version::HTTP_11)]
    {
        let backend = testkit::Backend::builder()
            .tls(ca.server_config(&ca.leaf(&["localhost"]), offered))
            .answer(200, &[], "ok")
            .await;
        let config = ca.client_config(&["h2", "http/1.1"]);
        let port = backend.address().port();
        let target = Target::new("localhost", port, Some(config), Http2::Negotiate);
        let rig = Rig::to(ClientChoice::Own, target);
        for body in [RequestBody::Empty, full("hello").await, RequestBody::Empty] {
            assert_eq!(rig.call(request("POST", body)).await.unwrap().text(), (200, "ok"));
            assert_eq!(backend.last().version, version);
        }
        assert_eq!(backend.last().connection, 0);
    }
}

/// A request never goes out on a connection whose end has been seen; so any may go out again.
#[tokio::test]
async fn a_connection_that_has_ended_is_not_used() {
    let steps = vec![Step::ReadHead, Step::write(OK), Step::Close];
    both(vec![steps.clone(), steps.clone(), steps], async |rig, backend| {
        assert_eq!(rig.get().await.unwrap().text(), (200, "ok"));
        // The end has to arrive.
        tokio::time::sleep(Duration::from_millis(20)).await;
        let answer = rig.call(request("POST", RequestBody::Empty)).await.unwrap();
        assert_eq!(answer.text(), (200, "ok"));
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(rig.call(request("POST", full("hi").await)).await.unwrap().status, 200);
        assert_eq!(backend.connections(), 3);
    })
    .await;
}

/// It ends as the request arrives: what does no harm is sent again.
#[tokio::test]
async fn what_is_safe_is_sent_again() {
    let first = vec![Step::ReadHead, Step::write(OK), Step::ReadHead, Step::Close];
    both(vec![first, read_and(OK)], async |rig, backend| {
        for _ in 0..2 {
            assert_eq!(rig.get().await.unwrap().text(), (200, "ok"));
        }
        assert_eq!(backend.connections(), 2);
        let head = "GET /a?b=c HTTP/1.1\r\nhost: h.example\r\n\r\n";
        assert_eq!(backend.text(1), head);
    })
    .await;
}

#[tokio::test]
async fn what_may_do_harm_is_sent_once() {
    let first = vec![Step::ReadHead, Step::write(OK), Step::ReadHead, Step::Close];
    for method in ["POST", "PUT", "DELETE"] {
        both(vec![first.clone(), read_and(OK)], async |rig, backend| {
            assert_eq!(rig.get().await.unwrap().text(), (200, "ok"));
            let failure = rig.call(request(method, RequestBody::Empty)).await.unwrap_err();
            assert_eq!(failure.code, FaultCode::ConnectionClosed);
            assert!(failure.over_kept && !failure.by_client);
            assert_eq!(backend.connections(), 1);
        })
        .await;
    }
    both(vec![first, read_and(OK)], async |rig, backend| {
        assert_eq!(rig.get().await.unwrap().text(), (200, "ok"));
        let mut get = request("GET", RequestBody::Empty);
        get.headers_mut().extend(headers(&[("connection", "upgrade"), ("upgrade", "x")]));
        assert!(rig.send(get).await.unwrap_err().over_kept);
        assert_eq!(backend.connections(), 1);
    })
    .await;
}

/// Whoever has begun to answer has taken the request.
#[tokio::test]
async fn what_is_being_answered_is_not_sent_again() {
    let first =
        vec![Step::ReadHead, Step::write(OK), Step::ReadHead, Step::write("HTTP/1"), Step::Close];
    ours(vec![first, read_and(OK)], async |rig, backend| {
        assert_eq!(rig.get().await.unwrap().text(), (200, "ok"));
        assert_eq!(rig.get().await.unwrap_err().code, FaultCode::ConnectionClosed);
        assert_eq!(backend.connections(), 1);
    })
    .await;
}

/// A new connection's end says something about its upstream.
#[tokio::test]
async fn over_a_new_connection_nothing_is_sent_again() {
    both(vec![vec![Step::ReadHead, Step::Close]], async |rig, backend| {
        let failure = rig.get().await.unwrap_err();
        assert_eq!((failure.code, failure.over_kept), (FaultCode::ConnectionClosed, false));
        assert_eq!(backend.connections(), 1);
    })
    .await;
}

#[tokio::test]
async fn the_connection_used_last_is_used_next() {
    let again = [read_and(OK), read_and(OK), read_and(OK)].concat();
    ours(vec![again], async |rig, backend| {
        let one = rig.send(request("GET", RequestBody::Empty)).await.unwrap();
        let two = rig.send(request("GET", RequestBody::Empty)).await.unwrap();
        let three = rig.send(request("GET", RequestBody::Empty)).await.unwrap();
        assert_eq!(backend.connections(), 3);
        // Two are kept (`idle_per_target`), the third is closed.
        for answer in [one, two, three] {
            whole(answer).await.unwrap();
        }
        rig.get().await.unwrap();
        assert_eq!(backend.text(1).matches("GET").count(), 2, "the second was put back last");
        let all = [0, 1, 2].map(|index| backend.text(index).matches("GET").count());
        assert_eq!(all, [1, 2, 1]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn idle_connections_are_closed_in_time() {
    let again = [read_and(OK), read_and(OK), read_and(OK)].concat();
    both(vec![again], async |rig, backend| {
        rig.get().await.unwrap();
        tokio::time::advance(Duration::from_secs(9)).await;
        rig.client.close_idle(Duration::from_secs(10));
        rig.get().await.unwrap();
        assert_eq!(backend.connections(), 1);
        tokio::time::advance(Duration::from_secs(11)).await;
        rig.client.close_idle(Duration::from_secs(10));
        rig.get().await.unwrap();
        assert_eq!(backend.connections(), 2);
    })
    .await;
}

/// As Node.js says it by default; a request that crosses the end might be lost.
#[tokio::test(start_paused = true)]
async fn what_an_upstream_says_of_its_patience_is_heeded() {
    for (said, kept_for) in [("timeout=5", 4), ("max=9, Timeout = 3", 2), ("timeout=1", 0)] {
        let answer =
            format!("HTTP/1.1 200 OK\r\nKeep-Alive: {said}\r\nContent-Length: 2\r\n\r\nok");
        let again = [read_and(answer.as_str()), read_and(answer.as_str())].concat();
        for (after, connections) in [(kept_for * 1000 - 1, 1), (kept_for * 1000, 2)] {
            let Ok(after) = u64::try_from(after) else { continue };
            ours(vec![again.clone()], async |rig, backend| {
                rig.get().await.unwrap();
                tokio::time::advance(Duration::from_millis(after)).await;
                rig.get().await.unwrap();
                assert_eq!(backend.connections(), connections, "{said} after {after} ms");
            })
            .await;
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_dropped_closes_its_connection() {
    let long = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf";
    both(
        vec![[read_and(long), vec![Step::ReadToEnd]].concat(), read_and(OK)],
        async |rig, backend| {
            drop(rig.send(request("GET", RequestBody::Empty)).await.unwrap());
            assert_eq!(rig.get().await.unwrap().text(), (200, "ok"));
            assert_eq!(backend.connections(), 2);
        },
    )
    .await;
}
