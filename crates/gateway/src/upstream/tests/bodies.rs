//! Requests as they are written.

use model::fault::{FaultCode, ProtocolState};

use super::*;

/// The bytes that the backend read on its first connection.
async fn written(request: Request<RequestBody>, count: usize) -> String {
    let backend =
        RawBackend::play(vec![Step::ReadHead, Step::ReadBytes(count), Step::write(OK)]).await;
    let rig = Rig::new(ClientChoice::Own, &backend);
    assert_eq!(rig.call(request).await.unwrap().text(), (200, "ok"));
    backend.text(0)
}

#[tokio::test]
async fn a_body_of_known_length_goes_out_as_it_is() {
    assert_eq!(
        written(request("POST", full("hello").await), 5).await,
        "POST /a?b=c HTTP/1.1\r\nhost: h.example\r\ncontent-length: 5\r\n\r\nhello"
    );
}

#[tokio::test]
async fn a_body_in_chunks_goes_out_in_chunks() {
    let (body, mut feeder) = chunked().await;
    feeder.chunk("one").await;
    feeder.chunk("0123456789abcdef").await;
    feeder.end().await;
    assert_eq!(
        written(request("PUT", body), 8 + 22 + 5).await,
        "PUT /a?b=c HTTP/1.1\r\nhost: h.example\r\ntransfer-encoding: chunked\r\n\r\n\
         3\r\none\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n"
    );
}

#[tokio::test]
async fn trailers_go_out_behind_chunks() {
    let (body, mut feeder) = chunked().await;
    feeder.raw("3\r\none\r\n0\r\nx-sum: 1\r\ncontent-length: 9\r\n\r\n").await;
    let text = written(request("POST", body), 8 + 15).await;
    assert!(text.ends_with("\r\n\r\n3\r\none\r\n0\r\nx-sum: 1\r\n\r\n"), "{text}");
}

#[tokio::test]
async fn an_empty_body_is_framed_where_one_is_usual() {
    for (method, framing) in [
        ("GET", ""),
        ("HEAD", ""),
        ("DELETE", ""),
        ("OPTIONS", ""),
        ("POST", "content-length: 0\r\n"),
        ("PUT", "content-length: 0\r\n"),
        ("PATCH", "content-length: 0\r\n"),
    ] {
        let backend = RawBackend::play(read_and("HTTP/1.1 204 No Content\r\n\r\n")).await;
        let rig = Rig::new(ClientChoice::Own, &backend);
        rig.call(request(method, RequestBody::Empty)).await.unwrap();
        let expected = format!("{method} /a?b=c HTTP/1.1\r\nhost: h.example\r\n{framing}\r\n");
        assert_eq!(backend.text(0), expected);
    }
}

#[tokio::test]
async fn framing_in_the_headers_is_not_written() {
    let mut request = request("POST", full("hello").await);
    let said = headers(&[("content-length", "99"), ("transfer-encoding", "gzip"), ("x-a", "b")]);
    request.headers_mut().extend(said);
    assert_eq!(
        written(request, 5).await,
        "POST /a?b=c HTTP/1.1\r\nhost: h.example\r\nx-a: b\r\ncontent-length: 5\r\n\r\nhello"
    );
}

#[tokio::test]
async fn pieces_are_sent_as_they_come() {
    let seen = Arc::new(tokio::sync::Notify::new());
    let steps = vec![
        Step::ReadHead,
        Step::ReadBytes(8),
        Step::Wait(Arc::clone(&seen)),
        Step::ReadBytes(8),
        Step::write(OK),
    ];
    both(vec![steps], async |rig, backend| {
        let (body, mut feeder) = chunked().await;
        let feeding = async {
            feeder.chunk("one").await;
            backend.accepted(1).await;
            testkit::bounded("the first piece", async {
                while !backend.text(0).ends_with("3\r\none\r\n") {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            })
            .await;
            seen.notify_one();
            feeder.chunk("two").await;
            feeder.end().await;
        };
        let (answer, ()) = tokio::join!(rig.call(request("POST", body)), feeding);
        assert_eq!(answer.unwrap().text(), (200, "ok"));
    })
    .await;
}

#[tokio::test]
async fn a_client_that_breaks_off_is_to_blame() {
    let backend = || async { RawBackend::play(vec![Step::ReadHead, Step::ReadToEnd]).await };
    for choice in CLIENTS {
        let backend = backend().await;
        let rig = Rig::new(choice, &backend);
        let (body, mut feeder) = chunked().await;
        feeder.chunk("one").await;
        drop(feeder);
        let failure = rig.send(request("POST", body)).await.unwrap_err();
        assert!(failure.by_client, "{failure}");
        assert_eq!(failure.code, FaultCode::IncompletePayload);
        assert_eq!(failure.state, ProtocolState::RequestBody);
    }
}

#[tokio::test]
async fn a_malformed_body_is_the_clients_fault() {
    both(vec![vec![Step::ReadHead, Step::ReadToEnd]], async |rig, _| {
        let (body, mut feeder) = chunked().await;
        feeder.raw("3\r\none\r\nxyz\r\n").await;
        let failure = rig.send(request("POST", body)).await.unwrap_err();
        assert_eq!((failure.by_client, failure.code), (true, FaultCode::IncompletePayload));
    })
    .await;
}

#[tokio::test]
async fn a_body_over_the_limit_is_the_clients_fault() {
    both(vec![vec![Step::ReadHead, Step::ReadToEnd]], async |rig, _| {
        let (body, mut feeder) = fed("transfer-encoding: chunked", Some(5)).await;
        feeder.chunk("one").await;
        feeder.chunk("two").await;
        let failure = rig.send(request("POST", body)).await.unwrap_err();
        assert_eq!((failure.by_client, failure.code), (true, FaultCode::PayloadTooLarge));
    })
    .await;
}

#[tokio::test]
async fn a_large_body_arrives_whole() {
    let size = 3_000_000;
    let steps = vec![Step::ReadHead, Step::ReadBytes(size), Step::write(OK)];
    both(vec![steps], async |rig, backend| {
        let text: String = ('a'..='z').cycle().take(size).collect();
        let (body, mut feeder) = fed(&format!("content-length: {size}"), None).await;
        let feeding = feeder.raw(&text);
        let (answer, ()) = tokio::join!(rig.call(request("POST", body)), feeding);
        assert_eq!(answer.unwrap().text(), (200, "ok"));
        assert!(backend.text(0).ends_with(&text));
    })
    .await;
}
