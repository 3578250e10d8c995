//! How long a client may keep the server waiting, and what becomes of clients that leave.

use super::*;

const GET: &str = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
/// What a drain leaves a client that is idle.
const GRACE: Duration = Duration::from_millis(200);

#[tokio::test(start_paused = true)]
async fn a_silent_client_is_dropped_without_a_word() {
    let mut rig = Rig::new(64 * 1024, short);
    let started = Instant::now();
    assert_eq!(rig.rest().await, "");
    assert_eq!(started.elapsed(), HEAD);
    assert!(rig.records().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_head_has_its_time_however_it_comes() {
    let mut rig = Rig::new(64 * 1024, short);
    tokio::time::sleep(HEAD / 2).await;
    let started = Instant::now();
    for byte in "POST /late HTTP/1.1\r\nHost: x\r\nX-".as_bytes().iter().take(5) {
        rig.send([*byte]).await;
        tokio::time::sleep(HEAD / 6).await;
    }
    let mut text = Vec::new();
    while let Ok(1..) = rig.client.read_buf(&mut text).await {
        assert_eq!(started.elapsed(), HEAD);
    }
    let text = dateless(&text);
    assert!(text.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{text}");
    assert!(text.contains("connection: close\r\n") && text.contains("\"code\":\"408\""), "{text}");
    let records = rig.records().await;
    assert_eq!((&records[0]["status"], &records[0]["method"]), (&408.into(), &"POST".into()));
    assert_eq!(records[0]["fault"], "RequestTimeout");
    assert!(records[0]["duration_us"].as_u64().unwrap() >= 300_000);
}

#[tokio::test(start_paused = true)]
async fn between_requests_another_limit_holds() {
    let mut rig = Rig::new(64 * 1024, short);
    for _ in 0..3 {
        rig.send(GET).await;
        assert!(rig.seen().await.ends_with("short"));
        tokio::time::sleep(IDLE - Duration::from_millis(10)).await;
    }
    rig.send(GET).await;
    assert!(rig.seen().await.ends_with("short"));
    let started = Instant::now();
    assert_eq!(rig.rest().await, "");
    assert!(started.elapsed() >= IDLE - Duration::from_millis(2), "{:?}", started.elapsed());
    assert!(started.elapsed() <= IDLE);
    // A head that begins then has its own.
    let mut rig = Rig::new(64 * 1024, short);
    rig.send(GET).await;
    assert!(rig.seen().await.ends_with("short"));
    tokio::time::sleep(IDLE / 2).await;
    rig.send("GET").await;
    let started = Instant::now();
    assert!(rig.seen().await.is_empty());
    let mut first = [0; 12];
    rig.client.read_exact(&mut first).await.unwrap();
    assert_eq!((&first[..], started.elapsed()), (&b"HTTP/1.1 408"[..], HEAD));
}

#[tokio::test(start_paused = true)]
async fn an_exchange_takes_its_time() {
    let slow = |exchange: Exchange| -> BoxFuture<'static, Answer> {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            reply(exchange, Response::new(ResponseBody::ready("at last")))
        })
    };
    let mut rig = Rig::new(64 * 1024, slow);
    rig.send(GET).await;
    let mut text = Vec::new();
    while !text.ends_with(b"at last") {
        assert_ne!(rig.client.read_buf(&mut text).await.unwrap(), 0);
    }
    let started = Instant::now();
    assert_eq!(rig.rest().await, "");
    assert_eq!(started.elapsed(), IDLE);
}

#[tokio::test(start_paused = true)]
async fn a_body_must_make_progress() {
    let mut rig = Rig::new(64 * 1024, echo);
    rig.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n").await;
    for _ in 0..5 {
        rig.send("x").await;
        tokio::time::sleep(SOCKET - Duration::from_millis(10)).await;
    }
    assert_eq!(rig.seen().await, "");
    tokio::time::sleep(SOCKET).await;
    let text = rig.seen().await;
    assert!(text.ends_with("POST /a xxxxx!no progress within 700ms"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_is_cut_off() {
    let body = || ResponseBody::ready(vec![b'x'; 100_000]);
    let mut rig = Rig::new(1000, answering(body));
    rig.send(GET).await;
    tokio::time::sleep(SOCKET - Duration::from_millis(10)).await;
    assert!(!rig.serving.is_finished());
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(rig.serving.is_finished());
    let records = rig.records().await;
    assert_eq!((&records[0]["aborted"], &records[0]["status"]), (&true.into(), &200.into()));
}

#[tokio::test(start_paused = true)]
async fn a_client_may_read_slowly_if_it_reads() {
    let body = || ResponseBody::ready(vec![b'x'; 10_000]);
    let mut rig = Rig::new(1000, answering(body));
    rig.send(GET).await;
    let mut all = Vec::new();
    while all.iter().filter(|byte| **byte == b'x').count() < 10_000 {
        tokio::time::sleep(SOCKET - Duration::from_millis(10)).await;
        assert_ne!(rig.client.read_buf(&mut all).await.unwrap(), 0);
    }
    tokio::task::yield_now().await;
    assert!(rig.records().await[0].get("aborted").is_none());
}

/// The pauses of an upstream do not count against the client.
#[tokio::test(start_paused = true)]
async fn waiting_for_the_upstream_is_not_waiting_for_the_client() {
    let body = || {
        let pieces = futures_util::stream::unfold(0, |index| async move {
            tokio::time::sleep(SOCKET * 2).await;
            (index < 4).then(|| (Ok(Frame::data(Bytes::from(vec![b'x'; 1500]))), index + 1))
        });
        ResponseBody::streamed(Box::pin(StreamBody::new(pieces)))
    };
    let mut rig = Rig::new(1000, answering(body));
    rig.send(GET).await;
    let mut all = Vec::new();
    while !all.ends_with(b"0\r\n\r\n") {
        tokio::time::sleep(SOCKET / 2).await;
        assert_ne!(rig.client.read_buf(&mut all).await.unwrap(), 0);
    }
    assert!(rig.records().await[0].get("aborted").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_ends_its_exchange() {
    let mut rig = Rig::new(64 * 1024, never);
    rig.send(GET).await;
    assert_eq!(rig.seen().await, "");
    let records = rig.records().await;
    assert_eq!((&records[0]["aborted"], &records[0]["status"]), (&true.into(), &499.into()));
    // So does one that ends its side only.
    let mut rig = Rig::new(64 * 1024, never);
    rig.send(GET).await;
    rig.client.shutdown().await.unwrap();
    assert_eq!(rig.rest().await, "");
    assert_eq!(rig.records().await[0]["status"], 499);
    // In the middle of an answer.
    let body = || {
        let first = futures_util::stream::iter([data("one")]);
        let pieces = futures_util::StreamExt::chain(first, futures_util::stream::pending());
        ResponseBody::streamed(Box::pin(StreamBody::new(pieces)))
    };
    let mut rig = Rig::new(64 * 1024, answering(body));
    rig.send(GET).await;
    assert!(rig.seen().await.ends_with("3\r\none\r\n"));
    let records = rig.records().await;
    assert_eq!((&records[0]["aborted"], &records[0]["status"]), (&true.into(), &200.into()));
    assert_eq!(records[0]["response_bytes"], 3);
}

#[tokio::test(start_paused = true)]
async fn only_so_much_is_read_ahead() {
    let mut rig = Rig::new(1024, never);
    rig.send(GET).await;
    let flood = vec![b'G'; 1024 * 1024];
    let mut taken = 0;
    let mut rest = &flood[..];
    while let Ok(Ok(count)) =
        tokio::time::timeout(Duration::from_secs(5), rig.client.write(rest)).await
    {
        taken += count;
        rest = &rest[count..];
    }
    assert!((64 * 1024..100 * 1024).contains(&taken), "{taken}");
}

#[tokio::test(start_paused = true)]
async fn a_drain_ends_what_waits_and_lets_the_rest_finish() {
    // Between two requests: silence is borne for the grace.
    let mut rig = Rig::new(64 * 1024, short);
    rig.send(GET).await;
    assert!(rig.seen().await.ends_with("short"));
    let started = Instant::now();
    rig.control.start(GRACE);
    assert_eq!(rig.rest().await, "");
    assert_eq!(started.elapsed(), GRACE);
    // In an exchange.
    let slow = |exchange: Exchange| -> BoxFuture<'static, Answer> {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_secs(10)).await;
            reply(exchange, Response::new(ResponseBody::ready("slow")))
        })
    };
    let mut rig = Rig::new(64 * 1024, slow);
    rig.send(GET).await;
    assert_eq!(rig.seen().await, "");
    rig.control.start(GRACE);
    let text = rig.rest().await;
    assert_eq!(text, "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nslow");
    // Before the first request, and in the middle of a head: what is on its way has a moment.
    for (start, end) in [("", GET), (&GET[..10], &GET[10..])] {
        let mut rig = Rig::new(64 * 1024, short);
        rig.send(start).await;
        assert_eq!(rig.seen().await, "");
        rig.control.start(GRACE);
        assert_eq!(rig.seen().await, "");
        rig.send(end).await;
        assert!(rig.rest().await.contains("connection: close\r\n\r\nshort"));
    }
    let mut rig = Rig::new(64 * 1024, short);
    rig.control.start(GRACE);
    let started = Instant::now();
    assert_eq!(rig.rest().await, "");
    assert_eq!(started.elapsed(), GRACE);
}

/// A refused client is read from for a while, but not for ever.
#[tokio::test(start_paused = true)]
async fn a_refused_client_may_still_send_for_a_while() {
    let mut rig = Rig::new(1024, short);
    rig.send("GET /a b HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let started = Instant::now();
    let mut sent = 0;
    while rig.client.write_all(&[b'x'; 512]).await.is_ok() {
        sent += 512;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(sent > 512 * 200, "{sent}");
    assert_eq!(started.elapsed().as_secs(), 5);
    assert!(rig.rest().await.starts_with("HTTP/1.1 400"));
    let records = rig.records().await;
    assert_eq!((&records[0]["status"], &records[0]["path"]), (&400.into(), &"/a".into()));
}
