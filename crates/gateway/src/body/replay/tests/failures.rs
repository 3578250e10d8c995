//! What goes wrong on the client's side, on the disk, and between attempts.

use std::time::Duration;

use tokio::time::Instant;

use super::*;
use crate::body::script::IDLE;

/// Polls once.
async fn is_pending(body: &mut RequestBody) -> bool {
    poll_fn(|context| Poll::Ready(Pin::new(&mut *body).poll_frame(context).is_pending())).await
}

async fn error(body: &mut RequestBody) -> BodyError {
    testkit::bounded("an error", body.frame()).await.unwrap().unwrap_err()
}

#[tokio::test]
async fn giving_up_ends_one_attempt() {
    let steps = [texts(&["one "]), vec![Step::Pause, Step::Pause], texts(&["two"])].concat();
    let replay = kept(steps, ROOM);
    let mut body = replay.body();
    piece(&mut body).await;
    assert!(is_pending(&mut body).await);
    let progress = body.progress().unwrap();
    let waiting = tokio::spawn(async move {
        let error = error(&mut body).await;
        (error, stage(&body))
    });
    progress.give_up();
    let (error, stage) = waiting.await.unwrap();
    assert!(matches!(error, BodyError::GivenUp));
    assert_eq!(stage, RequestStage::Flowing);
    assert!(replay.can_repeat());
    assert_eq!(text(&mut replay.body()).await, "one two");
}

#[tokio::test]
async fn an_attempt_that_waits_is_woken_when_it_is_given_up() {
    let replay = kept([texts(&["one "]), vec![Step::Hang]].concat(), ROOM);
    let mut body = replay.body();
    let progress = body.progress().unwrap();
    piece(&mut body).await;
    let waiting = tokio::spawn(async move { error(&mut body).await });
    tokio::task::yield_now().await;
    progress.give_up();
    assert!(matches!(waiting.await.unwrap(), BodyError::GivenUp));
}

#[tokio::test]
async fn an_older_attempt_ends_when_another_one_begins() {
    let replay = kept([texts(&["one "]), vec![Step::Pause], texts(&["two"])].concat(), ROOM);
    let mut older = replay.body();
    piece(&mut older).await;
    assert!(is_pending(&mut older).await);
    let mut newer = replay.body();
    assert!(matches!(error(&mut older).await, BodyError::GivenUp));
    assert_eq!(text(&mut newer).await, "one two");
}

#[tokio::test]
async fn an_older_attempt_that_waits_is_woken() {
    let replay = kept(vec![Step::Hang], ROOM);
    let mut older = replay.body();
    let waiting = tokio::spawn(async move { error(&mut older).await });
    tokio::task::yield_now().await;
    let _newer = replay.body();
    assert!(matches!(waiting.await.unwrap(), BodyError::GivenUp));
}

#[tokio::test]
async fn an_attempt_that_is_over_stays_so() {
    let replay = kept(texts(&["one"]), ROOM);
    let mut older = replay.body();
    assert_eq!(text(&mut older).await, "one");
    let mut newer = replay.body();
    assert!(older.frame().await.is_none());
    assert!(older.is_end_stream());
    assert_eq!(stage(&older), RequestStage::Done);
    assert_eq!(text(&mut newer).await, "one");
}

#[tokio::test]
async fn a_client_that_left_fails_every_attempt() {
    let replay = kept([texts(&["one "]), vec![Step::Leave]].concat(), ROOM);
    let mut body = replay.body();
    piece(&mut body).await;
    error(&mut body).await;
    assert_eq!(stage(&body), RequestStage::Gone);
    assert!(!replay.can_repeat() && !replay.is_overrun());
    let mut body = replay.body();
    error(&mut body).await;
    assert_eq!(stage(&body), RequestStage::Gone);
}

#[tokio::test]
async fn a_body_beyond_the_limit_fails() {
    let script = Script::new(texts(&["one ", "two"]), None);
    let replay = Replay::new(script.body(Some(5)), ROOM);
    let mut body = replay.body();
    piece(&mut body).await;
    assert!(matches!(error(&mut body).await, BodyError::TooLarge(5)));
    assert_eq!(stage(&body), RequestStage::TooLarge);
}

#[tokio::test(start_paused = true)]
async fn only_a_client_that_was_waited_for_can_stall() {
    let replay = kept([texts(&["one "]), vec![Step::Hang]].concat(), ROOM);
    let mut body = replay.body();
    piece(&mut body).await;
    assert!(is_pending(&mut body).await);
    drop(body);
    // Until another upstream is there.
    tokio::time::advance(IDLE * 2).await;
    let mut body = replay.body();
    piece(&mut body).await;
    let started = Instant::now();
    let broken = body.frame().await.unwrap().unwrap_err();
    assert!(matches!(broken, BodyError::Stalled(IDLE)));
    assert!(started.elapsed() < IDLE + Duration::from_millis(10));
    assert!(started.elapsed() >= IDLE);
    assert_eq!(stage(&body), RequestStage::Stalled);
    assert!(!replay.can_repeat());
}

#[tokio::test]
async fn a_full_disk_fails_no_request() {
    let replay = kept(texts(&["one ", "two ", "three"]), Limits { memory: 6, file: 1000 });
    let mut body = replay.body();
    piece(&mut body).await;
    lock(&replay.0).store.as_mut().unwrap().fill_disk();
    assert_eq!(piece(&mut body).await, "two ");
    // What could not be written is at hand as long as nobody has asked for more.
    assert!(replay.can_repeat());
    let mut body = replay.body();
    assert_eq!(text(&mut body).await, "one two three");
    assert!(!replay.can_repeat() && replay.is_overrun());
}

#[tokio::test]
async fn what_the_file_has_lost_is_not_left_out() {
    let pieces = vec![data(bytes(2000, 1)), data(bytes(2000, 2)), Step::Hang];
    let replay = kept(pieces, Limits { memory: 2000, file: 2000 });
    let mut body = replay.body();
    piece(&mut body).await;
    piece(&mut body).await;
    while in_file(&replay) == 0 {
        assert!(is_pending(&mut body).await);
        tokio::task::yield_now().await;
    }
    let mut body = replay.body();
    piece(&mut body).await;
    lock(&replay.0).store.as_mut().unwrap().cut_file();
    assert!(matches!(error(&mut body).await, BodyError::Lost(_)));
    assert!(!replay.can_repeat());
    assert!(matches!(error(&mut body).await, BodyError::GivenUp));
}
