//! Bodies that wait until the upstream says that it wants them.

use tokio::time::Instant;

use super::*;

const HEAD: &str = "PUT /a?b=c HTTP/1.1\r\nhost: h.example\r\nexpect: 100-continue\r\n\
                    content-length: 5\r\n\r\n";

#[tokio::test(start_paused = true)]
async fn a_body_waits_for_100() {
    let held = Duration::from_millis(500);
    let steps = vec![
        Step::ReadHead,
        Step::Sleep(held),
        Step::write("HTTP/1.1 100 Continue\r\n\r\n"),
        Step::ReadBytes(5),
        Step::write(OK),
        Step::ReadHead,
        Step::write(OK),
    ];
    ours(vec![steps], async |rig, backend| {
        let started = Instant::now();
        let sending = rig.ask(request("PUT", full("hello").await));
        let watching = async {
            tokio::time::sleep(held / 2).await;
            assert_eq!(backend.text(0), HEAD);
        };
        let (answer, ()) = tokio::join!(sending, watching);
        assert_eq!(whole(answer.unwrap()).await.unwrap().text(), (200, "ok"));
        assert_eq!(started.elapsed(), held);
        assert_eq!(backend.text(0), format!("{HEAD}hello"));
        assert_eq!(rig.interim(), [0; 0], "the server tells its client by itself");
        rig.get().await.unwrap();
        assert_eq!(backend.connections(), 1);
    })
    .await;
}

/// Servers of old know nothing of it.
#[tokio::test(start_paused = true)]
async fn an_upstream_that_says_nothing_gets_the_body_after_a_while() {
    let steps = vec![Step::ReadHead, Step::ReadBytes(5), Step::write(OK)];
    ours(vec![steps], async |rig, _| {
        let started = Instant::now();
        let answer = rig.ask(request("PUT", full("hello").await)).await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(started.elapsed().as_millis(), 1000);
    })
    .await;
}

/// The body is not even asked for, and the connection cannot be used again.
#[tokio::test(start_paused = true)]
async fn an_upstream_that_refuses_gets_no_body() {
    let refusal = "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n\r\nno";
    let steps = [read_and(refusal), vec![Step::ReadToEnd]].concat();
    ours(vec![steps, read_and(OK)], async |rig, backend| {
        let body = full("hello").await;
        let progress = body.progress().unwrap();
        let answer = rig.ask(request("PUT", body)).await.unwrap();
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(whole(answer).await.unwrap().text(), (417, "no"));
        assert_eq!(progress.bytes(), 0);
        assert_eq!(backend.text(0), HEAD);
        rig.get().await.unwrap();
        assert_eq!(backend.connections(), 2);
    })
    .await;
}

#[tokio::test]
async fn without_a_body_nothing_is_asked() {
    ours(vec![read_and(OK)], async |rig, backend| {
        let answer = rig.ask(request("PUT", RequestBody::Empty)).await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(!backend.text(0).contains("expect"));
    })
    .await;
}
