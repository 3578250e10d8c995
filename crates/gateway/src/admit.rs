//! Who may call, and what is answered before anybody is asked.

pub mod cors;
