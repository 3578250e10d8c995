#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::sync::{Arc, Mutex};

use super::*;
use crate::body::replay::Replay;
use crate::interim::Interim;
use crate::upstream::tests::{chunked, full, request, terms};

/// Takes so many bytes at once, and keeps each write.
#[derive(Debug)]
struct Taker {
    at_once: usize,
    writes: Arc<Mutex<Vec<Vec<u8>>>>,
    /// Turns in which nothing is taken, before each write.
    pauses: usize,
    paused: usize,
}

impl tokio::io::AsyncRead for Taker {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for Taker {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.paused < self.pauses {
            self.paused += 1;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.paused = 0;
        let all = slices.iter().flat_map(|slice| slice.iter().copied());
        let taken: Vec<u8> = all.take(self.at_once).collect();
        let count = taken.len();
        self.writes.lock().unwrap().push(taken);
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn outgoing_of(mut request: Request<RequestBody>) -> Outgoing {
    let target = Target::new("h.example", 80, None, compiler::plan::Http2::Never);
    Outgoing::new(&mut request, &target, &terms(&Interim::default()))
}

/// The writes that sending a request takes.
async fn writes(body: RequestBody, at_once: usize, pauses: usize) -> Vec<Vec<u8>> {
    let writes = Arc::default();
    let taker = Taker { at_once, writes: Arc::clone(&writes), pauses, paused: 0 };
    let mut transport = Transport::Other(Box::new(taker));
    let mut outgoing = outgoing_of(request("POST", body));
    assert!(outgoing.is_unsent() && !outgoing.is_done());
    std::future::poll_fn(|context| outgoing.poll(&mut transport, context)).await.unwrap();
    assert!(outgoing.is_done());
    let writes = writes.lock().unwrap().clone();
    assert_eq!(outgoing.written(), writes.concat().len() as u64);
    writes
}

const HEAD: &str = "POST /a?b=c HTTP/1.1\r\nhost: h.example\r\n";

#[tokio::test]
async fn head_and_body_go_out_at_once() {
    let body = full("hello").await;
    tokio::task::yield_now().await;
    let all = writes(body, usize::MAX, 0).await;
    assert_eq!(all, [format!("{HEAD}content-length: 5\r\n\r\nhello").into_bytes()]);
}

#[tokio::test]
async fn a_request_without_body_is_one_write() {
    let all = writes(RequestBody::Empty, usize::MAX, 0).await;
    assert_eq!(all, [format!("{HEAD}content-length: 0\r\n\r\n").into_bytes()]);
}

#[tokio::test]
async fn a_slow_upstream_gets_every_byte_in_its_order() {
    let expected = format!(
        "{HEAD}transfer-encoding: chunked\r\n\r\n\
         3\r\none\r\n1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nx-sum: 1\r\n\r\n"
    );
    for (at_once, pauses) in [(1, 0), (1, 1), (2, 0), (7, 3), (64, 1), (usize::MAX, 2)] {
        let (body, mut feeder) = chunked().await;
        feeder.chunk("one").await;
        feeder.raw("1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nx-sum: 1\r\n\r\n").await;
        let all = writes(body, at_once, pauses).await.concat();
        assert_eq!(String::from_utf8(all).unwrap(), expected, "{at_once} at once");
    }
}

#[tokio::test]
async fn a_body_that_is_sent_again_goes_out_as_at_first() {
    let (body, mut feeder) = chunked().await;
    feeder.raw("3\r\none\r\n0\r\n\r\n").await;
    let replay = Replay::new(body, compiler::plan::Replay::default());
    let expected =
        format!("{HEAD}transfer-encoding: chunked\r\n\r\n3\r\none\r\n0\r\n\r\n").into_bytes();
    assert_eq!(writes(replay.body(), usize::MAX, 0).await.concat(), expected);
    assert_eq!(writes(replay.body(), usize::MAX, 0).await, [expected], "at once");
    let outgoing = outgoing_of(request("POST", replay.body()));
    assert!(matches!(outgoing.into_untouched_body(), Some(RequestBody::Replayed(_))));
}

#[tokio::test]
async fn what_was_not_begun_can_be_taken_back() {
    let outgoing = outgoing_of(request("POST", full("hello").await));
    assert!(matches!(outgoing.into_untouched_body(), Some(RequestBody::Stream(_))));
    let outgoing = outgoing_of(request("GET", RequestBody::Empty));
    assert!(matches!(outgoing.into_untouched_body(), Some(RequestBody::Empty)));
}
