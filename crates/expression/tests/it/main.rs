//! The languages of this crate beside the programs of others.

#![allow(clippy::unwrap_used, reason = "a failed test may panic")]
#![allow(clippy::print_stderr, reason = "a test says why it is skipped")]

mod java;
mod json_path;
mod random;
