//! Heads and bodies of answers: what is taken, and what is refused.

use model::fault::{FaultCode, ProtocolState};

use super::*;

#[tokio::test]
async fn each_framing_is_read() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\nhello",
        "HTTP/1.0 200 OK\r\n\r\nhello",
        "HTTP/1.1 200\r\nConnection: close\r\n\r\nhello",
    ] {
        let steps = vec![Step::ReadHead, Step::write(answer), Step::Close];
        both(vec![steps], async |rig, _| {
            assert_eq!(rig.get().await.unwrap().text(), (200, "hello"), "{answer}");
        })
        .await;
    }
}

#[tokio::test]
async fn an_answer_may_come_byte_by_byte() {
    let answer = "HTTP/1.1 200 OK\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n\
                  5\r\nhello\r\n1\r\n!\r\n0\r\nX-Sum: 7\r\n\r\n";
    let mut steps = vec![Step::ReadHead];
    steps.extend(answer.bytes().map(|byte| Step::Write(vec![byte])));
    both(vec![steps], async |rig, _| {
        let answer = rig.get().await.unwrap();
        assert_eq!(answer.text(), (200, "hello!"));
        assert_eq!(answer.headers["x-a"], "b");
        assert_eq!(answer.trailers.unwrap()["x-sum"], "7");
    })
    .await;
}

#[tokio::test]
async fn trailers_are_passed_on() {
    let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n\
                  5\r\nhello\r\n0\r\nX-Sum: 7\r\nX-Sum: 8\r\n\r\n";
    both(vec![read_and(answer)], async |rig, _| {
        let answer = rig.get().await.unwrap();
        assert_eq!(answer.text(), (200, "hello"));
        assert_eq!(answer.trailers, Some(headers(&[("x-sum", "7"), ("x-sum", "8")])));
    })
    .await;
}

#[tokio::test]
async fn answers_without_a_body_keep_the_connection() {
    for (method, head) in [
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
        ("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ("HEAD", "HTTP/1.1 200 OK\r\n\r\n"),
        ("GET", "HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
        ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ] {
        let steps = [read_and(head), read_and(OK)].concat();
        both(vec![steps], async |rig, backend| {
            let answer = rig.call(request(method, RequestBody::Empty)).await.unwrap();
            assert_eq!(answer.body, b"", "{head}");
            settle().await;
            assert_eq!(rig.get().await.unwrap().text(), (200, "ok"), "{head}");
            assert_eq!(backend.connections(), 1, "{head}");
        })
        .await;
    }
}

/// Lets the HTTP library's tasks run.
async fn settle() {
    for _ in 0..16 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_length_is_known_where_it_is() {
    for (answer, exact) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", Some(5)),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Some(5)),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n", None),
        ("HTTP/1.1 204 No Content\r\n\r\n", Some(0)),
    ] {
        both(vec![[read_and(answer), vec![Step::Never]].concat()], async |rig, _| {
            let answer = rig.send(request("GET", RequestBody::Empty)).await.unwrap();
            assert_eq!(answer.body().size_hint().exact(), exact);
            assert_eq!(answer.body().is_end_stream(), exact == Some(0));
        })
        .await;
    }
}

/// Whoever forwards the last piece can say at once that it is the last.
#[tokio::test]
async fn the_end_is_seen_with_the_last_piece() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ] {
        ours(vec![read_and(answer)], async |rig, _| {
            let mut answer = rig.send(request("GET", RequestBody::Empty)).await.unwrap();
            assert_eq!(data(answer.body_mut()).await, "hello");
            assert!(answer.body().is_end_stream());
        })
        .await;
    }
}

#[tokio::test]
async fn what_is_no_head_is_a_violation() {
    for head in [
        "SSH-2.0-OpenSSH_9.2\r\n\r\n",
        "HTTP/1.1\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nNo colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    ] {
        both(vec![read_and(head)], async |rig, _| refused(rig, head).await).await;
    }
}

#[tokio::test]
async fn what_two_could_read_in_two_ways_is_refused() {
    for head in [
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nok",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
        "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok",
        "\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ] {
        ours(vec![read_and(head)], async |rig, _| refused(rig, head).await).await;
    }
}

async fn refused(rig: &Rig, head: &str) {
    let failure = rig.send(request("GET", RequestBody::Empty)).await.unwrap_err();
    let judged = (failure.code, failure.state, failure.by_client, failure.over_kept);
    let violation = (FaultCode::ProtocolViolation, ProtocolState::RequestDone, false, false);
    assert_eq!(judged, violation, "{head:?}: {failure}");
}

#[tokio::test]
async fn heads_have_limits() {
    let long = format!("HTTP/1.1 200 OK\r\nX: {}\r\nContent-Length: 0\r\n\r\n", "x".repeat(17_000));
    let many = format!("HTTP/1.1 200 OK\r\n{}Content-Length: 0\r\n\r\n", "X: y\r\n".repeat(100));
    for head in [long, many] {
        ours(vec![read_and(head.as_str())], async |rig, _| refused(rig, &head).await).await;
    }
    let fields = "X: y\r\n".repeat(99);
    let fits = format!(
        "HTTP/1.1 200 OK\r\n{fields}Content-Length: 0\r\nX-Long: {}\r\n\r\n",
        "x".repeat(15_000)
    );
    let fits = fits.replacen("X: y\r\n", "", 1);
    both(vec![read_and(fits)], async |rig, _| {
        assert_eq!(rig.get().await.unwrap().headers.len(), 100);
    })
    .await;
}

#[tokio::test]
async fn a_connection_that_ends_early_is_told_from_garbage() {
    for answer in ["", "HTTP/1.1 200 OK\r\nContent-Le"] {
        let steps = vec![Step::ReadHead, Step::write(answer), Step::Close];
        both(vec![steps], async |rig, _| {
            let failure = rig.get().await.unwrap_err();
            assert_eq!(failure.code, FaultCode::ConnectionClosed, "{answer:?}");
            assert_eq!(failure.state, ProtocolState::RequestDone);
            assert!(!failure.over_kept);
        })
        .await;
    }
}

#[tokio::test]
async fn a_reset_is_a_failure_of_the_sender() {
    both(vec![vec![Step::ReadHead, Step::Reset]], async |rig, _| {
        let failure = rig.get().await.unwrap_err();
        assert_eq!(failure.code, FaultCode::SenderIo, "{failure}");
    })
    .await;
}

#[tokio::test]
async fn half_a_body_is_an_error() {
    for (answer, body) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", "hello"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "hello"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello", "hello"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", "hello"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n-1\r\n", "hello"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello6\r\n", "hello"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11111111111111111\r\n", ""),
    ] {
        let steps = vec![Step::ReadHead, Step::write(answer), Step::Close];
        both(vec![steps], async |rig, _| {
            let answer = rig.send(request("GET", RequestBody::Empty)).await.unwrap();
            let (part, error) = whole(answer).await.unwrap_err();
            assert_eq!(part.text(), (200, body), "{error}");
        })
        .await;
    }
}

#[tokio::test]
async fn trailers_have_limits() {
    let body = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
    for trailers in ["X: y\r\n".repeat(65), format!("X: {}\r\n", "y".repeat(9000)), "X\r\n".into()]
    {
        ours(vec![read_and(format!("{body}{trailers}\r\n"))], async |rig, _| {
            let answer = rig.send(request("GET", RequestBody::Empty)).await.unwrap();
            assert!(whole(answer).await.is_err());
        })
        .await;
    }
}
