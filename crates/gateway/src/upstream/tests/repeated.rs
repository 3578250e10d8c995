//! Bodies that are sent once more, by whoever sends them.

use compiler::plan::Replay as Limits;

use super::*;
use crate::body::replay::Replay;

const PIECE: &str = "0123456789abcdef";

#[tokio::test]
async fn what_broke_off_is_sent_whole_over_another_connection() {
    let chunk = format!("10\r\n{PIECE}\r\n");
    let whole = format!("{chunk}{chunk}0\r\n\r\n");
    let scripts = vec![
        vec![Step::ReadHead, Step::ReadBytes(chunk.len())],
        vec![Step::ReadHead, Step::ReadBytes(whole.len()), Step::write(OK)],
    ];
    for limits in [Limits { memory: 1000, file: 0 }, Limits { memory: 0, file: 1000 }] {
        both(scripts.clone(), async |rig, backend| {
            let (body, mut feeder) = chunked().await;
            let replay = Replay::new(body, limits);
            feeder.chunk(PIECE).await;
            let failure = rig.call(request("POST", replay.body())).await.unwrap_err();
            assert!(!failure.by_client, "{failure}");
            assert!(replay.can_repeat());
            feeder.chunk(PIECE).await;
            feeder.end().await;
            let answer = rig.call(request("POST", replay.body())).await.unwrap();
            assert_eq!(answer.text(), (200, "ok"));
            let received = backend.text(1);
            assert_eq!(received.split_once("\r\n\r\n").unwrap().1, whole);
        })
        .await;
    }
}

#[tokio::test]
async fn a_body_of_known_length_keeps_it() {
    let scripts = vec![
        vec![Step::ReadHead, Step::ReadBytes(5)],
        vec![Step::ReadHead, Step::ReadBytes(5), Step::write(OK)],
    ];
    both(scripts, async |rig, backend| {
        let replay = Replay::new(full("hello").await, Limits { memory: 1000, file: 0 });
        rig.call(request("PUT", replay.body())).await.unwrap_err();
        let answer = rig.call(request("PUT", replay.body())).await.unwrap();
        assert_eq!(answer.text(), (200, "ok"));
        for connection in 0..2 {
            let received = backend.text(connection);
            assert!(received.contains("content-length: 5\r\n"), "{received}");
            assert!(received.ends_with("\r\n\r\nhello"), "{received}");
        }
    })
    .await;
}
