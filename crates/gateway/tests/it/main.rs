//! The gateway against real sockets: real clients on one side, real backends on the other.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod gateway;

mod addressing;
mod faults;
mod headers;
mod http2;
mod leaving;
mod limits;
mod messages;
mod noise;
mod peers;
mod stages;
mod states;
mod streaming;
mod tunnels;
