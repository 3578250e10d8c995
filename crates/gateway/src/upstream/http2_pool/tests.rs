use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

use super::*;

const LIMITS: Http2Limits = Http2Limits {
    resets: crate::config::Rate { per_second: 1, burst: 1 },
    control: crate::config::Rate { per_second: 1, burst: 1 },
    upstream_connections: 2,
    upstream_streams: 3,
};

fn target() -> Arc<Target> {
    Arc::new(Target::new("localhost", 80, None, Choice::Always))
}

fn pool() -> Arc<Http2Pool> {
    Arc::new(Http2Pool::new(LIMITS))
}

/// A connection whose other side is in the test's hands.
async fn connection(pool: &Http2Pool, target: &Arc<Target>) -> (Http2, Arc<Link>, DuplexStream) {
    let (ours, theirs) = duplex(64 * 1024);
    let link = pool.link(target);
    let watched = Watched::new(ours, Arc::clone(&link));
    let handshake =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(watched));
    let (sender, connection) = handshake.await.expect("nothing can fail yet");
    tokio::spawn(connection);
    (sender, link, theirs)
}

fn opening(pool: &Arc<Http2Pool>, target: &Arc<Target>) -> Opening {
    match pool.take(target, &mut None) {
        Take::Open(opening) => opening,
        _ => panic!("a connection has to be opened"),
    }
}

fn seat(pool: &Arc<Http2Pool>, target: &Arc<Target>) -> Option<Seat> {
    match pool.take(target, &mut None) {
        Take::Seat(seat) => Some(seat),
        _ => None,
    }
}

/// Settings that allow this many streams.
fn settings(streams: u8) -> [u8; 15] {
    [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, streams]
}

async fn until(mut holds: impl FnMut() -> bool) {
    while !holds() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_connection_takes_one_request_before_its_settings_have_come() {
    let (pool, target) = (pool(), target());
    let opening = opening(&pool, &target);
    assert!(matches!(pool.take(&target, &mut None), Take::Wait(_)));
    let (sender, link, mut upstream) = connection(&pool, &target).await;
    let first = opening.http2(sender, link);
    assert!(matches!(pool.take(&target, &mut None), Take::Wait(_)));
    drop(first);
    let first = seat(&pool, &target);
    assert!(first.is_some());
    let Take::Wait(waiting) = pool.take(&target, &mut None) else { panic!("there is no room") };
    upstream.write_all(&settings(2)).await.expect("the other side is there");
    waiting.over().await;
    let second = seat(&pool, &target);
    assert!(second.is_some());
    // Both are taken, so another connection is opened, and no third one.
    let another = self::opening(&pool, &target);
    assert!(matches!(pool.take(&target, &mut None), Take::Wait(_)));
    drop(another);
    drop(second);
    assert!(seat(&pool, &target).is_some());
}

#[tokio::test]
async fn a_connection_that_leaves_is_not_used() {
    let (pool, target) = (pool(), target());
    let opening = opening(&pool, &target);
    let (sender, link, mut upstream) = connection(&pool, &target).await;
    let first = opening.http2(sender, Arc::clone(&link));
    upstream.write_all(&settings(2)).await.expect("the other side is there");
    until(|| link.max_streams() == Some(2)).await;
    // GOAWAY that names stream 1.
    let goaway = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];
    upstream.write_all(&goaway).await.expect("the other side is there");
    until(|| link.is_leaving()).await;
    assert!(matches!(pool.take(&target, &mut None), Take::Open(_)));
    // Its number is 1 at least, and nothing was sent.
    assert!(first.was_left_out());
    let mut sent = Vec::new();
    while !sent.ends_with(b"SM\r\n\r\n") {
        sent.push(upstream.read_u8().await.expect("the preface"));
    }
}

#[test]
fn what_was_left_out_is_shown_by_frames() {
    let link = Link::new(Arc::default());
    assert!(link.has_left_out(1));
    let see = |kind: u8, stream: u32, payload: &[u8], sent: bool| {
        let mut frame = vec![0, 0, u8::try_from(payload.len()).expect("short"), kind, 4];
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        let mut cursor = crate::frames::FrameCursor::server();
        cursor.feed(&frame, |frame| if sent { link.send(frame) } else { link.see(frame) });
    };
    see(1, 5, b"fields", true);
    assert!(!link.has_left_out(5) && link.has_left_out(7));
    see(7, 0, &[0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0], false);
    assert!(!link.has_left_out(5) && link.has_left_out(7) && link.is_leaving());
    see(7, 0, &[0, 0, 0, 3, 0, 0, 0, 0], false);
    assert!(!link.has_left_out(3) && link.has_left_out(5));
}

#[tokio::test]
async fn a_failure_is_told_to_all_that_wait_for_the_connection() {
    let (pool, target) = (pool(), target());
    let opening = opening(&pool, &target);
    let mut seen = None;
    let Take::Wait(waiting) = pool.take(&target, &mut seen) else { panic!("one is opened") };
    let code = model::fault::FaultCode::ConnectFailed;
    opening.failed(&SendFailure::before(code, "nobody listens"));
    waiting.over().await;
    let Take::Failed(failure) = pool.take(&target, &mut seen) else { panic!("it has failed") };
    assert_eq!((failure.code, &*failure.detail), (code, "nobody listens"));
    // Who comes later tries anew.
    assert!(matches!(pool.take(&target, &mut None), Take::Open(_)));
}

#[tokio::test(start_paused = true)]
async fn what_a_target_speaks_is_forgotten_in_the_end() {
    let pool = pool();
    let tls = Arc::new(
        rustls::ClientConfig::builder_with_provider(Arc::new(
            rustls::crypto::aws_lc_rs::default_provider(),
        ))
        .with_safe_default_protocol_versions()
        .expect("versions that the provider knows")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth(),
    );
    let target = Arc::new(Target::new("localhost", 443, Some(tls), Choice::Negotiate));
    assert!(pool.may_speak(&target));
    opening(&pool, &target).http1();
    let limit = Duration::from_secs(60);
    for _ in 0..20 {
        assert!(!pool.may_speak(&target));
        tokio::time::advance(Duration::from_secs(10)).await;
        pool.close_idle(limit);
    }
    for _ in 0..8 {
        tokio::time::advance(Duration::from_secs(10)).await;
        pool.close_idle(limit);
    }
    assert!(pool.may_speak(&target));
    let clear = Arc::new(Target::new("localhost", 80, None, Choice::Negotiate));
    assert!(!pool.may_speak(&clear));
}

/// A connection that was one too many is taken back before another one is opened: while there are
/// streams on it, it counts.
#[tokio::test]
async fn a_connection_that_was_not_needed_still_counts() {
    let (pool, target) = (pool(), target());
    let mut opened = Vec::new();
    for _ in 0..LIMITS.upstream_connections {
        let opening = opening(&pool, &target);
        let (sender, link, mut upstream) = connection(&pool, &target).await;
        upstream.write_all(&settings(1)).await.expect("a pipe with room");
        until(|| link.max_streams() == Some(1)).await;
        opened.push((opening.http2(sender, link), upstream));
    }
    let waits = || matches!(pool.take(&target, &mut None), Take::Wait(_));
    // As if so little had been asked that one of them would do.
    let sweep = || {
        pool.lock().0.get_mut(&target).expect("it was asked for").busiest = 0;
        pool.close_idle(Duration::from_secs(60));
        let sites = pool.lock();
        let site = sites.0.get(&target).expect("it was asked for");
        (site.connections.len(), site.retiring.len())
    };
    assert!(waits(), "each has its one stream, and there may be no third");
    assert_eq!(sweep(), (1, 1));
    assert!(waits(), "the stream on the other one has not ended");
    assert_eq!(sweep(), (1, 1));
    let (ended, _upstream) = opened.pop().expect("two were opened");
    drop(ended);
    let again = seat(&pool, &target);
    assert!(again.is_some(), "it is taken back");
    assert_eq!(sweep(), (1, 1));
    drop(again);
    assert_eq!(sweep(), (1, 0), "nothing is left on it");
}
