//! Buffers that no connection needs right now.
//!
//! A connection that waits, be it a client's or an upstream's, holds no buffer: it takes one when
//! bytes come and gives it back when it waits again. Each thread keeps a few, since a worker is a thread.

use std::cell::RefCell;

use bytes::BytesMut;

/// What a connection is given to read into.
pub(crate) const ROOM: usize = 8 * 1024;
/// Buffers that a thread keeps.
const KEPT: usize = 64;

thread_local! {
    static SPARE: RefCell<Vec<BytesMut>> = const { RefCell::new(Vec::new()) };
}

/// An empty buffer with [`ROOM`].
pub(crate) fn take() -> BytesMut {
    let spare = SPARE.with_borrow_mut(Vec::pop);
    let Some(mut buffer) = spare else { return BytesMut::with_capacity(ROOM) };
    // What was read into it before may still be in use, which leaves a part of it or nothing.
    buffer.reserve(ROOM);
    buffer
}

/// Gives back a buffer that is empty and was never given more than [`ROOM`].
pub(crate) fn give(buffer: BytesMut) {
    SPARE.with_borrow_mut(|kept| {
        if kept.len() < KEPT {
            kept.push(buffer);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_used_again_once_nobody_looks_into_it() {
        let mut buffer = take();
        buffer.extend_from_slice(&[1; 100]);
        let place = buffer.as_ptr();
        let head = buffer.split().freeze();
        give(buffer);
        let mut other = take();
        assert!(other.capacity() >= ROOM);
        other.extend_from_slice(&[2; ROOM]);
        assert_eq!(&head[..], [1; 100]);
        drop(head);
        other.clear();
        give(other);
        let again = take();
        assert!(again.capacity() >= ROOM);
        assert_ne!(again.as_ptr(), place);
    }
}
