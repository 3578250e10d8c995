//! Talking to upstreams.

pub mod tls;
