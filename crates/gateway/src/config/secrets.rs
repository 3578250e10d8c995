//! Where the secrets of projects may be.

use std::path::PathBuf;

/// `[weir.secrets]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SecretsConfig {
    /// The file with the keys that sealed secrets are opened with.
    pub key_file: Option<PathBuf>,
    /// Where files that projects refer to may be.
    pub directories: Vec<PathBuf>,
    /// The variables of the environment that projects may ask for, `*` standing for any
    /// characters; empty is all, but for the gateway's own.
    pub environment: Vec<String>,
}
