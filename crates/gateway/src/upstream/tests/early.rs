//! Answers that come before their request has been sent.

use model::fault::FaultCode;

use super::*;

#[tokio::test]
async fn the_body_goes_on_behind_an_early_answer() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut steps = read_and(head);
    for piece in ["one", "two"] {
        steps.push(Step::ReadBytes(8));
        steps.push(Step::write(format!("3\r\n{piece}\r\n")));
    }
    steps.extend([Step::ReadBytes(5), Step::write("0\r\n\r\n")]);
    steps.extend(read_and(OK));
    both(vec![steps], async |rig, backend| {
        let (body, mut feeder) = chunked().await;
        let mut answer = rig.send(request("POST", body)).await.unwrap();
        assert!(!nudge(answer.body_mut()).await);
        for piece in ["ONE", "TWO"] {
            feeder.chunk(piece).await;
            assert_eq!(data(answer.body_mut()).await, piece.to_ascii_lowercase());
        }
        feeder.end().await;
        assert_eq!(whole(answer).await.unwrap().text(), (200, ""));
        assert!(backend.text(0).ends_with("3\r\nONE\r\n3\r\nTWO\r\n0\r\n\r\n"));
        assert_eq!(rig.get().await.unwrap().text(), (200, "ok"));
        assert_eq!(backend.connections(), 1);
    })
    .await;
}

#[tokio::test]
async fn with_the_answer_ends_the_exchange() {
    let steps = vec![Step::ReadHead, Step::ReadBytes(8), Step::write(OK), Step::ReadToEnd];
    both(vec![steps, read_and(OK)], async |rig, backend| {
        let (body, mut feeder) = chunked().await;
        feeder.chunk("one").await;
        let answer = rig.call(request("POST", body)).await.unwrap();
        assert_eq!(answer.text(), (200, "ok"));
        // The connection is closed with half a request on it.
        assert_eq!(rig.get().await.unwrap().text(), (200, "ok"));
        assert_eq!(backend.connections(), 2);
        assert!(backend.text(0).ends_with("3\r\none\r\n"));
        drop(feeder);
    })
    .await;
}

/// Without a body behind its head an answer ends the exchange at once.
#[tokio::test]
async fn a_refusal_without_body_ends_the_exchange() {
    let refusal = "HTTP/1.1 413 Payload Too Large\r\nContent-Length: 0\r\n\r\n";
    both(vec![read_and(refusal), read_and(OK)], async |rig, backend| {
        let (body, feeder) = chunked().await;
        assert_eq!(rig.call(request("POST", body)).await.unwrap().status, 413);
        assert_eq!(rig.get().await.unwrap().text(), (200, "ok"));
        assert_eq!(backend.connections(), 2);
        drop(feeder);
    })
    .await;
}

/// A server that refuses a large body may close before it has read it: sending fails then, and
/// the answer is there all the same.
#[tokio::test]
async fn a_refusal_is_read_before_sending_fails() {
    let refusal =
        "HTTP/1.1 413 Payload Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig";
    for end in [Step::Close, Step::Reset] {
        ours(vec![[read_and(refusal), vec![end]].concat()], async |rig, _| {
            let size = 8_000_000;
            let (body, mut feeder) = fed(&format!("content-length: {size}"), None).await;
            let task = tokio::spawn(async move {
                drop(feeder.0.write_all(&vec![b'x'; size]).await);
            });
            let answer = rig.call(request("POST", body)).await.unwrap();
            assert_eq!(answer.text(), (413, "big"));
            task.abort();
        })
        .await;
    }
}

#[tokio::test]
async fn an_end_without_answer_within_the_body_is_a_closed_connection() {
    ours(vec![vec![Step::ReadHead, Step::Close]], async |rig, _| {
        let (body, feeder) = chunked().await;
        let failure = rig.send(request("POST", body)).await.unwrap_err();
        assert_eq!(failure.code, FaultCode::ConnectionClosed);
        assert_eq!(failure.state, model::fault::ProtocolState::RequestBody);
        drop(feeder);
    })
    .await;
}

/// A client that leaves takes its answer with it: half a request must not look like a whole one.
#[tokio::test]
async fn a_broken_body_breaks_the_answer() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n";
    both(vec![[read_and(head), vec![Step::ReadToEnd]].concat()], async |rig, _| {
        let (body, feeder) = chunked().await;
        let mut answer = rig.send(request("POST", body)).await.unwrap();
        assert_eq!(data(answer.body_mut()).await, "one");
        drop(feeder);
        let (part, _) = whole(answer).await.unwrap_err();
        assert_eq!(part.text(), (200, ""));
    })
    .await;
}
