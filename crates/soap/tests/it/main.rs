//! Mappings of WSDLs, and messages that are turned by them.

#![allow(clippy::unwrap_used, reason = "a failed test may panic")]
#![allow(clippy::print_stderr, reason = "a test says what it found, or why it is skipped")]

mod corpus;
mod golden;
mod round;
mod sample;
mod support;
mod zeep;
