//! Mocks of documents that nobody here wrote, and scripts as they are written.

#![allow(clippy::unwrap_used, reason = "a failed test may panic")]
#![allow(clippy::print_stderr, reason = "a test says what it found, or why it is skipped")]

mod corpus;
mod golden;
mod prism;
mod scripts;
mod state;
