//! What two processes say to each other: lines of JSON, and sockets beside them (`SCM_RIGHTS`).

use std::collections::VecDeque;
use std::io::{self, IoSlice, IoSliceMut, Write as _};
use std::mem::MaybeUninit;
use std::net::TcpListener;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use serde_json::Value;

/// Sockets in one message; the kernel takes 253 at most.
const SOCKETS: usize = 64;
/// Longest line.
const LINE_LIMIT: usize = 256 * 1024;

/// Sends one line.
pub(super) fn send(mut stream: &UnixStream, value: &Value) -> io::Result<()> {
    stream.write_all(format!("{value}\n").as_bytes())
}

/// Sends sockets, each batch beside an empty line, since they cannot be sent beside nothing.
pub(super) fn send_sockets<'s>(
    stream: &UnixStream,
    sockets: impl Iterator<Item = &'s TcpListener>,
) -> io::Result<()> {
    let sockets: Vec<_> = sockets.map(TcpListener::as_fd).collect();
    for batch in sockets.chunks(SOCKETS) {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(SOCKETS))];
        let mut beside = SendAncillaryBuffer::new(&mut space);
        if !beside.push(SendAncillaryMessage::ScmRights(batch)) {
            return Err(io::Error::other("the sockets do not fit into a message"));
        }
        sendmsg(stream, &[IoSlice::new(b"\n")], &mut beside, SendFlags::empty())?;
    }
    Ok(())
}

/// Takes lines and sockets in the order in which they were sent.
#[derive(Debug)]
pub(super) struct Reader<'s> {
    stream: &'s UnixStream,
    bytes: Vec<u8>,
    sockets: VecDeque<OwnedFd>,
}

impl<'s> Reader<'s> {
    pub(super) fn new(stream: &'s UnixStream) -> Self {
        Self { stream, bytes: Vec::new(), sockets: VecDeque::new() }
    }

    /// The next line that is not empty.
    ///
    /// # Errors
    ///
    /// An end before it, or what is no JSON.
    pub(super) fn line(&mut self) -> io::Result<Value> {
        loop {
            if let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.bytes.drain(..=end).collect();
                if line != b"\n" {
                    return serde_json::from_slice(&line).map_err(Into::into);
                }
                continue;
            }
            if self.bytes.len() > LINE_LIMIT {
                return Err(io::Error::other("a line is too long"));
            }
            self.more()?;
        }
    }

    /// The next sockets, exactly as many.
    pub(super) fn sockets(&mut self, count: usize) -> io::Result<Vec<OwnedFd>> {
        while self.sockets.len() < count {
            self.more()?;
        }
        Ok(self.sockets.drain(..count).collect())
    }

    fn more(&mut self) -> io::Result<()> {
        let mut bytes = [0; 4096];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(SOCKETS))];
        let mut beside = RecvAncillaryBuffer::new(&mut space);
        let mut into = [IoSliceMut::new(&mut bytes)];
        let received = recvmsg(self.stream, &mut into, &mut beside, flags())?;
        for message in beside.drain() {
            if let RecvAncillaryMessage::ScmRights(sockets) = message {
                self.sockets.extend(sockets);
            }
        }
        if received.flags.contains(ReturnFlags::CTRUNC) {
            return Err(io::Error::other("sockets were lost; are too many files open?"));
        }
        if received.bytes == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.bytes.extend(bytes.iter().take(received.bytes));
        Ok(())
    }
}

/// What is received is not for programs that this one might run.
#[cfg(target_os = "linux")]
fn flags() -> RecvFlags {
    RecvFlags::CMSG_CLOEXEC
}

#[cfg(not(target_os = "linux"))]
fn flags() -> RecvFlags {
    RecvFlags::empty()
}
