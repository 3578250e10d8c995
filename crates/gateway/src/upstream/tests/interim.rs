//! Interim answers, and switches to another protocol.

use model::fault::FaultCode;
use tokio::io::AsyncReadExt as _;

use super::*;

const HINTS: &str = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\
                     Keep-Alive: 1\r\nContent-Length: 9\r\n\r\n";

#[tokio::test]
async fn interim_answers_are_no_answers() {
    let hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    let answer = format!("HTTP/1.1 100 Continue\r\n\r\n{hints}{OK}{hints}{OK}");
    both(vec![read_and(answer)], async |rig, _| {
        assert_eq!(rig.get().await.unwrap().text(), (200, "ok"));
    })
    .await;
}

#[tokio::test]
async fn interim_answers_are_passed_on() {
    let answer = format!("HTTP/1.1 100 Continue\r\n\r\n{HINTS}HTTP/1.1 102 P\r\n\r\n{OK}");
    ours(vec![read_and(answer)], async |rig, _| {
        assert_eq!(rig.get().await.unwrap().text(), (200, "ok"));
        assert_eq!(rig.interim(), [103, 102]);
        let heard = rig.heard.0.lock().unwrap();
        assert_eq!(heard[0].1, headers(&[("link", "</a>")]));
    })
    .await;
}

#[tokio::test]
async fn interim_answers_come_at_once() {
    let held = Arc::new(tokio::sync::Notify::new());
    let steps =
        vec![Step::ReadHead, Step::write(HINTS), Step::Wait(Arc::clone(&held)), Step::write(OK)];
    ours(vec![steps], async |rig, _| {
        let seen = testkit::bounded("the hints", async {
            while rig.interim().is_empty() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            held.notify_one();
        });
        let (answer, ()) = tokio::join!(rig.get(), seen);
        assert_eq!(answer.unwrap().text(), (200, "ok"));
    })
    .await;
}

#[tokio::test]
async fn there_is_an_end_to_interim_answers() {
    for (count, is_fine) in [(16, true), (17, false)] {
        let answer = format!("{}{OK}", "HTTP/1.1 103 E\r\n\r\n".repeat(count));
        ours(vec![read_and(answer)], async |rig, _| match rig.get().await {
            Ok(answer) => assert_eq!((answer.text(), is_fine), ((200, "ok"), true)),
            Err(failure) => {
                assert_eq!((failure.code, is_fine), (FaultCode::ProtocolViolation, false));
            }
        })
        .await;
    }
}

/// The count begins anew with each exchange.
#[tokio::test]
async fn interim_answers_are_counted_for_each_exchange() {
    let answer = format!("{}{OK}", "HTTP/1.1 103 E\r\n\r\n".repeat(10));
    ours(
        vec![[read_and(answer.as_str()), read_and(answer.as_str())].concat()],
        async |rig, backend| {
            for _ in 0..2 {
                assert_eq!(rig.get().await.unwrap().text(), (200, "ok"));
            }
            assert_eq!(backend.connections(), 1);
        },
    )
    .await;
}

const SWITCH: &str =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nfirst";

#[tokio::test]
async fn a_switch_hands_the_connection_over() {
    let steps = vec![
        Step::ReadHead,
        Step::write(SWITCH),
        Step::ReadBytes(4),
        Step::write(" then"),
        Step::Close,
    ];
    ours(vec![steps], async |rig, _| {
        let mut request = request("GET", RequestBody::Empty);
        request.headers_mut().extend(headers(&[("connection", "upgrade"), ("upgrade", "x")]));
        let answer = rig.send(request).await.unwrap();
        assert_eq!(answer.status(), 101);
        let AnswerBody::Own(body) = answer.into_body() else { unreachable!("it is ours") };
        let mut switched = body.into_switched().unwrap();
        switched.write_all(b"ping").await.unwrap();
        let mut text = String::new();
        switched.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "first then");
    })
    .await;
}

#[tokio::test]
async fn a_switch_that_nobody_asked_for_is_a_violation() {
    ours(vec![read_and(SWITCH)], async |rig, _| {
        let failure = rig.get().await.unwrap_err();
        assert_eq!(failure.code, FaultCode::ProtocolViolation);
    })
    .await;
}
