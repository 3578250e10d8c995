//! The reader on WSDLs that nobody here wrote, beside another reader, and on damaged ones.

#![allow(clippy::unwrap_used, reason = "a failed test may panic")]
#![allow(clippy::print_stderr, reason = "a test says what it found, or why it is skipped")]

mod attacks;
mod corpus;
mod damage;
mod samples;
mod scale;
mod support;
mod zeep;
