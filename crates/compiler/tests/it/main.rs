//! The integration tests of the compiler.

#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

mod diagnostics;
mod examples;
mod fixtures;
mod golden;
mod lambda;
mod properties;
mod reading;
mod secrets;
