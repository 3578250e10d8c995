//! `Endpoint-certificates/` and `Client-certificates/` (spec/04 §2.1).
//!
//! The lists and the bytes of the files; what the bytes mean is the compiler's business.

use bytes::Bytes;

use crate::codes;
use crate::cursor::Cursor;
use crate::diagnostic::{Diagnostics, Place};
use crate::document::Document;
use crate::files::Files;

/// A certificate to trust for one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointCertificate {
    /// Where the list names it.
    pub place: Place,
    /// `alias`.
    pub alias: String,
    /// `endpoint`: the URL that it is for.
    pub endpoint: String,
    /// The path of the file.
    pub path: String,
    /// What the file holds: PEM or DER.
    pub content: Bytes,
}

/// A certificate that clients may show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// Where the list names it.
    pub place: Place,
    /// `alias`.
    pub alias: String,
    /// `tierName`.
    pub tier: Option<String>,
    /// `keyType`: PRODUCTION or SANDBOX; by the directory where it is not said.
    pub key_type: String,
    /// The path of the file.
    pub path: String,
    /// What the file holds: PEM or DER.
    pub content: Bytes,
}

/// A list entry, and the file that it names.
struct Entry<'a> {
    at: Cursor<'a>,
    alias: String,
    path: String,
    content: Bytes,
}

pub(super) fn read_endpoint(files: &Files, found: &mut Diagnostics) -> Vec<EndpointCertificate> {
    let mut certificates = Vec::new();
    let directory = "Endpoint-certificates";
    let Some(list) = read_list(files, directory, "endpoint_certificates", found) else {
        return certificates;
    };
    for entry in entries(files, directory, &list, found) {
        let endpoint = entry.at.get_any(&["endpoint", "hostName"]).word(found);
        certificates.push(EndpointCertificate {
            place: entry.at.place(),
            endpoint: endpoint.unwrap_or_default(),
            alias: entry.alias,
            path: entry.path,
            content: entry.content,
        });
    }
    certificates
}

/// Flat (production), or in a directory for each key type.
pub(super) fn read_client(files: &Files, found: &mut Diagnostics) -> Vec<ClientCertificate> {
    let directories = [
        ("Client-certificates", "PRODUCTION"),
        ("Client-certificates/PRODUCTION", "PRODUCTION"),
        ("Client-certificates/SANDBOX", "SANDBOX"),
    ];
    let mut certificates = Vec::new();
    for (directory, key_type) in directories {
        let Some(list) = read_list(files, directory, "client_certificates", found) else {
            continue;
        };
        for entry in entries(files, directory, &list, found) {
            let named = entry.at.get("keyType").word(found);
            certificates.push(ClientCertificate {
                place: entry.at.place(),
                tier: entry.at.get("tierName").word(found),
                key_type: named.unwrap_or_else(|| key_type.to_owned()).to_ascii_uppercase(),
                alias: entry.alias,
                path: entry.path,
                content: entry.content,
            });
        }
    }
    certificates
}

fn read_list(
    files: &Files,
    directory: &str,
    name: &str,
    found: &mut Diagnostics,
) -> Option<Document> {
    let paths = ["yaml", "yml", "json"].map(|extension| format!("{directory}/{name}.{extension}"));
    let path = paths.iter().find(|path| files.contains(path))?;
    Document::read(files, path, found)
}

/// The list may be bare or in an envelope, and older tools name the file `certificate` or
/// `certificateFileName`.
fn entries<'a>(
    files: &Files,
    directory: &str,
    list: &'a Document,
    found: &mut Diagnostics,
) -> Vec<Entry<'a>> {
    let items = list.content().items(found);
    items.into_iter().filter_map(|at| entry(files, directory, at, found)).collect()
}

fn entry<'a>(
    files: &Files,
    directory: &str,
    at: Cursor<'a>,
    found: &mut Diagnostics,
) -> Option<Entry<'a>> {
    let alias = at.get("alias").word(found);
    let named = at.get_any(&["certificate", "certificateFileName", "path"]).word(found);
    let (Some(alias), Some(named)) = (alias, named) else {
        let message = "the entry lacks its alias or its file";
        let help = "Write `alias` and `certificate`, the name of a file in this directory.";
        found.error(codes::CERTIFICATE_ENTRY, at.place(), message, help);
        return None;
    };
    let path = format!("{directory}/{named}");
    let Some(content) = files.get(&path) else {
        let message =
            format!("the certificate `{alias}` names the file `{path}`, which is missing");
        let help = "Add the file beside the list that names it.";
        found.error(codes::CERTIFICATE_FILE, at.place(), message, help);
        return None;
    };
    Some(Entry { alias, path, content: content.clone(), at })
}
