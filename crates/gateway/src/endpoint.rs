//! The endpoint tree at run time.

pub mod health;
