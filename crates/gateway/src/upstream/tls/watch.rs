//! The files that were read, and whether they were written since.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::roots;
use crate::config::{KeyFiles, TlsProfile, UpstreamTls};
use crate::listener::tls::{Written, written};

/// Files with what they looked like last.
#[derive(Debug)]
pub(super) struct Watched {
    files: Vec<PathBuf>,
    seen: Mutex<Vec<Written>>,
}

impl Watched {
    /// Everything that the settings name.
    pub(super) fn new(settings: &UpstreamTls) -> Self {
        let mut files = roots::files(settings);
        files.extend(settings.profiles.iter().flat_map(files_of));
        files.extend(settings.profile_file.iter().map(|file| file.path.clone()));
        let rules = settings.clients.iter().map(|rule| &rule.identity);
        files.extend(rules.chain(&settings.identity).flat_map(KeyFiles::paths));
        let seen = Mutex::new(written(&files));
        Self { files, seen }
    }

    /// Further files, which are about to be read.
    pub(super) fn add(&mut self, files: impl Iterator<Item = PathBuf>) {
        let files: Vec<_> = files.collect();
        self.seen.get_mut().unwrap_or_else(PoisonError::into_inner).extend(written(&files));
        self.files.extend(files);
    }

    /// Whether one was written since this was asked last, or since the start.
    pub(super) fn has_changed(&self) -> bool {
        let now = written(&self.files);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let has_changed = *seen != now;
        *seen = now;
        has_changed
    }
}

/// The files that a profile names.
pub(super) fn files_of(profile: &TlsProfile) -> impl Iterator<Item = PathBuf> {
    let keys = profile.identity.iter().flat_map(KeyFiles::paths);
    keys.chain(roots::file_of_profile(&profile.roots)).collect::<Vec<_>>().into_iter()
}
