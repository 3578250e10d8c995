//! HTTP/2 clients that cost more than they may: each is sent away with the reason, is counted, and
//! leaves the gateway as it was.

use std::time::Duration;

use gateway::config::{GatewayConfig, Rate};
use testkit::{Backend, RawBackend, Reply};

use crate::frames::{
    ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, PREFACE, PRIORITY,
    Peer, RESET, SETTINGS, WINDOW_UPDATE, block, frame, get, post, request,
};
use crate::gateway::{Weir, shop};

const NO_ERROR: u32 = 0;
const SETTINGS_TIMEOUT: u32 = 4;
const CANCEL: u32 = 8;
const ENHANCE_YOUR_CALM: u32 = 11;

/// How many connections were ended for this cause.
async fn ended(weir: &Weir, cause: &str) -> bool {
    let line = format!("gateway_http2_connections_ended_total{{cause=\"{cause}\"}} 1");
    weir.metrics().await.contains(&line)
}

/// The gateway serves as before, and nothing has panicked.
async fn fine(weir: &Weir) {
    assert_eq!(weir.get("/shop/1.0/a").await.status, 200);
    assert_eq!(weir.h2().await.get(&weir.url("/shop/1.0/a")).await.unwrap().status, 200);
    assert_eq!(weir.metric("gateway_panics_total").await, 0.0);
    weir.quiet().await;
}

/// Odd numbers from 1.
fn streams(count: u32) -> impl Iterator<Item = u32> {
    (0..count).map(|index| index * 2 + 1)
}

/// Sends this flood and expects to be sent away for it, for this cause.
async fn flood(cause: &str, bytes: Vec<u8>) {
    let backend = Backend::echo().await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut peer = Peer::connect(&weir).await;
    peer.send(bytes).await;
    assert_eq!(peer.end().await, Some(ENHANCE_YOUR_CALM), "{cause}");
    drop(peer);
    weir.until(cause, || ended(&weir, cause)).await;
    fine(&weir).await;
}

/// CVE-2023-44487, so fast that the library has not taken the requests yet.
#[tokio::test]
async fn streams_that_are_given_up_at_once_are_bounded() {
    let reset = |stream| [get(stream), frame(RESET, 0, stream, CANCEL.to_be_bytes())].concat();
    flood("excess", streams(500).flat_map(reset).collect()).await;
}

/// The same at a pace at which each request reaches its upstream.
#[tokio::test]
async fn streams_that_are_given_up_are_bounded() {
    let backend = RawBackend::silent().await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut peer = Peer::connect(&weir).await;
    let mut given_up = 0;
    for stream in streams(500) {
        peer.send([get(stream), frame(PING, 0, 0, [0; 8])].concat()).await;
        let Some(_) = peer.until(PING, 0).await else { break };
        peer.send(frame(RESET, 0, stream, CANCEL.to_be_bytes())).await;
        given_up += 1;
    }
    assert!((200..300).contains(&given_up), "{given_up}");
    weir.until("the end", || ended(&weir, "reset_flood")).await;
    weir.quiet().await;
    assert_eq!(weir.metric("gateway_panics_total").await, 0.0);
}

/// CVE-2025-8671: the client spoils streams, so that the server has to reset them.
#[tokio::test]
async fn streams_that_are_spoilt_are_bounded() {
    let most = 0x7fff_ffff_u32.to_be_bytes();
    spoil(|stream| [post(stream, &[]), frame(WINDOW_UPDATE, 0, stream, most)].concat()).await;
    spoil(|stream| {
        [post(stream, &[("content-length", "1")]), frame(DATA, 0, stream, "xx")].concat()
    })
    .await;
}

async fn spoil(stream: impl Fn(u32) -> Vec<u8>) {
    let backend = RawBackend::silent().await;
    let weir = Weir::start(&shop(&backend.url()));
    let mut peer = Peer::connect(&weir).await;
    let mut spoilt = 0;
    for id in streams(500) {
        peer.send([stream(id), frame(PING, 0, 0, [0; 8])].concat()).await;
        let Some(_) = peer.until(PING, 0).await else { break };
        spoilt += 1;
    }
    assert!((200..300).contains(&spoilt), "{spoilt}");
    weir.until("the end", || ended(&weir, "made_reset_flood")).await;
    weir.quiet().await;
    assert_eq!(weir.metric("gateway_panics_total").await, 0.0);
}

#[tokio::test]
async fn control_frames_are_bounded() {
    flood("settings_flood", frame(SETTINGS, 0, 0, []).repeat(3000)).await;
    flood("ping_flood", frame(PING, 0, 0, [0; 8]).repeat(3000)).await;
    flood("ping_flood", frame(PING, ACK, 0, [0; 8]).repeat(3000)).await;
    flood("priority_flood", frame(PRIORITY, 0, 1, [0, 0, 0, 3, 7]).repeat(3000)).await;
    flood("priority_flood", frame(0x10, 0, 0, [0, 0, 0, 1, b'u']).repeat(3000)).await;
    let update = frame(WINDOW_UPDATE, 0, 0, 1_u32.to_be_bytes());
    flood("window_update_flood", update.repeat(3000)).await;
    flood("unknown_frame_flood", frame(0xbe, 0, 0, [0; 8]).repeat(3000)).await;
}

/// What the HTTP library bounds: CVE-2024-27316, and `DATA` that carries nothing.
#[tokio::test]
async fn what_the_library_bounds_is_counted_too() {
    let open = frame(HEADERS, END_STREAM, 1, block(&request("GET", "/shop/1.0/a", &[])));
    let empty = frame(CONTINUATION, 0, 1, []).repeat(1000);
    flood("excess", [&open[..], &empty].concat()).await;
    let large = block(&[("x-large", &"v".repeat(16_000))]);
    let large = frame(CONTINUATION, 0, 1, large).repeat(100);
    flood("excess", [&open[..], &large].concat()).await;
    let empty = frame(DATA, 0, 1, []).repeat(1000);
    flood("excess", [post(1, &[]), empty].concat()).await;
    let tiny = frame(DATA, 0, 1, "x").repeat(20_000);
    flood("excess", [post(1, &[]), tiny].concat()).await;
}

fn hasty(config: &mut GatewayConfig) {
    config.timeouts.head = Duration::from_millis(200);
    config.timeouts.client_idle = Duration::from_millis(400);
    config.timeouts.socket = Duration::from_millis(300);
}

/// What a client sends and then leaves it at, with the error and the cause that end it.
async fn owing(bytes: &[u8], code: u32, cause: &str) {
    let backend = Backend::echo().await;
    let weir = Weir::with(&[&shop(&backend.url())], hasty);
    let mut peer = Peer::connect(&weir).await;
    peer.send(bytes).await;
    assert_eq!(peer.end().await, Some(code), "{cause}");
    drop(peer);
    weir.until(cause, || ended(&weir, cause)).await;
    fine(&weir).await;
}

#[tokio::test]
async fn header_fields_have_to_come_in_time() {
    let fields = block(&request("GET", "/shop/1.0/a", &[]));
    // A block that is not closed, and a frame that is not whole.
    owing(&frame(HEADERS, END_STREAM, 1, &fields), ENHANCE_YOUR_CALM, "slow_head").await;
    let whole = frame(HEADERS, END_STREAM | END_HEADERS, 1, &fields);
    owing(&whole[..whole.len() - 1], ENHANCE_YOUR_CALM, "slow_head").await;
}

/// Bytes that come one at a time do not give a block more time.
#[tokio::test]
async fn header_fields_that_trickle_are_late_too() {
    let backend = Backend::echo().await;
    let weir = Weir::with(&[&shop(&backend.url())], hasty);
    let mut peer = Peer::connect(&weir).await;
    peer.send(frame(HEADERS, END_STREAM, 1, block(&request("GET", "/shop/1.0/a", &[])))).await;
    let trickle = async {
        loop {
            peer.send(frame(CONTINUATION, 0, 1, [])).await;
            tokio::time::sleep(Duration::from_millis(120)).await;
            if ended(&weir, "slow_head").await {
                return;
            }
        }
    };
    testkit::bounded("the end", trickle).await;
    fine(&weir).await;
}

#[tokio::test]
async fn settings_have_to_be_acknowledged() {
    let backend = Backend::echo().await;
    let weir = Weir::with(&[&shop(&backend.url())], hasty);
    let mut client = weir.client().await;
    // A stream that is open keeps the connection from being idle.
    let sent = [PREFACE, &frame(SETTINGS, 0, 0, []), &post(1, &[])].concat();
    client.send(sent).await.unwrap();
    let rest = client.rest().await;
    assert_eq!(rest[rest.len() - 4..], SETTINGS_TIMEOUT.to_be_bytes());
    weir.until("the cause", || ended(&weir, "settings_timeout")).await;
    fine(&weir).await;
}

#[tokio::test]
async fn a_connection_without_streams_is_told_that_it_ends() {
    owing(&[], NO_ERROR, "idle").await;
    owing(&get(1), NO_ERROR, "idle").await;
    // What is no request keeps nobody waiting.
    owing(&frame(PING, 0, 0, [0; 8]), NO_ERROR, "idle").await;
    // Part of the head of a frame.
    owing(&frame(PING, 0, 0, [0; 8])[..5], NO_ERROR, "idle").await;
}

/// A client that opens streams and grants no window: each ends, and so do the calls behind them.
#[tokio::test]
async fn a_client_that_takes_nothing_loses_its_streams() {
    let backend = Backend::answer(200, &[], "x".repeat(100_000)).await;
    let weir = Weir::with(&[&shop(&backend.url())], |config| {
        config.timeouts.socket = Duration::from_millis(300);
    });
    // SETTINGS_INITIAL_WINDOW_SIZE = 0.
    let mut peer = Peer::with_settings(&weir, &[0, 4, 0, 0, 0, 0]).await;
    peer.send(streams(100).flat_map(get).collect::<Vec<u8>>()).await;
    let mut reset = Vec::new();
    while reset.len() < 100 {
        let got = peer.next().await.expect("the connection goes on");
        if got.kind == RESET {
            assert_eq!(got.code(), CANCEL);
            reset.push(got.stream);
        }
    }
    weir.quiet().await;
    let records = weir.records(100).await;
    assert!(records.iter().all(|record| record["aborted"] == true));
    // The connection is as good as before.
    peer.send([frame(SETTINGS, 0, 0, [0, 4, 0, 16, 0, 0]), get(201)].concat()).await;
    assert_eq!(peer.outcome(201).await, Some(Ok(200)));
    let mut size = 0;
    while size < 65_535 {
        size += peer.until(DATA, 201).await.unwrap().payload.len();
    }
    fine(&weir).await;
}

/// A body that stops coming is answered, and does not hold the upstream.
#[tokio::test]
async fn a_body_that_stops_is_answered() {
    let backend = Backend::echo().await;
    let weir = Weir::with(&[&shop(&backend.url())], |config| {
        config.timeouts.socket = Duration::from_millis(300);
    });
    let mut peer = Peer::connect(&weir).await;
    peer.send([post(1, &[("content-length", "10")]), frame(DATA, 0, 1, "half")].concat()).await;
    assert_eq!(peer.outcome(1).await, Some(Ok(408)));
    weir.quiet().await;
    assert_eq!(weir.record().await["status"], 408);
    fine(&weir).await;
}

#[tokio::test]
async fn a_client_may_not_have_too_many_streams() {
    let (reply, feed) = Reply::events();
    let reply = std::sync::Mutex::new(Some(reply));
    let handler = move |_| reply.lock().unwrap().take().unwrap_or_else(|| Reply::new(200));
    let backend = Backend::builder().start(handler).await;
    let weir = Weir::with(&[&shop(&backend.url())], |config| config.limits.http2_streams = 1);
    let mut peer = Peer::connect(&weir).await;
    peer.send(get(1)).await;
    assert_eq!(peer.outcome(1).await, Some(Ok(200)));
    peer.send(get(3)).await;
    // REFUSED_STREAM: the client may ask again.
    assert_eq!(peer.outcome(3).await, Some(Err(7)));
    drop(feed);
    while peer.until(DATA, 1).await.unwrap().flags & END_STREAM == 0 {}
    peer.send(get(5)).await;
    assert_eq!(peer.outcome(5).await, Some(Ok(200)));
    fine(&weir).await;
}

#[tokio::test]
async fn header_fields_have_a_limit_in_size_and_number() {
    let backend = Backend::echo().await;
    let weir = Weir::with(&[&shop(&backend.url())], |config| {
        config.limits.head_bytes = 8192;
        config.limits.header_fields = 20;
    });
    let mut peer = Peer::connect(&weir).await;
    let large = "v".repeat(9000);
    let fields = block(&request("GET", "/shop/1.0/a", &[("x-large", &large)]));
    peer.send(frame(HEADERS, END_STREAM | END_HEADERS, 1, fields)).await;
    assert_eq!(peer.outcome(1).await, Some(Ok(431)));
    let many: Vec<(String, &str)> = (0..30).map(|index| (format!("x-{index}"), "v")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (&**name, *value)).collect();
    let fields = block(&request("GET", "/shop/1.0/a", &many));
    peer.send(frame(HEADERS, END_STREAM | END_HEADERS, 3, fields)).await;
    assert_eq!(peer.outcome(3).await, Some(Ok(431)));
    // Beyond reason the connection ends.
    let huge = "v".repeat(15_000);
    let fields = block(&request("GET", "/shop/1.0/a", &[("x-huge", &huge)]));
    let mut bytes = frame(HEADERS, END_STREAM, 5, fields);
    for _ in 0..8 {
        bytes.extend(frame(CONTINUATION, 0, 5, block(&[("x-huge", &huge)])));
    }
    peer.send(bytes).await;
    assert_eq!(peer.until(GOAWAY, 0).await.map(|got| got.code()), Some(ENHANCE_YOUR_CALM));
    assert!(backend.requests().is_empty());
    fine(&weir).await;
}

/// Allowances grow with time and with work, so that nobody who works is sent away.
#[tokio::test]
async fn work_earns_control_frames() {
    let backend = Backend::answer(200, &[], "x".repeat(10)).await;
    let weir = Weir::with(&[&shop(&backend.url())], |config| {
        config.limits.http2.control = Rate { per_second: 1, burst: 10 };
    });
    let mut peer = Peer::connect(&weir).await;
    for stream in streams(60) {
        let update = frame(WINDOW_UPDATE, 0, 0, 10_u32.to_be_bytes());
        let ping = frame(PING, 0, 0, [0; 8]);
        peer.send([get(stream), update, ping, frame(PRIORITY, 0, stream, [0; 5])].concat()).await;
        assert_eq!(peer.outcome(stream).await, Some(Ok(200)));
        while peer.until(DATA, stream).await.unwrap().flags & END_STREAM == 0 {}
    }
    fine(&weir).await;
}
