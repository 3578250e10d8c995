//! Answers that are ready.
