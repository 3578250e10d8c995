//! The gateway against real sockets: real clients on one side, real backends on the other.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(
    clippy::disallowed_methods,
    reason = "bodies are the tests' own, and sockets keep real time"
)]
#![allow(clippy::needless_pass_by_value, reason = "`json!` at the call reads better than `&json!`")]

mod gateway;

mod addressing;
mod crowds;
mod dynamic;
mod faults;
mod frames;
mod groups;
mod headers;
mod hostile_answers;
mod http2;
mod http2_abuse;
mod http2_meaning;
mod http2_upstream;
mod lambda;
mod leaving;
mod limits;
mod messages;
mod mocks;
mod noise;
mod peers;
mod policies;
mod proxies;
mod refusals;
mod secured;
mod soap;
mod stages;
mod states;
mod streaming;
mod tunnels;
