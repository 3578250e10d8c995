//! Sequences: mediation that projects before API Manager 4.1 bring along, and sequences that stand
//! in for an upstream (spec/02 §1.7, §1.8).

use super::Flow;
use crate::codes;
use crate::cursor::Cursor;
use crate::diagnostic::{Diagnostics, Place};
use crate::files::Files;

/// A file below `Sequences/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SequenceFile {
    /// The direction that its folder stands for.
    pub flow: Flow,
    /// The name of the file without its extension.
    pub name: String,
    /// Whether it belongs to this API only: it is in the folder `Custom`.
    pub is_custom: bool,
    /// The path in the project.
    pub path: String,
    /// The XML, byte for byte.
    pub text: String,
}

/// A file below `Sequence-Backend/`: a sequence that answers in place of an upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackendSequence {
    /// The name of the file without its extension.
    pub name: String,
    /// The path in the project.
    pub path: String,
    /// The XML, byte for byte.
    pub text: String,
}

/// A sequence that an API of an older form attaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SequenceReference {
    /// Where it is attached.
    pub place: Place,
    /// The direction.
    pub flow: Flow,
    /// The name, without `.xml`.
    pub name: String,
    /// Whether a sequence is meant that several APIs share.
    pub is_shared: bool,
}

/// Folders of sequences, each with the direction that it stands for.
const FOLDERS: &[(&str, Flow)] = &[
    ("Sequences/in-sequence", Flow::Request),
    ("Sequences/out-sequence", Flow::Response),
    ("Sequences/fault-sequence", Flow::Fault),
];
/// The subfolder of those that belong to one API.
const CUSTOM: &str = "Custom";
const BACKENDS: &str = "Sequence-Backend";
/// Keys of `api.json` that name one sequence each.
const OLD_KEYS: &[(&str, Flow)] = &[
    ("inSequence", Flow::Request),
    ("outSequence", Flow::Response),
    ("faultSequence", Flow::Fault),
];

impl SequenceFile {
    /// Reads all of them.
    pub fn read_all(files: &Files, found: &mut Diagnostics) -> Vec<Self> {
        let mut sequences = Vec::new();
        for (folder, flow) in FOLDERS {
            for (is_custom, folder) in
                [(true, format!("{folder}/{CUSTOM}")), (false, (*folder).to_owned())]
            {
                let read = read_folder(files, &folder, found).into_iter();
                sequences.extend(read.map(|(name, path, text)| Self {
                    flow: *flow,
                    name,
                    is_custom,
                    path,
                    text,
                }));
            }
        }
        sequences
    }
}

impl BackendSequence {
    /// Reads all of them.
    pub fn read_all(files: &Files, found: &mut Diagnostics) -> Vec<Self> {
        let read = read_folder(files, BACKENDS, found).into_iter();
        read.map(|(name, path, text)| Self { name, path, text }).collect()
    }
}

impl SequenceReference {
    /// Reads `mediationPolicies`; where it is absent, `inSequence` and its like.
    pub fn read_all(at: &Cursor<'_>, found: &mut Diagnostics) -> Vec<Self> {
        let list = at.get("mediationPolicies");
        if !list.is_absent() {
            let entries = list.items(found);
            return entries.iter().filter_map(|at| Self::read(at, found)).collect();
        }
        let mut references = Vec::new();
        for (key, flow) in OLD_KEYS {
            let at = at.get(key);
            if let Some(name) = at.word(found) {
                let name = plain_name(&name);
                references.push(Self { place: at.place(), flow: *flow, name, is_shared: false });
            }
        }
        references
    }

    fn read(at: &Cursor<'_>, found: &mut Diagnostics) -> Option<Self> {
        let name = at.get("name").word(found);
        let flow = at.get_any(&["type", "direction"]).word(found);
        let (Some(name), Some(flow)) = (name, flow.as_deref().and_then(Flow::parse)) else {
            let message = "an entry of `mediationPolicies` lacks its name or its direction";
            let help = "Write `name`, and `type` in, out or fault.";
            found.error(codes::SEQUENCE_REFERENCE, at.place(), message, help);
            return None;
        };
        let is_shared = at.get("shared").flag(found).unwrap_or(false);
        Some(Self { place: at.place(), flow, name: plain_name(&name), is_shared })
    }
}

fn plain_name(name: &str) -> String {
    name.strip_suffix(".xml").unwrap_or(name).to_owned()
}

/// The XML files of one folder: name, path, text.
fn read_folder(
    files: &Files,
    folder: &str,
    found: &mut Diagnostics,
) -> Vec<(String, String, String)> {
    let mut read = Vec::new();
    for (file, content) in files.in_directory(folder) {
        let Some(name) = file.strip_suffix(".xml") else { continue };
        let path = format!("{folder}/{file}");
        if let Some(text) = super::files::text(&path, content, found) {
            read.push((name.to_owned(), path, text));
        }
    }
    read
}
