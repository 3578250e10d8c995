//! The program from outside: a child process, real sockets, and the tools that users have.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "how a test fails, or says that it is skipped"
)]

mod admission;
mod aws;
mod certificate_names;
mod change;
mod cli;
mod deployment;
mod examples;
mod groups;
mod handover;
mod import_wsdl;
mod life;
mod log;
mod mock;
mod mutual_tls;
mod secrets;
mod smuggling;
mod soap_to_rest;
mod support;
mod tls;
mod tools;
mod upstream_tls;
