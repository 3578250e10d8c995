//! Being told by the system that something was written.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

/// Watches folders for as long as it lives.
#[derive(Debug)]
pub struct Watcher {
    /// `None` where the system does not tell.
    inner: Option<RecommendedWatcher>,
    roots: Vec<PathBuf>,
    identities: Vec<Identity>,
}

/// Device and inode of a root; `None` where there is nothing.
type Identity = Option<(u64, u64)>;

impl Watcher {
    /// Whether all roots are still the folders that are watched: one that was moved away, or a link
    /// that leads elsewhere now, has to be watched anew.
    #[must_use]
    pub fn is_current(&self) -> bool {
        identities(&self.roots) == self.identities
    }

    /// Whether the system does not tell, so that somebody has to look now and then.
    #[must_use]
    pub fn is_polling(&self) -> bool {
        self.inner.is_none()
    }
}

/// Watches folders; `tell` is given the paths that were written, on a thread of the watcher.
#[must_use]
pub fn watch(roots: &[PathBuf], tell: impl Fn(Vec<PathBuf>) + Send + 'static) -> Watcher {
    let absolute = |root: &PathBuf| std::path::absolute(root).unwrap_or_else(|_| root.clone());
    let roots: Vec<PathBuf> = roots.iter().map(absolute).collect();
    // Taken before the watch begins, so that a swap in between shows.
    let identities = identities(&roots);
    let inner = match start(&roots, tell) {
        Ok(watcher) => Some(watcher),
        Err(error) => {
            tracing::warn!(%error, "The folders cannot be watched; they are looked at every second.");
            None
        }
    };
    Watcher { inner, roots, identities }
}

fn identities(roots: &[PathBuf]) -> Vec<Identity> {
    let of = |root: &PathBuf| std::fs::metadata(root).ok().map(|it| (it.dev(), it.ino()));
    roots.iter().map(of).collect()
}

fn start(
    roots: &[PathBuf],
    tell: impl Fn(Vec<PathBuf>) + Send + 'static,
) -> Result<RecommendedWatcher, notify::Error> {
    let everything = roots.to_vec();
    let mut watcher = notify::recommended_watcher(move |event: Result<Event, notify::Error>| {
        let paths = paths(event, &everything);
        if !paths.is_empty() {
            tell(paths);
        }
    })?;
    for root in roots {
        watcher.watch(watched(root), RecursiveMode::Recursive)?;
    }
    Ok(watcher)
}

/// An archive is watched through its folder, since it is often replaced by another file.
fn watched(root: &Path) -> &Path {
    if root.is_file() { root.parent().unwrap_or(root) } else { root }
}

fn paths(event: Result<Event, notify::Error>, everything: &[PathBuf]) -> Vec<PathBuf> {
    match event {
        // Events were lost, so anything may have been written.
        Ok(event) if event.need_rescan() => everything.to_vec(),
        Ok(Event { kind: EventKind::Access(_), .. }) => Vec::new(),
        Ok(event) => event.paths,
        Err(error) => {
            tracing::warn!(%error, "Watching the folders failed once; everything is looked at.");
            everything.to_vec()
        }
    }
}
