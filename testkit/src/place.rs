//! Folders that tests read.

use std::path::{Path, PathBuf};

/// The root of this workspace.
#[must_use]
pub fn workspace_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("testkit lies in the workspace")
}

/// The folder with reference documents and fixtures that are not part of this repository:
/// `$WEIR_SHARED`, or `shared` beside the workspace; `None` where there is none.
/// A test that needs it says on standard error that it is skipped.
#[must_use]
pub fn shared_dir() -> Option<PathBuf> {
    let named = std::env::var_os("WEIR_SHARED").map(PathBuf::from);
    let place = named.or_else(|| Some(workspace_root().parent()?.join("shared")))?;
    place.is_dir().then_some(place)
}
