//! The store on both engines.
#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

mod apis;
mod backup;
mod catalog;
mod engines;
mod fixture;
mod open;
mod people;
mod revisions;
mod search;
