//! Fake backends that misbehave on purpose, certificates, and scratch projects, for tests.
