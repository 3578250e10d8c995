//! Chores: tidy, ci, bench.
fn main() {}
