//! `Policies/`: specifications with their definitions (spec/04 §2.1).

use std::str;

use super::PolicySpecification;
use crate::codes;
use crate::diagnostic::{Diagnostics, Place};
use crate::document::Document;
use crate::files::Files;

const FOLDER: &str = "Policies";
/// The end of the name of a file whose policy belongs to one API.
const API_SUFFIX: &str = "_api";

/// A policy that comes with a project.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyFile {
    /// The file of the specification.
    pub path: String,
    /// What the policy is.
    pub specification: PolicySpecification,
    /// What the policy does; `None` where the project has no definition for this gateway.
    pub definition: Option<PolicyDefinition>,
    /// Whether the policy belongs to this API only: the name of the file ends with `_api`.
    pub is_api_specific: bool,
}

/// What a policy does, as a template of XML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyDefinition {
    /// The file.
    pub path: String,
    /// The template.
    pub text: String,
}

impl PolicyFile {
    /// Reads all of them: those in `Policies/`, and those in a folder of the same name as the file.
    pub fn read_all(files: &Files, found: &mut Diagnostics) -> Vec<Self> {
        let mut policies: Vec<Self> = Vec::new();
        for path in specifications(files) {
            let Some(policy) = Self::read(files, &path, found) else { continue };
            match policies.iter().find(|other| other.is_same(&policy)) {
                Some(other) => report_second(&policy, other, found),
                None => policies.push(policy),
            }
        }
        policies
    }

    fn read(files: &Files, path: &str, found: &mut Diagnostics) -> Option<Self> {
        let document = document(files, path, found)?;
        let specification = PolicySpecification::read(&document, found)?;
        let stem = stem(path);
        Some(Self {
            path: path.to_owned(),
            specification,
            definition: PolicyDefinition::read(files, stem, found),
            is_api_specific: stem.ends_with(API_SUFFIX),
        })
    }

    fn is_same(&self, other: &Self) -> bool {
        let (left, right) = (&self.specification, &other.specification);
        (&left.name, &left.version, self.is_api_specific)
            == (&right.name, &right.version, other.is_api_specific)
    }
}

impl PolicyDefinition {
    fn read(files: &Files, stem: &str, found: &mut Diagnostics) -> Option<Self> {
        let path = ["j2", "xml"].map(|extension| format!("{stem}.{extension}"));
        let path = path.into_iter().find(|path| files.contains(path))?;
        let text = text(&path, files.get(&path)?, found)?;
        Some(Self { path, text })
    }
}

/// The text of a file; a mark of the byte order is left out.
pub(super) fn text(path: &str, content: &[u8], found: &mut Diagnostics) -> Option<String> {
    let Ok(text) = str::from_utf8(content) else {
        let help = "Save the file as UTF-8.";
        found.error(codes::NOT_TEXT, Place::file(path), "the file is not UTF-8 text", help);
        return None;
    };
    Some(text.strip_prefix('\u{feff}').unwrap_or(text).to_owned())
}

fn specifications(files: &Files) -> Vec<String> {
    let is_specification = |(path, _): &(&String, &bytes::Bytes)| {
        let parts: Vec<_> = path.split('/').collect();
        is_document(path)
            && match parts.as_slice() {
                [FOLDER, _] => true,
                [FOLDER, folder, file] | [folder, file] => stem(file) == *folder,
                _ => false,
            }
    };
    files.iter().filter(is_specification).map(|(path, _)| path.clone()).collect()
}

fn is_document(path: &str) -> bool {
    matches!(path.rsplit_once('.'), Some((_, "yaml" | "yml" | "json")))
}

/// Reads the document of a specification.
///
/// Outside of `Policies/`, only what says that it is a policy is taken for one.
fn document(files: &Files, path: &str, found: &mut Diagnostics) -> Option<Document> {
    let is_inside = path.split_once('/').is_some_and(|(folder, _)| folder == FOLDER);
    if is_inside {
        return Document::read(files, path, found);
    }
    let mut own = Diagnostics::new();
    let document = Document::read(files, path, &mut own)?;
    is_wrapped_policy(&document).then_some(document)
}

fn is_wrapped_policy(document: &Document) -> bool {
    let kind = document.root().get("type");
    kind.value().as_str().is_some_and(|kind| kind == "operation_policy_specification")
}

fn stem(path: &str) -> &str {
    path.rsplit_once('.').map_or(path, |(stem, _)| stem)
}

fn report_second(policy: &PolicyFile, first: &PolicyFile, found: &mut Diagnostics) {
    let PolicySpecification { name, version, .. } = &policy.specification;
    let message = format!("`{}` describes policy `{name}` {version} too, and counts", first.path);
    let help = "Delete one of the files, or give it another version.";
    found.warning(codes::POLICY_DUPLICATE, Place::file(&policy.path), message, help);
}
