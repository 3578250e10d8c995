//! Writing a definition anew, in the folder of its project.
//!
//! The order of its keys stays, comments are lost, which is said. It is written beside the file
//! first and moved, so that nobody reads half of it.

use std::io::Write as _;
use std::path::Path;

use model::project::Project;
use serde_json::Value;

/// A definition that was written.
pub(crate) struct Written {
    /// Its path in the project.
    pub(crate) file: String,
    /// Whether it had comments, which are lost.
    pub(crate) loses_comments: bool,
}

/// Writes the definition of a project, where it differs; `None` where it is as it was.
///
/// # Errors
///
/// The file and why it cannot be written, as text to show.
pub(crate) fn write(
    project: &mut Project,
    folder: &Path,
    value: Value,
) -> Result<Option<Written>, String> {
    let Some(definition) = &mut project.definition else { return Ok(None) };
    if *definition.value() == value {
        return Ok(None);
    }
    let file = definition.path().to_owned();
    *definition.value_mut() = value;
    let text = definition.to_text();
    let before = project.files().get(&file).cloned().unwrap_or_default();
    let loses_comments = has_comments(&file, &before);
    replace(&folder.join(&file), &text).map_err(|error| format!("{file}: {error}"))?;
    Ok(Some(Written { file, loses_comments }))
}

/// Whether a line of YAML is a comment; those behind a value are taken for text.
fn has_comments(file: &str, content: &[u8]) -> bool {
    let is_yaml = model::yaml::Format::of_path(file) == model::yaml::Format::Yaml;
    let mut lines = content.split(|byte| *byte == b'\n');
    is_yaml && lines.any(|line| line.trim_ascii_start().starts_with(b"#"))
}

/// Writes beside the file, and moves it there; a link is followed, and rights are kept.
fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    let file = file.canonicalize()?;
    let rights = std::fs::metadata(&file)?.permissions();
    let fresh = file.with_extension("weir-new");
    let mut out = std::fs::File::create(&fresh)?;
    let written = out.write_all(text.as_bytes()).and_then(|()| out.sync_all());
    let moved = written
        .and_then(|()| std::fs::set_permissions(&fresh, rights))
        .and_then(|()| std::fs::rename(&fresh, &file));
    if moved.is_err() {
        // The first error is told; that what is left cannot be taken away says nothing new.
        let _left = std::fs::remove_file(&fresh).err();
    }
    moved
}
