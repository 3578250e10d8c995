//! Who may call.

pub mod credential;
pub mod jwt;
