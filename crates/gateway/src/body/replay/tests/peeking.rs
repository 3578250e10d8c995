//! Looking ahead.

use super::*;

/// Until there is a semicolon.
fn has_end(seen: &[u8]) -> bool {
    seen.contains(&b';')
}

#[tokio::test]
async fn reads_no_further_than_needed() {
    for limits in [NOTHING, ROOM] {
        let steps = [texts(&["o"]), vec![Step::Pause], texts(&["ne;", "two"])].concat();
        let replay = kept(steps, limits);
        assert_eq!(replay.peek(100, has_end).await.unwrap(), "one;");
        assert_eq!(lock(&replay.0).taken, 4);
        assert_eq!(replay.peek(100, has_end).await.unwrap(), "one;", "as before");
        assert!(replay.can_repeat(), "what was read is kept");
        let mut body = replay.body();
        assert_eq!(piece(&mut body).await, "one;");
        assert!(replay.can_repeat());
        assert_eq!(text(&mut body).await, "two");
        assert_eq!(replay.can_repeat(), limits == ROOM);
    }
}

#[tokio::test]
async fn gives_no_more_than_the_limit_and_loses_nothing() {
    let all = [bytes(3000, 1), bytes(10, 2), bytes(3000, 3)];
    let replay = kept(all.iter().cloned().map(Step::Data).collect(), NOTHING);
    let seen = replay.peek(3005, |_| false).await.unwrap();
    assert_eq!(seen, all.concat()[..3005]);
    assert_eq!(replay.peek(1, |_| false).await.unwrap(), all.concat()[..1]);
    assert_eq!(rest(&mut replay.body()).await.unwrap().data, all.concat());
}

#[tokio::test]
async fn ends_with_the_body() {
    for is_late in [true, false] {
        let mut script = Script::new(texts(&["one", "two"]), Some(6));
        if is_late {
            script = script.ending_late();
        }
        let replay = Replay::new(script.body(None), NOTHING);
        assert_eq!(replay.peek(100, has_end).await.unwrap(), "onetwo");
        for _attempt in 0..2 {
            let mut body = replay.body();
            assert_eq!(body.size_hint().exact(), Some(6));
            assert_eq!(text(&mut body).await, "onetwo");
        }
    }
}

#[tokio::test]
async fn trailers_are_left_for_readers() {
    let replay = kept([texts(&["one"]), vec![Step::Trailers(fields())]].concat(), NOTHING);
    assert_eq!(replay.peek(100, has_end).await.unwrap(), "one");
    for _attempt in 0..2 {
        let whole = Given { data: b"one".to_vec(), trailers: Some(fields()) };
        assert_eq!(rest(&mut replay.body()).await.unwrap(), whole);
    }
}

#[tokio::test]
async fn fails_with_the_client() {
    let replay = kept([texts(&["one"]), vec![Step::Leave]].concat(), ROOM);
    replay.peek(100, has_end).await.unwrap_err();
    replay.peek(100, has_end).await.unwrap_err();
    assert!(!replay.can_repeat());
    let mut body = replay.body();
    body.frame().await.unwrap().unwrap_err();
    assert_eq!(stage(&body), RequestStage::Gone);
}

#[tokio::test]
async fn takes_nothing_from_a_reader() {
    let replay = kept(texts(&["one", "two;"]), ROOM);
    let mut body = replay.body();
    piece(&mut body).await;
    assert_eq!(replay.peek(100, has_end).await.unwrap(), "one");
    assert_eq!(text(&mut body).await, "two;");
    assert_eq!(replay.peek(100, has_end).await.unwrap(), "onetwo;");
}
