//! How long an upstream is waited for.

use model::fault::FaultCode;
use tokio::time::Instant;

use super::*;
use crate::body::{ResponseBody, UpstreamBody};

/// More than sockets take by themselves.
const MUCH: usize = 64 * 1024 * 1024;

#[tokio::test(start_paused = true)]
async fn an_upstream_that_takes_nothing_is_given_up() {
    ours(vec![vec![Step::ReadHead, Step::Never]], async |rig, _| {
        let (body, mut feeder) = fed(&format!("content-length: {MUCH}"), None).await;
        let feeding = tokio::spawn(async move {
            let piece = vec![b'x'; 1024 * 1024];
            while feeder.0.write_all(&piece).await.is_ok() {}
        });
        let started = Instant::now();
        let failure = rig.send(request("POST", body)).await.unwrap_err();
        assert_eq!((failure.code, failure.by_client), (FaultCode::Timeout, false));
        assert_eq!(failure.code.number(failure.state), 101_504);
        assert_eq!(started.elapsed().as_secs(), STALL.as_secs());
        feeding.abort();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_sends_nothing_is_given_up() {
    both(vec![vec![Step::ReadHead, Step::ReadToEnd]], async |rig, _| {
        let (body, feeder) = chunked().await;
        let failure = rig.send(request("POST", body)).await.unwrap_err();
        assert_eq!((failure.code, failure.by_client), (FaultCode::RequestTimeout, true));
        drop(feeder);
    })
    .await;
}

/// A slow upload behind an early head is no pause of the answer.
#[tokio::test(start_paused = true)]
async fn what_is_taken_of_the_request_counts_for_the_answer() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut steps = read_and(head);
    steps.extend([Step::ReadBytes(5 * 8 + 5), Step::write("2\r\nok\r\n0\r\n\r\n")]);
    ours(vec![steps], async |rig, _| {
        let (body, mut feeder) = chunked().await;
        let answer = rig.send(request("POST", body)).await.unwrap();
        let limit = Duration::from_secs(10);
        let mut body = ResponseBody::upstream(UpstreamBody::new(answer.into_body(), limit));
        let feeding = async {
            for _ in 0..5 {
                tokio::time::sleep(Duration::from_secs(8)).await;
                feeder.chunk("one").await;
            }
            feeder.end().await;
        };
        let (first, ()) = tokio::join!(body.frame(), feeding);
        assert_eq!(first.unwrap().unwrap().into_data().unwrap(), "ok");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_pauses_is_given_up() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf";
    both(vec![[read_and(head), vec![Step::Never]].concat()], async |rig, _| {
        let answer = rig.send(request("GET", RequestBody::Empty)).await.unwrap();
        let started = Instant::now();
        let limit = Duration::from_secs(10);
        let mut body = ResponseBody::upstream(UpstreamBody::new(answer.into_body(), limit));
        assert!(body.frame().await.unwrap().is_ok());
        assert!(matches!(body.frame().await, Some(Err(BodyError::Stalled(_)))));
        assert_eq!(started.elapsed(), limit);
    })
    .await;
}

#[tokio::test]
async fn who_gives_up_closes_the_connection() {
    let gone = vec![Step::ReadHead, Step::ReadToEnd];
    both(vec![gone, read_and(OK)], async |rig, backend| {
        let mut request = request("GET", RequestBody::Empty);
        let sending = rig.client.send(&rig.target, &mut request, terms(&rig.interim));
        let limit = Duration::from_millis(50);
        assert!(tokio::time::timeout(limit, sending).await.is_err());
        assert_eq!(rig.get().await.unwrap().text(), (200, "ok"));
        assert_eq!(backend.connections(), 2);
    })
    .await;
}
