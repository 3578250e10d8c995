//! What the gateway listens on.

pub mod tls;
