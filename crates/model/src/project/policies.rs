//! `Policies/`: specifications of operation policies with their templates (spec/04 §2.1).

use crate::codes;
use crate::diagnostic::{Diagnostics, Place};
use crate::document::Document;
use crate::files::Files;

/// An operation policy that comes with the project.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyFile {
    /// The specification.
    pub document: Document,
    /// `name`.
    pub name: String,
    /// `version`.
    pub version: String,
    /// The paths of its templates: the same file name with `.j2`, `.gotmpl` or `.xml`.
    pub templates: Vec<String>,
}

pub(super) fn read(files: &Files, found: &mut Diagnostics) -> Vec<PolicyFile> {
    let is_specification = |name: &str| {
        let extension = name.rsplit_once('.').map(|(_, extension)| extension);
        matches!(extension, Some("yaml" | "yml" | "json"))
    };
    let names: Vec<_> = files.in_directory("Policies").map(|(name, _)| name).collect();
    let specifications = names.into_iter().filter(|name| is_specification(name));
    specifications.filter_map(|name| read_one(files, &format!("Policies/{name}"), found)).collect()
}

/// Reads a specification, with or without its envelope.
fn read_one(files: &Files, path: &str, found: &mut Diagnostics) -> Option<PolicyFile> {
    let document = Document::read(files, path, found)?;
    let at = document.content();
    let (name, version) = (at.get("name").word(found), at.get("version").word(found));
    let (Some(name), Some(version)) = (name, version) else {
        let message = "the policy specification lacks its name or its version";
        let help = "Write `name` and `version`.";
        found.warning(codes::POLICY_SPECIFICATION, Place::file(path), message, help);
        return None;
    };
    let templates = templates(files, path);
    Some(PolicyFile { document, name, version, templates })
}

fn templates(files: &Files, path: &str) -> Vec<String> {
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    let candidates = ["j2", "gotmpl", "xml"].map(|extension| format!("{stem}.{extension}"));
    candidates.into_iter().filter(|path| files.contains(path)).collect()
}
