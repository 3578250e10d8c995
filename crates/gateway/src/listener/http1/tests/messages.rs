//! Framing in both directions, and what ends a connection.

use super::*;

const SERIES: &str = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n\
    POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello\
    \r\nPUT /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n\
    3;a=b\r\nabc\r\n4\r\ndefg\r\n0\r\nX-Sum: 9\r\n\r\n\
    HEAD /d HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n\
    GET /e HTTP/1.0\r\nConnection: keep-alive\r\n\r\n\
    GET /f HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

const ANSWERS: &str = "HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nGET /a \
    HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\nPOST /b hello\
    HTTP/1.1 200 OK\r\ncontent-length: 28\r\n\r\nPUT /c abcdefg{\"x-sum\": \"9\"}\
    HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n\
    HTTP/1.1 200 OK\r\ncontent-length: 7\r\nconnection: keep-alive\r\n\r\nGET /e \
    HTTP/1.1 200 OK\r\ncontent-length: 7\r\nconnection: close\r\n\r\nGET /f ";

/// Wherever the pieces end in which a series of requests comes, the answers are the same.
#[tokio::test(start_paused = true)]
async fn a_series_may_be_split_anywhere() {
    for at in 0..SERIES.len() {
        let mut rig = Rig::new(64 * 1024, echo);
        let (first, second) = SERIES.as_bytes().split_at(at);
        rig.send(first).await;
        let before = rig.seen().await;
        rig.send(second).await;
        assert_eq!(before + &rig.rest().await, ANSWERS, "split at {at}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_series_may_come_byte_by_byte() {
    let mut rig = Rig::new(64 * 1024, echo);
    for byte in SERIES.as_bytes() {
        rig.send([*byte]).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(rig.rest().await, ANSWERS);
    let records = rig.records().await;
    assert_eq!(records.len(), 6);
    assert!(records.iter().all(|record| record.get("aborted").is_none()));
    assert_eq!(
        (&records[2]["request_bytes"], &records[2]["response_bytes"]),
        (&7.into(), &28.into())
    );
}

/// An answer may wait for its client byte by byte, too.
#[tokio::test(start_paused = true)]
async fn a_series_may_be_read_byte_by_byte() {
    let mut rig = Rig::new(1, echo);
    let (mut reader, mut writer) = tokio::io::split(rig.client);
    let writing = tokio::spawn(async move { writer.write_all(SERIES.as_bytes()).await });
    let mut all = Vec::new();
    while let Ok(1..) = reader.read_buf(&mut all).await {}
    assert_eq!(dateless(&all), ANSWERS);
    writing.await.unwrap().unwrap();
    rig.serving = tokio::spawn(async {});
}

#[tokio::test(start_paused = true)]
async fn answers_are_framed_by_what_is_known_of_their_body() {
    let status = |status: u16, text: &'static str| {
        move |exchange: Exchange| -> BoxFuture<'static, Answer> {
            Box::pin(async move {
                let mut response = Response::new(ResponseBody::ready(text));
                *response.status_mut() = StatusCode::from_u16(status).unwrap();
                response.headers_mut().insert("content-length", "77".parse().unwrap());
                reply(exchange, response)
            })
        }
    };
    for (code, text, method, expected) in [
        (200, "ab", "GET", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nab"),
        (200, "", "GET", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
        (200, "", "HEAD", "HTTP/1.1 200 OK\r\ncontent-length: 77\r\n\r\n"),
        (200, "ab", "HEAD", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"),
        (204, "ab", "GET", "HTTP/1.1 204 No Content\r\n\r\n"),
        (304, "ab", "GET", "HTTP/1.1 304 Not Modified\r\n\r\n"),
    ] {
        let mut rig = Rig::new(64 * 1024, status(code, text));
        for _ in 0..2 {
            rig.send(format!("{method} / HTTP/1.1\r\nHost: x\r\n\r\n")).await;
            assert_eq!(rig.seen().await, expected, "{code} {method}");
        }
        assert_eq!(rig.records().await.len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn what_has_no_length_goes_in_chunks_or_ends_the_connection() {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", "9".parse().unwrap());
    let body =
        move || frames(vec![data("one"), data("three"), Ok(Frame::trailers(trailers.clone()))]);
    let chunks = "3\r\none\r\n5\r\nthree\r\n0\r\n";
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    for (request, expected) in [
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", format!("{head}{chunks}\r\n")),
        (
            "GET / HTTP/1.1\r\nHost: x\r\nTE: gzip, trailers\r\n\r\n",
            format!("{head}{chunks}x-sum: 9\r\n\r\n"),
        ),
        (
            "GET / HTTP/1.0\r\nConnection: keep-alive\r\nTE: trailers\r\n\r\n",
            "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nonethree".to_owned(),
        ),
    ] {
        let mut rig = Rig::new(64 * 1024, answering(body.clone()));
        rig.send(request).await;
        assert_eq!(rig.seen().await, expected, "{request}");
        assert_eq!(rig.records().await[0]["response_bytes"], 8);
    }
}

/// Bodies that are copied, and bodies that are not.
#[tokio::test(start_paused = true)]
async fn large_and_small_pieces_keep_their_order() {
    let sizes = [1, 5000, 3, 2048, 2049, 70_000, 10, 10, 4000, 1];
    let pieces = move || {
        let piece = |(index, size): (usize, &usize)| {
            let letter = b'a' + u8::try_from(index).unwrap();
            Ok(Frame::data(Bytes::from(vec![letter; *size])))
        };
        frames(sizes.iter().enumerate().map(piece).collect())
    };
    let mut rig = Rig::new(512, answering(pieces));
    rig.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    let text = rig.rest().await;
    let (_, mut rest) = text.split_once("\r\n\r\n").unwrap();
    let mut whole = String::new();
    while let Some((size, tail)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        whole.push_str(&tail[..size]);
        assert_eq!(&tail[size..size + 2], "\r\n");
        rest = &tail[size + 2..];
    }
    let expected: String = (b'a'..)
        .zip(sizes)
        .map(|(letter, size)| String::from_utf8(vec![letter; size]).unwrap())
        .collect();
    assert!(whole == expected, "{} bytes of {}", whole.len(), expected.len());
    let total: usize = sizes.iter().sum();
    assert_eq!(rig.records().await[0]["response_bytes"], total);
}

/// A body that says how long it is, which is not so.
struct Lying(u64, Vec<Bytes>);

impl Body for Lying {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        Poll::Ready(self.1.pop().map(|data| Ok(Frame::data(data))))
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(self.0)
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_is_written_than_was_said_and_less_ends_the_connection() {
    for (said, expected) in [(3, "abc"), (9, "abcdef")] {
        let body = move || {
            let parts = vec![Bytes::from_static(b"def"), Bytes::from_static(b"abc")];
            ResponseBody::streamed(Box::pin(Lying(said, parts)))
        };
        let mut rig = Rig::new(64 * 1024, answering(body));
        let request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        rig.send(request.repeat(2)).await;
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {said}\r\n\r\n");
        assert_eq!(rig.rest().await, format!("{head}{expected}"));
        let records = rig.records().await;
        assert_eq!((records.len(), &records[0]["aborted"]), (1, &true.into()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_ends_the_connection_without_a_last_chunk() {
    let body = || frames(vec![data("one"), Err(BodyError::GivenUp)]);
    let mut rig = Rig::new(64 * 1024, answering(body));
    rig.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(2)).await;
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    assert_eq!(rig.rest().await, format!("{head}3\r\none\r\n"));
    let records = rig.records().await;
    assert_eq!((records.len(), &records[0]["aborted"]), (1, &true.into()));
}

#[tokio::test(start_paused = true)]
async fn silence_is_kept() {
    let mut rig = Rig::new(64 * 1024, |exchange| {
        Box::pin(async move { Err(crate::respond::silence(exchange)) })
    });
    rig.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(rig.rest().await, "");
}

#[tokio::test(start_paused = true)]
async fn interim_answers_come_first_and_only_to_http11() {
    let hint = |exchange: Exchange| -> BoxFuture<'static, Answer> {
        Box::pin(async move {
            let mut headers = HeaderMap::new();
            headers.insert("link", "</a>".parse().unwrap());
            exchange.interim.send(StatusCode::EARLY_HINTS, &headers);
            tokio::task::yield_now().await;
            headers.insert("link", "b".repeat(15_000).parse().unwrap());
            for _ in 0..5 {
                exchange.interim.send(StatusCode::EARLY_HINTS, &headers);
            }
            let late = exchange.interim.clone();
            let answer = reply(exchange, Response::new(ResponseBody::ready("ok")));
            tokio::spawn(async move { late.send(StatusCode::PROCESSING, &HeaderMap::new()) });
            answer
        })
    };
    let mut rig = Rig::new(64 * 1024, hint);
    rig.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let text = rig.seen().await;
    let first =
        "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: bbb";
    assert!(text.starts_with(first), "{text}");
    assert!(text.ends_with("b\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"), "{text}");
    assert_eq!(text.matches("103").count(), 2);
    rig.send("GET / HTTP/1.0\r\n\r\n").await;
    let text = rig.rest().await;
    assert_eq!(text, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
}

#[tokio::test(start_paused = true)]
async fn a_switch_hands_the_connection_over() {
    let switch = |mut exchange: Exchange| -> BoxFuture<'static, Answer> {
        Box::pin(async move {
            let switch = exchange.switch.take().unwrap();
            assert!(!switch.has_early_data());
            let crate::tunnel::Side::Coming(switched) = switch.into_side() else { panic!() };
            tokio::spawn(async move {
                let mut switched = switched.await.unwrap();
                let mut bytes = [0; 5];
                switched.read_exact(&mut bytes).await.unwrap();
                switched.write_all(&bytes).await.unwrap();
            });
            let mut response = Response::new(ResponseBody::empty());
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
            response.headers_mut().insert("connection", "upgrade".parse().unwrap());
            reply(exchange, response)
        })
    };
    let upgrade = "GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: y\r\n\r\n";
    let mut rig = Rig::new(64 * 1024, switch);
    rig.send(upgrade).await;
    let text = rig.seen().await;
    assert_eq!(text, "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\n\r\n");
    rig.send("hello").await;
    assert_eq!(rig.rest().await, "hello");
}

/// Bytes behind a request to upgrade are seen however late they come.
#[tokio::test(start_paused = true)]
async fn early_data_is_seen() {
    let early = |mut exchange: Exchange| -> BoxFuture<'static, Answer> {
        Box::pin(async move {
            let switch = exchange.switch.take().unwrap();
            let before = switch.has_early_data();
            tokio::time::sleep(Duration::from_millis(50)).await;
            let text = format!("{before} {}", switch.has_early_data());
            reply(exchange, Response::new(ResponseBody::ready(text)))
        })
    };
    let upgrade = "GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: y\r\n";
    for (end, late, expected) in [
        ("\r\n", "", "false false"),
        ("\r\nGET", "", "true true"),
        ("\r\n", "x", "false true"),
        ("Content-Length: 3\r\n\r\nabc", "", "true true"),
    ] {
        let mut rig = Rig::new(64 * 1024, early);
        rig.send(format!("{upgrade}{end}")).await;
        assert_eq!(rig.seen().await, "");
        rig.send(late).await;
        tokio::time::sleep(Duration::from_millis(60)).await;
        let text = rig.seen().await;
        assert!(text.ends_with(expected), "{end:?} {late:?}: {text}");
    }
}
