//! The testkit against itself: what tests stand on must hold.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod backends;
mod certificates;
mod process;
mod projects;
mod tokens;
