use std::time::Duration;

use super::*;

const LIMITS: Http2Limits = Http2Limits {
    resets: Rate { per_second: 2, burst: 4 },
    control: Rate { per_second: 10, burst: 20 },
    upstream_connections: 1,
    upstream_streams: 1,
};

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// A watch over a connection whose preface and first settings have passed.
fn watch() -> Watch {
    let mut watch = Watch::new(LIMITS);
    assert_eq!(watch.receive(&[0; 24]), Ok(()));
    assert_eq!(watch.receive(&frame(4, 0, 0, b"")), Ok(()));
    watch.send(&frame(4, 0, 0, b""));
    assert_eq!(watch.receive(&frame(4, 1, 0, b"")), Ok(()));
    // What that has cost is earned again.
    for _ in 0..2 {
        watch.send(&frame(4, 0, 0, b""));
        watch.unacknowledged = 0;
    }
    watch
}

#[tokio::test(start_paused = true)]
async fn settings_come_first() {
    for first in [frame(6, 0, 0, &[0; 8]), frame(4, 1, 0, b""), frame(1, 5, 1, b"fields")] {
        let mut watch = Watch::new(LIMITS);
        assert_eq!(watch.receive(&[0; 24]), Ok(()));
        assert_eq!(watch.receive(&first), Err(Http2End::Violation));
    }
}

/// How often the client may send this; 1000 is without end.
fn times(watch: &mut Watch, bytes: &[u8]) -> usize {
    (0..1000).take_while(|_| watch.receive(bytes).is_ok()).count()
}

#[tokio::test(start_paused = true)]
async fn what_is_spent_grows_again_with_time() {
    for (kind, payload, cause) in [
        (2, &[0; 5][..], Http2End::PriorityFlood),
        (4, &[], Http2End::SettingsFlood),
        (6, &[0; 8], Http2End::PingFlood),
        (8, &[0, 0, 0, 1], Http2End::WindowUpdateFlood),
        (0xbe, b"?", Http2End::UnknownFlood),
    ] {
        let mut watch = watch();
        let one = frame(kind, 0, 0, payload);
        assert_eq!(times(&mut watch, &one), 20, "{cause:?}");
        assert_eq!(watch.receive(&one), Err(cause));
        tokio::time::advance(Duration::from_millis(500)).await;
        assert_eq!(times(&mut watch, &one), 5);
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert_eq!(times(&mut watch, &one), 20);
    }
}

#[tokio::test(start_paused = true)]
async fn answers_earn_resets() {
    let mut watch = watch();
    let reset = frame(3, 0, 1, &[0, 0, 0, 8]);
    assert_eq!(times(&mut watch, &reset), 4);
    for _ in 0..3 {
        watch.send(&frame(1, 5, 1, b""));
    }
    assert_eq!(times(&mut watch, &reset), 3);
    for _ in 0..100 {
        watch.send(&frame(0, 1, 1, b"end"));
    }
    assert_eq!(times(&mut watch, &reset), 4);
}

#[tokio::test(start_paused = true)]
async fn pieces_of_answers_earn_windows() {
    let mut watch = watch();
    let update = frame(8, 0, 1, &[0, 0, 0, 1]);
    assert_eq!(times(&mut watch, &update), 20);
    watch.send(&frame(0, 0, 1, &[0; 1000]));
    assert_eq!(times(&mut watch, &update), 2);
    watch.send(&frame(0, 0, 1, &[0; 5000]));
    assert_eq!(times(&mut watch, &update), 6);
    assert_eq!(watch.receive(&frame(1, 4, 3, b"fields")), Ok(()));
    assert_eq!(times(&mut watch, &update), 2);
    assert_eq!(watch.last_stream(), 3);
}

#[tokio::test(start_paused = true)]
async fn resets_of_ours_count_where_the_client_is_to_blame() {
    let mut watch = watch();
    for code in [0, 2, 7, 8] {
        for _ in 0..100 {
            watch.send(&frame(3, 0, 1, &[0, 0, 0, code]));
        }
    }
    assert_eq!(watch.found(), None);
    for _ in 0..5 {
        watch.send(&frame(3, 0, 1, &[0, 0, 0, 1]));
    }
    assert_eq!(watch.receive(&frame(0, 0, 1, b"x")), Err(Http2End::MadeResetFlood));
}

#[tokio::test(start_paused = true)]
async fn what_is_owed_is_owed_since_it_began() {
    let mut watch = watch();
    assert_eq!(watch.overdue(), None);
    watch.send(&frame(4, 0, 0, b""));
    let begun = Instant::now();
    assert_eq!(watch.overdue(), Some((begun, Http2End::SettingsTimeout)));
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(watch.overdue(), Some((begun, Http2End::SettingsTimeout)));
    assert_eq!(watch.receive(&frame(4, 1, 0, b"")), Ok(()));
    assert_eq!(watch.overdue(), None);
    // A block of three frames, the last of which is not whole.
    let begun = Instant::now();
    assert_eq!(watch.receive(&frame(1, 0, 1, b"one")), Ok(()));
    assert_eq!(watch.overdue(), Some((begun, Http2End::SlowHead)));
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(watch.receive(&frame(9, 0, 1, b"two")), Ok(()));
    assert_eq!(watch.overdue(), Some((begun, Http2End::SlowHead)));
    let last = frame(9, 4, 1, b"three");
    assert_eq!(watch.receive(&last[..12]), Ok(()));
    assert_eq!(watch.overdue(), Some((begun, Http2End::SlowHead)));
    assert_eq!(watch.receive(&last[12..]), Ok(()));
    assert_eq!(watch.overdue(), None);
}

#[tokio::test(start_paused = true)]
async fn what_the_library_tells_is_known() {
    let told = |code: u8| {
        let mut watch = watch();
        watch.send(&frame(7, 0, 0, &[0, 0, 0, 0, 0, 0, 0, code]));
        watch.told()
    };
    assert_eq!(told(0), None);
    assert_eq!(told(1), Some(Http2End::Violation));
    assert_eq!(told(11), Some(Http2End::Excess));
}

#[tokio::test(start_paused = true)]
async fn a_frame_of_ours_waits_for_the_end_of_another() {
    let mut watch = watch();
    let data = frame(0, 0, 1, b"piece");
    assert!(watch.can_send());
    watch.send(&data[..10]);
    assert!(!watch.can_send());
    watch.send(&data[10..]);
    assert!(watch.can_send());
}
