//! Where API projects come from. Today: folders and archives on disk.

pub mod archive;
pub mod folder;

mod stamp;
pub mod watch;
mod wsdl;

use std::path::PathBuf;

use model::files::Files;

/// A project that was read, not yet looked into.
#[derive(Debug, Clone)]
pub struct LoadedProject {
    /// Its folder or archive.
    pub path: PathBuf,
    /// Its files, relative to its root.
    pub files: Files,
}

/// What happened to a project.
#[derive(Debug)]
pub enum Change {
    /// It is new, or different from what was read last.
    Upsert(LoadedProject),
    /// It is gone.
    Remove(PathBuf),
    /// It is there, but cannot be read.
    Unreadable {
        /// Its folder or archive.
        path: PathBuf,
        /// Why, and what to do about it.
        error: String,
    },
}
