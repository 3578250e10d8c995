//! Bodies of requests: how they are read, and what becomes of those that nobody reads.

use super::*;

const POST: &str = "POST / HTTP/1.1\r\nHost: x\r\n";

#[tokio::test(start_paused = true)]
async fn a_body_is_asked_for_when_it_is_wanted() {
    let expecting = format!("{POST}Content-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    let mut rig = Rig::new(64 * 1024, echo);
    for _ in 0..2 {
        rig.send(&expecting).await;
        assert_eq!(rig.seen().await, "HTTP/1.1 100 Continue\r\n\r\n");
        rig.send("hello").await;
        assert!(rig.seen().await.ends_with("POST / hello"));
    }
    // Who does not wait is not told.
    rig.send(format!("{expecting}hello")).await;
    assert!(rig.seen().await.starts_with("HTTP/1.1 200"));
    // Nobody knows whether what is not asked for comes after all.
    let mut rig = Rig::new(64 * 1024, short);
    rig.send(&expecting).await;
    let text = rig.rest().await;
    assert_eq!(text, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nshort");
    // HTTP/1.0 knows nothing of it.
    let mut rig = Rig::new(64 * 1024, echo);
    rig.send("POST / HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n").await;
    assert_eq!(rig.seen().await, "");
    rig.send("hi").await;
    assert!(rig.rest().await.starts_with("HTTP/1.1 200"));
}

#[tokio::test(start_paused = true)]
async fn what_nobody_reads_is_dropped_if_it_is_little() {
    let little = "x".repeat(100_000);
    let next = "GET /next HTTP/1.1\r\nHost: x\r\n\r\n";
    let length = format!("{POST}Content-Length: 100000\r\n\r\n{little}{next}");
    let chunks =
        format!("{POST}Transfer-Encoding: chunked\r\n\r\n186a0\r\n{little}\r\n0\r\n\r\n{next}");
    for request in [length, chunks] {
        let mut rig = Rig::new(1024 * 1024, short);
        rig.send(request).await;
        let text = rig.seen().await;
        assert_eq!(text.matches("short").count(), 2, "{text}");
        assert!(!text.contains("connection"), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_nobody_reads_ends_the_connection_if_it_is_much() {
    // Said in the head of the answer, where it is known.
    let mut rig = Rig::new(64 * 1024, short);
    rig.send(format!("{POST}Content-Length: 1000000\r\n\r\nstart")).await;
    let text = rig.seen().await;
    assert_eq!(text, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nshort");
    // Found out later, where it is not.
    let mut rig = Rig::new(64 * 1024, short);
    rig.send(format!("{POST}Transfer-Encoding: chunked\r\n\r\n")).await;
    assert!(rig.seen().await.ends_with("short"));
    let started = Instant::now();
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    for _ in 0..10 {
        // The rest is taken without being looked at, so that no reset overtakes the answer.
        rig.send(&chunk).await;
    }
    assert_eq!(rig.rest().await, "");
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    // Or it does not come in time.
    let mut rig = Rig::new(64 * 1024, short);
    rig.send(format!("{POST}Content-Length: 10\r\n\r\nstart")).await;
    let started = Instant::now();
    assert!(rig.rest().await.ends_with("short"));
    assert_eq!(started.elapsed(), Duration::from_millis(500));
}

#[tokio::test(start_paused = true)]
async fn a_malformed_body_is_an_error_and_ends_the_connection() {
    for (body, reason) in [
        ("zz\r\n", "The size of a chunk is malformed"),
        ("3\r\nabcd\r\n", "A chunk does not end where its size says"),
        ("11111111111111111\r\n", "A chunk is too long"),
        ("3\nabc\r\n0\r\n\r\n", "The size of a chunk is malformed"),
        ("0\r\nA : b\r\n\r\n", "A trailer field is refused"),
    ] {
        let mut rig = Rig::new(64 * 1024, echo);
        let next = "GET /next HTTP/1.1\r\nHost: x\r\n\r\n";
        rig.send(format!("{POST}Transfer-Encoding: chunked\r\n\r\n{body}{next}")).await;
        let text = rig.rest().await;
        assert!(text.contains(reason), "{body:?}: {text}");
        assert_eq!(text.matches("HTTP/1.1").count(), 1, "{text}");
        assert!(text.contains("connection: close"), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_its_own_body_is_gone() {
    let mut rig = Rig::new(64 * 1024, echo);
    rig.send(format!("{POST}Content-Length: 10\r\n\r\nhalf")).await;
    assert_eq!(rig.seen().await, "");
    let records = rig.records().await;
    assert_eq!((records.len(), &records[0]["aborted"]), (1, &true.into()));
    assert_eq!(records[0]["request_bytes"], 4);
}

/// A body that another task reads is left alone by the connection until that task is done.
#[tokio::test(start_paused = true)]
async fn another_task_may_read_the_body() {
    let elsewhere = |mut exchange: Exchange| -> BoxFuture<'static, Answer> {
        Box::pin(async move {
            let mut body = std::mem::replace(&mut exchange.body, RequestBody::Empty);
            let read = tokio::spawn(async move { gathered(&mut body).await });
            let text = read.await.unwrap();
            reply(exchange, Response::new(ResponseBody::ready(text)))
        })
    };
    let mut rig = Rig::new(64 * 1024, elsewhere);
    for part in ["one", "two"] {
        rig.send(format!("{POST}Content-Length: 6\r\n\r\n")).await;
        assert_eq!(rig.seen().await, "");
        rig.send(part).await;
        assert_eq!(rig.seen().await, "");
        rig.send(part).await;
        assert!(rig.seen().await.ends_with(&part.repeat(2)));
    }
    // It may even go on after the answer.
    let later = |mut exchange: Exchange| -> BoxFuture<'static, Answer> {
        Box::pin(async move {
            let mut body = std::mem::replace(&mut exchange.body, RequestBody::Empty);
            tokio::spawn(async move { gathered(&mut body).await });
            reply(exchange, Response::new(ResponseBody::ready("early")))
        })
    };
    let mut rig = Rig::new(64 * 1024, later);
    for _ in 0..2 {
        rig.send(format!("{POST}Content-Length: 6\r\n\r\nabc")).await;
        assert!(rig.seen().await.ends_with("early"));
        rig.send("def").await;
    }
    assert_eq!(rig.seen().await, "");
}

/// Who keeps a body that has been read whole has nothing to do with the next one.
#[tokio::test(start_paused = true)]
async fn a_body_that_is_kept_too_long_does_not_matter() {
    let (sender, mut kept) = tokio::sync::mpsc::unbounded_channel();
    let keep = move |mut exchange: Exchange| -> BoxFuture<'static, Answer> {
        let sender = sender.clone();
        Box::pin(async move {
            let mut body = std::mem::replace(&mut exchange.body, RequestBody::Empty);
            let read = tokio::spawn(async move { (gathered(&mut body).await, body) });
            let (text, body) = read.await.unwrap();
            sender.send(body).unwrap();
            reply(exchange, Response::new(ResponseBody::ready(text)))
        })
    };
    let mut rig = Rig::new(64 * 1024, keep);
    for part in ["one", "two", "six"] {
        rig.send(format!("{POST}Transfer-Encoding: chunked\r\n\r\n3\r\n")).await;
        assert_eq!(rig.seen().await, "");
        drop(kept.try_recv());
        assert_eq!(rig.seen().await, "");
        rig.send(format!("{part}\r\n0\r\n\r\n")).await;
        assert!(rig.seen().await.ends_with(part));
    }
}

/// What a test of a body needs to see of its parts.
#[tokio::test(start_paused = true)]
async fn a_body_knows_how_much_is_left() {
    let hints = |mut exchange: Exchange| -> BoxFuture<'static, Answer> {
        Box::pin(async move {
            let before = exchange.body.size_hint().exact();
            let frame = exchange.body.frame().await.unwrap().unwrap();
            let length = frame.into_data().unwrap().len();
            let text = format!("{before:?} {length} {:?}", exchange.body.size_hint().exact());
            drop(exchange.body.frame().await);
            reply(exchange, Response::new(ResponseBody::ready(text)))
        })
    };
    let mut rig = Rig::new(64 * 1024, hints);
    rig.send(format!("{POST}Content-Length: 6\r\n\r\nabcd")).await;
    assert_eq!(rig.seen().await, "");
    rig.send("ef").await;
    assert!(rig.seen().await.ends_with("Some(6) 4 Some(2)"));
}
