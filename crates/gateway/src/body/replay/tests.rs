#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

mod any_body;
mod failures;
mod peeking;

use http::HeaderValue;
use http_body_util::BodyExt as _;

use super::*;
use crate::body::script::{Script, Step};

const ROOM: Limits = Limits { memory: 1 << 20, file: 0 };
const NOTHING: Limits = Limits { memory: 0, file: 0 };

fn data(bytes: impl Into<Bytes>) -> Step {
    Step::Data(bytes.into())
}

fn texts(texts: &[&'static str]) -> Vec<Step> {
    texts.iter().map(|text| data(*text)).collect()
}

/// Many bytes that differ.
fn bytes(length: usize, seed: usize) -> Bytes {
    (0..length).map(|index| u8::try_from((index * 7 + seed * 31) % 251).unwrap()).collect()
}

fn fields() -> HeaderMap {
    HeaderMap::from_iter([(http::header::ETAG, HeaderValue::from_static("x"))])
}

fn kept(steps: Vec<Step>, limits: Limits) -> Replay {
    Replay::new(Script::new(steps, None).body(None), limits)
}

/// What a reader gave.
#[derive(Debug, Default, PartialEq)]
struct Given {
    data: Vec<u8>,
    trailers: Option<HeaderMap>,
}

/// The next part, with which what is said of the rest is checked.
async fn next(body: &mut RequestBody, given: &mut Given) -> Result<bool, BodyError> {
    let (is_end, hint) = (body.is_end_stream(), body.size_hint().exact());
    let before = body.progress().unwrap().bytes();
    let Some(frame) = testkit::bounded("a part", body.frame()).await else { return Ok(false) };
    let frame = frame?;
    assert!(!is_end, "{frame:?} behind the end");
    match frame.into_data() {
        Ok(data) => {
            let count = body.progress().unwrap().bytes();
            assert_eq!(count, before + data.len() as u64);
            let rest = body.size_hint().exact();
            assert_eq!(rest, hint.map(|hint| hint - data.len() as u64));
            given.data.extend_from_slice(&data);
        }
        Err(frame) => {
            assert_eq!(given.trailers.replace(frame.into_trailers().unwrap()), None);
        }
    }
    Ok(true)
}

async fn rest(body: &mut RequestBody) -> Result<Given, BodyError> {
    let mut given = Given::default();
    while next(body, &mut given).await? {}
    Ok(given)
}

async fn text(body: &mut RequestBody) -> String {
    String::from_utf8(rest(body).await.unwrap().data).unwrap()
}

async fn piece(body: &mut RequestBody) -> Bytes {
    body.frame().await.unwrap().unwrap().into_data().unwrap()
}

fn stage(body: &RequestBody) -> RequestStage {
    body.progress().unwrap().stage()
}

fn in_file(replay: &Replay) -> u64 {
    lock(&replay.0).store.as_ref().unwrap().in_file()
}

#[tokio::test]
async fn no_body_stays_none() {
    let replay = Replay::new(RequestBody::Empty, ROOM);
    assert!(replay.can_repeat());
    assert!(matches!(replay.body(), RequestBody::Empty));
    assert_eq!(replay.peek(10, |_| false).await.unwrap(), "");
}

#[tokio::test]
async fn pieces_are_handed_on_as_they_come_and_not_copied() {
    let (large, small) = (bytes(4096, 1), bytes(100, 2));
    let steps = vec![data(large.clone()), data(small.clone()), data(small.clone()), Step::Hang];
    let replay = kept(steps, ROOM);
    let mut body = replay.body();
    for sent in [&large, &small, &small] {
        let given = piece(&mut body).await;
        assert_eq!((given.as_ptr(), &given), (sent.as_ptr(), sent));
    }
    let mut again = replay.body();
    assert_eq!(piece(&mut again).await.as_ptr(), large.as_ptr());
    // A small piece would keep the buffer in which it lies.
    let both = piece(&mut again).await;
    assert_eq!(both, [&small[..], &small[..]].concat());
    assert_ne!(both.as_ptr(), small.as_ptr());
}

#[tokio::test]
async fn what_was_given_up_half_way_begins_anew_and_goes_on() {
    let replay = kept(texts(&["one ", "two ", "three ", "four"]), ROOM);
    let mut body = replay.body();
    piece(&mut body).await;
    drop(body);
    assert_eq!(lock(&replay.0).taken, 4);
    let mut body = replay.body();
    for expected in ["one ", "two "] {
        assert_eq!(piece(&mut body).await, expected);
    }
    drop(body);
    assert_eq!(lock(&replay.0).taken, 8);
    assert_eq!(text(&mut replay.body()).await, "one two three four");
    assert_eq!(text(&mut replay.body()).await, "one two three four");
    assert!(replay.can_repeat() && !replay.is_overrun());
}

#[tokio::test]
async fn each_attempt_has_progress_of_its_own() {
    let replay = kept(texts(&["one ", "two"]), ROOM);
    let mut body = replay.body();
    assert_eq!(stage(&body), RequestStage::Waiting);
    piece(&mut body).await;
    assert_eq!(stage(&body), RequestStage::Flowing);
    let mut again = replay.body();
    assert_eq!((stage(&again), again.progress().unwrap().bytes()), (RequestStage::Waiting, 0));
    text(&mut again).await;
    assert_eq!((stage(&body), stage(&again)), (RequestStage::Flowing, RequestStage::Done));
}

#[tokio::test]
async fn a_length_is_the_same_for_every_attempt() {
    let pieces = || vec![data(bytes(2000, 1)), data(bytes(1000, 2))];
    let replay = Replay::new(Script::new(pieces(), Some(3000)).body(None), ROOM);
    for _attempt in 0..3 {
        let mut body = replay.body();
        assert_eq!(body.size_hint().exact(), Some(3000));
        assert_eq!(piece(&mut body).await.len(), 2000);
        assert_eq!(body.size_hint().exact(), Some(1000));
        assert_eq!(piece(&mut body).await.len(), 1000);
        assert_eq!((body.size_hint().exact(), stage(&body)), (Some(0), RequestStage::Done));
    }
    let replay = kept(texts(&["one ", "two"]), ROOM);
    text(&mut replay.body()).await;
    assert_eq!(replay.body().size_hint().exact(), None, "or the framing would change");
}

#[tokio::test]
async fn the_last_piece_is_known_to_be_the_last() {
    for script in [
        Script::new(texts(&["one ", "two"]), Some(7)),
        Script::new(texts(&["one ", "two"]), Some(7)).ending_late(),
        Script::new(texts(&["one ", "two"]), None),
    ] {
        let is_known = script.size_hint().exact().is_none();
        let replay = Replay::new(script.body(None), ROOM);
        for attempt in 0..2 {
            let mut body = replay.body();
            assert!(!body.is_end_stream());
            piece(&mut body).await;
            assert!(!body.is_end_stream() || attempt == 1);
            if !body.is_end_stream() {
                piece(&mut body).await;
            }
            if is_known || attempt == 1 {
                assert!(body.is_end_stream());
                assert_eq!(stage(&body), RequestStage::Done);
            }
            assert!(body.frame().await.is_none());
            assert_eq!(stage(&body), RequestStage::Done);
        }
    }
}

#[tokio::test]
async fn trailers_come_again() {
    let mut steps = texts(&["one ", "two"]);
    steps.push(Step::Trailers(fields()));
    let replay = kept(steps, ROOM);
    let whole = Given { data: b"one two".to_vec(), trailers: Some(fields()) };
    for _attempt in 0..3 {
        assert_eq!(rest(&mut replay.body()).await.unwrap(), whole);
    }
    let mut body = replay.body();
    piece(&mut body).await;
    assert!(!body.is_end_stream());
}

#[tokio::test]
async fn what_memory_does_not_hold_is_in_a_file() {
    let pieces: Vec<Bytes> = (0..20).map(|seed| bytes(10_000, seed)).collect();
    let steps = pieces.iter().cloned().map(Step::Data).collect();
    let replay = kept(steps, Limits { memory: 25_000, file: 175_000 });
    let mut body = replay.body();
    let mut given = 0;
    for sent in &pieces {
        assert_eq!(piece(&mut body).await, sent, "at once");
        // What came before this piece has been written.
        assert_eq!(in_file(&replay), u64::saturating_sub(given, 25_000));
        given += sent.len() as u64;
    }
    assert!(body.is_end_stream());
    for _attempt in 0..2 {
        assert_eq!(rest(&mut replay.body()).await.unwrap().data, pieces.concat());
    }
    assert!(in_file(&replay) >= 165_000, "all but the last piece");
    assert!(replay.can_repeat() && !replay.is_overrun());
}

#[tokio::test]
async fn what_is_too_long_goes_out_once() {
    for limits in [NOTHING, Limits { memory: 5, file: 0 }, Limits { memory: 2, file: 3 }] {
        let replay = kept(texts(&["one ", "two ", "three"]), limits);
        assert!(replay.can_repeat(), "nothing has been read");
        drop(replay.body());
        assert!(replay.can_repeat(), "nothing has been read");
        assert_eq!(text(&mut replay.body()).await, "one two three");
        assert!(!replay.can_repeat() && replay.is_overrun());
        let mut body = replay.body();
        assert!(!body.is_end_stream());
        assert!(matches!(body.frame().await, Some(Err(BodyError::GivenUp))));
    }
}

#[tokio::test]
async fn what_fits_exactly_can_be_repeated() {
    for limits in [Limits { memory: 7, file: 0 }, Limits { memory: 3, file: 4 }] {
        let replay = kept(texts(&["one ", "two"]), limits);
        assert_eq!(text(&mut replay.body()).await, "one two");
        assert!(replay.can_repeat());
        assert_eq!(text(&mut replay.body()).await, "one two");
    }
}

#[tokio::test]
async fn nothing_is_kept_for_attempts_that_will_not_be() {
    let replay = kept(texts(&["one ", "two"]), ROOM);
    let mut body = replay.body();
    piece(&mut body).await;
    replay.settle();
    assert!(lock(&replay.0).store.is_none());
    assert_eq!(text(&mut body).await, "two");
    assert!(!replay.can_repeat() && !replay.is_overrun());

    let replay = kept(texts(&["one ", "two ", "three"]), ROOM);
    piece(&mut replay.body()).await;
    let mut body = replay.body();
    replay.settle();
    assert_eq!(text(&mut body).await, "one two three");
    assert!(lock(&replay.0).store.is_none());
}
