//! deployment.toml: read, substitute, say where each value came from. Pure.
