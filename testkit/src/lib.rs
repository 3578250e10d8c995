//! What tests need around a gateway: backends that behave and backends that misbehave on purpose,
//! clients that show every byte, certificates, tokens, scratch projects, and runners for the
//! program itself, nginx, Apache, lighttpd, and scripts for Node and Python.
//!
//! Everything listens on 127.0.0.1 with a port of the system's choice, and everything that is
//! started here stops when its handle is dropped.
//! Delays use tokio's clock, so that a test with a paused clock controls them; bounds on waiting
//! use real time, so that such a test never gives up early.
//! A failed precondition panics: this crate is for tests only and is never shipped.

mod answer;
mod apache;
mod authority;
mod backend;
mod bounded;
mod client;
mod h2client;
mod h2raw;
mod issuer;
mod lighttpd;
mod nginx;
mod place;
mod port;
mod process;
mod project;
mod raw_backend;
mod reply;
mod script;
mod signal;
mod tasks;

pub use answer::Answer;
pub use apache::Apache;
pub use authority::{Ca, Leaf};
pub use backend::{Backend, BackendBuilder, Recorded, Tls};
pub use bounded::{PATIENCE, bounded};
pub use client::{Client, Head, get, request};
pub use h2client::H2Client;
pub use h2raw::{H2Outcome, RawH2};
pub use issuer::{Issuer, TokenAlgorithm};
pub use lighttpd::Lighttpd;
pub use nginx::Nginx;
pub use place::{shared_dir, workspace_root};
pub use port::{RefusedPort, free_port};
pub use process::{Exit, WeirProcess};
pub use project::{Project, WrittenProject};
pub use raw_backend::{RawBackend, Step};
pub use reply::{Feed, Reply, ReplyBody};
pub use script::Script;
