//! What holds for every message, however it is made and however it comes.

#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

mod checks;
mod mutated;
mod round_trip;
