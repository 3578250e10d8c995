//! The WSDL as the project keeps it: as it came, or as an archive of all that it imports.
//!
//! Documents of the web are given names of files, and refer to each other by them, so that the
//! project is whole without the web.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use gateway::source::archive;
use model::Files;
use soap::project::Stored;
use wsdl::description::DocumentKind;
use wsdl::{Description, DocumentId, Limits};

use super::source::Source;
use crate::cli;

/// # Errors
///
/// A limit that the archive would pass.
pub(super) fn stored(
    source: &Source,
    description: &Description,
    options: &cli::ImportWsdl,
) -> Result<Stored, String> {
    if let Some(bytes) = &source.archive {
        return Ok(Stored::Zip(bytes.clone()));
    }
    let names = names(description, &options.name);
    if let ([_], Some(document)) = (names.as_slice(), description.documents().first()) {
        return Ok(Stored::Wsdl(document.bytes.clone()));
    }
    let failed = |error: String| format!("the WSDL and its imports cannot be kept: {error}");
    let mut files = Files::new();
    for (id, name) in &names {
        let bytes = content(description, *id, &names).map_err(failed)?;
        files.insert(name, bytes).map_err(|error| failed(error.to_string()))?;
    }
    let bytes = archive::write(&files).map_err(|error| failed(error.to_string()))?;
    Ok(Stored::Zip(Bytes::from(bytes)))
}

/// The documents with the names that they get; those of a folder keep theirs.
fn names(description: &Description, api: &str) -> Vec<(DocumentId, String)> {
    let mut names = Vec::new();
    let mut taken = HashSet::new();
    let mut known = HashMap::new();
    for (index, document) in description.documents().iter().enumerate() {
        let id = DocumentId::new(index);
        if document.kind == DocumentKind::Other {
            continue;
        }
        // One that is read again, under another namespace, is the same file.
        let location = document.location.to_string();
        if known.contains_key(&location) {
            continue;
        }
        let name = match document.location.as_path() {
            Some(path) => path.to_owned(),
            None => {
                let end = if document.kind == DocumentKind::Schema { "xsd" } else { "wsdl" };
                let base = if index == 0 { api.to_owned() } else { format!("{api}-{index}") };
                format!("{base}.{end}")
            }
        };
        if taken.insert(name.clone()) {
            known.insert(location, name.clone());
            names.push((id, name));
        }
    }
    names
}

/// # Errors
///
/// That a document cannot be written anew.
fn content(
    description: &Description,
    id: DocumentId,
    names: &[(DocumentId, String)],
) -> Result<Bytes, String> {
    let documents = description.documents();
    let Some(document) = description.document(id) else { return Ok(Bytes::new()) };
    let is_of_web = documents.iter().any(|one| one.location.as_url().is_some());
    if !is_of_web {
        return Ok(document.bytes.clone());
    }
    let mut name = |target: DocumentId| {
        let location = &description.document(target)?.location;
        let same = |(id, _): &&(DocumentId, String)| {
            description.document(*id).is_some_and(|one| one.location == *location)
        };
        names.iter().find(same).map(|(_, name)| name.clone())
    };
    let rewritten = description.rewrite(id, &Limits::default(), &mut |_| None, &mut name);
    match rewritten {
        Some(Ok(text)) => Ok(Bytes::from(text)),
        Some(Err(error)) => Err(error.to_string()),
        None => Ok(document.bytes.clone()),
    }
}
