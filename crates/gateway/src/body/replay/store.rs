//! What has come of a body, in order: its beginning in memory, the rest in a temporary file without
//! a name.
//!
//! The file is written and read by threads that may block. What is being written stays in memory
//! until it has been, so that everything that was taken can be read at any time, even if the disk
//! turns out to be full.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use compiler::plan::Replay as Limits;
use tokio::runtime::Handle;
use tokio::task::{JoinHandle, spawn_blocking};

/// Pieces below this size are copied together: each of them would keep a whole buffer of the
/// connection from which it was read.
const SMALL: usize = 1024;
/// How much is copied together at most.
const GATHERED: usize = 16 * 1024;
/// How much is read from the file at once.
const READ_AT_ONCE: u64 = 64 * 1024;

/// Bytes in the order in which they came.
#[derive(Debug)]
pub(super) struct Store {
    limits: Limits,
    /// Each with the place of its first byte.
    pieces: Vec<(u64, Bytes)>,
    /// Small pieces, behind the others.
    small: BytesMut,
    /// How many bytes are in memory for good.
    in_memory: u64,
    file: Option<Arc<Spill>>,
    in_file: u64,
    writing: Option<Writing>,
}

/// The last piece, on its way to the file.
#[derive(Debug)]
struct Writing {
    piece: Bytes,
    task: JoinHandle<io::Result<Arc<Spill>>>,
}

/// A file that is closed, and thereby deleted, by a thread that may block.
#[derive(Debug)]
struct Spill(Option<File>);

/// Bytes that are being read from the file.
#[derive(Debug)]
pub(super) struct Reading(JoinHandle<io::Result<Bytes>>);

/// Where bytes are.
#[derive(Debug)]
pub(super) enum Found {
    /// Here.
    Piece(Bytes),
    /// In the file.
    InFile(Reading),
}

impl Store {
    /// Nothing yet.
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            pieces: Vec::new(),
            small: BytesMut::new(),
            in_memory: 0,
            file: None,
            in_file: 0,
            writing: None,
        }
    }

    /// Whether so many bytes more stay within the limits.
    pub(super) fn has_room(&self, length: usize) -> bool {
        let excess = (length as u64).saturating_sub(self.room_in_memory());
        excess == 0 || self.in_file.saturating_add(excess) <= self.limits.file
    }

    /// None once the file has been begun, so that nothing behind it is in memory.
    fn room_in_memory(&self) -> u64 {
        self.limits.memory.saturating_sub(self.in_memory)
    }

    /// Adds what there is room for, once what came before has been written.
    pub(super) fn add(&mut self, piece: &Bytes) {
        let room = usize::try_from(self.room_in_memory()).unwrap_or(usize::MAX);
        let mut near = piece.clone();
        let far = near.split_off(room.min(near.len()));
        self.add_in_memory(&near);
        if !far.is_empty() {
            self.write(far);
        }
    }

    /// Adds to what is in memory, whatever the limits; only while nothing is in the file.
    pub(super) fn add_in_memory(&mut self, piece: &Bytes) {
        if piece.is_empty() {
            return;
        }
        if piece.len() >= SMALL || self.small.len() + piece.len() > GATHERED {
            self.close_small();
        }
        if piece.len() < SMALL {
            self.small.extend_from_slice(piece);
        } else {
            self.pieces.push((self.in_memory, piece.clone()));
        }
        self.in_memory += piece.len() as u64;
    }

    fn close_small(&mut self) {
        if !self.small.is_empty() {
            let start = self.in_memory - self.small.len() as u64;
            self.pieces.push((start, self.small.split().freeze()));
        }
    }

    fn write(&mut self, piece: Bytes) {
        let (file, start, bytes) = (self.file.clone(), self.in_file, piece.clone());
        let task = spawn_blocking(move || {
            let file = file.map_or_else(Spill::new, Ok)?;
            file.get()?.write_all_at(&bytes, start)?;
            Ok(file)
        });
        self.writing = Some(Writing { piece, task });
    }

    /// Ready once everything has been written that is to be.
    ///
    /// # Errors
    ///
    /// When it could not be; then there may be less here than was added.
    pub(super) fn poll_written(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(writing) = &mut self.writing else { return Poll::Ready(Ok(())) };
        let written = ready!(Pin::new(&mut writing.task).poll(context));
        let length = writing.piece.len() as u64;
        self.writing = None;
        self.file = Some(written??);
        self.in_file += length;
        Poll::Ready(Ok(()))
    }

    /// What there is from this place on, in part; `None` at the end.
    pub(super) fn read(&mut self, place: u64) -> Option<Found> {
        if place < self.in_memory {
            return self.piece(place).map(Found::Piece);
        }
        let in_file = place - self.in_memory;
        let length = self.in_file.saturating_sub(in_file).min(READ_AT_ONCE);
        if let (Some(file), 1..) = (&self.file, length) {
            return Some(Found::InFile(Reading::new(Arc::clone(file), in_file, length)));
        }
        let in_piece = usize::try_from(in_file - self.in_file).ok()?;
        let piece = &self.writing.as_ref()?.piece;
        (in_piece < piece.len()).then(|| Found::Piece(piece.slice(in_piece..)))
    }

    fn piece(&mut self, place: u64) -> Option<Bytes> {
        if place >= self.in_memory - self.small.len() as u64 {
            self.close_small();
        }
        let index = self.pieces.partition_point(|(start, _)| *start <= place).checked_sub(1)?;
        let (start, piece) = self.pieces.get(index)?;
        let skipped = usize::try_from(place - start).ok()?;
        (skipped < piece.len()).then(|| piece.slice(skipped..))
    }

    /// The beginning as far as it is in memory, in one piece of at most so many bytes.
    pub(super) fn beginning(&self, limit: usize) -> BytesMut {
        let mut beginning = BytesMut::new();
        let pieces = self.pieces.iter().map(|(_, piece)| &**piece);
        for piece in pieces.chain([&*self.small]) {
            let room = limit - beginning.len();
            beginning.extend_from_slice(piece.get(..room).unwrap_or(piece));
        }
        beginning
    }
}

#[cfg(test)]
impl Store {
    /// How many bytes are in the file.
    pub(super) fn in_file(&self) -> u64 {
        self.in_file
    }

    /// Loses what has been written.
    pub(super) fn cut_file(&self) {
        let file = self.file.as_ref().expect("something was written");
        file.get().expect("it is open").set_len(0).expect("it is ours");
    }

    /// Lets no more be written, as a full disk does.
    pub(super) fn fill_disk(&mut self) {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let read_only = File::open(manifest).expect("the manifest of this crate is there");
        self.file = Some(Arc::new(Spill(Some(read_only))));
    }
}

impl Reading {
    fn new(file: Arc<Spill>, start: u64, length: u64) -> Self {
        Self(spawn_blocking(move || {
            let length = usize::try_from(length).map_err(io::Error::other)?;
            let mut bytes = BytesMut::zeroed(length);
            file.get()?.read_exact_at(&mut bytes, start)?;
            Ok(bytes.freeze())
        }))
    }

    /// Ready once they have been read.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        let read = ready!(Pin::new(&mut self.0).poll(context));
        Poll::Ready(read.map_err(io::Error::from).flatten())
    }
}

impl Spill {
    fn new() -> io::Result<Arc<Self>> {
        Ok(Arc::new(Self(Some(tempfile::tempfile()?))))
    }

    fn get(&self) -> io::Result<&File> {
        self.0.as_ref().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Drop for Spill {
    /// Giving up the space of a large file takes its time.
    fn drop(&mut self) {
        if let (Some(file), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            drop(runtime.spawn_blocking(move || drop(file)));
        }
    }
}
